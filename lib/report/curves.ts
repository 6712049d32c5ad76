import type { Layout, Plot } from 'nodeplotlib';
import {
  axis,
  baseLayout,
  hoverName,
  letterWidth,
  palette,
  type Figure,
  type TitleOption,
} from './figure';
import { logScale, type LogScale } from './logScale';
import { escapeMarkup, shorten, widthOf } from './names';
import { percent, requireWhole, round, thousands } from '../platform/numbers';
import { showRates } from './rateCurves';
import type { EpochResult, TrainingHistory } from '../training/train';

/** A training with the name under which it is compared. */
export interface NamedHistory {
  readonly name: string;
  readonly history: TrainingHistory;
}

/**
 * Shows accuracy and loss by epoch, side by side, for the training and the validation images.
 *
 * Both scales are logarithmic, that of the accuracy in the error (from 90 to 99 % is as far as from
 * 99 to 99.9 %), so that late epochs are seen beside a poor first one. An accuracy of 100 % and a
 * loss of 0 lie at the end of their axis, with a tick of their own; with a loss below 0 its scale is
 * even. Values that are missing (NaN, null) leave a gap, and a training without validation has no
 * curve of it.
 *
 * A dotted line stands at each epoch from which on the learning rate is another, with the new rate
 * above it; where two such epochs are close, only the first has its rate written. Above five such
 * epochs, the rate has curves of its own below the panels instead. Of more than 600 epochs only
 * some are drawn, among them the highest and lowest of every hundredth of the training.
 *
 * @param history - The training to show.
 * @param options.title - Name of the network. @default 'Training'
 * @param options.keptEpoch - Number of the epoch whose weights the network has, which gets a ring
 *   around its validation. @default none
 * @throws RangeError when `keptEpoch` is not one of the finished epochs, where there are any, or an
 *   accuracy is not from 0 to 1.
 */
export function trainingCurves(
  history: TrainingHistory,
  { title = 'Training', keptEpoch }: TitleOption & { readonly keptEpoch?: number } = {},
): Figure {
  const { epochs } = history;
  requireShares('history', epochs);
  const lastEpoch = epochs.at(-1)?.epoch ?? 1;
  if (keptEpoch !== undefined && epochs.length > 0) {
    requireWhole('keptEpoch', keptEpoch, epochs[0].epoch, lastEpoch);
  }
  const kept = epochs.find(({ epoch }) => epoch === keptEpoch);
  const shown = thinned(epochs, [
    (result) => result.accuracy,
    (result) => result.validationAccuracy,
    (result) => result.loss,
    (result) => result.validationLoss,
    (result) => result.learningRate,
  ]);
  if (kept && !shown.includes(kept)) {
    shown.splice(
      shown.findIndex(({ epoch }) => epoch > kept.epoch),
      0,
      kept,
    );
  }
  const panels = [accuracyPanel(shown), lossPanel(shown)];
  const rates = showRates(epochs, shown);
  const layout = baseLayout(`${title}: accuracy and loss by epoch`, 860, 420, {
    xaxis: epochAxis(lastEpoch, { domain: [0, 0.45] }),
    yaxis: panels[0].axis,
    xaxis2: epochAxis(lastEpoch, { domain: [0.57, 1] }),
    yaxis2: { ...panels[1].axis, anchor: 'x2' },
    hovermode: 'x unified',
  });
  return {
    data: [
      ...panels.flatMap((panel) =>
        (['training', 'validation'] as const).flatMap((name) => line(shown, panel, name)),
      ),
      ...(kept ? panels.map((panel) => ring(kept, panel)) : []),
      ...rates.traces,
    ],
    layout: rates.arrange(layout),
    description: `${title}: ${describe(epochs, shown, rates.words, kept)}`,
  };
}

/**
 * Shows the validation accuracy of several trainings by epoch, one line for each, on the
 * logarithmic scale of `trainingCurves`.
 *
 * @param runs - The trainings, in the order of the legend, 32 at most.
 * @param options.title - What is compared. @default 'Validation accuracy by epoch'
 * @throws RangeError when there are more runs than colors and symbols tell apart, or an accuracy is
 *   not from 0 to 1.
 */
export function compareCurves(
  runs: readonly NamedHistory[],
  { title = 'Validation accuracy by epoch' }: TitleOption = {},
): Figure {
  const colors = Object.values(palette);
  const symbols = ['circle', 'square', 'diamond', 'triangle-up'] as const;
  const most = colors.length * symbols.length;
  if (runs.length > most) {
    throw new RangeError(
      `runs has ${runs.length} entries; expected at most ${most}, which colors and symbols tell ` +
        'apart. Compare fewer at once',
    );
  }
  runs.forEach(({ history }, run) => requireShares(`runs[${run}].history`, history.epochs));
  const shown = runs.map(({ history }) =>
    thinned(history.epochs, [({ validationAccuracy }) => validationAccuracy]),
  );
  const scale = logScale(
    shown.flatMap((epochs) => epochs.map((result) => errorOf(result.validationAccuracy))),
    8,
  );
  const labels = runs.map(({ name }) => shorten(name, 28));
  // An entry of the legend has 45 pixels of line and gap beside its name.
  const widths = labels.map((label) => 45 + letterWidth * widthOf(label));
  const isLegendAbove = widths.reduce((sum, width) => sum + width, 0) <= 660;
  return {
    data: runs.map(({ name }, run): Plot => ({
      type: 'scatter',
      mode: modeOf(shown[run]),
      name: escapeMarkup(labels[run]),
      x: shown[run].map((result) => result.epoch),
      y: shown[run].map((result) => scale.place(errorOf(result.validationAccuracy))),
      hovertext: shown[run].map((result) => percent(result.validationAccuracy)),
      hovertemplate: `${hoverName(name)}: %{hovertext}<extra></extra>`,
      line: { color: colors[run % colors.length], width: 2 },
      // Another symbol for the same color.
      marker: {
        size: 7,
        symbol: symbols[(run + Math.floor(run / colors.length)) % symbols.length],
      },
    })),
    layout: baseLayout(
      title,
      isLegendAbove ? 760 : 900,
      isLegendAbove ? 420 : Math.max(420, 160 + 20 * runs.length),
      {
        xaxis: epochAxis(Math.max(1, ...runs.map(({ history }) => lastOf(history)?.epoch ?? 1))),
        yaxis: errorAxis('validation accuracy (%)', scale),
        hovermode: 'x unified',
        ...(isLegendAbove ? {} : { legend: { x: 1.02, y: 1, xanchor: 'left', yanchor: 'top' } }),
        showlegend: true,
      },
    ),
    description:
      `${title}, on a logarithmic scale of the error. ` +
      runs
        .map(({ name, history }) => {
          const last = lastOf(history);
          if (!last) return `${name}: no epoch was finished`;
          return Number.isFinite(last.validationAccuracy)
            ? `${name} ends at ${percent(last.validationAccuracy)}`
            : `${name} has no validation in its last epoch`;
        })
        .join('; '),
  };
}

/** One of the two pictures of `trainingCurves`. */
interface Panel {
  readonly axes: Pick<Plot, 'xaxis' | 'yaxis' | 'showlegend'>;
  readonly axis: Layout['yaxis'];
  readonly training: (result: EpochResult) => number;
  readonly validation: (result: EpochResult) => number;
  /** Where a value is drawn, and how it is written. */
  readonly place: (value: number) => number | null;
  readonly write: (value: number) => string;
}

function accuracyPanel(epochs: readonly EpochResult[]): Panel {
  const training = ({ accuracy }: EpochResult) => errorOf(accuracy);
  const validation = ({ validationAccuracy }: EpochResult) => errorOf(validationAccuracy);
  const scale = logScale([...epochs.map(training), ...epochs.map(validation)], 8);
  return {
    axes: { xaxis: 'x', yaxis: 'y', showlegend: true },
    axis: errorAxis('accuracy (%)', scale),
    ...{ training, validation, place: scale.place },
    write: (error) => `${(100 - error).toFixed(2)} %`,
  };
}

function lossPanel(epochs: readonly EpochResult[]): Panel {
  const training = ({ loss }: EpochResult) => rounded(loss);
  const validation = ({ validationLoss }: EpochResult) => rounded(validationLoss);
  const losses = [...epochs.map(training), ...epochs.map(validation)];
  const isLog = !losses.some((loss) => loss < 0);
  const scale = logScale(losses, 8);
  return {
    axes: { xaxis: 'x2', yaxis: 'y2', showlegend: false },
    axis: isLog
      ? axis('loss (cross-entropy: nats), log scale', {
          type: 'log',
          range: [Math.log10(scale.low), Math.log10(scale.high)],
          tickvals: scale.ticks.map(scale.place) as number[],
          ticktext: scale.ticks.map(String),
        })
      : axis('loss (cross-entropy: nats)'),
    ...{ training, validation },
    place: isLog ? scale.place : (loss) => (Number.isFinite(loss) ? loss : null),
    write: (loss) => loss.toPrecision(4),
  };
}

/** An axis of errors, the lowest on top, at whose ticks the accuracies are written. */
function errorAxis(title: string, scale: LogScale): Layout['yaxis'] {
  return axis(`${title}, log scale of error`, {
    type: 'log',
    range: [Math.log10(scale.high), Math.log10(scale.low)],
    tickvals: scale.ticks.map(scale.place) as number[],
    ticktext: scale.ticks.map((error) => String(round(100 - error, 6))),
  });
}

function line(
  epochs: readonly EpochResult[],
  panel: Panel,
  name: 'training' | 'validation',
): Plot[] {
  const values = epochs.map(panel[name]);
  if (name === 'validation' && epochs.length > 0 && values.every(Number.isNaN)) return [];
  return [
    {
      type: 'scatter',
      mode: modeOf(epochs),
      name,
      x: epochs.map(({ epoch }) => epoch),
      y: values.map(panel.place),
      ...panel.axes,
      hovertext: values.map((value) => (Number.isNaN(value) ? '' : panel.write(value))),
      hovertemplate: '%{hovertext}',
      line: { color: name === 'training' ? palette.blue : palette.vermillion, width: 2 },
      marker: { size: 6, symbol: name === 'training' ? 'circle' : 'square' },
    },
  ];
}

function ring(kept: EpochResult, panel: Panel): Plot {
  return {
    type: 'scatter',
    mode: 'markers',
    name: `kept: epoch ${kept.epoch}`,
    x: [kept.epoch],
    y: [panel.place(panel.validation(kept))],
    ...panel.axes,
    hoverinfo: 'skip',
    cliponaxis: false,
    marker: { size: 14, symbol: 'circle-open', color: palette.black, line: { width: 2 } },
  };
}

/** Tells whether points are few enough to mark each; many would run into a broad band. */
export function areMarked({ length }: readonly unknown[]): boolean {
  return length <= 60;
}

function modeOf(epochs: readonly EpochResult[]): Plot['mode'] {
  return areMarked(epochs) ? 'lines+markers' : 'lines';
}

/**
 * Picks so many epochs that a curve of them is light and looks like one of all: of more than 600 the
 * first, the last, and in every hundredth the lowest and highest of each value.
 */
export function thinned(
  epochs: readonly EpochResult[],
  values: readonly ((result: EpochResult) => number)[],
): EpochResult[] {
  if (epochs.length <= 600) return [...epochs];
  const picked = new Set([epochs[0], epochs[epochs.length - 1]]);
  const parts = 100;
  for (let part = 0; part < parts; part++) {
    const start = Math.floor((part * epochs.length) / parts);
    const end = Math.floor(((part + 1) * epochs.length) / parts);
    for (const value of values) {
      const sorted = epochs
        .slice(start, end)
        .filter((result) => Number.isFinite(value(result)))
        .sort((one, other) => value(one) - value(other));
      if (sorted.length > 0) picked.add(sorted[0]).add(sorted[sorted.length - 1]);
    }
  }
  return [...picked].sort((one, other) => one.epoch - other.epoch);
}

function describe(
  epochs: readonly EpochResult[],
  shown: readonly EpochResult[],
  ratesInWords: string,
  kept: EpochResult | undefined,
): string {
  if (epochs.length === 0) return 'no epoch was finished.';
  const lowestOf = (value: (result: EpochResult) => number) =>
    epochs
      .filter((result) => Number.isFinite(value(result)))
      .reduce<EpochResult | undefined>(
        (best, result) => (best && value(best) <= value(result) ? best : result),
        undefined,
      );
  const best = lowestOf(({ validationAccuracy }) => errorOf(validationAccuracy));
  const lowest = lowestOf(({ validationLoss }) => validationLoss);
  const last = epochs[epochs.length - 1];
  return [
    'accuracy and loss by epoch, on logarithmic scales.',
    ...(shown.length < epochs.length
      ? [`${shown.length} of ${thousands(epochs.length)} epochs are drawn.`]
      : []),
    best === undefined
      ? `There is no validation accuracy; training accuracy ends at ${percent(last.accuracy)}.`
      : `Validation accuracy is highest in epoch ${best.epoch} (${percent(best.validationAccuracy)}).`,
    ...(lowest === undefined
      ? []
      : [
          `Validation loss is lowest in epoch ${lowest.epoch} (${lowest.validationLoss.toFixed(4)}).`,
        ]),
    ...(ratesInWords ? [ratesInWords] : []),
    ...(kept ? [`The weights of epoch ${kept.epoch} were kept.`] : []),
  ].join(' ');
}

/** The error in percent of a share of right guesses; NaN where it is missing. */
function errorOf(accuracy: number): number {
  return rounded(100 - 100 * known(accuracy));
}

/** So many digits as figures need; NaN where a value is missing. */
function rounded(value: number): number {
  return Number(known(value).toPrecision(6));
}

/** JSON writes NaN as null, which would count as 0. */
function known(value: number | null): number {
  return value === null || !Number.isFinite(value) ? NaN : value;
}

function requireShares(name: string, epochs: readonly EpochResult[]): void {
  epochs.forEach((result, index) => {
    for (const field of ['accuracy', 'validationAccuracy'] as const) {
      if (result[field] < 0 || result[field] > 1) {
        throw new RangeError(
          `${name}.epochs[${index}].${field} is ${result[field]}; expected a share from 0 to 1`,
        );
      }
    }
  });
}

function lastOf({ epochs }: TrainingHistory): EpochResult | undefined {
  return epochs.at(-1);
}

/** Epochs are whole numbers: at most about twelve ticks, none between two epochs. */
function epochAxis(lastEpoch: number, details: Layout['xaxis'] = {}): Layout['xaxis'] {
  // Odd numbers begin with the first epoch; larger steps are round ones.
  const step = [1, 2, 5].find((each) => lastEpoch / each <= 12) ?? roundStep(lastEpoch / 8);
  return axis('epoch', {
    range: [0.7, lastEpoch + 0.3],
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
