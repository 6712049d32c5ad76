/*
 * Which formats, and how far from the network may each be?
 */

/** The names that `--to` takes. */
export const formatNames = ['onnx', 'tflite', 'savedmodel', 'keras'] as const;

export type FormatName = (typeof formatNames)[number];

/** In how many bits the weights lie in a TFLite file; the other formats keep 32. */
export const weightTypes = ['float32', 'float16', 'int8'] as const;

export type WeightType = (typeof weightTypes)[number];

/**
 * By how much a probability may differ from the network's, at most: a few times what validation digits
 * showed, twice that in int8.
 */
export const bounds: Readonly<Record<WeightType, number>> = {
  float32: 1e-5,
  float16: 0.01,
  int8: 0.5,
};

/** How two tables of probabilities differ. */
export interface Comparison {
  /** Of any probability. */
  readonly largestDifference: number;
  /** Shares of right guesses, 0 to 1. */
  readonly accuracy: { readonly network: number; readonly converted: number };
}

/**
 * Compares what a network and its copy in another format give for the same images.
 *
 * @param network - Probabilities of each class, row-major, as many rows as labels.
 * @param converted - The same of the copy.
 * @throws Error when they are not as many; a NaN makes the largest difference infinite.
 */
export function compare(
  network: Float32Array,
  converted: Float32Array,
  labels: ArrayLike<number>,
): Comparison {
  if (converted.length !== network.length) {
    throw new Error(
      `the converted network gives ${converted.length} numbers; expected ${network.length}, as the network`,
    );
  }
  let largestDifference = 0;
  network.forEach((value, index) => {
    const difference = Math.abs(value - converted[index]);
    largestDifference = Math.max(
      largestDifference,
      Number.isNaN(difference) ? Infinity : difference,
    );
  });
  const accuracy = {
    network: shareOfRight(network, labels),
    converted: shareOfRight(converted, labels),
  };
  return { largestDifference, accuracy };
}

function shareOfRight(probabilities: Float32Array, labels: ArrayLike<number>): number {
  const classes = probabilities.length / labels.length;
  const right = Array.from(labels).filter((label, index) => {
    const row = probabilities.subarray(index * classes, (index + 1) * classes);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / labels.length;
}
