import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { MnistClassifier } from '../../lib/classifier';
import { launchBrowser } from '../browser';
import { drawnSet } from '../fixtures';

it('stock tfjs in a browser loads a saved classifier and reads the same digits', async function () {
  // First, because it skips the test where there is none.
  const browser = await launchBrowser(this);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'saved-model-'));
  const classifier = new MnistClassifier();
  const served: Record<string, string> = {
    '/tf.min.js': require.resolve('@tensorflow/tfjs/dist/tf.min.js'),
  };
  const server = createServer(async ({ url = '' }, response) => {
    response.end(served[url] ? await readFile(served[url]) : '<!doctype html>');
  });
  try {
    const digits = { train: drawnSet(10), validation: drawnSet(1) };
    await classifier.train(digits, { epochs: 2, batchSize: 20 });
    await classifier.save(folder);
    for (const file of readdirSync(folder)) served[`/${file}`] = path.join(folder, file);
    const expected = await classifier.predict(digits.validation.images);

    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const page = await browser.newPage();
    await page.goto(`${address}/`);
    await page.addScriptTag({ url: `${address}/tf.min.js` });
    const found = await page.evaluate(
      `(async () => {
        const model = await tf.loadLayersModel('${address}/model.json');
        const images = tf.tensor(${JSON.stringify([...digits.validation.images])}, [6, 28, 28, 1]);
        const probabilities = await model.predict(images).array();
        return { probabilities, metadata: model.getUserDefinedMetadata() };
      })()`,
    );
    const { probabilities, metadata } = found as {
      probabilities: number[][];
      metadata: { classifier: { classNames: string[] } };
    };
    assert.deepEqual(metadata.classifier.classNames, classifier.classNames);
    probabilities.flat().forEach((probability, index) => {
      const ours = expected[Math.floor(index / 10)].probabilities[index % 10];
      assert.ok(Math.abs(probability - ours) < 1e-5, `${probability}, expected ${ours}`);
    });
  } finally {
    await browser.close();
    server.close();
    classifier.dispose();
    rmSync(folder, { recursive: true });
  }
});
