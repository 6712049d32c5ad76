import type { Figure, TitleOption } from './figure';
import { curves } from './curves';
import { requireShares } from './epochs';
import type { TrainingHistory } from '../training/train';

/** A training with the name under which it is compared. */
export interface NamedHistory {
  readonly name: string;
  readonly history: TrainingHistory;
}

/**
 * Shows the validation accuracy of several trainings by epoch, one line for each, on the
 * logarithmic scale of `trainingCurves`.
 *
 * @param runs - The trainings, in the order of the legend, 32 at most.
 * @param options.title - What is compared. @default 'Validation accuracy by epoch'
 * @throws RangeError when there are more runs than colors and symbols tell apart, or an accuracy is
 *   not from 0 to 1.
 * @throws TypeError when a run has no history.
 */
export function compareCurves(
  runs: readonly NamedHistory[],
  { title = 'Validation accuracy by epoch' }: TitleOption = {},
): Figure {
  if (!Array.isArray(runs)) {
    throw new TypeError(`runs is ${String(runs)}; expected an array of { name, history }`);
  }
  runs.forEach((run, index) => requireShares(`runs[${index}].history`, run?.history));
  const series = runs.map(({ name, history: { epochs } }: NamedHistory) => ({
    name,
    x: epochs.map(({ epoch }) => epoch),
    y: epochs.map(({ validationAccuracy }) => validationAccuracy),
  }));
  return curves(series, { title, xTitle: 'epoch', yTitle: 'validation accuracy (%)' });
}
