import type { tf } from '../platform/tensorflow';
import { DataType, type Graph, type Value } from './graph';

/** Adds a layer's operations to a pass. */
export type LayerInGraph = (pass: Pass, inputs: readonly Value[]) => LayerPass;

/** A layer in a pass. */
export interface LayerPass {
  readonly output: Value;
  /**
   * Adds the operations of the gradients, and leaves those of the layer's weights in the pass.
   *
   * @param gradient - Gradient of the loss by the layer's output.
   * @returns Gradient of the loss by each of the layer's inputs.
   */
  backward(gradient: Value): readonly Value[];
}

/** A layer of a network in a graph, and the places of the layers that it takes from. */
export interface NetworkLayer {
  readonly inputs: readonly number[];
  readonly add: LayerInGraph;
}

/** What a moving average gets from a batch. */
export interface BatchStatistic {
  readonly average: tf.LayerVariable;
  readonly ofBatch: Value;
  /** Share of the average that stays; the rest comes from the batch. */
  readonly momentum: number;
}

/** The pass of images through a network: what its layers need to know, and what they leave. */
export class Pass {
  readonly statistics: BatchStatistic[] = [];
  private readonly narrowed = new Map<tf.LayerVariable, Value>();
  private readonly gradients = new Map<tf.LayerVariable, Value[]>();
  private draws = 0;

  /**
   * @param weights - Every weight of the network.
   * @param values - What they are in the graph before the step, in the same order.
   * @param seeds - Two 32-bit numbers, others in every pass and step. Without them the pass is
   *   inference: moving averages normalize, and nothing drops out.
   * @param type - Of the values between layers and of the weights that are multiplied with them.
   */
  constructor(
    readonly graph: Graph,
    private readonly weights: readonly tf.LayerVariable[],
    private readonly values: readonly Value[],
    private readonly seeds?: Value,
    private readonly type = DataType.float,
  ) {}

  /** Whether the pass is one of training. */
  get training(): boolean {
    return this.seeds !== undefined;
  }

  /** Gives a weight as it is before the step, in the type of the pass. */
  read(weight: tf.LayerVariable): Value {
    const value = this.narrowed.get(weight) ?? this.narrow(this.readFloat(weight));
    this.narrowed.set(weight, value);
    return value;
  }

  /** Gives a weight as it is before the step, in 32 bits. */
  readFloat(weight: tf.LayerVariable): Value {
    return this.values[this.weights.indexOf(weight)];
  }

  /** Gives a value in the type of the pass. */
  narrow(value: Value): Value {
    return this.graph.cast(value, this.type);
  }

  /** Gives a value in 32 bits. */
  widen(value: Value): Value {
    return this.graph.cast(value, DataType.float);
  }

  /** Gives two 32-bit seeds, others at every call. */
  drawSeeds(): Value {
    const call = this.graph.constant(Int32Array.of(0, this.draws++));
    return this.graph.op('AddV2', [this.seeds!, call]);
  }

  /** Adds to the gradient of the loss by a weight; a weight that is used twice has two parts. */
  addGradient(weight: tf.LayerVariable, gradient: Value): void {
    const parts = this.gradients.get(weight) ?? [];
    this.gradients.set(weight, [...parts, this.widen(gradient)]);
  }

  /** Gives the gradient of the loss by a weight, once `backward` has added its parts. */
  gradientBy(weight: tf.LayerVariable): Value {
    return this.graph.sum(this.gradients.get(weight) as Value[]);
  }
}

/**
 * Adds the layers of a network; what goes in and comes out of it is in 32 bits.
 *
 * @param layers - In an order in which each comes after those that it takes from; the first is the
 *   input.
 */
export function addNetwork(
  pass: Pass,
  layers: readonly NetworkLayer[],
  input: Value,
): { output: Value; backward(gradient: Value): Value } {
  const passes: LayerPass[] = [];
  for (const { inputs, add } of layers) {
    const values = inputs.map((place) => passes[place].output);
    passes.push(add(pass, values.length === 0 ? [pass.narrow(input)] : values));
  }
  return {
    output: pass.widen(passes[passes.length - 1].output),
    backward(gradient) {
      const gradients: Value[][] = layers.map(() => []);
      gradients[layers.length - 1].push(pass.narrow(gradient));
      let byInput: Value = gradient;
      for (let place = layers.length - 1; place >= 0; place--) {
        // TensorFlow runs only what a result needs: never the gradient by the images.
        const byInputs = passes[place].backward(pass.graph.sum(gradients[place]));
        layers[place].inputs.forEach((from, index) => gradients[from].push(byInputs[index]));
        byInput = byInputs[0];
      }
      return pass.widen(byInput);
    },
  };
}
