import type { Layout, Plot } from 'nodeplotlib';
import {
  axis,
  baseLayout,
  classAxis,
  grays,
  palette,
  sequentialScale,
  type Figure,
} from './figure';
import {
  mostConfusedPairs,
  normalizeRows,
  perClassAccuracy,
  wilsonInterval,
  type ClassificationReport,
  type ClassScores,
} from './metrics';
import type { DigitData } from './mnist';
import { percent, round, thousands } from './numbers';

/**
 * Shows how the classes are spread in the training, validation and test set.
 *
 * Bars are shares of their own set, so that sets of different sizes compare; counts show on hover.
 */
export function classDistribution(data: DigitData): Figure {
  const sets = [
    { name: 'training', digits: data.train, color: palette.blue },
    { name: 'validation', digits: data.validation, color: palette.orange },
    { name: 'test', digits: data.test, color: palette.green },
  ];
  const classes = data.classNames.map((_, index) => index);
  const traces = sets.map(({ name, digits, color }): Plot => {
    const counts = classes.map((index) => digits.labels.filter((label) => label === index).length);
    return {
      type: 'bar',
      name: `${name} (${thousands(digits.count)})`,
      x: classes,
      y: counts.map((images) => round((100 * images) / Math.max(1, digits.count), 3)),
      hovertext: counts.map((images) => `${thousands(images)} images`),
      hovertemplate: '%{y:.2f} %, %{hovertext}',
      marker: { color },
    };
  });
  const even = 100 / classes.length;
  return {
    data: traces,
    layout: baseLayout('Class distribution', 760, 400, {
      xaxis: classAxis(data.classNames),
      yaxis: axis('share of the set (%)', { rangemode: 'tozero' }),
      shapes: [
        {
          type: 'line',
          xref: 'paper',
          x0: 0,
          x1: 1,
          y0: even,
          y1: even,
          line: { color: grays.text, width: 1, dash: 'dot' },
        },
      ],
      bargap: 0.25,
      hovermode: 'x unified',
    }),
    description:
      'Share of each class in each set, in percent: ' +
      traces.map((trace) => `${trace.name}: ${(trace.y as number[]).join(', ')}`).join('; ') +
      `. An even spread would give ${round(even, 1)}.`,
  };
}

/**
 * Shows a confusion matrix as a heat map: counts in the cells, shares of the true class as color.
 *
 * The color scale is logarithmic, from 0.05 % to 100 % of the row, since errors of a good
 * classifier would all look white on a linear one; cells without an image stay white.
 *
 * @param counts - Rows are the truth, columns the guess, in images.
 * @param classNames - Name of each class, in order.
 * @param title - What was classified. @default 'Confusion matrix'
 */
export function confusionHeatMap(
  counts: readonly (readonly number[])[],
  classNames: readonly string[],
  title = 'Confusion matrix',
): Figure {
  const shares = normalizeRows(counts);
  const cells = counts.flatMap((row, truth) =>
    row.map((images, guess) => ({ truth, guess, images, share: shares[truth][guess] })),
  );
  const [worst] = mostConfusedPairs(counts, 1);
  const depth = (share: number) => Math.log10(Math.max(100 * share, 0.05));
  const ticks = [0.1, 1, 10, 100];
  // Typed loosely, since nodeplotlib's types know plotly 1 only, where this title was a string.
  const colorBar: object = {
    title: { text: 'share of the true class (%)', font: { size: 14 }, side: 'right' },
    tickvals: ticks.map(Math.log10),
    ticktext: ticks.map(String),
    outlinewidth: 0,
    thickness: 14,
  };
  const side = Math.max(460, 44 * classNames.length);
  return {
    data: [
      {
        type: 'heatmap',
        x: cells.map((cell) => cell.guess),
        y: cells.map((cell) => cell.truth),
        z: cells.map((cell) => (cell.images > 0 ? round(depth(cell.share), 3) : null)),
        hovertext: cells.map(
          (cell) =>
            `truth ${classNames[cell.truth]}, guess ${classNames[cell.guess]}: ` +
            `${thousands(cell.images)} images, ${percent(cell.share)} of the row`,
        ),
        hoverinfo: 'text',
        colorscale: sequentialScale,
        zmin: Math.log10(0.05),
        zmax: 2,
        xgap: 1,
        ygap: 1,
        colorbar: colorBar,
      },
    ],
    layout: baseLayout(title, side + 200, side + 120, {
      xaxis: classAxis(classNames, 'guess'),
      yaxis: classAxis(classNames, 'truth', { range: [classNames.length - 0.5, -0.5] }),
      annotations: cells
        .filter((cell) => cell.images > 0)
        .map((cell) => ({
          x: cell.guess,
          y: cell.truth,
          text: String(cell.images),
          showarrow: false,
          font: { size: 12, color: cell.share > 0.05 ? '#ffffff' : grays.text },
        })),
      margin: { l: 70, r: 25, t: 60, b: 60 },
    }),
    description:
      `${title}: rows are the truth, columns the guess, in images. ` +
      (worst === undefined
        ? 'There are no errors.'
        : `Most frequent error: ${classNames[worst.truth]} read as ${classNames[worst.guess]} ` +
          `(${worst.count} times).`),
  };
}

/**
 * Shows precision, recall and F1 of every class as bars.
 *
 * The axis starts just below the lowest score, since the bars of a good classifier would otherwise
 * look alike; its title says so.
 *
 * @param report - The scores to show.
 * @param title - What was classified. @default 'Precision, recall and F1 of every class'
 */
export function perClassBars(
  report: ClassificationReport,
  title = 'Precision, recall and F1 of every class',
): Figure {
  const names = report.classes.map((scores) => scores.className);
  const bars = [
    { name: 'precision', color: palette.blue, value: (scores: ClassScores) => scores.precision },
    { name: 'recall', color: palette.orange, value: (scores: ClassScores) => scores.recall },
    { name: 'F1', color: palette.green, value: (scores: ClassScores) => scores.f1 },
  ];
  const values = bars.flatMap((bar) => report.classes.map((scores) => 100 * bar.value(scores)));
  const lowest = Math.min(...values);
  const weakest = [...report.classes].sort((a, b) => a.f1 - b.f1)[0];
  return {
    data: bars.map(({ name, color, value }): Plot => ({
      type: 'bar',
      name,
      x: names.map((_, index) => index),
      y: report.classes.map((scores) => round(100 * value(scores), 3)),
      hovertemplate: '%{y:.2f} %',
      marker: { color },
    })),
    layout: baseLayout(title, 820, 400, {
      xaxis: classAxis(names),
      yaxis: scoreAxis('score', lowest),
      bargap: 0.25,
      hovermode: 'x unified',
    }),
    description:
      `${title}, from ${round(lowest, 2)} % up. ` +
      `The lowest F1 is that of ${weakest.className} (${percent(weakest.f1)}).`,
  };
}

/**
 * Shows the share of each class's labels that are found, with the interval in which it lies (95 %,
 * Wilson).
 *
 * The axis starts just below the lowest interval, and its title says so. A class without labels has
 * no bar.
 *
 * @param counts - Rows are the truth, columns the guess, in images.
 * @param classNames - Name of each class, in order.
 * @param title - What was classified. @default 'Accuracy of every class'
 */
export function accuracyBars(
  counts: readonly (readonly number[])[],
  classNames: readonly string[],
  title = 'Accuracy of every class',
): Figure {
  const measured = perClassAccuracy(counts).flatMap((accuracy, index) => {
    if (Number.isNaN(accuracy)) return [];
    const images = counts[index].reduce((total, count) => total + count, 0);
    const right = counts[index][index];
    const name = classNames[index];
    return [{ name, index, accuracy, right, images, ...wilsonInterval(right, images) }];
  });
  const [weakest] = [...measured].sort((one, other) => one.accuracy - other.accuracy);
  return {
    data: [
      {
        type: 'bar',
        name: 'accuracy and its 95 % interval',
        showlegend: true,
        x: measured.map(({ index }) => index),
        y: measured.map(({ accuracy }) => round(100 * accuracy, 3)),
        error_y: {
          type: 'data',
          symmetric: false,
          array: measured.map(({ accuracy, high }) => round(100 * (high - accuracy), 3)),
          arrayminus: measured.map(({ accuracy, low }) => round(100 * (accuracy - low), 3)),
          color: palette.black,
          thickness: 1.2,
          width: 5,
        },
        hovertext: measured.map(
          ({ name, right, images, accuracy, low, high }) =>
            `${name}: ${thousands(right)} of ${thousands(images)} images, ${percent(accuracy)} ` +
            `(95 %: ${percent(low)} to ${percent(high)})`,
        ),
        hoverinfo: 'text',
        // Said, since Plotly would let the neighbors of an empty class grow.
        width: 0.65,
        marker: { color: palette.sky },
      },
    ],
    layout: baseLayout(title, 820, 400, {
      xaxis: classAxis(classNames),
      yaxis: scoreAxis('accuracy', Math.min(...measured.map(({ low }) => 100 * low))),
    }),
    description:
      `${title}, with 95 % intervals. ` +
      (weakest === undefined
        ? 'There are no images.'
        : `The lowest is that of ${weakest.name}: ${percent(weakest.accuracy)} of ` +
          `${thousands(weakest.images)} images (${percent(weakest.low)} to ` +
          `${percent(weakest.high)}).`),
  };
}

/** An axis in percent from just below the lowest score to 100. */
function scoreAxis(title: string, lowest: number): Layout['yaxis'] {
  // The nearest of these below the lowest score leaves its bar some height.
  const start = [99, 98, 97, 95, 90, 80, 50].find((value) => value < lowest - 0.2) ?? 0;
  const range = [start, 100];
  return axis(start > 0 ? `${title} (%), from ${start} %` : `${title} (%)`, { range });
}
