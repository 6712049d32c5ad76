import type { tf } from '../platform/tensorflow';
import type { Network } from './network';
import type { Value } from './graph';
import type { NetworkLayer, Pass } from './pass';
import type { LayerUse } from './plan';

/** What the weights of a network are, by the variables of tfjs. */
export type WeightValues = Map<tf.LayerVariable, Float32Array>;

/** The kernel whose last axes are the channels that a layer gives, by tfjs's class names. */
const lastKernels: Readonly<Record<string, string>> = {
  Conv2D: 'kernel',
  Dense: 'kernel',
  DepthwiseConv2D: 'depthwiseKernel',
  SeparableConv2D: 'pointwiseKernel',
};

/**
 * Folds each batch normalization into the layer before it, for inference: a scale of the channels
 * goes into the kernel, what is left is a bias.
 *
 * Only where that layer has no activation, and neither it nor the normalization is used twice, so
 * that nothing else sees the difference.
 *
 * @param values - The weights; those of a layer that takes in a normalization are replaced.
 * @returns The layers of the network, in the same places.
 */
export function foldNormalizations(network: Network, values: WeightValues): NetworkLayer[] {
  const { plan } = network;
  const layers = [...network.layers];
  plan.forEach((use, place) => {
    if (use.layer.getClassName() !== 'BatchNormalization') return;
    const before = plan[use.inputs[0]];
    if (!canTakeIn(plan, before, use)) return;
    const shift = takeIn(before.layer, use.layer, values);
    layers[place] = {
      inputs: use.inputs,
      add: (pass, [input]) => ({
        output: shift === undefined ? input : addBias(pass, input, shift),
        backward: () => [],
      }),
    };
  });
  return layers;
}

/** Whether the layer before a normalization can do its work. */
function canTakeIn(plan: readonly LayerUse[], before: LayerUse, use: LayerUse): boolean {
  const { layer } = before;
  const isOnce = ({ layer }: LayerUse) => plan.filter((it) => it.layer === layer).length === 1;
  const place = use.inputs[0];
  const users = plan.filter(({ inputs }) => inputs.includes(place));
  const isLinear = layer.getConfig().activation === 'linear';
  const isKnown = layer.getClassName() in lastKernels;
  return isKnown && isLinear && users.length === 1 && isOnce(before) && isOnce(use);
}

/**
 * Scales the kernel of a layer, and changes its bias.
 *
 * @returns What is left to add, where the layer has no bias.
 */
function takeIn(
  layer: tf.layers.Layer,
  normalization: tf.layers.Layer,
  values: WeightValues,
): Float32Array | undefined {
  const ofLayer = layer as unknown as Readonly<Record<string, tf.LayerVariable | null>>;
  const ofNormalization = normalization as unknown as Readonly<Record<string, tf.LayerVariable>>;
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'movingMean', 'movingVariance'].map(
    (name) => values.get(ofNormalization[name]) as Float32Array,
  );
  const { epsilon } = normalization.getConfig() as { epsilon: number };
  const scales = gamma.map((scale, channel) => scale / Math.sqrt(variance[channel] + epsilon));
  const kernel = ofLayer[lastKernels[layer.getClassName()]] as tf.LayerVariable;
  const channels = scales.length;
  const scaled = (values.get(kernel) as Float32Array).map((value, index) => {
    return value * scales[index % channels];
  });
  values.set(kernel, scaled);
  const { bias } = ofLayer;
  const old = bias === null ? undefined : (values.get(bias) as Float32Array);
  const shift = beta.map((value, channel) => {
    return value + ((old?.[channel] ?? 0) - mean[channel]) * scales[channel];
  });
  if (bias === null) return shift;
  values.set(bias, shift);
  return undefined;
}

function addBias(pass: Pass, input: Value, bias: Float32Array): Value {
  return pass.graph.op('BiasAdd', [input, pass.narrow(pass.graph.constant(bias))]);
}
