import assert from 'node:assert/strict';
import { DataType, Graph } from '../../lib/engine/graph';

it('Session.run(inputs, outputs) says what TensorFlow refuses', () => {
  const graph = new Graph();
  const [left, right] = [graph.input(DataType.float), graph.input(DataType.float)];
  const product = graph.op('MatMul', [left, right]);
  const session = graph.load();
  const inputs = new Map([
    [left, { values: new Float32Array(6), shape: [2, 3] }],
    [right, { values: new Float32Array(20), shape: [4, 5] }],
  ]);
  assert.throws(() => session.run(inputs, [product]), /Matrix size-incompatible/);
  session.dispose();
});
