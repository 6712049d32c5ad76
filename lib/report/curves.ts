import type { Layout, Plot } from 'nodeplotlib';
import { axis, baseLayout, hoverName, letterWidth, palette, requireShareOrNone } from './figure';
import type { Figure, TitleOption } from './figure';
import { errorAxis, errorOf, logAxis, modeOf, rounded, thinned, wholeAxis } from './epochs';
import { logScale, type LogScale } from './logScale';
import type { Interval } from '../metrics/metrics';
import { escapeMarkup, shorten, widthOf } from './names';
import { percent, requireKnown } from '../platform/numbers';

/** Values in the order of their places, with the name under which they are compared. */
export interface NamedCurve {
  readonly name: string;
  /** Places from left to right, such as seconds or numbers of networks. */
  readonly x: readonly number[];
  /** A value for each place; NaN and null are missing and leave a gap. */
  readonly y: readonly (number | null)[];
  /** The interval in which each value lies, drawn as a whisker. @default none */
  readonly intervals?: readonly Interval[];
}

/** What the axes of `curves` are. */
export interface CurveOptions extends TitleOption {
  /** What the places are, with the unit. */
  readonly xTitle: string;
  /** What the values are, with the unit. @default 'accuracy (%)' */
  readonly yTitle?: string;
  /** An even or a logarithmic scale of places, which are above 0 for that. @default linear */
  readonly xScale?: 'linear' | 'log';
  /**
   * `accuracy`: shares from 0 to 1, written in per cent on a logarithmic scale of the error, as in
   * `trainingCurves`; `log`: any numbers from 0. @default accuracy
   */
  readonly yScale?: 'accuracy' | 'log';
  /** Values that get a dotted line across, in the unit of `y`. @default none */
  readonly targets?: readonly number[];
}

/**
 * Shows values by place, one line for each series; the series may have places of their own.
 *
 * Where all places are whole numbers from 1, so are the ticks. Of more than 600 points of a line only
 * some are drawn, among them the highest and lowest of every hundredth.
 *
 * @param series - The lines, in the order of the legend, 32 at most.
 * @throws TypeError when `series` is no array of names with places and values, or there is no such
 *   option.
 * @throws RangeError when there are more series than colors and symbols tell apart, as many places as
 *   values are not there, or one of them is out of its range.
 */
export function curves(series: readonly NamedCurve[], options: CurveOptions): Figure {
  requireKnown('curves', options ?? {}, [
    'title',
    'xTitle',
    'yTitle',
    'xScale',
    'yScale',
    'targets',
  ]);
  const { xTitle, xScale = 'linear', yScale = 'accuracy', targets = [] } = options ?? {};
  const { yTitle = 'accuracy (%)' } = options ?? {};
  if (typeof xTitle !== 'string' || typeof yTitle !== 'string') {
    throw new TypeError(
      `xTitle is ${xTitle} and yTitle ${yTitle}; expected what the axes are, texts`,
    );
  }
  const { title = `${yTitle} by ${xTitle}` } = options;
  requireCurves(series, { xScale, yScale, targets });
  const { height, write } = yScales[yScale];
  const shown = series.map(({ x, y, intervals }) =>
    thinned(
      x.map((place, index): Point => {
        const { low, high } = intervals?.[index] ?? { low: y[index], high: y[index] };
        return { place, height: height(y[index]), ends: [height(low), height(high)] };
      }),
      [(point) => point.height],
    ),
  );
  const marked = targets.map((target) => height(target));
  const heights = shown.flat().flatMap((point) => [point.height, ...point.ends]);
  const scale = logScale([...heights, ...marked], 8);
  const places = series.flatMap(({ x }) => x);
  const { isWhole, xaxis } = axisOfPlaces(places, escapeMarkup(xTitle), xScale);
  const labels = series.map(({ name }) => shorten(name, 28));
  // An entry of the legend has 45 pixels of line and gap beside its name.
  const widths = labels.map((label) => 45 + letterWidth * widthOf(label));
  const isLegendAbove = widths.reduce((sum, width) => sum + width, 0) <= 660;
  const lines = series.map(({ name }, index): Plot => ({
    type: 'scatter',
    mode: modeOf(shown[index]),
    name: escapeMarkup(labels[index]),
    x: shown[index].map(({ place }) => place),
    y: shown[index].map((point) => scale.place(point.height)),
    hovertext: shown[index].map(
      (point) => `${write(point.height)}${isWhole ? '' : ` at ${rounded(point.place)}`}`,
    ),
    hovertemplate: `${hoverName(name)}: %{hovertext}<extra></extra>`,
    ...lookOf(index),
    ...(series[index].intervals && { error_y: whiskers(shown[index], scale) }),
  }));
  const [width, tall] = isLegendAbove ? [760, 420] : [900, Math.max(420, 160 + 20 * series.length)];
  return {
    data: [...lines, ...targetLines(marked, places, scale, write)],
    layout: baseLayout(title, width, tall, {
      xaxis,
      yaxis: (yScale === 'accuracy' ? errorAxis : logAxis)(escapeMarkup(yTitle), scale),
      hovermode: isWhole ? 'x unified' : 'closest',
      ...(isLegendAbove ? {} : { legend: { x: 1.02, y: 1, xanchor: 'left', yanchor: 'top' } }),
      showlegend: true,
    }),
    description:
      `${title}, on a logarithmic scale${yScale === 'accuracy' ? ' of the error' : ''}. ` +
      series.map((curve) => ending(curve, yScale)).join('; '),
  };
}

/** Where a value is drawn, and its interval, in the unit of the axis. */
interface Point {
  readonly place: number;
  readonly height: number;
  readonly ends: readonly [number, number];
}

/** A whisker from one end of each point's interval to the other, whichever is higher. */
function whiskers(points: readonly Point[], scale: LogScale): Plot['error_y'] {
  const reach = (choose: (...ends: number[]) => number) =>
    points.map(({ height, ends }) =>
      Math.abs(
        choose(...ends.map((end) => scale.place(end) ?? NaN)) - (scale.place(height) ?? NaN),
      ),
    );
  const sides = { array: reach(Math.max), arrayminus: reach(Math.min) };
  return { type: 'data', symmetric: false, ...sides, thickness: 1.2, width: 4 };
}

/** How values of each kind are placed, 0 and above, and how such a place is written. */
const yScales = {
  accuracy: { height: errorOf, write: (error: number) => percent((100 - error) / 100) },
  log: { height: rounded, write: (value: number) => String(Number(value.toPrecision(4))) },
};

const colors = Object.values(palette);
const symbols = ['circle', 'square', 'diamond', 'triangle-up'] as const;
const mostCurves = colors.length * symbols.length;

/** Color and symbol of a series, by its place. */
export function lookOf(index: number): Pick<Plot, 'line' | 'marker'> {
  return {
    line: { color: colors[index % colors.length], width: 2 },
    // Another symbol for the same color.
    marker: {
      size: 7,
      symbol: symbols[(index + Math.floor(index / colors.length)) % symbols.length],
    },
  };
}

function axisOfPlaces(places: readonly number[], title: string, kind: 'linear' | 'log') {
  if (kind === 'log') {
    const scale = logScale(places, 10);
    return { isWhole: false, xaxis: logAxis(title, scale) };
  }
  const isWhole = places.every((place) => Number.isInteger(place) && place >= 1);
  const last = places.reduce((most, place) => Math.max(most, place), 1);
  return { isWhole, xaxis: isWhole ? wholeAxis(title, last) : (axis(title) as Layout['xaxis']) };
}

/** A dotted line across for each target, with its value above the left end. */
function targetLines(
  heights: readonly number[],
  places: readonly number[],
  scale: LogScale,
  write: (height: number) => string,
): Plot[] {
  const ends = places.reduce(
    ([least, most], place) => [Math.min(least, place), Math.max(most, place)],
    [Infinity, -Infinity],
  );
  if (places.length === 0) return [];
  return heights.map((height) => ({
    type: 'scatter',
    mode: 'text+lines',
    x: ends,
    y: ends.map(() => scale.place(height)),
    text: [write(height), ''],
    textposition: 'top right',
    hoverinfo: 'skip',
    showlegend: false,
    line: { color: palette.black, width: 1, dash: 'dot' },
  }));
}

function ending({ name, y }: NamedCurve, kind: keyof typeof yScales): string {
  if (y.length === 0) return `${name}: nothing to show`;
  const { height, write } = yScales[kind];
  const last = height(y[y.length - 1]);
  return Number.isNaN(last) ? `${name} has no value at its end` : `${name} ends at ${write(last)}`;
}

function requireCurves(
  series: readonly NamedCurve[],
  { xScale, yScale, targets }: Required<Pick<CurveOptions, 'xScale' | 'yScale' | 'targets'>>,
): void {
  requireChoice('xScale', xScale, ['linear', 'log']);
  requireChoice('yScale', yScale, Object.keys(yScales));
  if (!Array.isArray(series)) {
    throw new TypeError(`series is ${String(series)}; expected an array of { name, x, y }`);
  }
  if (series.length > mostCurves) {
    throw new RangeError(
      `series has ${series.length} entries; expected at most ${mostCurves}, which colors and ` +
        'symbols tell apart. Compare fewer at once',
    );
  }
  series.forEach((curve: NamedCurve | null, index) => {
    const { name, x, y } = curve ?? {};
    if (typeof name !== 'string' || !Array.isArray(x) || !Array.isArray(y)) {
      throw new TypeError(`series[${index}] is no { name, x, y }; expected a text and two arrays`);
    }
    if (x.length !== y.length) {
      throw new RangeError(
        `series[${index}] has ${x.length} places and ${y.length} values; expected one for each`,
      );
    }
    x.forEach((place, at) => requirePlace(`series[${index}].x[${at}]`, place, xScale));
    y.forEach((value, at) => requireValue(`series[${index}].y[${at}]`, value, yScale));
    const { intervals = [] } = curve as NamedCurve;
    if (![0, y.length].includes(intervals.length)) {
      throw new RangeError(
        `series[${index}] has ${y.length} values and ${intervals.length} intervals; expected one for each`,
      );
    }
    intervals.forEach(({ low, high }, at) => {
      requireValue(`series[${index}].intervals[${at}].low`, low, yScale);
      requireValue(`series[${index}].intervals[${at}].high`, high, yScale);
    });
  });
  targets.forEach((target, at) => requireValue(`targets[${at}]`, target, yScale));
}

function requireChoice(name: string, given: string, choices: readonly string[]): void {
  if (choices.includes(given)) return;
  throw new RangeError(`${name} is ${given}; expected ${choices.join(' or ')}`);
}

function requirePlace(name: string, place: number, kind: 'linear' | 'log'): void {
  if (Number.isFinite(place) && (kind === 'linear' || place > 0)) return;
  const expected = kind === 'log' ? 'a number above 0, for a logarithmic scale' : 'a finite number';
  throw new RangeError(`${name} is ${place}; expected ${expected}`);
}

function requireValue(name: string, value: number | null, kind: 'accuracy' | 'log'): void {
  if (kind === 'accuracy') return requireShareOrNone(name, value);
  if (value === null || Number.isNaN(value) || (value >= 0 && value < Infinity)) return;
  throw new RangeError(`${name} is ${value}; expected a number from 0, or NaN where it is missing`);
}
