import assert from 'node:assert/strict';
import { Graph } from '../../lib/engine/graph';

it('Graph.load() says which operation TensorFlow does not have', () => {
  const graph = new Graph();
  graph.add('NoSuchOperation');
  assert.throws(() => graph.load(), /NoSuchOperation/);
});
