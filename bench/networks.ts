import { buildBaseline, buildRegularizedCnn, buildSimpleCnn } from '../lib/models';
import { tf } from '../lib/tensorflow';

/** The networks of the two sources, by the names that all contenders know. */
export const networks = {
  baseline: buildBaseline,
  simple: buildSimpleCnn,
  regularized: buildRegularizedCnn,
  sourceB: buildSourceB,
};

export type NetworkName = keyof typeof networks;

/** Source B's network as a tfjs user would write it: 468,714 parameters. */
function buildSourceB(): tf.Sequential {
  const { conv2d, batchNormalization, maxPooling2d, dropout, flatten, dense } = tf.layers;
  const convolution = (filters: number, inputShape?: number[]) =>
    conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', inputShape });
  const block = (filters: number, inputShape?: number[]) => [
    convolution(filters, inputShape),
    batchNormalization({}),
    convolution(filters),
    maxPooling2d({ poolSize: 2 }),
    dropout({ rate: 0.25 }),
  ];
  const head = [
    flatten(),
    dense({ units: 128, activation: 'relu' }),
    batchNormalization({}),
    dropout({ rate: 0.5 }),
    dense({ units: 10, activation: 'softmax' }),
  ];
  const model = tf.sequential({ layers: [...block(32, [28, 28, 1]), ...block(64), ...head] });
  model.compile({
    optimizer: tf.train.adam(0.001, 0.9, 0.999, 1e-7),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}
