import { DataType, output, type Graph, type Value } from '../graph';
import { weightsOf, type LayerKind } from './kind';

/**
 * Batch normalization (Ioffe and Szegedy, 2015) of the last axis by FusedBatchNormV3 and
 * FusedBatchNormGradV3.
 */
export const batchNormalization: LayerKind = ({ layer, inputShapes: [shape] }) => {
  const { axis, momentum, epsilon, center, scale } = layer.getConfig();
  const lastAxis = axis === -1 || axis === shape.length - 1;
  if (!lastAxis) return 'normalizes another axis than the last';
  if (!center || !scale) return 'has no scale or no center';
  if (![2, 4].includes(shape.length)) return 'takes neither images nor rows of numbers';
  const { gamma, beta, movingMean, movingVariance } = weightsOf<
    'gamma' | 'beta' | 'movingMean' | 'movingVariance'
  >(layer);
  const channels = gamma.shape[0] as number;
  return (pass, [input]) => {
    const { graph, training } = pass;
    const reshape = (value: Value, to: readonly number[]) =>
      shape.length === 4 ? value : graph.reshape(value, to);
    // The fused operations take images only, so rows become images of one pixel.
    const toImages = (value: Value) => reshape(value, [-1, 1, 1, channels]);
    const fromImages = (value: Value) => reshape(value, [-1, channels]);

    const images = toImages(input);
    const attributes = {
      U: { type: DataType.float },
      epsilon: { float: epsilon as number },
      is_training: training,
    };
    const nothing = graph.constant(new Float32Array(0));
    const statistics = training
      ? [nothing, nothing]
      : [pass.readFloat(movingMean), pass.readFloat(movingVariance)];
    const inputs = [images, pass.readFloat(gamma), pass.readFloat(beta), ...statistics];
    const normalized = graph.op('FusedBatchNormV3', inputs, attributes);
    if (training) {
      const share = biasedShare(graph, images, channels);
      const mean = output(normalized, 1);
      const variance = graph.op('Mul', [output(normalized, 2), share]);
      pass.statistics.push(
        { average: movingMean, ofBatch: mean, momentum: momentum as number },
        { average: movingVariance, ofBatch: variance, momentum: momentum as number },
      );
    }
    return {
      output: fromImages(normalized),
      backward(gradient) {
        const reserves = [3, 4, 5].map((index) => output(normalized, index));
        const inputs = [toImages(gradient), images, pass.readFloat(gamma), ...reserves];
        const byImages = graph.op('FusedBatchNormGradV3', inputs, attributes);
        pass.addGradient(gamma, output(byImages, 1));
        pass.addGradient(beta, output(byImages, 2));
        return [fromImages(byImages)];
      },
    };
  };
};

/**
 * The factor (n - 1) / n from the unbiased variance, which the fused operation gives, to the
 * biased one, which tfjs and Keras average; n are the numbers in a channel of the batch.
 */
function biasedShare(graph: Graph, images: Value, channels: number): Value {
  const size = graph.cast(graph.op('Size', [images]), DataType.float);
  const count = graph.op('RealDiv', [size, graph.scalar(channels)]);
  return graph.op('RealDiv', [graph.op('Sub', [count, graph.scalar(1)]), count]);
}
