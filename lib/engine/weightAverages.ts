import { DataType, type Graph, type Value } from './graph';
import type { Feed } from './session';
import { Variables } from './variables';

/** An exponential moving average of each trained weight; the first step sets it, as in Keras. */
export class WeightAverages {
  readonly variables: Variables;
  private readonly staying: Value;
  private readonly coming: Value;

  /**
   * @param shapes - Of the trained weights.
   * @param decay - Share of the averages that stays in each step.
   */
  constructor(
    private readonly graph: Graph,
    shapes: readonly (readonly number[])[],
    private readonly decay: number,
  ) {
    this.variables = new Variables(graph, 'average', shapes);
    this.staying = graph.input(DataType.float, []);
    this.coming = graph.input(DataType.float, []);
  }

  /**
   * Adds the operations that move the averages.
   *
   * @param handles - The trained variables.
   * @param updates - The operations that change each of them in this step.
   * @returns The operations to run for the step.
   */
  addStep(handles: readonly Value[], updates: readonly Value[]): Value[] {
    const { graph, variables } = this;
    const dtype = { type: DataType.float };
    return handles.map((handle, index) => {
      const weight = graph.add('ReadVariableOp', [handle], { dtype }, [updates[index]]);
      const stays = graph.op('Mul', [variables.values[index], this.staying]);
      const comes = graph.op('Mul', [weight, this.coming]);
      const average = graph.op('AddV2', [stays, comes]);
      return graph.add('AssignVariableOp', [variables.handles[index], average], { dtype });
    });
  }

  /** Gives what to feed for the next step, before which so many were taken. */
  nextInputs(stepsDone: number): [Value, Feed][] {
    const staying = stepsDone === 0 ? 0 : this.decay;
    return [
      [this.staying, { values: Float32Array.of(staying), shape: [] }],
      [this.coming, { values: Float32Array.of(1 - staying), shape: [] }],
    ];
  }
}
