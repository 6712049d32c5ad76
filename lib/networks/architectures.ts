import type { tf } from '../platform/tensorflow';
import { buildBaseline } from './baseline';
import { buildDeeperCnn } from './deeperCnn';
import { buildFastCnn } from './fastCnn';
import type { NetworkOptions } from './layerStack';
import { buildRegularizedCnn } from './regularizedCnn';
import { buildResidualCnn } from './residualCnn';
import { buildSimpleCnn } from './simpleCnn';
import { buildTinyCnn } from './tinyCnn';

/** Builds a compiled network from images to class probabilities, from the seed given. */
export type NetworkBuilder = (options: NetworkOptions) => tf.LayersModel;

const architectures = {
  baseline: buildBaseline,
  'simple-cnn': buildSimpleCnn,
  'regularized-cnn': buildRegularizedCnn,
  'deeper-cnn': buildDeeperCnn,
  'residual-cnn': buildResidualCnn,
  'tiny-cnn': buildTinyCnn,
  'fast-cnn': buildFastCnn,
} satisfies Record<string, NetworkBuilder>;

/** Name of a network of this library. */
export type ArchitectureName = keyof typeof architectures;

/** The names that the option `architecture` takes. */
export const architectureNames = Object.keys(architectures) as readonly ArchitectureName[];

/**
 * Gives the builder of a network of this library.
 *
 * @throws RangeError when there is none of that name.
 */
export function builderOf(name: ArchitectureName): NetworkBuilder {
  if (!Object.hasOwn(architectures, name)) {
    throw new RangeError(
      `architecture is ${name}; expected one of ${architectureNames.join(', ')}, or a function ` +
        'that builds a network',
    );
  }
  return architectures[name];
}
