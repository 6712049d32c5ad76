import type { Plot } from 'nodeplotlib';
import { baseLayout, grays, hoverName, palette, type Figure, type TitleOption } from './figure';
import { layerShapes, type LayerShape } from '../engine';
import { escapeMarkup, shorten } from './names';
import { percent, requireParts, thousands } from '../platform/numbers';
import type { tf } from '../platform/tensorflow';

interface Block {
  readonly kind: string;
  /** Output size without the batch: [height, width, channels] or [units]. */
  readonly shape: readonly number[];
  /** What the shape does not tell, such as `3×3 relu`. */
  readonly detail: string;
  readonly hover: string;
  /** Places of the blocks that it takes, which stand before it. */
  readonly sources: readonly number[];
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
  Activation: '#a6761d',
  Add: palette.orange,
  GlobalAveragePooling2D: palette.sky,
  Flatten: palette.sky,
  Dense: palette.green,
};
const plates = ['BatchNormalization', 'Dropout', 'Activation', 'ReLU', 'Add'];
const slant = 0.4;

/** With more blocks than these, plates that keep the shape go without a label, to save room. */
const mostLabelled = 20;

/** Pixels between two blocks where nothing goes from one to the other. */
const pathGap = 16;

/**
 * Draws the layers of a network as blocks in the shapes of their outputs, read from the model.
 *
 * Heights and depths of feature maps are to scale, their widths grow with the channels; a row of n
 * numbers is a column as high as a square map of n cells. Layers that keep the shape (batch
 * normalization, dropout) are thin plates. Where a layer takes what is not its left neighbor's, as at
 * the end of a skip, an arc leads to it. Large networks have a smaller scale. After visualkeras
 * (Gavrikov, 2020).
 *
 * @param model - Any model of layers; the paths of a graph stand one after the other.
 * @param options.title - What to call it. @default the model's name
 * @throws TypeError when `model` is none.
 */
export function layerDiagram(
  model: tf.LayersModel,
  { title = model?.name }: TitleOption = {},
): Figure {
  requireParts('model', model, ['layers', 'inputs'], 'a model of layers');
  const layers = inPaths(layerShapes(model));
  const blocks = [inputBlock(model), ...layers.map(layerBlock)];
  const scale = scaleFor(blocks);
  const boxes = blocks.map((block) => boxOf(block, scale));
  const labels = blocks.map((block, index) => labelOf(block, blocks[index - 1], blocks.length));
  const tallest = Math.max(...boxes.map((box) => box.height + box.depth));
  const narrowest = Math.max(60, 480 / boxes.length);
  const slots = boxes.map((box, index) => {
    if (labels[index] === '') return Math.round(box.width + box.depth + 10);
    const { shape, detail } = blocks[index];
    // A bold letter of 11 pixels is at most 6.5 pixels wide.
    const label = 6.5 * Math.max(shape.join('×').length, detail.length) + 4;
    return Math.round(Math.max(narrowest, label, box.width + box.depth + 10));
  });
  const gaps = blocks.map(({ sources }, index) =>
    index > 0 && !sources.includes(index - 1) ? pathGap : 0,
  );
  const width = sum(slots) + sum(gaps);
  const centers = blocks.map(
    (_, index) => sum(slots.slice(0, index)) + sum(gaps.slice(0, index + 1)) + slots[index] / 2,
  );
  const arcs = arcsOver(blocks, boxes, centers);
  const top = tallest / 2 + arcs.height;
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
    layout: baseLayout(
      `${title}: layers and output shapes`,
      width + 20,
      tallest + arcs.height + 155,
      {
        xaxis: { range: [0, width], visible: false },
        yaxis: { range: [-tallest / 2 - 45, top + 5], visible: false },
        shapes: [
          ...boxes.flatMap((box, index) => faces(box, centers[index], colorOf(blocks[index].kind))),
          ...arcs.shapes,
        ],
        annotations: labels.map((text, index) => ({
          x: centers[index],
          y: -tallest / 2 - 6,
          yanchor: 'top',
          text,
          font: { size: 11 },
          showarrow: false,
        })),
        margin: { l: 10, r: 10, t: 85, b: 5 },
        dragmode: false,
      },
    ),
    description:
      `Layers of ${title}, with their output shapes: ` +
      blocks
        .map((block, index) => `${index === 0 ? '' : leadTo(block, index)}${name(block)}`)
        .join(''),
  };
}

function name({ kind, shape, detail }: Block): string {
  return [kind, shape.join('×'), detail].filter(Boolean).join(' ');
}

/** What stands before a block in words: an arrow, or which other blocks it takes. */
function leadTo({ sources }: Block, index: number): string {
  if (sources.join() === String(index - 1)) return ' → ';
  return `; from ${sources.map((source) => `block ${source + 1}`).join(' and ')} → `;
}

/** The layers path by path: each stands behind all that it takes, its first path before the others. */
function inPaths(layers: readonly LayerShape[]): LayerShape[] {
  const known = new Map(layers.map((it) => [it.layer, it]));
  // A layer that is used twice may take what it gave itself.
  const entered = new Set<LayerShape>();
  const ordered = new Set<LayerShape>();
  // By a list of what is left to do: a chain of thousands of layers would be too deep for calls.
  const left = layers.slice(-1).map((it) => ({ it, isDone: false }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { it, isDone } = next;
    if (isDone) ordered.add(it);
    if (entered.has(it)) continue;
    entered.add(it);
    left.push({ it, isDone: true });
    for (const source of [...it.sources].reverse()) {
      const found = known.get(source);
      if (found) left.push({ it: found, isDone: false });
    }
  }
  return [...layers.filter((it) => !ordered.has(it)), ...ordered].filter(
    ({ layer }) => layer.getClassName() !== 'InputLayer',
  );
}

function inputBlock(model: tf.LayersModel): Block {
  const shape = model.inputs[0].shape.slice(1) as number[];
  return { kind: 'Input', shape, detail: 'image', hover: `Input, ${shape.join('×')}`, sources: [] };
}

function layerBlock(
  { layer, sources, outputShape }: LayerShape,
  place: number,
  layers: readonly LayerShape[],
): Block {
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
    activation === 'linear' ? undefined : activation,
  ];
  return {
    kind,
    shape,
    detail: detail.filter(Boolean).join(' '),
    hover: `${hoverName(`${layer.name} (${kind})`)}<br>output ${shape.join('×')}<br>${parameters} parameters`,
    sources:
      sources.length === 0 ? [place] : sources.map((source) => placeOf(source, place, layers)),
  };
}

/** The place of a source's block: the first is the input's, of which there is no layer here. */
function placeOf(source: tf.layers.Layer, left: number, layers: readonly LayerShape[]): number {
  if (source.getClassName() === 'InputLayer') return 0;
  const index = layers.findIndex(({ layer }) => layer === source);
  // Of a model that is the first layer, tfjs names only the layers inside.
  return index < 0 ? left : index + 1;
}

/** What stands below a block. */
function labelOf(block: Block, before: Block | undefined, count: number): string {
  const { kind, shape, detail } = block;
  const isSame = before?.shape.join() === shape.join();
  if (count > mostLabelled && plates.includes(kind) && isSame) return '';
  return `<b>${shape.join('×')}</b><br>${escapeMarkup(detail)}`;
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

/** Arcs over the blocks, from each that is taken by another than its right neighbor. */
function arcsOver(blocks: readonly Block[], boxes: readonly Box[], centers: readonly number[]) {
  const topOf = (index: number) => (boxes[index].height + boxes[index].depth) / 2 + 3;
  const highest = Math.max(...boxes.map((_, index) => topOf(index)));
  const spans = blocks.flatMap(({ sources }, to) =>
    sources.filter((from) => from < to - 1).map((from) => ({ from, to })),
  );
  const shapes = spans.flatMap(({ from, to }) => {
    const peak = highest + 14 + 0.06 * (centers[to] - centers[from]);
    const [x, y] = [centers[to].toFixed(1), topOf(to)];
    const start = `${centers[from].toFixed(1)},${topOf(from).toFixed(1)}`;
    const curve = `C${centers[from].toFixed(1)},${peak.toFixed(1)} ${x},${peak.toFixed(1)}`;
    const line = { color: grays.text, width: 1.4 };
    const [left, right] = [-4, 4].map((by) => (centers[to] + by).toFixed(1));
    return [
      { type: 'path' as const, path: `M${start}${curve} ${x},${y.toFixed(1)}`, line },
      {
        type: 'path' as const,
        path: `M${x},${y.toFixed(1)}L${left},${(y + 8).toFixed(1)}L${right},${(y + 8).toFixed(1)}Z`,
        fillcolor: grays.text,
        line,
      },
    ];
  });
  // A curve of this kind reaches three quarters of the way to its control points.
  const longest = Math.max(0, ...spans.map(({ from, to }) => centers[to] - centers[from]));
  return { shapes, height: spans.length > 0 ? 20 + 0.06 * longest : 0 };
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
