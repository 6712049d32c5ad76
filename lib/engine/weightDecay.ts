import { DataType, type Graph, type Value } from './graph';

/** Takes a share of each kernel off, beside what the optimizer does; biases and scales stay. */
export class WeightDecay {
  /** How many numbers each step is fed. */
  readonly inputCount = 1;

  /** @param share - What a step takes off, divided by the learning rate. */
  constructor(
    private readonly graph: Graph,
    private readonly share: number,
  ) {}

  /**
   * Adds the operations that shrink the kernels before the optimizer takes its step.
   *
   * @param handles - The variables to train.
   * @param values - What they hold before the step.
   * @param gradients - Gradient of the loss by each.
   * @param shapes - Of each; kernels have two axes or more.
   * @param inputs - What the step is fed, as scalars.
   * @returns The gradients, which exist only after the kernels have shrunk.
   */
  addStep(
    handles: readonly Value[],
    values: readonly Value[],
    gradients: readonly Value[],
    shapes: readonly (readonly unknown[])[],
    [factor]: readonly Value[],
  ): Value[] {
    const { graph } = this;
    return gradients.map((gradient, index) => {
      if (shapes[index].length < 2) return gradient;
      const loss = graph.op('Mul', [values[index], factor]);
      const dtype = { type: DataType.float };
      const shrunk = graph.add('AssignSubVariableOp', [handles[index], loss], { dtype });
      return graph.after(gradient, [shrunk]);
    });
  }

  /** Gives what to feed for the next step. */
  nextInputs(learningRate: number): number[] {
    return [this.share * learningRate];
  }
}
