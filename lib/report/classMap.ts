import type { Plot } from 'nodeplotlib';
import { axis, baseLayout, hoverName, palette, type Figure, type TitleOption } from './figure';
import { numberNames } from '../metrics/metrics';
import { escapeMarkup, requireClassNames, requireNamed, shorten } from './names';
import { requireKnown, requireNumber, requireParts, requireWhole } from '../platform/numbers';

/** Points on a map, each of a class. */
export interface ClassPoints {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** The class of each point, a whole number from 0. */
  readonly labels: ArrayLike<number>;
}

/** What `classMap` draws beside the points. */
export interface ClassMapOptions extends TitleOption {
  /** Name of each class, whose first letter marks its points. @default '0' to '9' */
  readonly classNames?: readonly string[];
  /** Points in a ring, such as misread ones, and what they are. @default none */
  readonly ringed?: { readonly name: string; readonly indices: readonly number[] };
}

/**
 * Shows images as points on a map, such as the two main directions of a hidden layer: each is the
 * first letter of its class, those in question have a ring.
 *
 * @param points - Places of 20,000 points at most, in units without a meaning of their own.
 * @throws TypeError when they are no points, or there is no such option.
 * @throws RangeError when there are as many places as labels not, too many, or a class has no name.
 */
export function classMap(points: ClassPoints, options: ClassMapOptions = {}): Figure {
  requireKnown('classMap', options, ['title', 'classNames', 'ringed']);
  const { classNames = numberNames(10), ringed, title = 'A map of the images' } = options;
  requirePoints(points, classNames);
  const { x, y, labels } = points;
  const indices = Array.from(labels, (_, index) => index);
  return {
    data: [
      ...classNames.map((name, label): Plot => {
        const own = indices.filter((index) => labels[index] === label);
        return {
          ...{ type: 'scatter', mode: 'text', name: escapeMarkup(shorten(name, 20)) },
          x: own.map((index) => x[index]),
          y: own.map((index) => y[index]),
          text: own.map(() => escapeMarkup([...name.trim()][0] ?? '')),
          textfont: { size: 10, color: colorOf(label) },
          hovertext: own.map((index) => `image ${index}, class ${hoverName(name)}`),
          hoverinfo: 'text',
          showlegend: false,
        };
      }),
      ...rings(points, ringed),
    ],
    layout: baseLayout(title, 760, 640, {
      xaxis: axis('first direction', { showticklabels: false, ticks: '' }),
      yaxis: axis('second direction', { showticklabels: false, ticks: '' }),
      hovermode: 'closest',
    }),
    description:
      `${title}: ${labels.length} images of ${classNames.length} classes as points.` +
      (ringed === undefined ? '' : ` ${ringed.indices.length} have a ring: ${ringed.name}.`),
  };
}

/** Yellow letters would not be seen on white. */
const colors = Object.values(palette).filter((color) => color !== palette.yellow);

/** A color of each class; of ten digits, none shares it with one that it is often taken for. */
function colorOf(label: number): string {
  return colors[(label + 3 * Math.floor(label / colors.length)) % colors.length];
}

function rings({ x, y }: ClassPoints, ringed: ClassMapOptions['ringed']): Plot[] {
  if (ringed === undefined) return [];
  requireParts('ringed', ringed, ['name', 'indices'], '{ name, indices }');
  const { name, indices } = ringed;
  indices.forEach((index, at) => requireWhole(`ringed.indices[${at}]`, index, 0, x.length - 1));
  return [
    {
      ...{ type: 'scatter', mode: 'markers', name: escapeMarkup(shorten(name, 32)) },
      x: indices.map((index) => x[index]),
      y: indices.map((index) => y[index]),
      hoverinfo: 'skip',
      marker: {
        ...{ size: 18, symbol: 'circle-open', color: palette.black },
        line: { color: palette.black, width: 2 },
      },
      showlegend: true,
    },
  ];
}

const mostPoints = 20_000;

function requirePoints(points: ClassPoints, classNames: readonly string[]): void {
  requireParts('points', points, ['x', 'y', 'labels'], '{ x, y, labels }');
  requireClassNames(classNames, classNames.length);
  const { x, y, labels } = points;
  if (x.length !== labels.length || y.length !== labels.length || labels.length > mostPoints) {
    throw new RangeError(
      `points has ${x.length} x, ${y.length} y and ${labels.length} labels; expected as many of ` +
        `each, ${mostPoints} at most`,
    );
  }
  Array.from(labels).forEach((label, index) => {
    requireNamed(`labels[${index}]`, label, classNames);
    requireNumber(`x[${index}]`, x[index], 'a finite number');
    requireNumber(`y[${index}]`, y[index], 'a finite number');
  });
}
