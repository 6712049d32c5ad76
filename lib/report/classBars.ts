import type { Layout, Plot } from 'nodeplotlib';
import {
  axis,
  baseLayout,
  classAxis,
  hoverName,
  palette,
  wholeNames,
  marksFor,
  mostBars,
  type ClassNamesOption,
  type Figure,
  type TitleOption,
} from './figure';
import {
  numberNames,
  perClassAccuracy,
  wilsonInterval,
  type ClassificationReport,
  type ClassScores,
} from '../metrics/metrics';
import { requireClassNames, requireMatrix } from './names';
import { percent, requireParts, round, thousands } from '../platform/numbers';

/**
 * Shows precision, recall and F1 of every class as bars.
 *
 * The axis starts just below the lowest score, since the bars of a good classifier would otherwise
 * look alike; its title says so. More than 60 classes get dots instead of bars.
 *
 * @param report - The scores to show.
 * @param options.title - What was classified. @default 'Precision, recall and F1 of every class'
 * @throws RangeError when the report has no classes.
 * @throws TypeError when it is none.
 */
export function perClassBars(
  report: ClassificationReport,
  { title = 'Precision, recall and F1 of every class' }: TitleOption = {},
): Figure {
  requireParts('report', report, ['classes'], 'what classificationReport gives');
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
    classNames = numberNames(counts?.length ?? 0),
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
