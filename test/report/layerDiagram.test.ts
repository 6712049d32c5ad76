import assert from 'node:assert/strict';
import { layerDiagram } from '../../lib/report/layerDiagram';
import type { Figure } from '../../lib/report/figure';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { buildResidualCnn } from '../../lib/networks/residualCnn';
import { buildSimpleCnn } from '../../lib/networks/simpleCnn';
import { tf } from '../../lib/platform/tensorflow';
import { markupName } from '../fixtures';

const networks: readonly [name: string, build: () => tf.Sequential, shapes: readonly string[]][] = [
  ['baseline', buildBaseline, ['28×28×1', '784', '128', '10']],
  [
    'simple',
    buildSimpleCnn,
    ['28×28×1', '26×26×32', '13×13×32', '11×11×64', '5×5×64', '1600', '128', '10'],
  ],
  [
    'regularized',
    buildRegularizedCnn,
    ['28×28×1', '26×26×32', '26×26×32', '13×13×32', '13×13×32', '11×11×64', '11×11×64'].concat(
      ['5×5×64', '5×5×64', '1600', '128', '128', '128', '10'], //
    ),
  ],
];

for (const [name, build, shapes] of networks) {
  it(`layerDiagram(${name}) has a block of three faces and its shape for every layer`, () => {
    const figure = layerDiagram(build(), { title: name });
    assert.deepEqual(shapesUnderBlocks(figure), shapes);
    assert.equal(figure.layout.shapes?.length, 3 * shapes.length);
    assert.ok((figure.layout.width as number) <= 900, `${figure.layout.width} pixels wide`);
  });

  it(`layerDiagram(${name}) writes no label over another and no block over its neighbor`, () => {
    const { layout } = layerDiagram(build(), { title: name });
    const labels = layout.annotations as { x: number; text: string }[];
    // A bold character of 11 pixels is at most 6.5 pixels wide.
    const spans = labels.map(({ x, text }) => {
      const lines = text.replace(/<\/?b>/g, '').split('<br>');
      const half = (6.5 * Math.max(...lines.map((line) => line.length))) / 2;
      return [x - half, x + half];
    });
    spans.slice(1).forEach(([left], index) => assert.ok(left > spans[index][1] - 1));
    const blocks = labels.map((_, index) => horizontalSpan(layout, index));
    blocks.slice(1).forEach(([left], index) => assert.ok(left > blocks[index][1]));
    assert.ok(blocks[0][0] >= 0);
  });
}

it('layerDiagram(model) names every kind of layer in the legend, with its own color', () => {
  const { data } = layerDiagram(buildRegularizedCnn());
  assert.deepEqual(
    data.map(({ name }) => name),
    ['Input', 'Conv2D', 'BatchNormalization', 'MaxPooling2D', 'Dropout', 'Flatten', 'Dense'],
  );
  assert.equal(new Set(data.map(({ marker }) => marker?.color)).size, 7);
});

it('layerDiagram(model) draws heights to scale, and vectors as high as a map of as many cells', () => {
  const { layout } = layerDiagram(buildBaseline());
  const [input, flatten] = [0, 1].map((index) => frontHeight(layout, index));
  assert.equal(input, flatten);
  assert.equal(input, 28 * 4.5);
});

it('layerDiagram(model) tells of parameters, kernels and rates', () => {
  const { data, layout, description } = layerDiagram(buildRegularizedCnn());
  const hovers = data.flatMap(({ hovertext }) => hovertext as string[]);
  assert.ok(hovers.some((text) => text.includes('18,496 parameters')));
  const labels = layout.annotations?.map(({ text }) => text) as string[];
  assert.ok(labels.includes('<b>26×26×32</b><br>3×3 relu'));
  assert.ok(labels.includes('<b>5×5×64</b><br>25 %'));
  assert.match(description, /Flatten 1600 → Dense 128 relu/);
});

it('layerDiagram(model) draws layers it has no color for', () => {
  const model = tf.sequential({
    layers: [tf.layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 3 })],
  });
  model.add(tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }));
  assert.deepEqual(shapesUnderBlocks(layerDiagram(model)), ['4×4×1', '2×2×2', '2']);
});

it('layerDiagram(model) leads an arc to a layer that takes what is not its left neighbor’s', () => {
  const { input, layers } = { input: tf.input({ shape: [8, 8, 1] }), layers: tf.layers };
  const apply = (layer: tf.layers.Layer, ...from: tf.SymbolicTensor[]) =>
    layer.apply(from.length === 1 ? from[0] : from) as tf.SymbolicTensor;
  const first = apply(layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' }), input);
  const deep = apply(layers.conv2d({ filters: 2, kernelSize: 5, padding: 'same' }), first);
  const sum = apply(layers.add(), deep, first);
  const outputs = apply(layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }), sum);
  const { layout, description } = layerDiagram(tf.model({ inputs: input, outputs }));
  const shapes = layout.shapes ?? [];
  assert.equal(shapes.length, 3 * 5 + 2);
  const labels = layout.annotations as { x: number }[];
  // From the first convolution, over the second, to the sum, whose place ends curve and arrow.
  const ends = [...(shapes[15].path as string).matchAll(/(-?[\d.]+),/g)].map(([, x]) => Number(x));
  assert.deepEqual(
    [ends[0], ends.at(-1)],
    [labels[1], labels[3]].map(({ x }) => x),
  );
  assert.match(shapes[16].path as string, new RegExp(`^M${labels[3].x.toFixed(1)},`));
  assert.match(description, /5×5; from block 3 and block 2 → Add 8×8×2 → GlobalAverage/);
});

it('layerDiagram(model) puts the paths of a graph one after the other, and saves labels', () => {
  const { layout, description } = layerDiagram(buildResidualCnn());
  assert.match(description, /Conv2D 14×14×64 3×3 → Batch[^;]*; from block 5 → Conv2D 14×14×64 1×1/);
  assert.match(description, /; from block 10 and block 12 → Add 14×14×64 → Activation/);
  const texts = layout.annotations?.map(({ text }) => text as string) ?? [];
  assert.equal(texts.filter((text) => text === '').length, 14);
  assert.ok(texts.includes('<b>14×14×64</b><br>1×1'));
  assert.ok((layout.width as number) < 1500);
});

it('layerDiagram(model) ends with a layer that is used twice, too', () => {
  const input = tf.input({ shape: [4] });
  const twice = tf.layers.dense({ units: 4 });
  const outputs = twice.apply(twice.apply(input)) as tf.SymbolicTensor;
  const figure = layerDiagram(tf.model({ inputs: input, outputs }));
  assert.deepEqual(shapesUnderBlocks(figure), ['4', '4']);
});

it('layerDiagram(model) has a smaller scale for large images and many channels', () => {
  const { conv2d, dense } = tf.layers;
  const model = tf.sequential({
    layers: [
      conv2d({ inputShape: [512, 256, 3], filters: 2, kernelSize: 3, activation: 'hardSigmoid' }),
      conv2d({ filters: 1024, kernelSize: 1, strides: 8 }),
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      dense({ units: 2 }),
    ],
  });
  const { layout } = layerDiagram(model);
  assert.ok((layout.height as number) < 600 && (layout.width as number) < 900);
  assert.equal(frontHeight(layout, 0), 280);
  const labels = layout.annotations as { x: number; text: string }[];
  const spans = labels.map(({ x, text }) => {
    const lines = text.replace(/<\/?b>/g, '').split('<br>');
    const half = (6.5 * Math.max(...lines.map((line) => line.length))) / 2;
    return [x - half, x + half];
  });
  spans.slice(1).forEach(([left], index) => assert.ok(left > spans[index][1] - 1));
});

it('layerDiagram(model, { title }) draws the title letter by letter', () => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
  const { data, layout, description } = layerDiagram(model, { title: markupName });
  assert.doesNotMatch(JSON.stringify([data, layout.title]), /<b>zero|<a |\$x|%\{y\}/);
  assert.ok(description.startsWith(`Layers of ${markupName}`));
});

function shapesUnderBlocks({ layout }: Figure): string[] {
  return (layout.annotations ?? []).map(
    ({ text }) => /<b>(.*)<\/b>/.exec(text as string)?.[1] ?? '',
  );
}

/** Corners of a face, in pixels. */
function corners(layout: Figure['layout'], face: number): [number, number][] {
  const path = layout.shapes?.[face].path as string;
  return [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

function horizontalSpan(layout: Figure['layout'], block: number): [number, number] {
  const xs = [0, 1, 2].flatMap((face) => corners(layout, 3 * block + face).map(([x]) => x));
  return [Math.min(...xs), Math.max(...xs)];
}

function frontHeight(layout: Figure['layout'], block: number): number {
  const ys = corners(layout, 3 * block).map(([, y]) => y);
  return Math.round(10 * (Math.max(...ys) - Math.min(...ys))) / 10;
}
