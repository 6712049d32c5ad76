import {
  buildBaseline,
  buildDeeperCnn,
  buildRegularizedCnn,
  buildSimpleCnn,
} from 'digit-recognizer';

/** The networks of the two sources, by the names that all contenders know. */
export const networks = {
  baseline: buildBaseline,
  simple: buildSimpleCnn,
  regularized: buildRegularizedCnn,
  sourceB: buildDeeperCnn,
};

export type NetworkName = keyof typeof networks;
