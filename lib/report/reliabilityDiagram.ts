import type { Plot } from 'nodeplotlib';
import { meanGap, type ReliabilityBin } from '../metrics/calibration';
import {
  axis,
  baseLayout,
  grays,
  hoverName,
  palette,
  type Figure,
  type TitleOption,
} from './figure';
import { wilsonInterval } from '../metrics/metrics';
import { escapeMarkup, shorten } from './names';
import { percent, requireParts, round, thousands } from '../platform/numbers';

/** The bins of one network with the name under which it is compared. */
export interface NamedBins {
  readonly name: string;
  readonly bins: readonly ReliabilityBin[];
}

/**
 * Shows how often guesses are right against how sure the network is of them, and below how many
 * guesses each point rests on.
 *
 * Points of a calibrated network lie on the diagonal, those of one that is too sure below it. A bar
 * at each point is the interval in which the accuracy lies (95 %, Wilson), which is wide where there
 * are few guesses; their numbers have a logarithmic scale, since nearly all guesses of a good
 * network are in the last bin.
 *
 * @param series - One to four networks, or one before and after temperature scaling; bins of one
 *   `binCount`.
 * @param options.title - What is compared. @default 'Accuracy by confidence'
 * @throws RangeError when there are more series than colors.
 */
export function reliabilityDiagram(
  series: readonly NamedBins[],
  { title = 'Accuracy by confidence' }: TitleOption = {},
): Figure {
  requireParts('series', series, ['flatMap'], 'an array of { name, bins }');
  const colors = [palette.vermillion, palette.blue, palette.green, palette.purple];
  const symbols = ['square', 'circle', 'diamond', 'triangle-up'] as const;
  if (series.length > colors.length) {
    throw new RangeError(
      `series has ${series.length} entries; expected at most ${colors.length}, which a reader can ` +
        'tell apart',
    );
  }
  // Two of them stand beside each other in the legend.
  const labels = series.map(({ name }) => escapeMarkup(shorten(name, 32)));
  const most = Math.max(1, ...series.flatMap(({ bins }) => bins.map(({ count }) => count)));
  const points = series.map(({ name, bins }, index): Plot => {
    const intervals = bins.map(({ accuracy, count }) =>
      wilsonInterval(Math.round(accuracy * count), count),
    );
    return {
      type: 'scatter',
      mode: 'lines+markers',
      name: labels[index],
      // Not the name, which two may have.
      legendgroup: String(index),
      x: bins.map(({ confidence }) => inPercent(confidence)),
      y: bins.map(({ accuracy }) => inPercent(accuracy)),
      error_y: {
        type: 'data',
        symmetric: false,
        array: bins.map(({ accuracy }, bin) => inPercent(intervals[bin].high - accuracy)),
        arrayminus: bins.map(({ accuracy }, bin) => inPercent(accuracy - intervals[bin].low)),
        thickness: 1,
        width: 3,
      },
      hovertext: bins.map(
        ({ accuracy, confidence, count }) =>
          `${hoverName(name)}: ${percent(accuracy)} right, ${percent(confidence)} sure on average, ` +
          `${thousands(count)} images`,
      ),
      hoverinfo: 'text',
      line: { color: colors[index], width: 2 },
      marker: { size: 8, symbol: symbols[index] },
    };
  });
  const bars = series.map(({ name, bins }, index): Plot => {
    // Bars of a bin stand side by side in its width, whichever of its neighbors are empty.
    const width = 0.85 / series.length;
    const shift = (index - (series.length - 1) / 2) * width;
    return {
      type: 'bar',
      name: labels[index],
      // Not the name, which two may have.
      legendgroup: String(index),
      showlegend: false,
      x: bins.map(({ low, high }) => inPercent((low + high) / 2 + shift * (high - low))),
      y: bins.map(({ count }) => count),
      width: bins.map(({ low, high }) => inPercent(width * (high - low))),
      hovertext: bins.map(
        ({ low, high, count }) =>
          `${hoverName(name)}: ${thousands(count)} images of ${percent(low, 0)} to ${percent(high, 0)}`,
      ),
      hoverinfo: 'text',
      yaxis: 'y2',
      marker: { color: colors[index] },
    };
  });
  const decades = Array.from(
    { length: Math.ceil(Math.log10(most)) + 1 },
    (_, power) => 10 ** power,
  );
  return {
    data: [...points, ...bars],
    layout: baseLayout(title, 620, 640, {
      xaxis: axis('confidence (%)', { range: [0, 101.5], dtick: 20, anchor: 'y2' }),
      yaxis: axis('accuracy (%) and its 95 % interval', {
        range: [0, 103],
        dtick: 20,
        domain: [0.3, 1],
      }),
      yaxis2: axis('images', {
        // From a half, so that a bar of one image is seen.
        ...{ type: 'log', range: [Math.log10(0.5), Math.log10(1.5 * most)] },
        ...{ tickvals: decades, ticktext: decades.map((images) => thousands(images)) },
        domain: [0, 0.22],
      }),
      shapes: [
        {
          ...{ type: 'line', x0: 0, y0: 0, x1: 100, y1: 100, layer: 'below' },
          line: { color: grays.text, width: 1, dash: 'dot' },
        },
      ],
      annotations: [{ x: 9, y: 5, xanchor: 'left', text: 'calibrated', showarrow: false }],
      barmode: 'overlay',
      margin: { l: 85, r: 25, t: 80, b: 60 },
      hovermode: 'closest',
    }),
    description:
      `${title}: accuracy against mean confidence, with 95 % intervals and the number of images. ` +
      (series.length === 0 ? 'There are no networks.' : series.map(gapText).join(' ')),
  };
}

function gapText({ name, bins }: NamedBins): string {
  if (bins.length === 0) return `${name}: no images.`;
  const mean = (value: (bin: ReliabilityBin) => number) => {
    const images = bins.reduce((total, { count }) => total + count, 0);
    return bins.reduce((total, bin) => total + (bin.count / images) * value(bin), 0);
  };
  return (
    `${name}: ${percent(mean((bin) => bin.confidence))} sure on average and ` +
    `${percent(mean((bin) => bin.accuracy))} right, expected calibration error ` +
    `${percent(meanGap(bins))}.`
  );
}

function inPercent(share: number): number {
  return round(100 * share, 3);
}
