import fs from 'node:fs';
import { DataType } from './graph';

/**
 * In how many bits a network computes. With `bfloat16`, what goes from layer to layer and what is
 * multiplied has 16 bits, of which 8 are the exponent of a 32-bit float; weights, optimizer,
 * statistics, loss and softmax keep 32.
 */
export type Precision = 'float32' | 'bfloat16';

const precisions: readonly string[] = ['float32', 'bfloat16'] satisfies Precision[];

/** Flags of processors that multiply such numbers; others are slower with them than with 32 bits. */
const processorFlags = /\b(avx512_bf16|amx_bf16)\b/;

let isWarned = false;
let knownInfo: string | undefined;

/**
 * Gives the precision in which this machine computes, asked for one: 32 bits where the processor has
 * no instructions for 16; the first time, a line says so.
 *
 * @param infoOfProcessor - Gives the processor's flags. @default those of this machine
 * @throws RangeError when there is no such precision.
 */
export function availablePrecision(
  precision: Precision,
  infoOfProcessor: () => string = readProcessorInfo,
): Precision {
  if (!precisions.includes(precision)) {
    throw new RangeError(`precision is ${precision}; expected ${precisions.join(' or ')}`);
  }
  if (precision === 'float32' || processorFlags.test(infoOfProcessor())) return precision;
  if (!isWarned) {
    console.warn(
      'warning: precision is bfloat16, for which this processor has no instructions ' +
        '(avx512_bf16 or amx_bf16); float32 is used',
    );
  }
  isWarned = true;
  return 'float32';
}

/** The type in which a graph of that precision computes on this machine. */
export function typeOfPrecision(precision: Precision): DataType {
  return availablePrecision(precision) === 'bfloat16' ? DataType.bfloat16 : DataType.float;
}

function readProcessorInfo(): string {
  // Only Linux has this file; TensorFlow's kernels for 16 bits are met there only.
  const file = '/proc/cpuinfo';
  knownInfo ??= fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  return knownInfo;
}
