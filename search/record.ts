/*
 * What is kept of a search: trials.json, and which of its trials was best?
 */
import type { EpochLine } from './lines';
import { nested, type Space, type Value } from './space';

/** What trials can be compared by, each with whether more of it is better. */
export const metrics = { validationAccuracy: 'max', validationLoss: 'min' } as const;

export type MetricName = keyof typeof metrics;

/** The names of {@link metrics}. */
export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** How a search is run; what is null is left to Ray. */
export interface SearchOptions {
  readonly samples: number;
  readonly concurrent: number | null;
  readonly coresPerTrial: number;
  readonly metric: MetricName;
  readonly seed: number;
  /** In minutes. */
  readonly timeBudget: number | null;
  /** Where Ray keeps checkpoints; null is in the folder of the record. */
  readonly storage: string | null;
}

/** One training of a search. */
export interface Trial {
  /** Ray's name for it. */
  readonly id: string;
  /** Those that were searched; the others are the space's. */
  readonly settings: Readonly<Record<string, Value>>;
  /** `stopped` by ASHA, or `cut off` by the time budget. */
  readonly ended: 'finished' | 'stopped' | 'failed' | 'cut off';
  /** Why it failed. */
  readonly reason?: string;
  /** The epoch whose weights it kept, where it finished. */
  readonly keptEpoch?: number;
  /** Where its digits came from, where it finished. */
  readonly digits?: string;
  readonly cores: number;
  /** Time that it held its cores, the start of its processes included. */
  readonly seconds: number;
  /** After which epochs it was begun again, since its machine or its search had ended. */
  readonly continuedAfter: readonly number[];
  readonly curve: readonly EpochLine[];
}

/** What search.py leaves. */
export interface Outcome {
  readonly trials: readonly Trial[];
  /** How much each setting matters, in shares; null where too few trials can tell. */
  readonly importance: Readonly<Record<string, number>> | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** The contents of trials.json; the best trial is the first. */
export interface SearchRecord extends Outcome {
  readonly space: Space;
  readonly options: SearchOptions;
}

/** The epoch that a trial is judged by: the one it kept, or its last; none where it has none. */
export function judgedEpoch({ keptEpoch, curve }: Trial): EpochLine | undefined {
  return keptEpoch === undefined ? curve.at(-1) : curve[keptEpoch - 1];
}

/**
 * Puts trials in order, the best first: those that finished, those that were ended by others, those
 * that failed. A stopped one may look better than some that finished, but nobody knows its end.
 */
export function ranked(trials: readonly Trial[], metric: MetricName): Trial[] {
  const groups: readonly (readonly Trial['ended'][])[] = [
    ['finished'],
    ['stopped', 'cut off'],
    ['failed'],
  ];
  const worst = metrics[metric] === 'max' ? -Infinity : Infinity;
  const sign = metrics[metric] === 'max' ? -1 : 1;
  const group = ({ ended }: Trial) => groups.findIndex((it) => it.includes(ended));
  const score = (trial: Trial) => sign * (judgedEpoch(trial)?.[metric] ?? worst);
  return [...trials].sort(
    (one, other) => group(one) - group(other) || compare(score(one), score(other)),
  );
}

/** Not a difference, which two infinite scores have none of. */
function compare(one: number, other: number): number {
  return one < other ? -1 : Number(one > other);
}

/** All settings of a trial, as the command `trial` takes them. */
export function settingsOf({ settings }: Trial, { fixed }: Space): Record<string, unknown> {
  return nested({ ...fixed, ...settings });
}

/** The best trials as the rows of a table, which `show` takes. */
export function bestTable({ trials, space }: SearchRecord, count = 5) {
  const best = trials.slice(0, count);
  const names = Object.keys(space.domains);
  const scores = ['validation accuracy (%)', 'validation loss', 'epochs', 'ended', 'time (s)'];
  return {
    ndim: 2,
    columns: ['trial', ...names, ...scores],
    index: best.map((_, index) => index + 1),
    values: best.map((trial) => {
      const judged = judgedEpoch(trial);
      return [
        trial.id,
        ...names.map((name) => trial.settings[name]),
        ...[judged && 100 * judged.validationAccuracy, judged?.validationLoss],
        ...[trial.curve.length, trial.ended, trial.seconds],
      ];
    }),
  };
}

/** What the search took, in a sentence. */
export function summary({ trials, space }: SearchRecord): string {
  const counts = (['finished', 'stopped', 'cut off', 'failed'] as const)
    .map((ended) => ({ ended, count: trials.filter((it) => it.ended === ended).length }))
    .filter(({ count }) => count > 0)
    .map(({ ended, count }) => `${count} ${ended}`);
  const epochs = trials.reduce((sum, { curve }) => sum + curve.length, 0);
  const whole = trials.length * Number(space.fixed.epochs);
  const coreSeconds = trials.reduce((sum, { seconds, cores }) => sum + seconds * cores, 0);
  return (
    `${trials.length} trials: ${counts.join(', ')}; ${epochs} epochs, ` +
    `${((100 * epochs) / whole).toFixed(0)} % of ${whole}; ${(coreSeconds / 3600).toFixed(2)} core hours`
  );
}
