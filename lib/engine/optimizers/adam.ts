import type { tf } from '../../platform/tensorflow';
import { DataType, type Graph, type Value } from '../graph';
import type { GraphOptimizer } from './optimizer';
import { OptimizerState } from './state';

/** What a `tf.AdamOptimizer` was made with. */
interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Adam (Kingma and Ba, 2015) by one ResourceApplyAdam per weight, equal to tfjs's composed one. */
export class Adam implements GraphOptimizer {
  readonly state: OptimizerState;
  private readonly settings: AdamSettings;
  readonly inputCount = 4;

  /** @param weights - The weights to train. */
  constructor(
    private readonly graph: Graph,
    optimizer: tf.Optimizer,
    weights: readonly tf.LayerVariable[],
  ) {
    this.settings = optimizer as unknown as AdamSettings;
    this.state = new OptimizerState(graph, optimizer, weights, ['m', 'v']);
  }

  addStep(
    handles: readonly Value[],
    gradients: readonly Value[],
    inputs: readonly Value[],
  ): Value[] {
    const { graph } = this;
    const [power1, power2, learningRate, epsilon] = inputs;
    const beta1 = graph.scalar(this.settings.beta1);
    const beta2 = graph.scalar(this.settings.beta2);
    const [first, second] = ['m', 'v'].map((kind) => this.state.handlesOf(kind));
    return handles.map((handle, index) => {
      const rates = [power1, power2, learningRate, beta1, beta2, epsilon];
      const taken = [handle, first[index], second[index], ...rates, gradients[index]];
      return graph.add('ResourceApplyAdam', taken, { T: { type: DataType.float } });
    });
  }

  nextInputs(learningRate: number): number[] {
    const { beta1, beta2, epsilon } = this.settings;
    this.state.iterations += 1;
    const power1 = beta1 ** this.state.iterations;
    const power2 = beta2 ** this.state.iterations;
    // TensorFlow adds epsilon to the root of the biased second moment, tfjs to that of the
    // corrected one: scaled by the root of the correction, they are the same.
    return [power1, power2, learningRate, epsilon * Math.sqrt(1 - power2)];
  }
}
