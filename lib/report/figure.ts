import type { Layout, Plot } from 'nodeplotlib';
import { escapeMarkup, shorten, widthOf, wrap } from './names';

/** A picture of results: nodeplotlib's traces and layout, and what is seen in words. */
export interface Figure {
  readonly data: Plot[];
  readonly layout: Layout;
  /** What a reader who cannot see the picture should know, in one or two sentences. */
  readonly description: string;
}

/** Where a figure can be given a title. */
export interface TitleOption {
  /** What the figure shows; any text. */
  readonly title?: string;
}

/** Where a figure can be given names of classes. */
export interface ClassNamesOption {
  /** Name of each class, in order. @default '0', '1', ... */
  readonly classNames?: readonly string[];
}

/** Colors that readers with any color vision tell apart (Okabe and Ito, 2008). */
export const palette = {
  blue: '#0072B2',
  orange: '#E69F00',
  green: '#009E73',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  sky: '#56B4E9',
  yellow: '#F0E442',
  black: '#000000',
} as const;

/** What is not data: texts and outlines, axis lines and ticks, grid lines. */
export const grays = { text: '#333333', line: '#999999', grid: '#e5e5e5' } as const;

/** One hue from light to dark, for amounts (ColorBrewer's Blues). */
export const sequentialScale: [number, string][] = [
  [0, '#f7fbff'],
  [0.25, '#c6dbef'],
  [0.5, '#6baed6'],
  [0.75, '#2171b5'],
  [1, '#08306b'],
];

/** Pixels that a letter of ticks, captions and legends is wide, about. */
export const letterWidth = 7;

/**
 * Gives the layout that all figures of this library share: size, font, white ground, legend above.
 *
 * @param title - Any text; one that is longer than the figure is wide takes up to three lines, for
 *   which the figure grows.
 * @param width - In pixels of the page.
 * @param height - In pixels of the page, with a title of one line.
 * @param details - What this figure adds or changes.
 */
export function baseLayout(title: string, width: number, height: number, details: Layout): Layout {
  const lines = wrap(title, Math.floor((width - 30) / 8.5), 3);
  const added = 20 * (lines.length - 1);
  const { margin = { l: 70, r: 25, t: 80, b: 60 } } = details;
  return {
    font: { family: 'Open Sans, Helvetica, Arial, sans-serif', size: 13, color: grays.text },
    paper_bgcolor: '#ffffff',
    plot_bgcolor: '#ffffff',
    legend: { orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom' },
    // Whole names; where Plotly cuts them, it cuts through escaped letters.
    hoverlabel: { namelength: -1 },
    ...details,
    title: {
      text: `<b>${lines.map(escapeMarkup).join('<br>')}</b>`,
      font: { size: 16 },
      ...{ x: 0.02, xanchor: 'left', y: 1 - 22 / (height + added), yanchor: 'top' },
    },
    width,
    height: height + added,
    margin: { ...margin, t: (margin.t as number) + added },
  };
}

/**
 * Gives an axis in the look that all figures share.
 *
 * @param title - What it measures, with the unit.
 * @param details - What this axis adds or changes.
 */
export function axis(title: string, details: Layout['xaxis'] = {}): Layout['xaxis'] {
  return {
    title: { text: title, font: { size: 14 }, standoff: 10 },
    gridcolor: grays.grid,
    linecolor: grays.line,
    ticks: 'outside',
    tickcolor: grays.line,
    zeroline: false,
    ...details,
  };
}

/** An axis with the names of classes, and what their names take beyond the usual margin. */
export interface ClassAxis {
  readonly axis: Layout['xaxis'];
  /** Pixels to add to the margin and the size. */
  readonly room: number;
}

const longestTick = 24;

/**
 * Gives an axis with one named place for each class, at 0, 1, 2 and so on.
 *
 * Long names are cut in their middle. Below a figure they are slanted or upright where a line has
 * no room for them, and where there are more classes than lines, only every second, third ... name
 * is written.
 *
 * @param side - Where the names are.
 * @param pixels - Length of the axis.
 * @param title - What the classes are. @default 'class'
 * @param details - What this axis adds or changes.
 */
export function classAxis(
  classNames: readonly string[],
  side: 'below' | 'left',
  pixels: number,
  title = 'class',
  details: Layout['xaxis'] = {},
): ClassAxis {
  const slot = pixels / Math.max(1, classNames.length);
  const every = Math.ceil(14 / slot);
  const ticks = classNames
    .map((name, index) => ({ index, text: shorten(name.trim(), longestTick) }))
    .filter(({ index }) => index % every === 0);
  const width = letterWidth * Math.max(0, ...ticks.map(({ text }) => widthOf(text)));
  // Plotly leaves out a slanted name that would begin left of the figure.
  const canSlant = slot >= 30 && 0.71 * width <= 70;
  const angle = side === 'left' || width < slot ? 0 : canSlant ? -45 : -90;
  const below = angle === 0 ? 0 : angle === -45 ? 0.71 * width - 5 : width - 10;
  return {
    axis: axis(title, {
      range: [-0.5, classNames.length - 0.5],
      tickvals: ticks.map(({ index }) => index),
      ticktext: ticks.map(({ text }) => escapeMarkup(text)),
      tickangle: angle,
      showgrid: false,
      automargin: true,
      ...details,
    }),
    room: Math.round(Math.max(0, side === 'left' ? width - 14 : below)),
  };
}

/**
 * Gives what answers with whole names on hovering over bars of classes: a trace that is not seen,
 * or none where the axis has all names whole.
 *
 * @param y - Where the bars begin.
 */
export function wholeNames(classNames: readonly string[], y: number): Plot[] {
  if (classNames.every((name) => widthOf(name) <= longestTick)) return [];
  return [
    {
      type: 'scatter',
      mode: 'markers',
      x: classNames.map((_, index) => index),
      y: classNames.map(() => y),
      hovertext: classNames.map(hoverName),
      hovertemplate: '%{hovertext}<extra></extra>',
      marker: { opacity: 0 },
      showlegend: false,
    },
  ];
}

/** Writes a name, or words with names, for hovering: whole, over as many lines as they need. */
export function hoverName(name: string): string {
  return wrap(name, 60, 10).map(escapeMarkup).join('<br>');
}

/** Bars of more classes than these would be thinner than a line. */
export const mostBars = 60;

/** A bar for each class, or where there are many a dot. */
export function marksFor(classCount: number, color: string): Plot {
  return classCount <= mostBars
    ? { type: 'bar', marker: { color } }
    : { type: 'scatter', mode: 'markers', marker: { color, size: 5 }, cliponaxis: false };
}

/**
 * Refuses what is neither a share nor missing.
 *
 * @param name - What it is, for the error message.
 * @throws RangeError when `share` is not from 0 to 1, NaN or null.
 */
export function requireShareOrNone(name: string, share: number | null): void {
  if (share === null || Number.isNaN(share) || (share >= 0 && share <= 1)) return;
  throw new RangeError(
    `${name} is ${share}; expected a share from 0 to 1, or NaN where it is missing`,
  );
}

/**
 * Refuses what is no figure.
 *
 * @param caller - Which function was given it, for the error message.
 * @param expected - What that function takes, for the error message.
 * @throws TypeError that says what was given.
 */
export function requireFigure(
  caller: string,
  thing: unknown,
  expected = 'a figure',
): asserts thing is Figure {
  const { data, layout, description } = (thing ?? {}) as Partial<Figure>;
  if (!Array.isArray(data) || typeof layout !== 'object' || layout === null) {
    throw new TypeError(`${caller} was given ${whatItIs(thing)}; expected ${expected}`);
  }
  if (typeof description !== 'string') {
    throw new TypeError(
      `figure.description is ${whatItIs(description)}; expected a sentence for readers who cannot ` +
        'see the picture',
    );
  }
}

/** Names something that cannot be shown, with the way to what can. */
function whatItIs(thing: unknown): string {
  if (typeof thing === 'string') return 'a text';
  if (thing === null || typeof thing !== 'object') {
    return typeof thing === 'function' ? 'a function, which may want to be called' : String(thing);
  }
  if (Array.isArray(thing)) {
    return `an array of ${thing.length}: show its things one by one, or rows as new DataFrame(rows)`;
  }
  if (typeof (thing as { then?: unknown }).then === 'function') {
    return 'a promise: write await before it';
  }
  const name = thing.constructor?.name ?? 'Object';
  if (name === 'Object')
    return `an object with ${Object.keys(thing).join(', ') || 'nothing in it'}`;
  if (name === 'Groupby') return 'a Groupby: show what it comes to, such as groups.sum()';
  if (typeof (thing as { countParams?: unknown }).countParams === 'function') {
    return 'a network: show layerTable(model) or layerDiagram(model)';
  }
  return `an object of the class ${name}`;
}
