import { buildBaseline } from '../lib/networks/baseline';
import { buildDeeperCnn } from '../lib/networks/deeperCnn';
import { buildRegularizedCnn } from '../lib/networks/regularizedCnn';
import { buildSimpleCnn } from '../lib/networks/simpleCnn';

/** The networks of the two sources, by the names that all contenders know. */
export const networks = {
  baseline: buildBaseline,
  simple: buildSimpleCnn,
  regularized: buildRegularizedCnn,
  sourceB: buildDeeperCnn,
};

export type NetworkName = keyof typeof networks;
