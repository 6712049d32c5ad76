import type { Layout, Plot } from 'nodeplotlib';
import {
  axis,
  baseLayout,
  classAxis,
  grays,
  hoverName,
  palette,
  sequentialScale,
  wholeNames,
  type ClassNamesOption,
  type Figure,
  type TitleOption,
} from './figure';
import {
  requireCounts,
  mostConfusedPairs,
  numberNames,
  normalizeRows,
  perClassAccuracy,
  wilsonInterval,
  type ClassificationReport,
  type ClassScores,
} from '../metrics/metrics';
import type { DigitData } from '../data/mnist';
import { requireClassNames, requireNamed } from './names';
import { percent, round, thousands } from '../platform/numbers';

/**
 * Shows how the classes are spread in the training, validation and test set.
 *
 * Bars are shares of their own set, so that sets of different sizes compare; counts show on hover.
 * More than 60 classes get dots instead of bars.
 *
 * @throws RangeError when a label has no name.
 */
export function classDistribution(data: DigitData): Figure {
  const sets = [
    { name: 'training', digits: data.train, color: palette.blue },
    { name: 'validation', digits: data.validation, color: palette.orange },
    { name: 'test', digits: data.test, color: palette.green },
  ];
  const { classNames } = data;
  requireClassNames(classNames, classNames.length);
  const classes = classNames.map((_, index) => index);
  const traces = sets.map(({ name, digits, color }): Plot => {
    const counts = new Array<number>(classes.length).fill(0);
    digits.labels.forEach((label, index) => {
      requireNamed(`labels[${index}] of the ${name} set`, label, classNames);
      counts[label]++;
    });
    return {
      ...marksFor(classes.length, color),
      name: `${name} (${thousands(digits.count)})`,
      x: classes,
      y: counts.map((images) => round((100 * images) / Math.max(1, digits.count), 3)),
      hovertext: counts.map((images) => `${thousands(images)} images`),
      hovertemplate: '%{y:.2f} %, %{hovertext}',
    };
  });
  const even = 100 / classes.length;
  const names = classAxis(classNames, 'below', 760 - 95);
  return {
    data: [...traces, ...wholeNames(classNames, 0)],
    layout: baseLayout('Class distribution', 760, 400 + names.room, {
      xaxis: names.axis,
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
      margin: { l: 70, r: 25, t: 80, b: 60 + names.room },
    }),
    description:
      'Share of each class in each set, in percent: ' +
      traces
        .map(({ name, y }) => `${name}: ${sharesInWords(y as number[], classNames)}`)
        .join('; ') +
      `. An even spread would give ${round(even, 1)}.`,
  };
}

/** Bars of more classes than these would be thinner than a line. */
const mostBars = 60;

/** A bar for each class, or where there are many a dot. */
function marksFor(classCount: number, color: string): Plot {
  return classCount <= mostBars
    ? { type: 'bar', marker: { color } }
    : { type: 'scatter', mode: 'markers', marker: { color, size: 5 }, cliponaxis: false };
}

/** All shares of a few classes, the lowest and the highest of many. */
function sharesInWords(shares: readonly number[], classNames: readonly string[]): string {
  if (shares.length <= 20) return shares.join(', ');
  const sorted = shares.map((share, index) => ({ share, index })).sort((a, b) => a.share - b.share);
  return [sorted[0], sorted[sorted.length - 1]]
    .map(({ share, index }) => `${share} (${classNames[index]})`)
    .join(' to ');
}

/**
 * Shows a confusion matrix as a heat map: counts in the cells, shares of the true class as color.
 *
 * The color scale is logarithmic, from 0.05 % to 100 % of the row, since errors of a good
 * classifier would all look white on a linear one; cells without an image stay white. The figure
 * does not grow beyond some 20 classes: counts that have no room in their smaller cells show on
 * hovering only.
 *
 * @param counts - Rows are the truth, columns the guess, in images; as many rows as columns.
 * @param options.classNames - Name of each class, in order. @default '0', '1', ...
 * @param options.title - What was classified. @default 'Confusion matrix'
 * @throws RangeError when the names or the columns are not as many as the rows, or there are none.
 */
export function confusionHeatMap(
  counts: readonly (readonly number[])[],
  {
    classNames = numberNames(counts.length),
    title = 'Confusion matrix',
  }: TitleOption & ClassNamesOption = {},
): Figure {
  requireMatrix(counts, classNames);
  const shares = normalizeRows(counts);
  const [worst] = mostConfusedPairs(counts, { count: 1 });
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
  const cell = Math.min(44, Math.max(3, 840 / classNames.length));
  const side = Math.round(Math.max(460, cell * classNames.length));
  const hasRoom = (text: string) => side / classNames.length >= Math.max(14, 6.5 * text.length + 1);
  const below = classAxis(classNames, 'below', side, 'guess');
  const left = classAxis(classNames, 'left', side, 'truth', {
    range: [classNames.length - 0.5, -0.5],
  });
  const numbers: object = { texttemplate: '%{text}', textfont: { size: 12 } };
  return {
    data: [
      {
        type: 'heatmap',
        z: counts.map((row, truth) =>
          row.map((images, guess) => (images > 0 ? round(depth(shares[truth][guess]), 3) : null)),
        ),
        text: counts.map((row) =>
          row.map((images) => (images > 0 && hasRoom(String(images)) ? String(images) : '')),
        ) as unknown as string[],
        ...numbers,
        hovertext: counts.map((row, truth) =>
          row.map((images, guess) =>
            images > 0
              ? hoverName(
                  `truth ${classNames[truth]}, guess ${classNames[guess]}: ` +
                    `${thousands(images)} images, ${percent(shares[truth][guess])} of the row`,
                )
              : '',
          ),
        ) as unknown as string[],
        hoverinfo: 'text',
        colorscale: sequentialScale,
        zmin: Math.log10(0.05),
        zmax: 2,
        xgap: cell < 10 ? 0 : 1,
        ygap: cell < 10 ? 0 : 1,
        colorbar: colorBar,
      },
    ],
    layout: baseLayout(title, side + 200 + left.room, side + 120 + below.room, {
      xaxis: below.axis,
      yaxis: left.axis,
      margin: { l: 70 + left.room, r: 130, t: 60, b: 60 + below.room },
    }),
    description:
      `${title}: rows are the truth, columns the guess, in images. ` +
      (worst === undefined
        ? 'There are no errors.'
        : `Most frequent error: ${classNames[worst.truth]} read as ${classNames[worst.guess]} ` +
          `(${worst.count} times).`),
  };
}

function requireMatrix(
  counts: readonly (readonly number[])[],
  classNames: readonly string[],
): void {
  requireClassNames(classNames, counts.length);
  requireCounts(counts, 'counts');
}

/**
 * Shows precision, recall and F1 of every class as bars.
 *
 * The axis starts just below the lowest score, since the bars of a good classifier would otherwise
 * look alike; its title says so. More than 60 classes get dots instead of bars.
 *
 * @param report - The scores to show.
 * @param options.title - What was classified. @default 'Precision, recall and F1 of every class'
 * @throws RangeError when the report has no classes.
 */
export function perClassBars(
  report: ClassificationReport,
  { title = 'Precision, recall and F1 of every class' }: TitleOption = {},
): Figure {
  const names = report.classes.map((scores) => scores.className);
  requireClassNames(names, names.length);
  const bars = [
    { name: 'precision', color: palette.blue, value: (scores: ClassScores) => scores.precision },
    { name: 'recall', color: palette.orange, value: (scores: ClassScores) => scores.recall },
    { name: 'F1', color: palette.green, value: (scores: ClassScores) => scores.f1 },
  ];
  const values = bars.flatMap((bar) => report.classes.map((scores) => 100 * bar.value(scores)));
  const lowest = Math.min(...values);
  const weakest = [...report.classes].sort((a, b) => a.f1 - b.f1)[0];
  const below = classAxis(names, 'below', 820 - 95);
  return {
    data: [
      ...bars.map(({ name, color, value }): Plot => ({
        ...marksFor(names.length, color),
        name,
        x: names.map((_, index) => index),
        y: report.classes.map((scores) => round(100 * value(scores), 3)),
        hovertemplate: '%{y:.2f} %',
      })),
      ...wholeNames(names, scoreStart(lowest)),
    ],
    layout: baseLayout(title, 820, 400 + below.room, {
      xaxis: below.axis,
      yaxis: scoreAxis('score', lowest),
      bargap: 0.25,
      hovermode: 'x unified',
      margin: { l: 70, r: 25, t: 80, b: 60 + below.room },
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
 * no bar. More than 60 classes get dots instead of bars.
 *
 * @param counts - Rows are the truth, columns the guess, in images.
 * @param options.classNames - Name of each class, in order. @default '0', '1', ...
 * @param options.title - What was classified. @default 'Accuracy of every class'
 * @throws RangeError when the names or the columns are not as many as the rows, or there are none.
 */
export function accuracyBars(
  counts: readonly (readonly number[])[],
  {
    classNames = numberNames(counts.length),
    title = 'Accuracy of every class',
  }: TitleOption & ClassNamesOption = {},
): Figure {
  requireMatrix(counts, classNames);
  const measured = perClassAccuracy(counts).flatMap((accuracy, index) => {
    if (Number.isNaN(accuracy)) return [];
    const images = counts[index].reduce((total, count) => total + count, 0);
    const right = counts[index][index];
    const name = classNames[index];
    return [{ name, index, accuracy, right, images, ...wilsonInterval(right, images) }];
  });
  const [weakest] = [...measured].sort((one, other) => one.accuracy - other.accuracy);
  const below = classAxis(classNames, 'below', 820 - 95);
  return {
    data: [
      {
        ...marksFor(classNames.length, palette.sky),
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
          width: classNames.length > mostBars ? 0 : 5,
        },
        hovertext: measured.map(
          ({ name, right, images, accuracy, low, high }) =>
            `${hoverName(name)}: ${thousands(right)} of ${thousands(images)} images, ${percent(accuracy)} ` +
            `(95 %: ${percent(low)} to ${percent(high)})`,
        ),
        hoverinfo: 'text',
        // Without a width Plotly lets the neighbors of an empty class grow.
        ...(classNames.length > mostBars ? {} : { width: 0.65 }),
      },
    ],
    layout: baseLayout(title, 820, 400 + below.room, {
      xaxis: below.axis,
      yaxis: scoreAxis('accuracy', Math.min(...measured.map(({ low }) => 100 * low))),
      margin: { l: 70, r: 25, t: 80, b: 60 + below.room },
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
  const start = scoreStart(lowest);
  return axis(start > 0 ? `${title} (%), from ${start} %` : `${title} (%)`, {
    range: [start, 100],
  });
}

/** The nearest round score below the lowest that leaves its bar some height. */
function scoreStart(lowest: number): number {
  return [99, 98, 97, 95, 90, 80, 50].find((value) => value < lowest - 0.2) ?? 0;
}
