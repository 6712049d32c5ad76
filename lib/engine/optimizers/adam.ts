import { tf } from '../../platform/tensorflow';
import { DataType, type Graph, type Value } from '../graph';
import type { Feed, Session } from '../session';
import { Variables } from '../variables';
import type { GraphOptimizer } from './optimizer';

/** What a `tf.AdamOptimizer` was made with, and what `learningRate` was set to since. */
interface AdamSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** A moment as tfjs names it, after its weight. */
type NamedMoment = { readonly name: string; readonly tensor: tf.Tensor };

/**
 * Adam (Kingma and Ba, 2015) by one ResourceApplyAdam per weight, equal to tfjs's composed one.
 *
 * The graph keeps the moments; `load` and `save` exchange them with the tfjs optimizer.
 */
export class Adam implements GraphOptimizer {
  private readonly settings: AdamSettings;
  private readonly moments: Variables;
  private readonly rates: readonly Value[];
  private iterations = 0;

  /** @param weights - The weights to train. */
  constructor(
    private readonly graph: Graph,
    private readonly optimizer: tf.AdamOptimizer,
    private readonly weights: readonly tf.LayerVariable[],
  ) {
    this.settings = optimizer as unknown as AdamSettings;
    const shapes = weights.map(({ shape }) => shape as number[]);
    this.moments = new Variables(graph, 'moment', [...shapes, ...shapes]);
    this.rates = Array.from({ length: 4 }, () => graph.input(DataType.float, []));
  }

  addStep(handles: readonly Value[], gradients: readonly Value[]): Value[] {
    const { graph } = this;
    const [power1, power2, learningRate, epsilon] = this.rates;
    const beta1 = graph.scalar(this.settings.beta1);
    const beta2 = graph.scalar(this.settings.beta2);
    return handles.map((handle, index) => {
      const first = this.moments.handles[index];
      const second = this.moments.handles[handles.length + index];
      const rates = [power1, power2, learningRate, beta1, beta2, epsilon];
      const inputs = [handle, first, second, ...rates, gradients[index]];
      return graph.add('ResourceApplyAdam', inputs, { T: { type: DataType.float } });
    });
  }

  nextInputs(): [Value, Feed][] {
    const { learningRate, beta1, beta2, epsilon } = this.settings;
    this.iterations += 1;
    const power1 = beta1 ** this.iterations;
    const power2 = beta2 ** this.iterations;
    // TensorFlow adds epsilon to the root of the biased second moment, tfjs to that of the
    // corrected one: scaled by the root of the correction, they are the same.
    const values = [power1, power2, learningRate, epsilon * Math.sqrt(1 - power2)];
    return this.rates.map((rate, index) => [
      rate,
      { values: Float32Array.of(values[index]), shape: [] },
    ]);
  }

  /** Takes over the moments and the number of steps of the tfjs optimizer. */
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

  /** Gives the tfjs optimizer the moments and the number of steps. */
  async save(session: Session): Promise<void> {
    const replaced = await this.optimizer.getWeights();
    const { shapes } = this.moments;
    const names = this.momentNames();
    const state = [
      { name: 'iter', tensor: tf.scalar(this.iterations, 'int32') as tf.Tensor },
      ...this.moments.read(session).map((values, index) => {
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
    return ['m', 'v'].flatMap((kind) => this.weights.map(({ name }) => `${name}/${kind}`));
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
