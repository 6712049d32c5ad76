import { DataType, type Graph, type Value } from './graph';
import { Variables } from './variables';

/**
 * An exponential moving average of each trained weight, which stays less in the first steps, so that
 * the initial weights are soon gone (TensorFlow's ExponentialMovingAverage with `num_updates`).
 */
export class WeightAverages {
  readonly variables: Variables;
  /** How many numbers each step is fed. */
  readonly inputCount = 2;

  /**
   * @param shapes - Of the trained weights.
   * @param decay - Largest share of the averages that stays in a step.
   */
  constructor(
    private readonly graph: Graph,
    shapes: readonly (readonly number[])[],
    private readonly decay: number,
  ) {
    this.variables = new Variables(graph, 'average', shapes);
  }

  /**
   * Adds the operations that move the averages.
   *
   * @param handles - The trained variables.
   * @param updates - The operations that change each of them in this step.
   * @param inputs - What the step is fed, as scalars.
   * @param after - A value that must exist before the averages are read, of the step before this.
   * @returns The operations to run for the step.
   */
  addStep(
    handles: readonly Value[],
    updates: readonly Value[],
    [staying, coming]: readonly Value[],
    after?: Value,
  ): Value[] {
    const { graph, variables } = this;
    const averages = variables.read(after);
    const dtype = { type: DataType.float };
    return handles.map((handle, index) => {
      const weight = graph.add('ReadVariableOp', [handle], { dtype }, [updates[index]]);
      const stays = graph.op('Mul', [averages[index], staying]);
      const comes = graph.op('Mul', [weight, coming]);
      const average = graph.op('AddV2', [stays, comes]);
      return graph.add('AssignVariableOp', [variables.handles[index], average], { dtype });
    });
  }

  /** Gives what to feed for the next step, before which so many were taken. */
  nextInputs(stepsDone: number): number[] {
    const staying = Math.min(this.decay, (1 + stepsDone) / (10 + stepsDone));
    return [staying, 1 - staying];
  }
}
