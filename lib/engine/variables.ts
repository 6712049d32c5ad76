import { DataType, type Graph, type Value } from './graph';
import type { Session } from './session';

/** Variables of 32-bit floats in a graph, whose state a session keeps from run to run. */
export class Variables {
  /** Names the variables in operations that change them. */
  readonly handles: readonly Value[];
  private readonly values: readonly Value[];
  private readonly inputs: readonly Value[];
  private readonly assigned: Value;

  /**
   * @param purpose - What they are, such as `weight`; no two lists in a graph share it.
   * @param shapes - One shape per variable.
   */
  constructor(
    private readonly graph: Graph,
    purpose: string,
    readonly shapes: readonly (readonly number[])[],
  ) {
    const dtype = { type: DataType.float };
    this.handles = shapes.map((shape, index) =>
      graph.add('VarHandleOp', [], { dtype, shape: { shape }, shared_name: `${purpose}_${index}` }),
    );
    this.values = this.read();
    this.inputs = shapes.map((shape) => graph.input(DataType.float, shape));
    const assignments = this.handles.map((handle, index) =>
      graph.add('AssignVariableOp', [handle, copyOf(graph, this.inputs[index])], { dtype }),
    );
    this.assigned = graph.after(graph.scalar(0), assignments);
  }

  /** Sets all variables to copies. */
  assign(session: Session, values: readonly Float32Array[]): void {
    const feeds = values.map((numbers, index) => ({ values: numbers, shape: this.shapes[index] }));
    session.run(new Map(feeds.map((feed, index) => [this.inputs[index], feed])), [this.assigned]);
  }

  /**
   * Adds what the variables hold.
   *
   * @param after - A value that must exist before. @default what they hold when a run begins
   */
  read(after?: Value): Value[] {
    return this.handles.map((handle) =>
      this.graph.add(
        'ReadVariableOp',
        [handle],
        { dtype: { type: DataType.float } },
        after === undefined ? [] : [after],
      ),
    );
  }

  /** Gives what all variables hold. */
  get(session: Session): Float32Array[] {
    if (this.values.length === 0) return [];
    return session.run(new Map(), this.values) as Float32Array[];
  }
}

/**
 * Adds a copy of what a graph is fed, for a variable to keep.
 *
 * What is fed lies in JavaScript's memory. A variable that kept it would write its steps into the
 * caller's array, and TensorFlow would free it on a thread of its own, which ends the process.
 */
export function copyOf(graph: Graph, input: Value): Value {
  return graph.op('DeepCopy', [input]);
}
