import type { Plot } from 'nodeplotlib';
import {
  axis,
  baseLayout,
  classAxis,
  grays,
  palette,
  wholeNames,
  marksFor,
  type Figure,
} from './figure';
import type { DigitData } from '../data/mnist';
import { requireClassNames, requireNamed } from './names';
import { requireParts, round, thousands } from '../platform/numbers';

/**
 * Shows how the classes are spread in the training, validation and test set.
 *
 * Bars are shares of their own set, so that sets of different sizes compare; counts show on hover.
 * More than 60 classes get dots instead of bars.
 *
 * @throws RangeError when a label has no name.
 * @throws TypeError when the digits are not what `loadDigits` gives.
 */
export function classDistribution(data: DigitData): Figure {
  const parts = ['train', 'validation', 'test', 'classNames'];
  requireParts('digits', data, parts, 'what loadDigits gives');
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

/** All shares of a few classes, the lowest and the highest of many. */
function sharesInWords(shares: readonly number[], classNames: readonly string[]): string {
  if (shares.length <= 20) return shares.join(', ');
  const sorted = shares.map((share, index) => ({ share, index })).sort((a, b) => a.share - b.share);
  return [sorted[0], sorted[sorted.length - 1]]
    .map(({ share, index }) => `${share} (${classNames[index]})`)
    .join(' to ');
}
