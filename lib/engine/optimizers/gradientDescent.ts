import type { tf } from '../../platform/tensorflow';
import { DataType, type Graph, type Value } from '../graph';
import type { GraphOptimizer } from './optimizer';
import { OptimizerState } from './state';

/** What a `tf.MomentumOptimizer` was made with; a `tf.SGDOptimizer` has neither. */
interface MomentumSettings {
  readonly momentum?: number;
  readonly useNesterov?: boolean;
}

/**
 * Gradient descent by ResourceApplyGradientDescent; with a momentum, Nesterov's or not, by
 * ResourceApplyMomentum.
 */
export class GradientDescent implements GraphOptimizer {
  readonly state: OptimizerState;
  private readonly settings: MomentumSettings;
  readonly inputCount = 1;

  /** @param weights - The weights to train. */
  constructor(
    private readonly graph: Graph,
    optimizer: tf.Optimizer,
    weights: readonly tf.LayerVariable[],
  ) {
    this.settings = optimizer as MomentumSettings;
    const kinds = this.settings.momentum === undefined ? [] : ['momentum'];
    this.state = new OptimizerState(graph, optimizer, weights, kinds);
  }

  addStep(
    handles: readonly Value[],
    gradients: readonly Value[],
    [rate]: readonly Value[],
  ): Value[] {
    const { graph } = this;
    const { momentum, useNesterov = false } = this.settings;
    const T = { type: DataType.float };
    if (momentum === undefined) {
      return handles.map((handle, index) =>
        graph.add('ResourceApplyGradientDescent', [handle, rate, gradients[index]], { T }),
      );
    }
    const share = graph.scalar(momentum);
    const sums = this.state.handlesOf('momentum');
    return handles.map((handle, index) => {
      const inputs = [handle, sums[index], rate, gradients[index], share];
      return graph.add('ResourceApplyMomentum', inputs, { T, use_nesterov: useNesterov });
    });
  }

  nextInputs(learningRate: number): number[] {
    this.state.iterations += 1;
    return [learningRate];
  }
}
