import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildRegularizedCnn, predict } from '../lib/models';
import { loadModel, saveModel } from '../lib/storage';
import { tf } from '../lib/tensorflow';

const tiny = { imageSize: 12, filters: [2, 3], denseUnits: 4 };
const images = Float32Array.from({ length: 2 * 144 }, (_, index) => (index % 17) / 16);
describe('storage', () => {
  let folder: string;
  let model: tf.LayersModel;

  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'storage-test-')), 'model');
    model = buildRegularizedCnn(tiny);
    await saveModel(model, folder);
  });

  afterEach(async () => {
    model.dispose();
    await rm(path.dirname(folder), { recursive: true });
  });

  it('loadModel(folder) predicts to the bit what the saved model did', async () => {
    const loaded = await loadModel(folder);
    assert.deepEqual(await predict(loaded, images), await predict(model, images));
    loaded.dispose();
  });

  it('saveModel(model, folder) writes what stock tfjs loads', async () => {
    const loaded = await tf.loadLayersModel(`file://${path.join(folder, 'model.json')}`);
    assert.deepEqual(await predict(loaded, images), await predict(model, images));
    loaded.dispose();
  });

  it('loadModel(folder) loads what stock tfjs saved', async () => {
    const stock = `${folder}-stock`;
    await model.save(`file://${stock}`);
    const loaded = await loadModel(stock);
    assert.deepEqual(await predict(loaded, images), await predict(model, images));
    loaded.dispose();
  });

  it('saveModel(model, folder) leaves its two files and nothing beside them', async () => {
    await saveModel(model, folder);
    assert.deepEqual((await readdir(folder)).sort(), ['model.json', 'weights.bin']);
    assert.deepEqual(await readdir(path.dirname(folder)), ['model']);
  });

  it('saveModel(model, folder) keeps the old model when the folder cannot be written', async () => {
    const file = path.join(folder, 'model.json', 'inside-a-file');
    await assert.rejects(saveModel(model, file), /cannot write .*inside-a-file/);
    (await loadModel(folder)).dispose();
  });

  it('loadModel(folder) names a missing folder', async () => {
    await assert.rejects(
      loadModel(`${folder}-missing`),
      /cannot read .*missing.model\.json, which a saved model needs: ENOENT.*save the model again/,
    );
  });

  it('loadModel(folder) names missing weights', async () => {
    await rm(path.join(folder, 'weights.bin'));
    await assert.rejects(loadModel(folder), /cannot read .*weights\.bin/);
  });

  it('loadModel(folder) refuses weights that are cut short', async () => {
    const file = path.join(folder, 'weights.bin');
    const weights = await readFile(file);
    await writeFile(file, weights.subarray(0, -4));
    await assert.rejects(
      loadModel(folder),
      new RegExp(
        `weights\\.bin is damaged: expected ${weights.length} bytes, found ${weights.length - 4}`,
      ),
    );
  });

  it('loadModel(folder) refuses weights with one bit changed', async () => {
    const file = path.join(folder, 'weights.bin');
    const weights = await readFile(file);
    weights[100] ^= 1;
    await writeFile(file, weights);
    await assert.rejects(
      loadModel(folder),
      /weights\.bin is damaged: expected SHA-256 [0-9a-f]{64}/,
    );
  });

  it('saveModel(model, folder) keeps user-defined metadata, and loadModel gives it back', async () => {
    model.setUserDefinedMetadata({ classNames: ['a', 'b'] });
    await saveModel(model, folder);
    const loaded = await loadModel(folder);
    assert.deepEqual(loaded.getUserDefinedMetadata(), { classNames: ['a', 'b'] });
    loaded.dispose();
  });

  it('loadModel(folder) refuses a model.json in which anything of the model was changed', async () => {
    model.setUserDefinedMetadata({ classNames: ['a', 'b'] });
    await saveModel(model, folder);
    const file = path.join(folder, 'model.json');
    const text = await readFile(file, 'utf8');
    for (const [before, after] of [
      ['"relu"', '"selu"'],
      ['"b"', '"d"'],
      ['"dense/kernel"', '"dense/kernal"'],
    ]) {
      assert.ok(text.includes(before));
      await writeFile(file, text.replace(before, after));
      await assert.rejects(loadModel(folder), /model\.json is damaged: expected SHA-256/);
    }
  });

  it('loadModel(folder) finds the old model after a save was cut off between its renames', async () => {
    await rename(folder, path.join(path.dirname(folder), '.model.123.partial-replaced'));
    const loaded = await loadModel(folder);
    assert.deepEqual(await predict(loaded, images), await predict(model, images));
    assert.deepEqual(await readdir(path.dirname(folder)), ['model']);
    loaded.dispose();
  });

  it('loadModel(folder) refuses a model.json that is not JSON, or not a model', async () => {
    const file = path.join(folder, 'model.json');
    await writeFile(file, '{"modelTopology": ');
    await assert.rejects(loadModel(folder), /model\.json is damaged: expected JSON/);
    await writeFile(file, '{"other": 1}');
    await assert.rejects(
      loadModel(folder),
      /model\.json is damaged: expected modelTopology and weightsManifest, found other/,
    );
    await writeFile(file, 'null');
    await assert.rejects(loadModel(folder), /model\.json is damaged/);
  });
});
