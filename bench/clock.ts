/** How many seconds of training until the test digits are read so well? See README.md beside this file. */
import type { Augmentation } from 'digit-recognizer/engine';
import type { Contender } from './processes';

/** How the fast network is trained for the clock: the same for all contenders. */
export interface ClockRecipe {
  /** Filters of its convolutions, and units of its dense layer. */
  readonly filters: readonly number[];
  readonly denseUnits: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly labelSmoothing: number;
  /** Peak of the one-cycle schedule of Adam. */
  readonly learningRate: number;
  readonly augmentation?: Augmentation;
  /** How often in an epoch the test digits are scored. */
  readonly momentsPerEpoch: number;
}

/** What a contender is asked for. */
export interface ClockWork extends ClockRecipe {
  /** Training images. */
  readonly count: number;
  readonly seed: number;
  /** Steps of each epoch after which the test digits are scored, the last step among them. */
  readonly moments: readonly number[];
}

/** What is known at a moment. */
export interface ClockMoment {
  /** Steps taken. */
  readonly step: number;
  /** Seconds of training, without those of scoring. */
  readonly seconds: number;
  /** Share of the test digits read rightly. */
  readonly accuracy: number;
}

/** What a contender answers. */
export interface ClockAnswer {
  /** Seconds before the clock runs: graph and data of ours, tracing of Keras. */
  readonly preparation: number;
  readonly curve: readonly ClockMoment[];
}

/** One training. */
interface ClockRun extends ClockAnswer {
  readonly recipe: string;
  readonly contender: string;
  readonly seed: number;
}

/** Chosen on the validation digits; what else was tried is in README.md. */
export const recipes: Readonly<Record<string, ClockRecipe>> = {
  sprint: {
    ...{ filters: [16, 32], denseUnits: 64 },
    ...{ epochs: 2, batchSize: 128, learningRate: 0.015, labelSmoothing: 0.1 },
    momentsPerEpoch: 7,
  },
  long: {
    ...{ filters: [24, 48], denseUnits: 128 },
    ...{ epochs: 8, batchSize: 128, learningRate: 0.008, labelSmoothing: 0.1 },
    ...{ augmentation: { rotation: 10, shift: 0.1, zoom: 0.1 }, momentsPerEpoch: 2 },
  },
};

export const targets = [0.97, 0.98, 0.99, 0.993, 0.995];
const seeds = [42, 43, 44, 45, 46];
const trainingImages = 54_000;

/**
 * Has the contenders train in turns, seed by seed, and scores the test digits at the moments.
 *
 * @param options.quick - One seed on a tenth of the images.
 */
export async function runClock(
  contenders: readonly Contender[],
  { quick }: { readonly quick: boolean },
) {
  const count = quick ? trainingImages / 10 : trainingImages;
  const runs: ClockRun[] = [];
  for (const [name, recipe] of Object.entries(recipes)) {
    for (const seed of quick ? seeds.slice(0, 1) : seeds) {
      for (const contender of contenders) {
        const work: ClockWork = { ...recipe, count, seed, moments: momentsOf(recipe, count) };
        const answer = (await contender.ask(`clock ${JSON.stringify(work)}`)) as ClockAnswer;
        runs.push({ recipe: name, contender: contender.name, seed, ...answer });
        const { seconds, accuracy } = answer.curve[answer.curve.length - 1];
        console.error(
          `${name}, ${seed}, ${contender.name}: ${accuracy} in ${seconds.toFixed(2)} s`,
        );
      }
    }
  }
  const summary = summarize(runs);
  const table = [
    ['median seconds to', ...targets.map((target) => `${round(100 * target, 1)} %`)],
    ...summary.map(({ recipe, contender, seconds }) => [
      `${recipe}, ${contender}`,
      ...seconds.map((value) => value?.toFixed(2) ?? 'not reached'),
    ]),
  ];
  return { table, record: { count, recipes, targets, seeds, summary, runs } };
}

/**
 * Gives the steps of an epoch after which the test digits are scored: as evenly as multiples of ten
 * lie, since Keras takes ten steps a call, and the last.
 */
export function momentsOf({ batchSize, momentsPerEpoch }: ClockRecipe, count: number): number[] {
  const steps = Math.ceil(count / batchSize);
  const inner = Array.from(
    { length: momentsPerEpoch - 1 },
    (_, index) => 10 * Math.round(((index + 1) * steps) / momentsPerEpoch / 10),
  );
  return [...new Set([...inner.filter((step) => step > 0 && step < steps), steps])];
}

/** Gives the seconds of the first moment at or above a target; nothing where there is none. */
export function secondsTo(curve: readonly ClockMoment[], target: number): number | null {
  return curve.find(({ accuracy }) => accuracy >= target)?.seconds ?? null;
}

/** The medians of the seeds by recipe, contender and target; null where most seeds do not reach it. */
function summarize(runs: readonly ClockRun[]) {
  const rows = new Map<string, ClockRun[]>();
  for (const run of runs) {
    const name = `${run.recipe}, ${run.contender}`;
    rows.set(name, [...(rows.get(name) ?? []), run]);
  }
  return [...rows.values()].map((own) => ({
    recipe: own[0].recipe,
    contender: own[0].contender,
    seconds: targets.map((target) => medianOf(own.map(({ curve }) => secondsTo(curve, target)))),
    accuracy: medianOf(own.map(({ curve }) => curve[curve.length - 1].accuracy)),
  }));
}

/** The median of an odd number of values, of which null is the largest. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const sorted = values.map((value) => value ?? Infinity).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  return middle === Infinity ? null : middle;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
