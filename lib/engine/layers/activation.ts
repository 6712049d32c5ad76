import type { LayerInGraph } from '../pass';
import { activationRefusal, type LayerKind } from './kind';

/** What a layer gives that changes nothing in a pass. */
export const unchanged: LayerInGraph = (_, [input]) => ({
  output: input,
  backward: (gradient) => [gradient],
});

const relu: LayerInGraph = ({ graph }, [input]) => {
  const output = graph.op('Relu', [input]);
  return { output, backward: (gradient) => [graph.op('ReluGrad', [gradient, output])] };
};

/** The layer Activation: relu, linear, or a last softmax, which is part of the loss. */
export const activation: LayerKind = ({ layer, isOutput }) => {
  const { activation: name } = layer.getConfig();
  if (isOutput && name === 'softmax') return unchanged;
  return activationRefusal(name) ?? (name === 'relu' ? relu : unchanged);
};

/** The layer ReLU without an upper bound. */
export const reluLayer: LayerKind = ({ layer }) => {
  const { maxValue } = layer.getConfig();
  return maxValue == null ? relu : 'has an upper bound';
};

/** The layer Softmax, which is part of the loss, so only the last layer can be one. */
export const softmaxLayer: LayerKind = ({ layer, isOutput }) => {
  const { axis } = layer.getConfig();
  if (!isOutput) return 'is a softmax before the end';
  return axis == null || axis === -1 || axis === 1 ? unchanged : 'has another axis than the last';
};
