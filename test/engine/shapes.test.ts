import assert from 'node:assert/strict';
import { layerDiagram } from '../../lib/report/layerDiagram';
import { layerShapes } from '../../lib/engine/shapes';
import { layerTable } from '../../lib/report/tables';
import { tf } from '../../lib/platform/tensorflow';

const { layers } = tf;

describe('shapes', () => {
  const convolution = () => layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1] });
  const shapesOf = (model: tf.LayersModel) =>
    layerShapes(model).map(({ inputShape, outputShape }) => [inputShape, outputShape].join(' > '));

  it('layerShapes(model) gives the shapes of a layer that two models share', () => {
    const base = tf.sequential({ layers: [convolution(), layers.flatten()] });
    const shared = base.layers[1];
    const input = tf.input({ shape: [3, 3, 2] });
    const other = tf.model({
      inputs: input,
      outputs: shared.apply(input) as tf.SymbolicTensor,
    });
    assert.deepEqual(shapesOf(base), [',8,8,1 > ,6,6,2', ',6,6,2 > ,72']);
    assert.deepEqual(shapesOf(other), [',3,3,2 > ,3,3,2', ',3,3,2 > ,18']);
    base.dispose();
  });

  for (const place of ['first', 'second']) {
    it(`layerShapes(model), layerTable and layerDiagram take a model that is its ${place} layer`, () => {
      const isFirst = place === 'first';
      const inner = tf.sequential({
        name: 'inner',
        layers: isFirst
          ? [convolution(), layers.flatten()]
          : [layers.flatten({ inputShape: [6, 6, 2] })],
      });
      const outer = tf.sequential({ layers: isFirst ? [inner] : [convolution(), inner] });
      outer.add(layers.dense({ units: 3, activation: 'softmax' }));
      assert.deepEqual(
        shapesOf(outer),
        isFirst ? [',8,8,1 > ,72', ',72 > ,3'] : [',8,8,1 > ,6,6,2', ',6,6,2 > ,72', ',72 > ,3'],
      );
      const rows = layerTable(outer).values as unknown[][];
      const innerRow = rows.find(([name]) => name === 'inner');
      assert.deepEqual(innerRow?.slice(1), ['Sequential', '72', isFirst ? 20 : 0]);
      assert.deepEqual(rows.at(-3), ['total', '', '', 20 + 72 * 3 + 3]);
      assert.match(
        layerDiagram(outer, { title: 'Outer' }).description,
        /Sequential 72 → Dense 3 softmax$/,
      );
      outer.dispose();
    });
  }
});
