import type { Layout, Plot } from 'nodeplotlib';
import { PNG } from 'pngjs';
import { imagePixels, imageSize, type DigitSet } from './digits';
import { baseLayout, classAxis, grays, type Figure } from './figure';
import type { ConfidentError } from './metrics';
import { percent, requireWhole } from './numbers';
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
  const placement = { width: 56 / 60, height: 56 / 60, shift: 0, enlargement: 4 };
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
 * Shows random digits with their label above each.
 *
 * @param digits - The set to draw from.
 * @param classNames - Name of each class, in order.
 * @param options.count - How many digits, fewer where the set has fewer. @default 12
 * @param options.seed - Seed of the choice. @default 42
 * @param options.columns - Digits in a row. @default 6
 * @throws RangeError when `count` or `columns` is not a whole number from 1.
 */
export function randomDigits(
  digits: DigitSet,
  classNames: readonly string[],
  options: { readonly count?: number; readonly seed?: number; readonly columns?: number } = {},
): Figure {
  const { count = 12, seed = 42, columns = 6 } = options;
  requireWhole('count', count, 1);
  const order = shuffledIndices(digits.count, seededRandom(seed, 'random digits'));
  const captions = Array.from(order.subarray(0, count), (index) => {
    return { index, lines: [{ text: classNames[digits.labels[index]] }] };
  });
  return captionedDigits(digits, captions, 'Random digits', columns);
}

/** What a network made of one digit. */
export interface ShownPrediction extends Pick<
  ConfidentError,
  'index' | 'truth' | 'guess' | 'confidence'
> {
  /** A further line above the digit. @default none */
  readonly note?: string;
}

/**
 * Shows digits with truth, guess and confidence above each: right guesses green, wrong ones
 * vermillion.
 *
 * @param digits - The set in which the guesses were made.
 * @param predictions - The guesses to show, in reading order, such as `mostConfidentErrors` gives.
 * @param options.classNames - Name of each class. @default the class numbers
 * @param options.title - What the digits have in common. @default 'Predictions'
 * @param options.columns - Digits in a row. @default 6
 * @throws RangeError when `columns` is not a whole number from 1.
 */
export function predictionGallery(
  digits: DigitSet,
  predictions: readonly ShownPrediction[],
  options: {
    readonly classNames?: readonly string[];
    readonly title?: string;
    readonly columns?: number;
  } = {},
): Figure {
  const { classNames, title = 'Predictions', columns = 6 } = options;
  const name = (label: number) => classNames?.[label] ?? String(label);
  const captions = predictions.map(({ index, truth, guess, confidence, note }) => ({
    index,
    lines: [
      { text: `truth ${name(truth)}` },
      {
        text: `guess ${name(guess)} (${percent(confidence, 1)})`,
        color: guess === truth ? rightColor : wrongColor,
      },
      ...(note === undefined ? [] : [{ text: note }]),
    ],
  }));
  return captionedDigits(digits, captions, title, columns);
}

// The palette's green and vermillion, darkened until small text on white has the contrast of 4.5
// that WCAG 2.2 asks for.
const rightColor = '#008561';
const wrongColor = '#bf5500';

/** A digit with the lines above it. */
interface Caption {
  readonly index: number;
  readonly lines: readonly { readonly text: string; readonly color?: string }[];
}

function captionedDigits(
  digits: DigitSet,
  captions: readonly Caption[],
  title: string,
  columns: number,
): Figure {
  requireWhole('columns', columns, 1);
  const cells = captions.map((caption, place) => ({
    ...caption,
    row: Math.floor(place / columns),
    column: place % columns,
    hover: `image ${caption.index}`,
  }));
  const rows = Math.max(1, Math.ceil(captions.length / columns));
  // All in pixels.
  const side = 4 * imageSize;
  const gap = 12;
  const captionHeight = 16 * Math.max(0, ...captions.map(({ lines }) => lines.length));
  const cellHeight = captionHeight + side + gap;
  const characters = captions.flatMap(({ lines }) => lines.map(({ text }) => text.length));
  const cellWidth = Math.max(side + gap, 7 * Math.max(0, ...characters));
  const placement = {
    width: side / cellWidth,
    height: side / cellHeight,
    shift: (captionHeight + side / 2) / cellHeight - 0.5,
    enlargement: 8,
  };
  return {
    data: [hoverTrace(cells, placement)],
    layout: baseLayout(title, 40 + cellWidth * columns, 60 + cellHeight * rows, {
      xaxis: hiddenAxis([-0.5, columns - 0.5]),
      yaxis: hiddenAxis([rows - 0.5, -0.5]),
      images: pictures(digits, cells, placement),
      annotations: cells.map(({ row, column, lines }) => ({
        x: column,
        y: row - 0.5 + captionHeight / cellHeight,
        yanchor: 'bottom',
        text: lines
          .map(({ text, color = grays.text }) => `<span style="color:${color}">${text}</span>`)
          .join('<br>'),
        font: { size: 12 },
        showarrow: false,
      })),
      dragmode: false,
      margin: { l: 20, r: 20, t: 60, b: 0 },
    }),
    description:
      `${title}: ${captions.length} images, ` +
      captions.map(({ lines }) => lines.map(({ text }) => text).join(' ')).join('; '),
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

/** How the digits lie in their cells, in shares of a cell. */
interface Placement {
  readonly width: number;
  readonly height: number;
  /** How far below the middle of its cell each digit is. */
  readonly shift: number;
  /** Pixels of the picture for each of the digit: as many as a PNG at scale 2 has. */
  readonly enlargement: number;
}

function pictures(
  digits: DigitSet,
  cells: readonly DigitCell[],
  { width, height, shift, enlargement }: Placement,
): Layout['images'] {
  return cells.map(({ index, row, column }) => ({
    source: digitPicture(digits, index, enlargement),
    xref: 'x',
    yref: 'y',
    x: column,
    y: row + shift,
    xanchor: 'center',
    yanchor: 'middle',
    sizex: width,
    sizey: height,
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
