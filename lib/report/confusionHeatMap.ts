import {
  baseLayout,
  classAxis,
  hoverName,
  sequentialScale,
  type ClassNamesOption,
  type Figure,
  type TitleOption,
} from './figure';
import { mostConfusedPairs, numberNames, normalizeRows } from '../metrics/metrics';
import { percent, round, thousands } from '../platform/numbers';
import { requireMatrix } from './names';

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
    classNames = numberNames(counts?.length ?? 0),
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
