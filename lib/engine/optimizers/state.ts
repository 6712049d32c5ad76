import { tf } from '../../platform/tensorflow';
import type { Graph, Value } from '../graph';
import type { Session } from '../session';
import { Variables } from '../variables';

/** A moment as tfjs names it, after its weight. */
type NamedMoment = { readonly name: string; readonly tensor: tf.Tensor };

/**
 * What an optimizer keeps from step to step: how many there were, and moments of each weight.
 *
 * The graph keeps the moments; `load` and `save` exchange them with the tfjs optimizer.
 */
export class OptimizerState {
  /** Steps taken so far. */
  iterations = 0;
  private readonly moments: Variables;

  /**
   * @param weights - The weights to train.
   * @param kinds - The ends of the names that tfjs gives the moments, such as `m`.
   */
  constructor(
    graph: Graph,
    private readonly optimizer: tf.Optimizer,
    private readonly weights: readonly tf.LayerVariable[],
    private readonly kinds: readonly string[],
  ) {
    const shapes = kinds.flatMap(() => weights.map(({ shape }) => shape as number[]));
    this.moments = new Variables(graph, 'moment', shapes);
  }

  /** Gives the variables of one kind, in the order of the weights. */
  handlesOf(kind: string): readonly Value[] {
    const { length } = this.weights;
    const first = this.kinds.indexOf(kind) * length;
    return this.moments.handles.slice(first, first + length);
  }

  /** Takes over the state of the tfjs optimizer. */
  async load(session: Session): Promise<void> {
    const [{ tensor: iterations }, ...state] = await this.optimizer.getWeights();
    this.iterations = (await iterations.data())[0];
    iterations.dispose();
    const kept = this.moments.shapes.map((shape, index) => this.momentFor(index, shape, state));
    this.moments.assign(
      session,
      kept.map((moment, index) => moment ?? new Float32Array(sizeOf(this.moments.shapes[index]))),
    );
    // The tfjs optimizer gets moments for just the weights that are trained now.
    if (kept.includes(undefined) || state.length !== kept.length) {
      await this.save(session);
    }
  }

  /** Gives the tfjs optimizer the state. */
  async save(session: Session): Promise<void> {
    const replaced = await this.optimizer.getWeights();
    const { shapes } = this.moments;
    const names = this.momentNames();
    const state = [
      { name: 'iter', tensor: tf.scalar(this.iterations, 'int32') as tf.Tensor },
      ...this.moments.get(session).map((values, index) => {
        return { name: names[index], tensor: tf.tensor(values, shapes[index] as number[]) };
      }),
    ];
    await this.optimizer.setWeights(state);
    tf.dispose([...replaced, ...state].map(({ tensor }) => tensor));
  }

  /**
   * Finds the moment that the tfjs optimizer keeps for a weight: by the weight's name, or by its place
   * where a loaded model has other names. A weight that was frozen so far has none.
   */
  private momentFor(index: number, shape: readonly number[], state: readonly NamedMoment[]) {
    const names = this.momentNames();
    const isNamed = state.some(({ name }) => names.includes(name));
    const known = isNamed ? state.find(({ name }) => name === names[index]) : state[index];
    if (String(known?.tensor.shape) !== String(shape)) return undefined;
    return known?.tensor.dataSync() as Float32Array;
  }

  private momentNames(): string[] {
    return this.kinds.flatMap((kind) => this.weights.map(({ name }) => `${name}/${kind}`));
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
