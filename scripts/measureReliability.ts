/**
 * Measures how often the page's network is wrong by how sure it is, for the page to say so in words:
 * `npm run page:reliability`. It writes results/page/reliability.json, with the bins of the report's
 * reliability diagram, and needs the full MNIST.
 *
 * Exit codes: 0 done, 1 failed.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadDigits, loadModel, metrics, predict, writeFileWhole } from 'digit-recognizer';
import { modelFolder, reliabilityFile } from './buildPage';

async function main(): Promise<void> {
  const { test, isSample } = await loadDigits();
  if (isSample) throw new Error('the full MNIST is needed; set MNIST_DIR, or connect to a network');
  const model = await loadModel(modelFolder);
  const probabilities = await predict(model, test.images);
  model.dispose();
  const { digests } = JSON.parse(readFileSync(path.join(modelFolder, 'model.json'), 'utf8'));
  const record = {
    weightsSha256: digests.weightsSha256,
    testDigits: test.count,
    bins: metrics.reliabilityBins(test.labels, probabilities),
  };
  await writeFileWhole(reliabilityFile, `${JSON.stringify(record, null, 1)}\n`);
  const error = metrics.expectedCalibrationError(test.labels, probabilities);
  console.log(`${reliabilityFile}: expected calibration error ${(100 * error).toFixed(4)} %`);
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
