import type { Layout, Plot } from 'nodeplotlib';
import { PNG } from 'pngjs';
import type { ClassificationReport, ClassScores, ConfidentError } from './metrics';
import { imagePixels, imageSize, type DigitData, type DigitSet } from './mnist';
import { seededRandom, shuffledIndices } from './random';
import type { EpochResult, TrainingHistory } from './training';

/** A picture of results: nodeplotlib's traces and layout, and what is seen in words. */
export interface Figure {
  readonly data: Plot[];
  readonly layout: Layout;
  /** What a reader who cannot see the picture should know, in one or two sentences. */
  readonly description: string;
}

/** A training with the name under which it is compared. */
export interface NamedHistory {
  readonly name: string;
  readonly history: TrainingHistory;
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

/** One hue from light to dark, for amounts (ColorBrewer's Blues). */
export const sequentialScale: [number, string][] = [
  [0, '#f7fbff'],
  [0.25, '#c6dbef'],
  [0.5, '#6baed6'],
  [0.75, '#2171b5'],
  [1, '#08306b'],
];

const textColor = '#333333';

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
  const { data, images } = digitPictures(digits, cells, {
    size: 56 / 60,
    shift: 0,
    enlargement: 4,
  });
  return {
    data,
    layout: baseLayout(
      'Samples of every class',
      90 + 60 * samplesPerClass,
      80 + 60 * classNames.length,
      {
        xaxis: hiddenAxis([-0.5, samplesPerClass - 0.5]),
        yaxis: axis('class', {
          range: [classNames.length - 0.5, -0.5],
          tickvals: classNames.map((_, row) => row),
          ticktext: [...classNames],
          showgrid: false,
          automargin: true,
        }),
        images,
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
    guess: `guess ${name(guess)} (${percent(confidence, 1)} %)`,
    hover: `image ${index}`,
  }));
  const rows = Math.max(1, Math.ceil(mistakes.length / columns));
  const longest = Math.max(0, ...cells.map((cell) => cell.guess.length));
  const cellWidth = Math.max(124, 7 * longest);
  const { data, images } = digitPictures(digits, cells, {
    size: 112 / 144,
    shift: 0.1,
    enlargement: 8,
  });
  return {
    data,
    layout: baseLayout(title, 40 + cellWidth * columns, 60 + 144 * rows, {
      xaxis: hiddenAxis([-0.5, columns - 0.5]),
      yaxis: hiddenAxis([rows - 0.5, -0.5]),
      images,
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

/**
 * Shows how the classes are spread in the training, validation and test set.
 *
 * Bars are shares of their own set, so that sets of different sizes compare; counts show on hover.
 */
export function classDistribution(data: DigitData): Figure {
  const sets = [
    { name: 'training', digits: data.train, color: palette.blue },
    { name: 'validation', digits: data.validation, color: palette.orange },
    { name: 'test', digits: data.test, color: palette.green },
  ];
  const classes = data.classNames.map((_, index) => index);
  const traces = sets.map(({ name, digits, color }): Plot => {
    const counts = classes.map((index) => digits.labels.filter((label) => label === index).length);
    return {
      type: 'bar',
      name: `${name} (${count(digits.count)})`,
      x: classes,
      y: counts.map((images) => round((100 * images) / Math.max(1, digits.count), 3)),
      hovertext: counts.map((images) => `${count(images)} images`),
      hovertemplate: '%{y:.2f} %, %{hovertext}',
      marker: { color },
    };
  });
  const even = 100 / classes.length;
  return {
    data: traces,
    layout: baseLayout('Class distribution', 760, 400, {
      xaxis: classAxis(data.classNames),
      yaxis: axis('share of the set (%)', { rangemode: 'tozero' }),
      shapes: [
        {
          type: 'line',
          xref: 'paper',
          x0: 0,
          x1: 1,
          y0: even,
          y1: even,
          line: { color: textColor, width: 1, dash: 'dot' },
        },
      ],
      bargap: 0.25,
      hovermode: 'x unified',
    }),
    description:
      'Share of each class in each set, in percent: ' +
      traces.map((trace) => `${trace.name}: ${(trace.y as number[]).join(', ')}`).join('; ') +
      `. An even spread would give ${round(even, 1)}.`,
  };
}

/**
 * Shows accuracy and loss by epoch, side by side, for the training and the validation images.
 *
 * @param history - The training to show.
 * @param title - Name of the network. @default 'Training'
 */
export function trainingCurves(history: TrainingHistory, title = 'Training'): Figure {
  const epochs = history.epochs.map((result) => result.epoch);
  const line = (
    name: 'training' | 'validation',
    panel: '' | '2',
    value: (result: EpochResult) => number,
  ): Plot => ({
    type: 'scatter',
    mode: 'lines+markers',
    name,
    x: epochs,
    y: history.epochs.map((result) => round(value(result), 5)),
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    showlegend: panel === '',
    hovertemplate: panel === '' ? '%{y:.2f} %' : '%{y:.4f}',
    line: { color: name === 'training' ? palette.blue : palette.vermillion, width: 2 },
    marker: { size: 6, symbol: name === 'training' ? 'circle' : 'square' },
  });
  const best = [...history.epochs].sort((a, b) => b.validationAccuracy - a.validationAccuracy)[0];
  const lowest = [...history.epochs].sort((a, b) => a.validationLoss - b.validationLoss)[0];
  return {
    data: [
      line('training', '', (result) => 100 * result.accuracy),
      line('validation', '', (result) => 100 * result.validationAccuracy),
      line('training', '2', (result) => result.loss),
      line('validation', '2', (result) => result.validationLoss),
    ],
    layout: baseLayout(`${title}: accuracy and loss by epoch`, 860, 380, {
      xaxis: epochAxis(epochs, { domain: [0, 0.45] }),
      yaxis: axis('accuracy (%)'),
      xaxis2: epochAxis(epochs, { domain: [0.57, 1] }),
      yaxis2: axis('loss (cross-entropy, nats)', { anchor: 'x2', rangemode: 'tozero' }),
      hovermode: 'x unified',
    }),
    description:
      best === undefined
        ? `${title}: no epoch was finished.`
        : `${title}: accuracy and loss by epoch. Validation accuracy is highest in epoch ` +
          `${best.epoch} (${percent(best.validationAccuracy)} %), validation loss lowest in epoch ` +
          `${lowest.epoch} (${lowest.validationLoss.toFixed(4)}).`,
  };
}

/** Shows the validation accuracy of several trainings by epoch, one line for each. */
export function compareCurves(runs: readonly NamedHistory[]): Figure {
  const colors = Object.values(palette);
  const symbols = ['circle', 'square', 'diamond', 'triangle-up'] as const;
  const longest = Math.max(1, ...runs.map(({ history }) => history.epochs.length));
  return {
    data: runs.map(({ name, history }, run): Plot => ({
      type: 'scatter',
      mode: 'lines+markers',
      name,
      x: history.epochs.map((result) => result.epoch),
      y: history.epochs.map((result) => round(100 * result.validationAccuracy, 3)),
      hovertemplate: '%{y:.2f} %',
      line: { color: colors[run % colors.length], width: 2 },
      marker: { size: 7, symbol: symbols[run % symbols.length] },
    })),
    layout: baseLayout('Validation accuracy by epoch', 760, 400, {
      xaxis: epochAxis(Array.from({ length: longest }, (_, index) => index + 1)),
      yaxis: axis('validation accuracy (%)'),
      hovermode: 'x unified',
    }),
    description:
      'Validation accuracy by epoch. ' +
      runs
        .map(({ name, history }) => {
          const last = history.epochs.at(-1);
          return last ? `${name} ends at ${percent(last.validationAccuracy)} %` : `${name}: none`;
        })
        .join('; '),
  };
}

/**
 * Shows a confusion matrix as a heat map: counts in the cells, shares of the true class as color.
 *
 * The color scale is logarithmic, from 0.05 % to 100 % of the row, since errors of a good
 * classifier would all look white on a linear one; cells without an image stay white.
 *
 * @param counts - Rows are the truth, columns the guess, in images.
 * @param classNames - Name of each class, in order.
 * @param title - What was classified. @default 'Confusion matrix'
 */
export function confusionHeatMap(
  counts: readonly (readonly number[])[],
  classNames: readonly string[],
  title = 'Confusion matrix',
): Figure {
  const cells = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, images) => sum + images, 0);
    return row.map((images, guess) => ({ truth, guess, images, share: images / (total || 1) }));
  });
  const errors = cells.filter((cell) => cell.truth !== cell.guess && cell.images > 0);
  const worst = [...errors].sort((a, b) => b.images - a.images)[0];
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
  const side = Math.max(460, 44 * classNames.length);
  return {
    data: [
      {
        type: 'heatmap',
        x: cells.map((cell) => cell.guess),
        y: cells.map((cell) => cell.truth),
        z: cells.map((cell) => (cell.images > 0 ? round(depth(cell.share), 3) : null)),
        hovertext: cells.map(
          (cell) =>
            `truth ${classNames[cell.truth]}, guess ${classNames[cell.guess]}: ` +
            `${count(cell.images)} images, ${percent(cell.share)} % of the row`,
        ),
        hoverinfo: 'text',
        colorscale: sequentialScale,
        zmin: Math.log10(0.05),
        zmax: 2,
        xgap: 1,
        ygap: 1,
        colorbar: colorBar,
      },
    ],
    layout: baseLayout(title, side + 200, side + 120, {
      xaxis: classAxis(classNames, 'guess'),
      yaxis: {
        ...classAxis(classNames, 'truth'),
        range: [classNames.length - 0.5, -0.5],
      },
      annotations: cells
        .filter((cell) => cell.images > 0)
        .map((cell) => ({
          x: cell.guess,
          y: cell.truth,
          text: String(cell.images),
          showarrow: false,
          font: { size: 12, color: cell.share > 0.05 ? '#ffffff' : textColor },
        })),
      margin: { l: 70, r: 25, t: 60, b: 60 },
    }),
    description:
      `${title}: rows are the truth, columns the guess, in images. ` +
      (worst === undefined
        ? 'There are no errors.'
        : `Most frequent error: ${classNames[worst.truth]} read as ${classNames[worst.guess]} ` +
          `(${worst.images} times).`),
  };
}

/**
 * Shows precision, recall and F1 of every class as bars.
 *
 * The axis starts just below the lowest score, since the bars of a good classifier would otherwise
 * look alike; its title says so.
 */
export function perClassBars(report: ClassificationReport): Figure {
  const names = report.classes.map((scores) => scores.className);
  const bars = [
    { name: 'precision', color: palette.blue, value: (scores: ClassScores) => scores.precision },
    { name: 'recall', color: palette.orange, value: (scores: ClassScores) => scores.recall },
    { name: 'F1', color: palette.green, value: (scores: ClassScores) => scores.f1 },
  ];
  const values = bars.flatMap((bar) => report.classes.map((scores) => 100 * bar.value(scores)));
  const lowest = Math.min(...values);
  // The nearest of these below the lowest score leaves its bar some height.
  const start = [99, 98, 97, 95, 90, 80, 50].find((value) => value < lowest - 0.2) ?? 0;
  const weakest = [...report.classes].sort((a, b) => a.f1 - b.f1)[0];
  return {
    data: bars.map(({ name, color, value }): Plot => ({
      type: 'bar',
      name,
      x: names.map((_, index) => index),
      y: report.classes.map((scores) => round(100 * value(scores), 3)),
      hovertemplate: '%{y:.2f} %',
      marker: { color },
    })),
    layout: baseLayout('Precision, recall and F1 of every class', 820, 400, {
      xaxis: classAxis(names),
      yaxis: axis(start > 0 ? `score (%), from ${start} %` : 'score (%)', { range: [start, 100] }),
      bargap: 0.25,
      hovermode: 'x unified',
    }),
    description:
      `Precision, recall and F1 of every class, from ${round(lowest, 2)} % up. ` +
      `The lowest F1 is that of ${weakest.className} (${percent(weakest.f1)} %).`,
  };
}

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
    font: { family: 'Open Sans, Helvetica, Arial, sans-serif', size: 13, color: textColor },
    paper_bgcolor: '#ffffff',
    plot_bgcolor: '#ffffff',
    margin: { l: 70, r: 25, t: 80, b: 60 },
    legend: { orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom' },
    ...details,
  };
}

function axis(title: string, details: Layout['xaxis'] = {}): Layout['xaxis'] {
  return {
    title: { text: title, font: { size: 14 }, standoff: 10 },
    gridcolor: '#e5e5e5',
    linecolor: '#999999',
    ticks: 'outside',
    tickcolor: '#999999',
    zeroline: false,
    ...details,
  };
}

function classAxis(classNames: readonly string[], title = 'class'): Layout['xaxis'] {
  return axis(title, {
    range: [-0.5, classNames.length - 0.5],
    tickvals: classNames.map((_, index) => index),
    ticktext: [...classNames],
    showgrid: false,
    automargin: true,
  });
}

/** Epochs are whole numbers: at most about ten ticks, none between two epochs. */
function epochAxis(epochs: readonly number[], details: Layout['xaxis'] = {}): Layout['xaxis'] {
  const last = Math.max(1, ...epochs);
  return axis('epoch', {
    range: [0.7, last + 0.3],
    tick0: 1,
    dtick: Math.ceil(last / 12),
    tickformat: 'd',
    ...details,
  });
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

/** Pictures of digits in a grid, with an invisible trace that answers hovering. */
function digitPictures(digits: DigitSet, cells: readonly DigitCell[], placement: Placement) {
  const { size, shift, enlargement } = placement;
  const trace: Plot = {
    type: 'scatter',
    mode: 'markers',
    x: cells.map((cell) => cell.column),
    y: cells.map((cell) => cell.row + shift),
    hovertext: cells.map((cell) => cell.hover),
    hoverinfo: 'text',
    marker: { size: 30, opacity: 0 },
    showlegend: false,
  };
  const images: Layout['images'] = cells.map((cell) => ({
    source: digitPicture(digits, cell.index, enlargement),
    xref: 'x',
    yref: 'y',
    x: cell.column,
    y: cell.row + shift,
    xanchor: 'center',
    yanchor: 'middle',
    sizex: size,
    sizey: size,
    sizing: 'contain',
  }));
  return { data: [trace], images };
}

/** One digit as a PNG in a data URI: dark ink on white, enlarged so that no browser blurs it. */
function digitPicture(digits: DigitSet, index: number, enlargement: number): string {
  const side = imageSize * enlargement;
  const png = new PNG({ width: side, height: side, colorType: 0, inputColorType: 0 });
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

function percent(share: number, digits = 2): string {
  return (100 * share).toFixed(digits);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function count(images: number): string {
  return images.toLocaleString('en-US');
}
