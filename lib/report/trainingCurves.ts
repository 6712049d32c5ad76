import type { Layout, Plot } from 'nodeplotlib';
import { axis, baseLayout, palette, type Figure, type TitleOption } from './figure';
import { logScale } from './logScale';
import { percent, requireWhole, thousands } from '../platform/numbers';
import { showRates } from './rateCurves';
import type { EpochResult, TrainingHistory } from '../training/train';
import {
  epochAxis,
  errorAxis,
  errorOf,
  logAxis,
  modeOf,
  requireShares,
  rounded,
  thinned,
} from './epochs';

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
  requireShares('history', history);
  const { epochs } = history;
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
    axis: isLog ? logAxis('loss (cross-entropy: nats)', scale) : axis('loss (cross-entropy: nats)'),
    ...{ training, validation },
    place: isLog ? scale.place : (loss) => (Number.isFinite(loss) ? loss : null),
    write: (loss) => loss.toPrecision(4),
  };
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
