/**
 * Measures how often the page's network is wrong by how sure it is, for the page to say so in words:
 * `npm run page:reliability`. It writes results/page/reliability.json, with the bins of the report's
 * reliability diagram, of the validation digits, varied as people's hands do; it needs the full MNIST.
 *
 * Exit codes: 0 done, 1 failed.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  loadDigits,
  loadModel,
  metrics,
  predict,
  varyHandwriting,
  writeFileWhole,
} from 'digit-recognizer';
import { committedModel } from './arguments';
import { reliabilityFile } from './buildPage';

async function main(): Promise<void> {
  const { validation, isSample } = await loadDigits();
  if (isSample) throw new Error('the full MNIST is needed; set MNIST_DIR, or connect to a network');
  const varied = varyHandwriting(validation, { seed: 42 });
  const model = await loadModel(committedModel);
  const probabilities = await predict(model, varied.images);
  model.dispose();
  const { digests } = JSON.parse(readFileSync(path.join(committedModel, 'model.json'), 'utf8'));
  const record = {
    weightsSha256: digests.weightsSha256,
    digits: varied.count,
    bins: metrics.reliabilityBins(varied.labels, probabilities),
  };
  await writeFileWhole(reliabilityFile, `${JSON.stringify(record, null, 1)}\n`);
  const error = metrics.expectedCalibrationError(varied.labels, probabilities);
  console.log(`${reliabilityFile}: expected calibration error ${(100 * error).toFixed(4)} %`);
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
