import type { Layout, Plot } from 'nodeplotlib';
import { axis, baseLayout, palette, type Figure } from './figure';
import { percent, requireWhole, round } from './numbers';
import type { EpochResult, TrainingHistory } from './training';

/** A training with the name under which it is compared. */
export interface NamedHistory {
  readonly name: string;
  readonly history: TrainingHistory;
}

/**
 * Shows accuracy and loss by epoch, side by side, for the training and the validation images.
 *
 * A dotted line stands at each epoch from which on the learning rate is lower, with the new rate
 * above it; where two such epochs are close, only the first has its rate written.
 *
 * @param history - The training to show.
 * @param title - Name of the network. @default 'Training'
 * @param options.keptEpoch - Number of the epoch whose weights the network has, which gets a ring
 *   around its validation. @default none
 * @throws RangeError when `keptEpoch` is not one of the finished epochs, where there are any.
 */
export function trainingCurves(
  history: TrainingHistory,
  title = 'Training',
  { keptEpoch }: { readonly keptEpoch?: number } = {},
): Figure {
  const { epochs } = history;
  const lastEpoch = epochs.at(-1)?.epoch ?? 1;
  const falls = epochs.filter(
    ({ learningRate }, index) => learningRate < epochs[index - 1]?.learningRate,
  );
  if (keptEpoch !== undefined && epochs.length > 0) {
    requireWhole('keptEpoch', keptEpoch, epochs[0].epoch, lastEpoch);
  }
  const kept = epochs.find(({ epoch }) => epoch === keptEpoch);
  const best = [...epochs].sort((a, b) => b.validationAccuracy - a.validationAccuracy)[0];
  const lowest = [...epochs].sort((a, b) => a.validationLoss - b.validationLoss)[0];

  const panels: readonly Panel[] = [
    {
      axes: { xaxis: 'x', yaxis: 'y', showlegend: true },
      hovertemplate: '%{y:.2f} %',
      training: ({ accuracy }) => 100 * accuracy,
      validation: ({ validationAccuracy }) => 100 * validationAccuracy,
    },
    {
      axes: { xaxis: 'x2', yaxis: 'y2', showlegend: false },
      hovertemplate: '%{y:.4f}',
      training: ({ loss }) => loss,
      validation: ({ validationLoss }) => validationLoss,
    },
  ];
  const layout = baseLayout(`${title}: accuracy and loss by epoch`, 860, 380, {
    xaxis: epochAxis(lastEpoch, { domain: [0, 0.45] }),
    yaxis: axis('accuracy (%)'),
    xaxis2: epochAxis(lastEpoch, { domain: [0.57, 1] }),
    yaxis2: axis('loss (cross-entropy, nats)', { anchor: 'x2', rangemode: 'tozero' }),
    hovermode: 'x unified',
  });
  return {
    data: [
      ...panels.flatMap((panel) => [
        line(epochs, panel, 'training'),
        line(epochs, panel, 'validation'),
      ]),
      ...(kept ? panels.map((panel) => ring(kept, panel)) : []),
      ...(falls.length > 0 ? [rateLegend] : []),
    ],
    layout: falls.length > 0 ? withRates(layout, falls, lastEpoch) : layout,
    description:
      best === undefined
        ? `${title}: no epoch was finished.`
        : `${title}: accuracy and loss by epoch. Validation accuracy is highest in epoch ` +
          `${best.epoch} (${percent(best.validationAccuracy)}), validation loss lowest in epoch ` +
          `${lowest.epoch} (${lowest.validationLoss.toFixed(4)}).` +
          (falls.length > 0
            ? ` The learning rate falls to ${falls.map(fallText).join(', ')}.`
            : '') +
          (kept ? ` The weights of epoch ${kept.epoch} were kept.` : ''),
  };
}

/**
 * Shows the validation accuracy of several trainings by epoch, one line for each.
 *
 * @param runs - The trainings, in the order of the legend.
 * @param title - What is compared. @default 'Validation accuracy by epoch'
 */
export function compareCurves(
  runs: readonly NamedHistory[],
  title = 'Validation accuracy by epoch',
): Figure {
  const colors = Object.values(palette);
  const symbols = ['circle', 'square', 'diamond', 'triangle-up'] as const;
  const longest = Math.max(1, ...runs.map(({ history }) => history.epochs.length));
  return {
    data: runs.map(({ name, history }, run): Plot => ({
      type: 'scatter',
      mode: 'lines+markers',
      name,
      x: history.epochs.map((result) => result.epoch),
      y: history.epochs.map((result) => round(100 * result.validationAccuracy, 3)),
      hovertemplate: '%{y:.2f} %',
      line: { color: colors[run % colors.length], width: 2 },
      marker: { size: 7, symbol: symbols[run % symbols.length] },
    })),
    layout: baseLayout(title, 760, 400, {
      xaxis: epochAxis(longest),
      yaxis: axis('validation accuracy (%)'),
      hovermode: 'x unified',
    }),
    description:
      `${title}. ` +
      runs
        .map(({ name, history }) => {
          const last = history.epochs.at(-1);
          return last ? `${name} ends at ${percent(last.validationAccuracy)}` : `${name}: none`;
        })
        .join('; '),
  };
}

/** One of the two pictures of `trainingCurves`. */
interface Panel {
  readonly axes: Pick<Plot, 'xaxis' | 'yaxis' | 'showlegend'>;
  readonly hovertemplate: string;
  readonly training: (result: EpochResult) => number;
  readonly validation: (result: EpochResult) => number;
}

function line(epochs: readonly EpochResult[], panel: Panel, name: 'training' | 'validation'): Plot {
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name,
    x: epochs.map(({ epoch }) => epoch),
    y: epochs.map((result) => round(panel[name](result), 5)),
    ...panel.axes,
    hovertemplate: panel.hovertemplate,
    line: { color: name === 'training' ? palette.blue : palette.vermillion, width: 2 },
    marker: { size: 6, symbol: name === 'training' ? 'circle' : 'square' },
  };
}

function ring(kept: EpochResult, panel: Panel): Plot {
  return {
    type: 'scatter',
    mode: 'markers',
    name: `kept: epoch ${kept.epoch}`,
    x: [kept.epoch],
    y: [round(panel.validation(kept), 5)],
    ...panel.axes,
    hoverinfo: 'skip',
    cliponaxis: false,
    marker: { size: 14, symbol: 'circle-open', color: palette.black, line: { width: 2 } },
  };
}

const rateLine = { color: palette.black, width: 1, dash: 'dot' } as const;

/** Nothing but an entry of the legend, where Plotly's shapes have none. */
const rateLegend: Plot = {
  type: 'scatter',
  mode: 'lines',
  name: 'new learning rate',
  x: [null],
  y: [null],
  line: rateLine,
};

/** Adds the lines where the rate falls, and between legend and panels a row that names the rates. */
function withRates(layout: Layout, falls: readonly EpochResult[], lastEpoch: number): Layout {
  // The narrower panel is 329 pixels wide, a character of the rates 6.
  const epochWidth = 329 / (lastEpoch - 0.4);
  let end = -Infinity;
  const named = falls.filter((fall) => {
    const reach = 3 * rateText(fall).length + 1;
    const isFree = fall.epoch * epochWidth - reach >= end;
    if (isFree) end = fall.epoch * epochWidth + reach;
    return isFree;
  });
  const rowHeight = 18;
  const panelHeight = 240;
  const height = (layout.height as number) + rowHeight;
  const panels = ['x', 'x2'] as const;
  return {
    ...layout,
    height,
    margin: { ...layout.margin, t: (layout.margin?.t as number) + rowHeight },
    // Else it would move down to the middle of the new margin.
    title: { ...(layout.title as object), y: 1 - 34 / height, yanchor: 'middle' },
    legend: { ...layout.legend, y: 1.02 + rowHeight / panelHeight },
    shapes: panels.flatMap((xref) =>
      falls.map(({ epoch }) => ({
        ...({ type: 'line', xref, yref: 'paper' } as const),
        ...{ x0: epoch, x1: epoch, y0: 0, y1: 1 },
        line: rateLine,
      })),
    ),
    annotations: panels.flatMap((xref) =>
      named.map((fall) => ({
        ...({ xref, yref: 'paper', yanchor: 'bottom' } as const),
        ...{ x: fall.epoch, y: 1, text: rateText(fall), showarrow: false, font: { size: 11 } },
      })),
    ),
  };
}

/** A learning rate such as `5e-4`: three digits at most, since optimizers hold 32-bit numbers. */
function rateText({ learningRate }: EpochResult): string {
  return Number(learningRate.toPrecision(3)).toExponential();
}

function fallText(fall: EpochResult): string {
  return `${rateText(fall)} in epoch ${fall.epoch}`;
}

/** Epochs are whole numbers: at most about ten ticks, none between two epochs. */
function epochAxis(lastEpoch: number, details: Layout['xaxis'] = {}): Layout['xaxis'] {
  return axis('epoch', {
    range: [0.7, lastEpoch + 0.3],
    tick0: 1,
    dtick: Math.ceil(lastEpoch / 12),
    tickformat: 'd',
    ...details,
  });
}
