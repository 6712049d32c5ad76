import type { Layout, Plot } from 'nodeplotlib';

/** A picture of results: nodeplotlib's traces and layout, and what is seen in words. */
export interface Figure {
  readonly data: Plot[];
  readonly layout: Layout;
  /** What a reader who cannot see the picture should know, in one or two sentences. */
  readonly description: string;
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

/**
 * Gives the layout that all figures of this library share: size, font, white ground, legend above.
 *
 * @param width - In pixels of the page.
 * @param height - In pixels of the page.
 * @param details - What this figure adds or changes.
 */
export function baseLayout(title: string, width: number, height: number, details: Layout): Layout {
  return {
    title: { text: `<b>${title}</b>`, font: { size: 16 }, x: 0.02, xanchor: 'left' },
    width,
    height,
    font: { family: 'Open Sans, Helvetica, Arial, sans-serif', size: 13, color: grays.text },
    paper_bgcolor: '#ffffff',
    plot_bgcolor: '#ffffff',
    margin: { l: 70, r: 25, t: 80, b: 60 },
    legend: { orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom' },
    ...details,
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

/** Gives an axis with one named place for each class, at 0, 1, 2 and so on. */
export function classAxis(
  classNames: readonly string[],
  title = 'class',
  details: Layout['xaxis'] = {},
): Layout['xaxis'] {
  return axis(title, {
    range: [-0.5, classNames.length - 0.5],
    tickvals: classNames.map((_, index) => index),
    ticktext: [...classNames],
    showgrid: false,
    automargin: true,
    ...details,
  });
}
