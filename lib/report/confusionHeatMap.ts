import { hoverName, type ClassNamesOption, type Figure, type TitleOption } from './figure';
import { heatMap } from './heatMap';
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
  const cells = <Content>(give: (images: number, truth: number, guess: number) => Content) =>
    counts.map((row, truth) => row.map((images, guess) => give(images, truth, guess)));
  const figure = heatMap(title, {
    rows: { title: 'truth', names: classNames },
    columns: { title: 'guess', names: classNames },
    texts: cells((images) => (images > 0 ? String(images) : '')),
    hovers: cells((images, truth, guess) =>
      images > 0
        ? hoverName(
            `truth ${classNames[truth]}, guess ${classNames[guess]}: ` +
              `${thousands(images)} images, ${percent(shares[truth][guess])} of the row`,
          )
        : '',
    ),
    depths: cells((images, truth, guess) =>
      images > 0 ? round(depth(shares[truth][guess]), 3) : null,
    ),
    range: [Math.log10(0.05), Math.log10(100)],
    bar: {
      title: 'share of the true class (%)',
      tickvals: ticks.map(Math.log10),
      ticktext: ticks.map(String),
    },
  });
  return {
    ...figure,
    description:
      `${title}: rows are the truth, columns the guess, in images. ` +
      (worst === undefined
        ? 'There are no errors.'
        : `Most frequent error: ${classNames[worst.truth]} read as ${classNames[worst.guess]} ` +
          `(${worst.count} times).`),
  };
}
