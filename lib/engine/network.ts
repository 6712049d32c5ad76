import type { tf } from '../platform/tensorflow';
import { DataType, type Graph, type Value } from './graph';

/** Adds a layer's operations to a pass. */
export type FusedLayer = (pass: Pass, input: Value) => LayerPass;

/** A layer in a pass. */
export interface LayerPass {
  readonly output: Value;
  /**
   * Adds the operations of the gradients, and leaves those of the layer's weights in the pass.
   *
   * @param gradient - Gradient of the loss by the layer's output.
   * @returns Gradient of the loss by the layer's input.
   */
  backward(gradient: Value): Value;
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
  /** Gradients of the loss by the weights, once `backward` has added them. */
  readonly gradients = new Map<tf.LayerVariable, Value>();
  readonly statistics: BatchStatistic[] = [];
  private draws = 0;

  /**
   * @param weights - Every weight of the network.
   * @param values - What they are in the graph before the step, in the same order.
   * @param seeds - Two 32-bit numbers, others in every pass and step. Without them the pass is
   *   inference: moving averages normalize, and nothing drops out.
   */
  constructor(
    readonly graph: Graph,
    private readonly weights: readonly tf.LayerVariable[],
    private readonly values: readonly Value[],
    private readonly seeds?: Value,
  ) {}

  /** Whether the pass is one of training. */
  get training(): boolean {
    return this.seeds !== undefined;
  }

  /** Gives a weight as it is before the step. */
  read(weight: tf.LayerVariable): Value {
    return this.values[this.weights.indexOf(weight)];
  }

  /** Gives two 32-bit seeds, others at every call. */
  drawSeeds(): Value {
    const call = this.graph.constant(Int32Array.of(0, this.draws++));
    return this.graph.add('AddV2', [this.seeds!, call], { T: { type: DataType.int32 } });
  }
}

/** Adds layers one after the other; their `backward` goes from the last to the first. */
export function addLayers(pass: Pass, layers: readonly FusedLayer[], input: Value): LayerPass {
  const passes: LayerPass[] = [];
  let output = input;
  for (const layer of layers) {
    passes.push(layer(pass, output));
    output = passes[passes.length - 1].output;
  }
  return {
    output,
    // TensorFlow runs only what a result needs: never the gradient by the images.
    backward: (gradient) => passes.reduceRight((by, layer) => layer.backward(by), gradient),
  };
}
