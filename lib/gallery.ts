import type { Layout, Plot } from 'nodeplotlib';
import { PNG } from 'pngjs';
import { imagePixels, imageSize, type DigitSet } from './digits';
import { baseLayout, classAxis, palette, type Figure } from './figure';
import type { ConfidentError } from './metrics';
import { percent } from './numbers';
import { seededRandom, shuffledIndices } from './random';

/**
 * Shows random samples of every class, one row for each class.
 *
 * @param digits - The set to draw from.
 * @param classNames - Name of each class, in order.
 * @param options.samplesPerClass - Samples in a row, fewer where a class has fewer. @default 10
 * @param options.seed - Seed of the choice. @default 42
 */
export function sampleDigits(
  digits: DigitSet,
  classNames: readonly string[],
  options: { readonly samplesPerClass?: number; readonly seed?: number } = {},
): Figure {
  const { samplesPerClass = 10, seed = 42 } = options;
  const order = [...shuffledIndices(digits.count, seededRandom(seed, 'samples'))];
  const cells = classNames.flatMap((name, row) =>
    order
      .filter((index) => digits.labels[index] === row)
      .slice(0, samplesPerClass)
      .map((index, column) => ({ index, row, column, hover: `image ${index}, class ${name}` })),
  );
  const placement = { size: 56 / 60, shift: 0, enlargement: 4 };
  return {
    data: [hoverTrace(cells, placement)],
    layout: baseLayout(
      'Samples of every class',
      90 + 60 * samplesPerClass,
      80 + 60 * classNames.length,
      {
        xaxis: hiddenAxis([-0.5, samplesPerClass - 0.5]),
        yaxis: classAxis(classNames, 'class', { range: [classNames.length - 0.5, -0.5] }),
        images: pictures(digits, cells, placement),
        dragmode: false,
        margin: { l: 70, r: 20, t: 60, b: 20 },
      },
    ),
    description:
      `Samples of every class: ${classNames.length} rows of up to ${samplesPerClass} random ` +
      `images, one row for each of ${classNames.join(', ')}.`,
  };
}

/**
 * Shows misread images with truth, guess and confidence above each.
 *
 * @param digits - The set in which the mistakes were made.
 * @param mistakes - The mistakes to show, in reading order.
 * @param options.classNames - Name of each class. @default the class numbers
 * @param options.title - What the mistakes have in common. @default 'Misread digits'
 * @param options.columns - Images in a row. @default 6
 */
export function mistakeGallery(
  digits: DigitSet,
  mistakes: readonly Pick<ConfidentError, 'index' | 'truth' | 'guess' | 'confidence'>[],
  options: {
    readonly classNames?: readonly string[];
    readonly title?: string;
    readonly columns?: number;
  } = {},
): Figure {
  const { classNames, title = 'Misread digits', columns = 6 } = options;
  const name = (label: number) => classNames?.[label] ?? String(label);
  const cells = mistakes.map(({ index, truth, guess, confidence }, place) => ({
    index,
    row: Math.floor(place / columns),
    column: place % columns,
    truth: `truth ${name(truth)}`,
    guess: `guess ${name(guess)} (${percent(confidence, 1)})`,
    hover: `image ${index}`,
  }));
  const rows = Math.max(1, Math.ceil(mistakes.length / columns));
  const longest = Math.max(0, ...cells.map((cell) => cell.guess.length));
  const cellWidth = Math.max(124, 7 * longest);
  const placement = { size: 112 / 144, shift: 0.1, enlargement: 8 };
  return {
    data: [hoverTrace(cells, placement)],
    layout: baseLayout(title, 40 + cellWidth * columns, 60 + 144 * rows, {
      xaxis: hiddenAxis([-0.5, columns - 0.5]),
      yaxis: hiddenAxis([rows - 0.5, -0.5]),
      images: pictures(digits, cells, placement),
      annotations: cells.map((cell) => ({
        x: cell.column,
        y: cell.row - 0.22,
        yanchor: 'bottom',
        text: `${cell.truth}<br><span style="color:${palette.vermillion}">${cell.guess}</span>`,
        font: { size: 12 },
        showarrow: false,
      })),
      dragmode: false,
      margin: { l: 20, r: 20, t: 60, b: 0 },
    }),
    description:
      `${title}: ${mistakes.length} images, ` +
      cells.map((cell) => `${cell.truth} ${cell.guess}`).join('; '),
  };
}

function hiddenAxis(range: [number, number]): Layout['xaxis'] {
  return { range, visible: false, fixedrange: true };
}

interface DigitCell {
  readonly index: number;
  readonly row: number;
  readonly column: number;
  readonly hover: string;
}

/** How the digits lie in their cells, which are squares of side 1. */
interface Placement {
  readonly size: number;
  /** How far below the middle of its cell each digit is. */
  readonly shift: number;
  /** Pixels of the picture for each of the digit: as many as a PNG at scale 2 has. */
  readonly enlargement: number;
}

function pictures(
  digits: DigitSet,
  cells: readonly DigitCell[],
  { size, shift, enlargement }: Placement,
): Layout['images'] {
  return cells.map(({ index, row, column }) => ({
    source: digitPicture(digits, index, enlargement),
    xref: 'x',
    yref: 'y',
    x: column,
    y: row + shift,
    xanchor: 'center',
    yanchor: 'middle',
    sizex: size,
    sizey: size,
    sizing: 'contain',
  }));
}

/** Invisible markers on the pictures, which do not answer hovering themselves. */
function hoverTrace(cells: readonly DigitCell[], { shift }: Placement): Plot {
  return {
    type: 'scatter',
    mode: 'markers',
    x: cells.map((cell) => cell.column),
    y: cells.map((cell) => cell.row + shift),
    hovertext: cells.map((cell) => cell.hover),
    hoverinfo: 'text',
    marker: { size: 30, opacity: 0 },
    showlegend: false,
  };
}

/** One digit as a PNG in a data URI: dark ink on white, enlarged so that no browser blurs it. */
function digitPicture(digits: DigitSet, index: number, enlargement: number): string {
  const side = imageSize * enlargement;
  const png = new PNG({ width: side, height: side });
  png.data = Buffer.alloc(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const pixel = Math.floor(y / enlargement) * imageSize + Math.floor(x / enlargement);
      const ink = digits.images[index * imagePixels + pixel];
      png.data[y * side + x] = Math.round(255 * (1 - ink));
    }
  }
  const options = { colorType: 0, inputColorType: 0, inputHasAlpha: false } as const;
  return `data:image/png;base64,${PNG.sync.write(png, options).toString('base64')}`;
}
