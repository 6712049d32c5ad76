import type { Layout, Plot } from 'nodeplotlib';
import { axis } from './figure';
import type { LogScale } from './logScale';
import { round } from '../platform/numbers';
import type { EpochResult, TrainingHistory } from '../training/train';

/** Tells whether points are few enough to mark each; many would run into a broad band. */
export function areMarked({ length }: readonly unknown[]): boolean {
  return length <= 60;
}

export function modeOf(points: readonly unknown[]): Plot['mode'] {
  return areMarked(points) ? 'lines+markers' : 'lines';
}

/**
 * Picks so many points that a curve of them is light and looks like one of all: of more than 600 the
 * first, the last, and in every hundredth the lowest and highest of each value.
 */
export function thinned<Point>(
  points: readonly Point[],
  values: readonly ((point: Point) => number)[],
): Point[] {
  if (points.length <= 600) return [...points];
  const picked = new Set([points[0], points[points.length - 1]]);
  const parts = 100;
  for (let part = 0; part < parts; part++) {
    const start = Math.floor((part * points.length) / parts);
    const end = Math.floor(((part + 1) * points.length) / parts);
    for (const value of values) {
      const sorted = points
        .slice(start, end)
        .filter((point) => Number.isFinite(value(point)))
        .sort((one, other) => value(one) - value(other));
      if (sorted.length > 0) picked.add(sorted[0]).add(sorted[sorted.length - 1]);
    }
  }
  return points.filter((point) => picked.has(point));
}

/** An axis of values on a logarithmic scale, the highest on top. */
export function logAxis(title: string, scale: LogScale): Layout['yaxis'] {
  return axis(`${title}, log scale`, {
    type: 'log',
    range: [Math.log10(scale.low), Math.log10(scale.high)],
    tickvals: scale.ticks.map(scale.place) as number[],
    // Long fractions would run over the title of the axis.
    ticktext: scale.ticks.map((value) =>
      value === 0 || value >= 0.001 ? String(value) : value.toExponential(),
    ),
  });
}

/** An axis of errors, the lowest on top, at whose ticks the accuracies are written. */
export function errorAxis(title: string, scale: LogScale): Layout['yaxis'] {
  return axis(`${title}, log scale of error`, {
    type: 'log',
    range: [Math.log10(scale.high), Math.log10(scale.low)],
    tickvals: scale.ticks.map(scale.place) as number[],
    ticktext: scale.ticks.map((error) => String(round(100 - error, 6))),
  });
}

/** The error in percent of a share of right guesses; NaN where it is missing. */
export function errorOf(accuracy: number | null): number {
  return rounded(100 - 100 * known(accuracy));
}

/** So many digits as figures need; NaN where a value is missing. */
export function rounded(value: number | null): number {
  return Number(known(value).toPrecision(6));
}

/** JSON writes NaN as null, which would count as 0. */
function known(value: number | null): number {
  return value === null || !Number.isFinite(value) ? NaN : value;
}

/** Refuses what is no history, or has an accuracy that is none. */
export function requireShares(name: string, history: TrainingHistory): void {
  const epochs = (history as TrainingHistory | null)?.epochs;
  if (!Array.isArray(epochs)) {
    throw new TypeError(`${name} is ${String(history)}; expected a history, as train gives it`);
  }
  epochs.forEach((result: EpochResult, index) => {
    for (const field of ['accuracy', 'validationAccuracy'] as const) {
      if (result[field] < 0 || result[field] > 1) {
        throw new RangeError(
          `${name}.epochs[${index}].${field} is ${result[field]}; expected a share from 0 to 1`,
        );
      }
    }
  });
}

/** Epochs are whole numbers: at most about twelve ticks, none between two epochs. */
export function epochAxis(lastEpoch: number, details: Layout['xaxis'] = {}): Layout['xaxis'] {
  return wholeAxis('epoch', lastEpoch, details);
}

/** An axis of whole numbers from 1, such as epochs, layers or networks. */
export function wholeAxis(
  title: string,
  last: number,
  details: Layout['xaxis'] = {},
): Layout['xaxis'] {
  // Odd numbers begin with the first; larger steps are round ones.
  const step = [1, 2, 5].find((each) => last / each <= 12) ?? roundStep(last / 8);
  return axis(title, {
    range: [0.7, last + 0.3],
    tick0: step > 2 ? 0 : 1,
    dtick: step,
    tickformat: 'd',
    tickangle: 0,
    ...details,
  });
}

/** The first of 1, 2, 5, 10, 20, 50 and so on that is not below a number. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10);
}
