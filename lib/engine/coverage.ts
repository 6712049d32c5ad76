import { tf } from '../platform/tensorflow';
import { networkOf, type Network } from './network';
import { optimizerKinds } from './optimizers/index';

/**
 * Says whether the engine trains a model, and what keeps it from it where it does not.
 *
 * @param model - Compiled or not, on any backend.
 * @returns A sentence, such as `model cnn is trained by tfjs: layer gru (GRU) is of a class that
 *   the engine does not have`.
 */
export function describeCoverage(model: tf.LayersModel): string {
  const network = trainableNetworkOf(model);
  return typeof network === 'string'
    ? `model ${model.name} is trained by tfjs: ${network}`
    : `model ${model.name} is trained by the engine`;
}

/** Whether the engine trains a model; `describeCoverage` says why it does not. */
export function isCovered(model: tf.LayersModel): boolean {
  return typeof trainableNetworkOf(model) !== 'string';
}

/** Finds the operations of a model with its compilation; or says what keeps it from being covered. */
export function trainableNetworkOf(model: tf.LayersModel): Network | string {
  if (tf.getBackend() !== 'tensorflow') return `the backend is ${tf.getBackend()}`;
  const { optimizer, loss, metricsNames } = model;
  if (optimizer == null) return 'it is not compiled';
  if (!(optimizer.getClassName() in optimizerKinds)) {
    return `its optimizer is ${optimizer.getClassName()}`;
  }
  if (loss !== 'sparseCategoricalCrossentropy') {
    return `its loss is ${typeof loss === 'string' ? loss : 'no single one of tfjs'}`;
  }
  if (String(metricsNames) !== 'loss,acc') {
    return `its metrics are ${metricsNames.slice(1).join(', ') || 'none'}, not accuracy alone`;
  }
  return networkOf(model);
}
