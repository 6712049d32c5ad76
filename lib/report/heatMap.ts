import type { Layout, Plot } from 'nodeplotlib';
import { baseLayout, classAxis, sequentialScale } from './figure';
import { escapeMarkup } from './names';

/** What stands along a side of a heat map. */
export interface HeatMapSide {
  /** What the names are, with their unit. */
  readonly title: string;
  readonly names: readonly string[];
}

/** A heat map's cells, row by row from above, and the bar that tells its colors. */
export interface HeatMapCells {
  readonly rows: HeatMapSide;
  readonly columns: HeatMapSide;
  /** What is written in each cell, where it has room for it. */
  readonly texts: readonly (readonly string[])[];
  /** What each answers on hovering. */
  readonly hovers: readonly (readonly string[])[];
  /** How dark each is; null leaves it white. */
  readonly depths: readonly (readonly (number | null)[])[];
  /** The depths that are lightest and darkest. */
  readonly range: readonly [low: number, high: number];
  readonly bar: {
    readonly title: string;
    readonly tickvals?: number[];
    readonly ticktext?: string[];
  };
}

/**
 * Draws a heat map, square or lower; it does not grow beyond some 20 rows or columns, and what has no
 * room in its smaller cells shows on hovering only.
 *
 * @param title - What it shows.
 */
export function heatMap(
  title: string,
  { rows, columns, texts, hovers, depths, range, bar }: HeatMapCells,
): { readonly data: Plot[]; readonly layout: Layout } {
  const [rowCount, columnCount] = [rows.names.length, columns.names.length];
  const most = Math.max(rowCount, columnCount);
  const cell = Math.min(44, Math.max(3, 840 / most));
  const width = Math.round(Math.max(460, cell * most));
  const height = Math.round(Math.max(200, width * Math.min(1, rowCount / columnCount)));
  const hasRoom = (text: string) =>
    height / rowCount >= 14 && width / columnCount >= Math.max(14, 6.5 * text.length + 1);
  const below = classAxis(columns.names, 'below', width, escapeMarkup(columns.title));
  const left = classAxis(rows.names, 'left', height, escapeMarkup(rows.title), {
    range: [rowCount - 0.5, -0.5],
  });
  // Typed loosely, since nodeplotlib's types know plotly 1 only, where a title was a string.
  const newer: object = {
    ...{ texttemplate: '%{text}', textfont: { size: 12 } },
    colorbar: {
      ...{ ...bar, title: { text: escapeMarkup(bar.title), font: { size: 14 }, side: 'right' } },
      ...{ outlinewidth: 0, thickness: 14 },
    },
  };
  return {
    data: [
      {
        type: 'heatmap',
        z: depths as (number | null)[][],
        text: texts.map((row) =>
          row.map((text) => (hasRoom(text) ? text : '')),
        ) as unknown as string[],
        ...newer,
        hovertext: hovers as unknown as string[],
        hoverinfo: 'text',
        colorscale: sequentialScale,
        ...{ zmin: range[0], zmax: range[1] },
        ...(cell < 10 ? { xgap: 0, ygap: 0 } : { xgap: 1, ygap: 1 }),
      },
    ],
    layout: baseLayout(title, width + 200 + left.room, height + 120 + below.room, {
      xaxis: below.axis,
      yaxis: left.axis,
      margin: { l: 70 + left.room, r: 130, t: 60, b: 60 + below.room },
    }),
  };
}
