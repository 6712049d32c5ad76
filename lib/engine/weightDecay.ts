import { DataType, type Graph, type Value } from './graph';
import type { Feed } from './session';

/** Takes a share of each kernel off, beside what the optimizer does; biases and scales stay. */
export class WeightDecay {
  private readonly factor: Value;

  /** @param share - What a step takes off, divided by the learning rate. */
  constructor(
    private readonly graph: Graph,
    private readonly share: number,
  ) {
    this.factor = graph.input(DataType.float, []);
  }

  /**
   * Adds the operations that shrink the kernels before the optimizer takes its step.
   *
   * @param handles - The variables to train.
   * @param values - What they hold before the step.
   * @param gradients - Gradient of the loss by each.
   * @param shapes - Of each; kernels have two axes or more.
   * @returns The gradients, which exist only after the kernels have shrunk.
   */
  addStep(
    handles: readonly Value[],
    values: readonly Value[],
    gradients: readonly Value[],
    shapes: readonly (readonly unknown[])[],
  ): Value[] {
    const { graph, factor } = this;
    return gradients.map((gradient, index) => {
      if (shapes[index].length < 2) return gradient;
      const loss = graph.op('Mul', [values[index], factor]);
      const dtype = { type: DataType.float };
      const shrunk = graph.add('AssignSubVariableOp', [handles[index], loss], { dtype });
      return graph.after(gradient, [shrunk]);
    });
  }

  /** Gives what to feed for the next step. */
  nextInputs(learningRate: number): [Value, Feed][] {
    const values = Float32Array.of(this.share * learningRate);
    return [[this.factor, { values, shape: [] }]];
  }
}
