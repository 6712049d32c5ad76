import type { Layout, Plot } from 'nodeplotlib';
import { axis, palette } from './figure';
import { logScale } from './logScale';
import { thousands } from '../platform/numbers';
import type { EpochResult } from '../training/train';

/** How the learning rate is shown in the two panels of a training. */
export interface ShownRates {
  readonly traces: Plot[];
  /** Adds to a layout with the axes `x`, `y` and `x2`, `y2` what the rates need. */
  readonly arrange: (layout: Layout) => Layout;
  /** What is seen, a sentence, or nothing where the rate stays. */
  readonly words: string;
}

/**
 * Shows how the learning rate went: a dotted line for each of up to five changes, or for more of them
 * a curve below each panel.
 *
 * @param epochs - All finished epochs; those without a rate (NaN, null) have no change.
 * @param drawn - Those of them that curves are drawn with.
 */
export function showRates(
  epochs: readonly EpochResult[],
  drawn: readonly EpochResult[],
): ShownRates {
  const rated = epochs.filter(({ learningRate }) => Number.isFinite(learningRate));
  const changes = rated.filter(
    ({ learningRate }, index) => index > 0 && learningRate !== rated[index - 1].learningRate,
  );
  if (changes.length === 0) return { traces: [], arrange: (layout) => layout, words: '' };
  if (changes.length <= mostMarks) {
    return {
      traces: [rateLegend],
      arrange: (layout) => withRateMarks(layout, changes, epochs[epochs.length - 1].epoch),
      words: `The learning rate becomes ${changes.map(changeText).join(', ')}.`,
    };
  }
  return {
    traces: rateCurves(drawn),
    arrange: (layout) => withPanelOfRates(layout, drawn),
    words:
      `The learning rate, below, changes ${thousands(changes.length)} times, from ` +
      `${rateText(rated[0])} to ${rateText(rated[rated.length - 1])}.`,
  };
}

/** More changes of the rate than these are a schedule, which has a curve. */
const mostMarks = 5;

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

/** The learning rate below each of the panels. */
function rateCurves(epochs: readonly EpochResult[]): Plot[] {
  const rates = epochs.map(rateOf);
  const scale = logScale(rates, 4);
  return (['', '2'] as const).map((panel, index): Plot => ({
    type: 'scatter',
    mode: 'lines',
    name: 'learning rate',
    x: epochs.map(({ epoch }) => epoch),
    y: rates.map(scale.place),
    xaxis: `x${panel}` as Plot['xaxis'],
    yaxis: `y${index + 3}` as Plot['yaxis'],
    hovertext: epochs.map((result) => (Number.isNaN(rateOf(result)) ? '' : rateText(result))),
    hovertemplate: '%{hovertext}',
    // The rate of an epoch holds from its beginning to its end.
    line: { color: palette.black, width: 1.5, shape: 'hvh' },
    showlegend: index === 0,
  }));
}

/** Makes room for the curves of the rate below the panels. */
function withPanelOfRates(layout: Layout, epochs: readonly EpochResult[]): Layout {
  const scale = logScale(epochs.map(rateOf), 4);
  const added = 100;
  const height = (layout.height as number) + added;
  const rates = (anchor: 'x' | 'x2', title: string) =>
    axis(title, {
      ...{ type: 'log', range: [Math.log10(scale.low), Math.log10(scale.high)] },
      tickvals: scale.ticks.map(scale.place) as number[],
      ticktext: scale.ticks.map(writeRate),
      ...{ domain: [0, 0.19], anchor },
    });
  return {
    ...layout,
    height,
    title: { ...(layout.title as object), y: 1 - 22 / height },
    xaxis: { ...layout.xaxis, anchor: 'y3' },
    xaxis2: { ...layout.xaxis2, anchor: 'y4' },
    yaxis: { ...layout.yaxis, domain: [0.26, 1] },
    yaxis2: { ...layout.yaxis2, domain: [0.26, 1] },
    yaxis3: rates('x', 'learning rate'),
    yaxis4: rates('x2', ''),
  };
}

/** Adds the lines where the rate changes, and between legend and panels a row that names the rates. */
function withRateMarks(layout: Layout, changes: readonly EpochResult[], lastEpoch: number): Layout {
  // The narrower panel is 329 pixels wide, a character of the rates 6.
  const epochWidth = 329 / (lastEpoch - 0.4);
  let end = -Infinity;
  const named = changes.filter((change) => {
    const reach = 3 * rateText(change).length + 1;
    const isFree = change.epoch * epochWidth - reach >= end;
    if (isFree) end = change.epoch * epochWidth + reach;
    return isFree;
  });
  const rowHeight = 18;
  const panelHeight = 280;
  const height = (layout.height as number) + rowHeight;
  const panels = ['x', 'x2'] as const;
  return {
    ...layout,
    height,
    margin: { ...layout.margin, t: (layout.margin?.t as number) + rowHeight },
    title: { ...(layout.title as object), y: 1 - 22 / height },
    legend: { ...layout.legend, y: 1.02 + rowHeight / panelHeight },
    shapes: panels.flatMap((xref) =>
      changes.map(({ epoch }) => ({
        ...({ type: 'line', xref, yref: 'paper' } as const),
        ...{ x0: epoch, x1: epoch, y0: 0, y1: 1 },
        line: rateLine,
      })),
    ),
    annotations: panels.flatMap((xref) =>
      named.map((change) => ({
        ...({ xref, yref: 'paper', yanchor: 'bottom' } as const),
        ...{ x: change.epoch, y: 1, text: rateText(change), showarrow: false, font: { size: 11 } },
      })),
    ),
  };
}

/** A learning rate such as `5e-4`: three digits at most, since optimizers hold 32-bit numbers. */
function rateText({ learningRate }: EpochResult): string {
  return writeRate(Number(learningRate.toPrecision(3)));
}

function writeRate(rate: number): string {
  return rate === 0 ? '0' : rate.toExponential();
}

/** The rate, or NaN where it is missing, which JSON writes as null. */
function rateOf({ learningRate }: EpochResult): number {
  return Number.isFinite(learningRate) ? learningRate : NaN;
}

function changeText(change: EpochResult): string {
  return `${rateText(change)} in epoch ${change.epoch}`;
}
