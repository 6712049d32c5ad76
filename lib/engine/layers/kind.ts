import type { tf } from '../../platform/tensorflow';
import type { LayerUse } from '../plan';
import type { LayerInGraph } from '../pass';

/**
 * Finds the operations that do what a layer does where it is used.
 *
 * @returns The layer in a graph; or what of it is not covered, as in `has a dilation`.
 */
export type LayerKind = (use: LayerUse) => LayerInGraph | string;

/** Gives weights of a layer that tfjs keeps under these names. */
export function weightsOf<Name extends string>(layer: tf.layers.Layer) {
  return layer as unknown as Readonly<Record<Name, tf.LayerVariable>> & {
    readonly bias: tf.LayerVariable | null;
  };
}

/** The attributes by which TensorFlow slides a window over images. */
export function windowAttributes(config: Readonly<Record<string, unknown>>) {
  return {
    strides: [1, ...(config.strides as number[]), 1],
    padding: (config.padding as string).toUpperCase(),
  };
}

/** Says what keeps the activation of a layer that is not the last from being covered. */
export function activationRefusal(activation: unknown): string | undefined {
  return ['relu', 'linear'].includes(activation as string)
    ? undefined
    : `has the activation ${activation}`;
}
