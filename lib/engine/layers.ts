import type { tf } from '../platform/tensorflow';
import { fuseBatchNormalization } from './batchNormalization';
import { fuseConvolution } from './convolution';
import { fuseDense } from './dense';
import { fuseDropout } from './dropout';
import { fuseFlatten } from './flatten';
import { fuseMaxPooling } from './maxPooling';
import type { FusedLayer } from './network';
import { layerShapes, type LayerShape } from './shapes';

/**
 * Finds the operations that do what a tfjs layer does.
 *
 * @param shaped - The layer, with its shapes in the model.
 * @param isLast - Whether the layer gives the network's output.
 * @returns Nothing, where the layer's class or its configuration is not covered.
 */
export function fuseLayer(shaped: LayerShape, isLast: boolean): FusedLayer | undefined {
  const { layer } = shaped;
  const config = layer.getConfig();
  const constrained = Object.keys(config).some(
    (key) => /(Regularizer|Constraint)$/.test(key) && config[key] != null,
  );
  if (constrained || config.dataFormat === 'channelsFirst') {
    return undefined;
  }
  switch (layer.getClassName()) {
    case 'BatchNormalization':
      return fuseBatchNormalization(shaped);
    case 'Conv2D':
      return fuseConvolution(layer);
    case 'Dense':
      return fuseDense(shaped, isLast);
    case 'Dropout':
      return fuseDropout(shaped);
    case 'Flatten':
      return fuseFlatten(shaped);
    case 'InputLayer':
      return (_, input) => ({ output: input, backward: (gradient) => gradient });
    case 'MaxPooling2D':
      return fuseMaxPooling(layer);
    default:
      return undefined;
  }
}

/**
 * Finds the operations of a whole model, up to the logits of its last softmax.
 *
 * @returns Nothing, where the model is not a sequence of layers that are covered, each of them once.
 */
export function fuseModel(model: tf.LayersModel): FusedLayer[] | undefined {
  // A weight that is used twice has the sum of two gradients, which a pass does not add.
  const isChain = new Set(model.layers).size === model.layers.length;
  if (model.getClassName() !== 'Sequential' || !isChain) {
    return undefined;
  }
  const last = model.layers.length - 1;
  const layers = layerShapes(model).map((layer, index) => fuseLayer(layer, index === last));
  const covered = layers.filter((layer): layer is FusedLayer => layer !== undefined);
  const softmax = model.layers[last].getConfig().activation === 'softmax';
  return softmax && covered.length === layers.length ? covered : undefined;
}
