import type { Layout, Plot } from 'nodeplotlib';
import { PNG } from 'pngjs';
import { imageSize, pixelsOfEach, type DigitSet } from '../data/digits';
import {
  baseLayout,
  classAxis,
  grays,
  hoverName,
  letterWidth,
  type ClassNamesOption,
  type Figure,
  type TitleOption,
} from './figure';
import { augment, type Augmentation } from '../engine/index';
import type { Reading } from '../metrics/evaluation';
import { numberNames } from '../metrics/metrics';
import { escapeMarkup, requireClassNames, requireNamed, shorten, widthOf, wrap } from './names';
import { percent, requireParts, requireWhole } from '../platform/numbers';
import { seededRandom, shuffledIndices } from '../platform/random';

/** What all galleries need to know of images that are not square. */
interface ImageOptions {
  /**
   * Height, width and channels of an image: 1 channel from 0 (paper) to 1 (ink), or red, green and
   * blue from 0 (dark) to 1 (light). @default square ones, of as many channels as fit
   */
  readonly imageShape?: readonly [height: number, width: number, channels: number];
}

/** More rows than these make a picture too long to read. */
const mostRows = 100;

/**
 * Shows random samples of every class, one row for each class, of 100 classes at most.
 *
 * @param digits - The set to draw from.
 * @param options.classNames - Name of each class, in order. @default '0' to '9'
 * @param options.samplesPerClass - Samples in a row, fewer where a class has fewer. @default 10
 * @param options.seed - Seed of the choice. @default 42
 * @param options.imageShape - Height, width and channels. @default square, gray or in color
 * @throws RangeError when a label has no name, the images have another shape or their pixels are not
 *   from 0 to 1.
 */
export function sampleDigits(
  digits: DigitSet,
  options: ClassNamesOption &
    ImageOptions & { readonly samplesPerClass?: number; readonly seed?: number } = {},
): Figure {
  const { classNames = numberNames(10), samplesPerClass = 10, seed = 42, imageShape } = options;
  requireWhole('samplesPerClass', samplesPerClass, 1);
  requireSet(digits);
  requireNames(digits, classNames);
  const shape = shapeOf(digits, imageShape);
  const order = [...shuffledIndices(digits.count, seededRandom(seed, 'samples'))];
  const shown = classNames.slice(0, mostRows);
  const cells = shown.flatMap((name, row) =>
    order
      .filter((index) => digits.labels[index] === row)
      .slice(0, samplesPerClass)
      .map((index, column) => {
        return { index, row, column, hover: `image ${index}, class ${hoverName(name)}` };
      }),
  );
  // In pixels: rows of many classes are lower, but not lower than MNIST's own 28.
  const pitch = Math.max(28, Math.min(60, Math.floor(840 / shown.length)));
  const inner = (pitch - 4) / pitch;
  const { axis: names, room } = classAxis(shown, 'left', pitch * shown.length, 'class', {
    range: [shown.length - 0.5, -0.5],
  });
  const title =
    shown.length === classNames.length
      ? 'Samples of every class'
      : `Samples of the first ${shown.length} of ${classNames.length} classes`;
  const placement = { width: inner, height: inner, shift: 0, markers: pitch / 2 };
  const width = 90 + room + pitch * samplesPerClass;
  const added = Math.max(0, 260 - width);
  return {
    data: [hoverTrace(cells, placement)],
    layout: baseLayout(title, width + added, 80 + pitch * shown.length, {
      xaxis: hiddenAxis([-0.5, samplesPerClass - 0.5]),
      yaxis: names,
      images: pictures(digits, cells, placement, shape, 2 * (pitch - 4)),
      dragmode: false,
      margin: { l: 70 + room, r: 20 + added, t: 60, b: 20 },
    }),
    description:
      `${title}: ${shown.length} rows of up to ${samplesPerClass} random images, one row for each ` +
      `of ${someOf(shown)}.`,
  };
}

/**
 * Shows random digits with their label above each.
 *
 * @param digits - The set to draw from.
 * @param options.classNames - Name of each class, in order. @default '0' to '9'
 * @param options.count - How many digits, fewer where the set has fewer. @default 12
 * @param options.seed - Seed of the choice. @default 42
 * @param options.columns - Digits in a row. @default 6
 * @param options.imageShape - Height, width and channels. @default square, gray or in color
 * @throws RangeError when `count` or `columns` is not a whole number from 1, a label has no name, the
 *   images have another shape or their pixels are not from 0 to 1.
 */
export function randomDigits(
  digits: DigitSet,
  options: ClassNamesOption &
    ImageOptions & {
      readonly count?: number;
      readonly seed?: number;
      readonly columns?: number;
    } = {},
): Figure {
  const { classNames = numberNames(10), count = 12, seed = 42, columns = 6, imageShape } = options;
  requireWhole('count', count, 1);
  requireSet(digits);
  requireNames(digits, classNames);
  const order = shuffledIndices(digits.count, seededRandom(seed, 'random digits'));
  const captions = Array.from(order.subarray(0, count), (index) => {
    return { index, lines: [captionLine(classNames[digits.labels[index]], '')] };
  });
  return captionedDigits(digits, captions, 'Random digits', columns, imageShape);
}

/**
 * Shows one image as an augmentation shows it to a network, in one step after another.
 *
 * @param digits - The set that the image is of.
 * @param options.augmentation - How far the random maps may go; see `train`.
 * @param options.index - Place of the image in its set, from 0. @default 0
 * @param options.count - How many guises. @default 20
 * @param options.columns - Images in a row. @default 5
 * @param options.seed - Seed of the maps, a whole number from 0 to 2³¹ - 1. @default 42
 * @param options.imageShape - Height, width and channels. @default square, gray or in color
 * @throws RangeError when a range or a number is not in its range, or the images have another shape.
 */
export function augmentedDigits(
  digits: DigitSet,
  options: ImageOptions & {
    readonly augmentation: Augmentation;
    readonly index?: number;
    readonly count?: number;
    readonly columns?: number;
    readonly seed?: number;
  },
): Figure {
  requireSet(digits);
  requireParts('options', options, ['augmentation'], '{ augmentation: { rotation, ... } }');
  const { augmentation, index = 0, count = 20, columns = 5, seed = 42, imageShape } = options;
  requireWhole('index', index, 0, digits.count - 1);
  requireWhole('count', count, 1);
  requireWhole('seed', seed, 0, 2 ** 31 - 1);
  const { height, width, channels } = shapeOf(digits, imageShape);
  const size = pixelsOfEach(digits);
  const full = digits.images.BYTES_PER_ELEMENT === 1 ? 255 : 1;
  const image = digits.images.subarray(index * size, (index + 1) * size);
  const copies = Float32Array.from({ length: count * size }, (_, at) => image[at % size] / full);
  const shape = [height, width, channels] as const;
  const images = augment(copies, { shape, augmentation, seed });
  const guises = { images, labels: new Uint8Array(count).fill(digits.labels[index]), count };
  const captions = Array.from({ length: count }, (_, place) => ({ index: place, lines: [] }));
  const { rotation = 0, shift = 0, zoom = 0, shear = 0 } = augmentation;
  const title =
    `One digit in ${count} guises: turned by up to ${rotation}°, shifted by ${percent(shift, 0)}, ` +
    `zoomed by ${percent(zoom, 0)}, slanted by ${shear}°`;
  return {
    ...captionedDigits(guises, captions, title, columns, shape),
    description: `${title}. Image ${index}, each time moved by a random map of its own.`,
  };
}

/** What a network made of one digit. */
export interface ShownPrediction extends Reading {
  /** A further line above the digit. @default none */
  readonly note?: string;
}

/**
 * Shows digits with truth, guess and confidence above each: right guesses green, wrong ones
 * vermillion.
 *
 * @param digits - The set in which the guesses were made.
 * @param predictions - The guesses to show, in reading order, such as `readingsOf` and `mostConfidentErrors` give.
 * @param options.classNames - Name of each class. @default the class numbers
 * @param options.title - What the digits have in common. @default 'Predictions'
 * @param options.columns - Digits in a row. @default 6
 * @param options.imageShape - Height, width and channels. @default square, gray or in color
 * @throws RangeError when `columns` is not a whole number from 1, an index is not one of the set's, a
 *   class has no name, the images have another shape or their pixels are not from 0 to 1.
 */
export function predictionGallery(
  digits: DigitSet,
  predictions: readonly ShownPrediction[],
  options: ClassNamesOption & TitleOption & ImageOptions & { readonly columns?: number } = {},
): Figure {
  requireSet(digits);
  requireParts('predictions', predictions, ['map'], 'an array, as readingsOf gives');
  const { classNames, title = 'Predictions', columns = 6, imageShape } = options;
  if (classNames) requireClassNames(classNames, classNames.length);
  const captions = predictions.map(({ index, truth, guess, confidence, note }, place) => {
    requireWhole(`predictions[${place}].index`, index, 0, digits.count - 1);
    const name = (role: 'truth' | 'guess', label: number) => {
      if (classNames) requireNamed(`predictions[${place}].${role}`, label, classNames);
      return classNames?.[label] ?? String(label);
    };
    const color = guess === truth ? rightColor : wrongColor;
    return {
      index,
      lines: [
        captionLine(name('truth', truth), 'truth '),
        captionLine(name('guess', guess), 'guess ', ` (${percent(confidence, 1)})`, color),
        ...(note === undefined ? [] : [captionLine(note, '')]),
      ],
    };
  });
  return captionedDigits(digits, captions, title, columns, imageShape);
}

// The palette's green and vermillion, darkened until small text on white has the contrast of 4.5
// that WCAG 2.2 asks for.
const rightColor = '#008561';
const wrongColor = '#bf5500';

/** A digit with what stands above it. */
interface Caption {
  readonly index: number;
  readonly lines: readonly CaptionLine[];
}

interface CaptionLine {
  /** All of it, and with a name that is not too long. */
  readonly whole: string;
  readonly short: string;
  readonly color: string;
}

function captionLine(name: string, before: string, after = '', color: string = grays.text) {
  return {
    whole: `${before}${name}${after}`,
    short: `${before}${shorten(name, 32)}${after}`,
    color,
  };
}

function captionedDigits(
  digits: DigitSet,
  captions: readonly Caption[],
  title: string,
  columns: number,
  imageShape: ImageOptions['imageShape'],
): Figure {
  requireWhole('columns', columns, 1);
  const shape = shapeOf(digits, imageShape);
  // Long captions run over several lines, so that the pictures stay as large as they are.
  const lineWidth = Math.max(18, Math.floor(860 / columns / letterWidth));
  const cells = captions.map(({ index, lines }, place) => ({
    index,
    lines: lines.flatMap(({ short, color }) =>
      wrap(short, lineWidth, 3).map((text) => ({ text, color })),
    ),
    row: Math.floor(place / columns),
    column: place % columns,
    hover: [`image ${index}`, ...lines.map(({ whole }) => hoverName(whole))].join('<br>'),
  }));
  const rows = Math.max(1, Math.ceil(captions.length / columns));
  // All in pixels.
  const side = 4 * imageSize;
  const gap = 12;
  const scale = side / Math.max(shape.height, shape.width);
  const pictureHeight = Math.round(scale * shape.height);
  const pictureWidth = Math.round(scale * shape.width);
  const captionHeight = 16 * Math.max(0, ...cells.map(({ lines }) => lines.length));
  const cellHeight = captionHeight + pictureHeight + gap;
  const widths = cells.flatMap(({ lines }) => lines.map(({ text }) => widthOf(text)));
  const cellWidth = Math.max(side + gap, letterWidth * Math.max(0, ...widths));
  const placement = {
    width: pictureWidth / cellWidth,
    height: pictureHeight / cellHeight,
    shift: (captionHeight + pictureHeight / 2) / cellHeight - 0.5,
    markers: 30,
  };
  const width = 40 + cellWidth * columns;
  // Room for the title above few columns.
  const added = Math.max(0, Math.min(600, 40 + 9 * widthOf(title)) - width);
  return {
    data: [hoverTrace(cells, placement)],
    layout: baseLayout(title, width + added, 60 + cellHeight * rows, {
      xaxis: hiddenAxis([-0.5, columns - 0.5]),
      yaxis: hiddenAxis([rows - 0.5, -0.5]),
      images: pictures(digits, cells, placement, shape, 2 * side),
      annotations: cells.map(({ row, column, lines }) => ({
        x: column,
        y: row - 0.5 + captionHeight / cellHeight,
        yanchor: 'bottom',
        text: lines
          .map(({ text, color }) => `<span style="color:${color}">${escapeMarkup(text)}</span>`)
          .join('<br>'),
        font: { size: 12 },
        showarrow: false,
      })),
      dragmode: false,
      margin: { l: 20, r: 20 + added, t: 60, b: 0 },
    }),
    description:
      captions.length === 0
        ? `${title}: no images.`
        : `${title}: ${captions.length} images, ` +
          captions.map(({ lines }) => lines.map(({ whole }) => whole).join(' ')).join('; '),
  };
}

function requireSet(digits: DigitSet): void {
  requireParts('digits', digits, ['images', 'labels', 'count'], 'a set, such as digits.train');
}

function requireNames({ labels }: DigitSet, classNames: readonly string[]): void {
  requireClassNames(classNames, classNames.length);
  labels.forEach((label, index) => requireNamed(`labels[${index}]`, label, classNames));
}

/** All names of a few classes, the first and the last of many. */
function someOf(classNames: readonly string[]): string {
  if (classNames.length <= 20) return classNames.join(', ');
  return `${classNames[0]}, ${classNames[1]}, …, ${classNames[classNames.length - 1]}`;
}

interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** The shape that is said, or else that of a square with one channel or three. */
function shapeOf(digits: DigitSet, said: ImageOptions['imageShape']): Shape {
  const isEmpty = pixelsOfEach(digits) === 0;
  const pixels = isEmpty ? imageSize ** 2 : pixelsOfEach(digits);
  const [height, width, channels] =
    said ??
    [1, 3]
      .map((depth) => [Math.sqrt(pixels / depth), Math.sqrt(pixels / depth), depth])
      .find(([size]) => Number.isInteger(size)) ??
    [];
  if (height === undefined) {
    throw new RangeError(
      `the images have ${pixels} numbers each, which make no square, gray or in color; ` +
        'give imageShape: [height, width, channels]',
    );
  }
  const isWhole = [height, width].every((size) => Number.isInteger(size) && size > 0);
  const fits = isEmpty || height * width * channels === pixels;
  if (!isWhole || !fits || ![1, 3].includes(channels)) {
    throw new RangeError(
      `imageShape is [${[height, width, channels].join(', ')}]; expected a height, a width and ` +
        `1 or 3 channels that make the ${pixels} numbers of an image`,
    );
  }
  return { height, width, channels };
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
  /** Size of the markers that answer hovering, in pixels. */
  readonly markers: number;
}

/** @param pixels - Height or width of a picture, whichever is longer, in a PNG at scale 2. */
function pictures(
  digits: DigitSet,
  cells: readonly DigitCell[],
  { width, height, shift }: Placement,
  shape: Shape,
  pixels: number,
): Layout['images'] {
  const longer = Math.max(shape.height, shape.width);
  // Whole, so that no browser blurs small images; large ones are made smaller.
  const enlargement = longer < pixels ? Math.round(pixels / longer) : pixels / longer;
  return cells.map(({ index, row, column }) => ({
    source: digitPicture(digits, index, shape, enlargement),
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
function hoverTrace(cells: readonly DigitCell[], { shift, markers }: Placement): Plot {
  return {
    type: 'scatter',
    mode: 'markers',
    x: cells.map((cell) => cell.column),
    y: cells.map((cell) => cell.row + shift),
    hovertext: cells.map((cell) => cell.hover),
    hoverinfo: 'text',
    marker: { size: markers, opacity: 0 },
    showlegend: false,
  };
}

/** One image as a PNG in a data URI: gray as dark ink on white, or its own colors. */
function digitPicture(digits: DigitSet, index: number, shape: Shape, enlargement: number): string {
  const { channels } = shape;
  // Networks take bytes too, in place of the numbers that the type of a set asks for.
  const full = digits.images.BYTES_PER_ELEMENT === 1 ? 255 : 1;
  const height = Math.max(1, Math.round(shape.height * enlargement));
  const width = Math.max(1, Math.round(shape.width * enlargement));
  const start = index * shape.height * shape.width * channels;
  const png = new PNG({ width, height });
  png.data = Buffer.alloc(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = Math.min(shape.height - 1, Math.floor(y / enlargement));
      const column = Math.min(shape.width - 1, Math.floor(x / enlargement));
      for (let channel = 0; channel < channels; channel++) {
        const from = start + (row * shape.width + column) * channels + channel;
        const value = digits.images[from] / full;
        // Averages of 32-bit numbers may be rounded to a little more than 1.
        if (!(value >= -1e-6 && value <= 1 + 1e-6)) {
          throw new RangeError(
            `images[${from}], a pixel of image ${index}, is ${digits.images[from]}; expected a number from 0 to ` +
              '1. Divide pixels from 0 to 255 by 255',
          );
        }
        const light = channels === 1 ? 1 - value : value;
        png.data[(y * width + x) * channels + channel] = Math.round(
          255 * Math.min(1, Math.max(0, light)),
        );
      }
    }
  }
  const colorType = channels === 1 ? 0 : 2;
  const options = { colorType, inputColorType: colorType, inputHasAlpha: false } as const;
  return `data:image/png;base64,${PNG.sync.write(png, options).toString('base64')}`;
}
