import type { Plot } from 'nodeplotlib';
import { baseLayout, grays, hoverName, palette, type Figure, type TitleOption } from './figure';
import { layerShapes, type LayerShape } from '../engine';
import { escapeMarkup, shorten } from './names';
import { percent, thousands } from '../platform/numbers';
import type { tf } from '../platform/tensorflow';

interface Block {
  readonly kind: string;
  /** Output size without the batch: [height, width, channels] or [units]. */
  readonly shape: readonly number[];
  /** What the shape does not tell, such as `3×3 relu`. */
  readonly detail: string;
  readonly hover: string;
}

/** How a block is drawn, in pixels: a box seen from the left above. */
interface Box {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

const kindColors: Readonly<Record<string, string>> = {
  Input: '#bdbdbd',
  Conv2D: palette.blue,
  BatchNormalization: palette.yellow,
  MaxPooling2D: palette.vermillion,
  Dropout: '#7a7a7a',
  Flatten: palette.sky,
  Dense: palette.green,
};
const plates = ['BatchNormalization', 'Dropout', 'Activation'];
const slant = 0.4;

/**
 * Draws the layers of a network as blocks in the shapes of their outputs, read from the model.
 *
 * Heights and depths of feature maps are to scale, their widths grow with the channels; a row of n
 * numbers is a column as high as a square map of n cells. Layers that keep the shape (batch
 * normalization, dropout) are thin plates. Large networks have a smaller scale. After visualkeras
 * (Gavrikov, 2020).
 *
 * @param model - A model of layers one after the other; of one with several paths the layers stand
 *   in the order of the model, without the paths.
 * @param options.title - What to call it. @default the model's name
 */
export function layerDiagram(
  model: tf.LayersModel,
  { title = model.name }: TitleOption = {},
): Figure {
  const layers = layerShapes(model).filter(({ layer }) => layer.getClassName() !== 'InputLayer');
  const blocks = [inputBlock(model), ...layers.map(layerBlock)];
  const scale = scaleFor(blocks);
  const boxes = blocks.map((block) => boxOf(block, scale));
  const tallest = Math.max(...boxes.map((box) => box.height + box.depth));
  const narrowest = Math.max(60, 480 / boxes.length);
  const slots = boxes.map((box, index) => {
    const { shape, detail } = blocks[index];
    // A bold letter of 11 pixels is at most 6.5 pixels wide.
    const label = 6.5 * Math.max(shape.join('×').length, detail.length) + 4;
    return Math.round(Math.max(narrowest, label, box.width + box.depth + 10));
  });
  const starts = slots.map((_, index) => sum(slots.slice(0, index)));
  const centers = blocks.map((_, index) => starts[index] + slots[index] / 2);
  const kinds = [...new Set(blocks.map((block) => block.kind))];
  return {
    data: kinds.map((kind): Plot => {
      const members = blocks.flatMap((block, index) => (block.kind === kind ? [index] : []));
      // The markers carry the legend and answer hovering; the blocks are drawn above them.
      return {
        type: 'scatter',
        mode: 'markers',
        name: escapeMarkup(shorten(kind, 32)),
        x: members.map((index) => centers[index] - boxes[index].depth / 2),
        y: members.map((index) => -boxes[index].depth / 2),
        hovertext: members.map((index) => blocks[index].hover),
        hoverinfo: 'text',
        marker: { symbol: 'square', size: 7, color: colorOf(kind) },
        showlegend: true,
      };
    }),
    layout: baseLayout(`${title}: layers and output shapes`, sum(slots) + 20, tallest + 155, {
      xaxis: { range: [0, sum(slots)], visible: false },
      yaxis: { range: [-tallest / 2 - 45, tallest / 2 + 5], visible: false },
      shapes: boxes.flatMap((box, index) =>
        faces(box, centers[index], colorOf(blocks[index].kind)),
      ),
      annotations: blocks.map((block, index) => ({
        x: centers[index],
        y: -tallest / 2 - 6,
        yanchor: 'top',
        text: `<b>${block.shape.join('×')}</b><br>${escapeMarkup(block.detail)}`,
        font: { size: 11 },
        showarrow: false,
      })),
      margin: { l: 10, r: 10, t: 85, b: 5 },
      dragmode: false,
    }),
    description:
      `Layers of ${title}, with their output shapes: ` +
      blocks
        .map(({ kind, shape, detail }) => [kind, shape.join('×'), detail].filter(Boolean).join(' '))
        .join(' → '),
  };
}

function inputBlock(model: tf.LayersModel): Block {
  const shape = model.inputs[0].shape.slice(1) as number[];
  return { kind: 'Input', shape, detail: 'image', hover: `Input, ${shape.join('×')}` };
}

function layerBlock({ layer, outputShape }: LayerShape): Block {
  const kind = layer.getClassName();
  const shape = outputShape.slice(1) as number[];
  const parameters = thousands(layer.countParams());
  const { kernelSize, poolSize, rate, activation } = layer.getConfig() as {
    kernelSize?: number[];
    poolSize?: number[];
    rate?: number;
    activation?: string;
  };
  const detail = [
    [kernelSize ?? poolSize ?? []].flat().join('×'),
    rate === undefined ? undefined : percent(rate, 0),
    activation,
  ];
  return {
    kind,
    shape,
    detail: detail.filter(Boolean).join(' '),
    hover: `${hoverName(`${layer.name} (${kind})`)}<br>output ${shape.join('×')}<br>${parameters} parameters`,
  };
}

/** Pixels of the page for a cell of a feature map and for a channel. */
interface Scale {
  readonly cell: number;
  readonly channel: number;
}

/** The scale at which networks of other sizes compare, or a smaller one for what would not fit. */
function scaleFor(blocks: readonly Block[]): Scale {
  const sides = blocks.flatMap(({ shape }) =>
    shape.length < 3 ? [Math.sqrt(shape[0])] : [shape[0], shape[1]],
  );
  const channels = blocks.flatMap(({ shape }) => (shape.length < 3 ? [] : [shape[2]]));
  return {
    cell: Math.min(4.5, 280 / Math.max(...sides)),
    channel: Math.min(0.35, 90 / Math.max(1, ...channels)),
  };
}

function boxOf({ kind, shape }: Block, { cell, channel }: Scale): Box {
  if (shape.length < 3) {
    const height = Math.max(10, cell * Math.sqrt(shape[0]));
    return { width: plates.includes(kind) ? 7 : 14, height, depth: 6 };
  }
  const [rows, columns, channels] = shape;
  return {
    width: plates.includes(kind) ? 7 : 8 + channel * channels,
    height: cell * rows,
    depth: cell * columns * slant,
  };
}

/** The front, top and right faces of a box whose outline is centered on the axis. */
function faces({ width, height, depth }: Box, center: number, color: string) {
  const left = center - (width + depth) / 2;
  const bottom = -(height + depth) / 2;
  const right = left + width;
  const top = bottom + height;
  const corner = (x: number, y: number) => `${x.toFixed(1)},${y.toFixed(1)}`;
  const face = (fillcolor: string, ...corners: string[]) => ({
    type: 'path' as const,
    path: `M${corners.join('L')}Z`,
    fillcolor,
    line: { color: grays.text, width: 0.8 },
    layer: 'above' as const,
  });
  const frontTop = [corner(left, top), corner(right, top)];
  const backTop = [corner(right + depth, top + depth), corner(left + depth, top + depth)];
  return [
    face(color, ...frontTop, corner(right, bottom), corner(left, bottom)),
    face(mix(color, 255, 0.45), ...frontTop, ...backTop),
    face(
      mix(color, 0, 0.25),
      corner(right, top),
      backTop[0],
      corner(right + depth, bottom + depth),
      corner(right, bottom),
    ),
  ];
}

function colorOf(kind: string): string {
  return kindColors[kind] ?? palette.purple;
}

/** A color moved by a share of the way to white (255) or black (0). */
function mix(color: string, target: number, share: number): string {
  const channels = [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
  return `rgb(${channels.map((value) => Math.round(value + (target - value) * share)).join(',')})`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
