import { DataType, output, type Graph, type Value } from './graph';

/** What the loss of some images leaves in a graph. */
export interface CrossEntropy {
  /** Loss summed over the images, in nats. */
  readonly loss: Value;
  /** How many images have their label's logit as the highest. */
  readonly correct: Value;
  /** Gradient of the batch's mean loss by the logits. */
  readonly gradient: Value;
}

/**
 * Adds softmax, cross-entropy with whole-number labels and their gradient in one operation.
 *
 * tfjs clips the probabilities to 1e-7 first, and has no gradient where it does; this does not.
 *
 * @param count - Images in the batch that these are of, as a float.
 * @param options.smoothing - Share of the truth that is spread evenly over the classes. @default 0
 */
export function addCrossEntropy(
  graph: Graph,
  logits: Value,
  labels: Value,
  count: Value,
  { classCount, smoothing = 0 }: { readonly classCount: number; readonly smoothing?: number },
): CrossEntropy {
  const int32 = { type: DataType.int32 };
  const losses =
    smoothing === 0
      ? graph.op('SparseSoftmaxCrossEntropyWithLogits', [logits, labels], { Tlabels: int32 })
      : addSmoothedLosses(graph, logits, labels, { classCount, smoothing });
  const axis = graph.constant(Int32Array.of(1), []);
  const guesses = graph.op('ArgMax', [logits, axis], { output_type: int32 });
  const hits = graph.cast(graph.op('Equal', [guesses, labels]), DataType.float);
  const allImages = graph.constant(Int32Array.of(0));
  return {
    loss: graph.op('Sum', [losses, allImages]),
    correct: graph.op('Sum', [hits, allImages]),
    gradient: graph.op('RealDiv', [output(losses, 1), count]),
  };
}

/** Adds the losses by labels of which a share is spread evenly over all classes. */
function addSmoothedLosses(
  graph: Graph,
  logits: Value,
  labels: Value,
  { classCount, smoothing }: { readonly classCount: number; readonly smoothing: number },
): Value {
  const others = smoothing / classCount;
  const depth = graph.constant(Int32Array.of(classCount), []);
  const [on, off] = [1 - smoothing + others, others].map((share) => graph.scalar(share));
  const T = { type: DataType.float };
  const truth = graph.add('OneHot', [labels, depth, on, off], {
    T,
    TI: { type: DataType.int32 },
  });
  return graph.op('SoftmaxCrossEntropyWithLogits', [logits, truth]);
}
