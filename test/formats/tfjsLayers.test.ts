import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { predict } from '../../lib/training/predict';
import { loadModel, saveModel } from '../../lib/formats/tfjsLayers';
import { train } from '../../lib/training/train';
import { tf } from '../../lib/platform/tensorflow';

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

  it('saveModel(model, folder, { weights }) in 16 bits halves the file and loads in stock tfjs', async () => {
    const sizeOf = async () => {
      const name = (await readdir(folder)).find((it) => it.endsWith('.bin'))!;
      return (await readFile(path.join(folder, name))).length;
    };
    const whole = await sizeOf();
    await saveModel(model, folder, { weights: 'float16' });
    assert.equal(await sizeOf(), whole / 2);
    const [ours, stock] = [
      await loadModel(folder),
      await tf.loadLayersModel(`file://${path.join(folder, 'model.json')}`),
    ];
    const rounded = await predict(ours, images);
    assert.deepEqual(await predict(stock, images), rounded);
    const [exact, kept] = [model, ours].map((it) =>
      it.getWeights().flatMap((weight) => [...weight.dataSync()]),
    );
    kept.forEach((value, index) => {
      assert.ok(Math.abs(value - exact[index]) <= 2 ** -11 * Math.abs(exact[index]));
    });
    assert.notDeepEqual(kept, exact);
    ours.dispose();
    stock.dispose();
    await assert.rejects(
      saveModel(model, folder, { weights: 'int8' as 'float16' }),
      /RangeError: weights is int8; expected float32 or float16/,
    );
  });

  it('saveModel(model, folder) leaves two files, and what else lies there as it is', async () => {
    await writeFile(path.join(folder, 'notes.txt'), 'mine');
    await writeFile(path.join(folder, 'weights.bin'), 'mine too');
    await mkdir(path.join(folder, 'pictures'));
    const other = buildRegularizedCnn({ ...tiny, seed: 7 });
    await saveModel(other, folder);
    assert.match(
      (await readdir(folder)).sort().join(),
      /^model\.json,notes\.txt,pictures,weights-[0-9a-f]{12}\.bin,weights\.bin$/,
    );
    assert.equal(await readFile(path.join(folder, 'weights.bin'), 'utf8'), 'mine too');
    assert.deepEqual(await readdir(path.dirname(folder)), ['model']);
    const loaded = await loadModel(folder);
    assert.deepEqual(await predict(loaded, images), await predict(other, images));
    loaded.dispose();
    other.dispose();
  });

  it('saveModel(model, "file://folder") writes into the folder, and so it does through a link', async () => {
    const link = `${folder}-link`;
    await symlink('model', link);
    const other = buildRegularizedCnn({ ...tiny, seed: 7 });
    await saveModel(other, `file://${link}`);
    assert.equal(await readlink(link), 'model');
    const places = [folder, link, `file://${folder}`, path.join(folder, 'model.json')];
    for (const place of [...places, `file://${link}/model.json`]) {
      const loaded = await loadModel(place);
      assert.deepEqual(await predict(loaded, images), await predict(other, images), place);
      loaded.dispose();
    }
    other.dispose();
  });

  it('saveModel(model, place) refuses a file, a model.json of another kind, and other URLs', async () => {
    const file = path.join(path.dirname(folder), 'file');
    await writeFile(file, 'mine');
    await assert.rejects(saveModel(model, file), /file is a file; expected a folder/);
    await assert.rejects(saveModel(model, path.join(folder, 'model.json')), /path of a folder/);
    await assert.rejects(saveModel(model, 'http://127.0.0.1/'), /expected the path of a folder/);
    await assert.rejects(saveModel(model, ''), /expected the path of a folder/);
    const url = new URL('file:///model') as unknown as string;
    await assert.rejects(saveModel(model, url), /place of a model is file:.*expected a text/);
    await symlink('nowhere', `${folder}-dangling`);
    await assert.rejects(
      saveModel(model, `${folder}-dangling`),
      /a symbolic link that leads nowhere/,
    );
    const mine = path.join(folder, 'model.json');
    for (const text of ['{"model": "car"}', 'notes', '{"modelTopology": {"node": []}}']) {
      await writeFile(mine, text);
      await assert.rejects(
        saveModel(model, folder),
        /model\.json is no saved model; it may be yours/,
      );
      assert.equal(await readFile(mine, 'utf8'), text);
    }
    await rm(mine);
    await mkdir(mine);
    await assert.rejects(saveModel(model, folder), /model\.json is in the way/);
    assert.equal(await readFile(file, 'utf8'), 'mine');
  });

  it('saveModel(model, folder) killed at any moment leaves a whole model', async () => {
    const modules = ['networks/regularizedCnn', 'formats/tfjsLayers'].map((name) =>
      require.resolve(`../../lib/${name}`),
    );
    const script =
      `const { buildRegularizedCnn } = require(${JSON.stringify(modules[0])});` +
      `const { saveModel } = require(${JSON.stringify(modules[1])});` +
      `const models = [1, 2].map((seed) => buildRegularizedCnn({ ...${JSON.stringify(tiny)}, seed }));` +
      `(async () => { for (let i = 0; ; i++) { await saveModel(models[i % 2], ${JSON.stringify(folder)});` +
      ` if (i === 0) console.log('saving'); } })();`;
    const expected = [1, 2, 42].map((seed) => buildRegularizedCnn({ ...tiny, seed }));
    const answers = await Promise.all(
      expected.map(async (it) => String(await predict(it, images))),
    );
    for (let kill = 0; kill < 4; kill++) {
      const args = ['-r', 'ts-node/register/transpile-only', '-e', script];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 40 * Math.random()));
      child.kill('SIGKILL');
      await once(child, 'close');
      const loaded = await loadModel(folder);
      assert.ok(answers.includes(String(await predict(loaded, images))));
      loaded.dispose();
    }
    expected.forEach((it) => it.dispose());
  });

  it('saveModel(model, folder) on a disk that is full after the weights leaves all as it was', async () => {
    const modules = ['platform/tensorflow', 'formats/tfjsLayers'].map((name) =>
      require.resolve(`../../lib/${name}`),
    );
    // The weights take 32 bytes, and model.json more than the 16 blocks that a file may have.
    const script =
      `const { tf } = require(${JSON.stringify(modules[0])});` +
      `const { saveModel } = require(${JSON.stringify(modules[1])});` +
      `const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });` +
      `model.setUserDefinedMetadata({ notes: 'x'.repeat(1e5) });` +
      `saveModel(model, ${JSON.stringify(folder)}).catch(({ message }) => console.log(message));`;
    const before = await readdir(folder);
    const node = [process.execPath, '-r', 'ts-node/register/transpile-only', '-e', script];
    const command = ['-c', 'ulimit -f 16; exec "$0" "$@"', ...node];
    const child = spawn('bash', command, { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    await once(child, 'close');
    assert.match(output, /cannot write .*model\.json: EFBIG/);
    assert.deepEqual(await readdir(folder), before);
    const loaded = await loadModel(folder);
    assert.deepEqual(await predict(loaded, images), await predict(model, images));
    loaded.dispose();
  });

  it('loadModel(folder) takes what saveModel wrote compiled, and it can be trained on', async () => {
    const loaded = await loadModel(folder);
    const digits = { images, labels: Uint8Array.of(1, 2), count: 2 };
    const history = await train(loaded, digits, digits, { epochs: 1, batchSize: 2 });
    const same = await train(model, digits, digits, { epochs: 1, batchSize: 2 });
    assert.equal(history.epochs[0].validationLoss, same.epochs[0].validationLoss);
    loaded.dispose();
  });

  it('loadModel(folder) and dispose leave no tensor, compiled or not', async () => {
    const { numTensors } = tf.memory();
    for (let time = 0; time < 3; time++) (await loadModel(folder)).dispose();
    assert.equal(tf.memory().numTensors, numTensors);
  });

  it('loadModel(folder) takes a model that stock tfjs loaded from ours, changed and saved', async () => {
    const stock = await tf.loadLayersModel(`file://${path.join(folder, 'model.json')}`);
    tf.tidy(() => stock.setWeights(stock.getWeights().map((weight) => weight.add(0.01))));
    for (const place of [folder, `${folder}-stock`]) {
      await stock.save(`file://${place}`);
      const loaded = await loadModel(place);
      const [found, expected] = [loaded, stock].map((it) =>
        it.getWeights().map((weight) => [...weight.dataSync()]),
      );
      assert.deepEqual(found, expected);
      // The last bit of a sum may depend on where its numbers lie in memory.
      const probabilities = await predict(stock, images);
      (await predict(loaded, images)).forEach((probability, index) => {
        assert.ok(Math.abs(probability - probabilities[index]) < 1e-6);
      });
      loaded.dispose();
    }
    stock.dispose();
  });

  it('loadModel(folder) leaves the digests of earlier versions, which stock tfjs carried on', async () => {
    const stale = { weightsSha256: '0', descriptionSha256: '0' };
    model.setUserDefinedMetadata({ ...stale, classNames: ['a'] });
    await model.save(`file://${folder}-stock`);
    const loaded = await loadModel(`${folder}-stock`);
    assert.deepEqual(loaded.getUserDefinedMetadata(), { classNames: ['a'] });
    loaded.dispose();
  });

  it('loadModel(folder) keeps the state of an optimizer that stock tfjs saved', async () => {
    const digits = { images, labels: Uint8Array.of(1, 2), count: 2 };
    await train(model, digits, digits, { epochs: 2, batchSize: 2 });
    await model.save(`file://${folder}-stock`, { includeOptimizer: true });
    const loaded = await loadModel(`${folder}-stock`);
    const valuesOf = async ({ optimizer }: tf.LayersModel) => {
      const weights = await optimizer.getWeights();
      return weights.map(({ name, tensor }) => [name.split('/').pop(), [...tensor.dataSync()]]);
    };
    const [found, expected] = [await valuesOf(loaded), await valuesOf(model)];
    assert.deepEqual(
      found.map(([, values]) => values),
      expected.map(([, values]) => values),
    );
    assert.ok(expected.length > 20);
    loaded.dispose();
  });

  it('loadModel(folder) takes shards and groups of weights, as the converter writes them', async () => {
    const sharded = await shardedCopy(folder, `${folder}-sharded`);
    const loaded = await loadModel(sharded);
    assert.deepEqual(await predict(loaded, images), await predict(model, images));
    loaded.dispose();
    await writeFile(path.join(sharded, 'group2-shard1of2.bin'), Uint8Array.of(1));
    await assert.rejects(
      loadModel(sharded),
      /group2-shard1of2\.bin, .*group2-shard2of2\.bin is damaged: expected \d+ bytes, found \d+/,
    );
  });

  it('loadModel(folder) takes weights of float16, empty groups and none, as stock tfjs does', async () => {
    const network = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    const bare = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2] })] });
    await saveModel(network, `${folder}-half`);
    await saveModel(bare, `${folder}-bare`);
    const half = await readTopology(`${folder}-half`);
    const quantization = { dtype: 'float16', original_dtype: 'float32' };
    const weights = half.weightsManifest[0].weights.map((spec) => ({ ...spec, quantization }));
    // 1, -2 and 0.5 in IEEE 754's half precision.
    await writeFile(
      path.join(`${folder}-half`, 'half.bin'),
      Uint16Array.of(0x3c00, 0xc000, 0x3800),
    );
    for (const [place, weightsManifest, expected] of [
      ['half', [{ paths: ['half.bin'], weights }], [1, -2, 0.5]],
      [
        'half',
        [
          { paths: [], weights: [] },
          { paths: ['half.bin'], weights },
        ],
        [1, -2, 0.5],
      ],
      ['bare', [], []],
    ] as const) {
      const file = path.join(`${folder}-${place}`, 'model.json');
      const json = { ...(await readTopology(`${folder}-${place}`)), digests: undefined };
      await writeFile(file, JSON.stringify({ ...json, weightsManifest }));
      for (const loaded of [await tf.loadLayersModel(`file://${file}`), await loadModel(file)]) {
        const found = loaded.getWeights().flatMap((weight) => [...weight.dataSync()]);
        assert.deepEqual(found, expected);
        loaded.dispose();
      }
    }
    network.dispose();
    bare.dispose();
  });

  for (const [dtype, values, tolerance] of [
    ['uint16', Uint16Array, 1e-3],
    ['uint8', Uint8Array, 0.1],
  ] as const) {
    it(`loadModel(folder) takes weights quantized to ${dtype}, as stock tfjs does`, async () => {
      const quantized = `${folder}-${dtype}`;
      await mkdir(quantized);
      const json = await readTopology(folder);
      const [group] = json.weightsManifest;
      const bytes = await readFile(path.join(folder, group.paths[0]));
      let offset = 0;
      const parts = group.weights.map((spec) => {
        const size = spec.shape.reduce((product, side) => product * side, 1);
        const weights = new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset), 0, size);
        offset += 4 * size;
        const min = Math.min(...weights);
        const scale = (Math.max(...weights) - min) / (2 ** (8 * values.BYTES_PER_ELEMENT) - 1) || 1;
        spec.quantization = { dtype, min, scale };
        return Buffer.from(
          values.from(weights, (weight) => Math.round((weight - min) / scale)).buffer,
        );
      });
      await writeFile(path.join(quantized, group.paths[0]), Buffer.concat(parts));
      const text = JSON.stringify({ ...json, digests: undefined });
      await writeFile(path.join(quantized, 'model.json'), text);
      const loaded = await loadModel(quantized);
      const stock = await tf.loadLayersModel(`file://${quantized}/model.json`);
      const [found, expected, exact] = await Promise.all(
        [loaded, stock, model].map((it) => predict(it, images)),
      );
      assert.deepEqual(found, expected);
      exact.forEach((value, index) => assert.ok(Math.abs(value - found[index]) < tolerance));
      loaded.dispose();
      stock.dispose();
    });
  }

  it('loadModel(folder) says what a graph model is to be loaded by', async () => {
    const graph = { format: 'graph-model', modelTopology: { node: [] }, weightsManifest: [] };
    await writeFile(path.join(folder, 'model.json'), JSON.stringify(graph));
    await assert.rejects(
      loadModel(folder),
      /is a graph model; expected a layers model.*loadGraphModel/,
    );
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
    await rm(await weightsFile(folder));
    await assert.rejects(loadModel(folder), /cannot read .*weights-\w+\.bin/);
  });

  it('loadModel(folder) refuses weights that are cut short', async () => {
    const file = await weightsFile(folder);
    const weights = await readFile(file);
    await writeFile(file, weights.subarray(0, -4));
    await assert.rejects(
      loadModel(folder),
      new RegExp(
        `weights-\\w+\\.bin is damaged: expected ${weights.length} bytes, found ${weights.length - 4}`,
      ),
    );
  });

  it('loadModel(folder) refuses weights with one bit changed', async () => {
    const file = await weightsFile(folder);
    const weights = await readFile(file);
    weights[100] ^= 1;
    await writeFile(file, weights);
    await assert.rejects(
      loadModel(folder),
      /weights-\w+\.bin is damaged: expected SHA-256 [0-9a-f]{64}/,
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

interface Topology {
  weightsManifest: {
    paths: string[];
    weights: { shape: number[]; quantization?: object }[];
  }[];
}

async function readTopology(folder: string): Promise<Topology> {
  return JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8'));
}

async function weightsFile(folder: string): Promise<string> {
  return path.join(folder, (await readTopology(folder)).weightsManifest[0].paths[0]);
}

/** A copy with the weights in two groups, of two shards each that are cut within a number. */
async function shardedCopy(folder: string, copy: string): Promise<string> {
  await mkdir(copy);
  const json = await readTopology(folder);
  const [{ weights }] = json.weightsManifest;
  const bytes = await readFile(await weightsFile(folder));
  let start = 0;
  json.weightsManifest = [];
  for (const [index, specs] of [weights.slice(0, 3), weights.slice(3)].entries()) {
    const end =
      start + 4 * specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const cut = Math.floor((start + end) / 2) + 1;
    const paths = [1, 2].map((shard) => `group${index + 1}-shard${shard}of2.bin`);
    await writeFile(path.join(copy, paths[0]), bytes.subarray(start, cut));
    await writeFile(path.join(copy, paths[1]), bytes.subarray(cut, end));
    json.weightsManifest.push({ paths, weights: specs });
    start = end;
  }
  const text = JSON.stringify({ ...json, digests: undefined });
  await writeFile(path.join(copy, 'model.json'), text);
  return copy;
}
