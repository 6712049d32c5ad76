import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { tf } from '../platform/tensorflow';
import { DataType, type Value } from './graph';

/** Numbers as TensorFlow and JavaScript exchange them; bytes stand for `uint8`. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

/** Numbers for an input of a graph, with their shape. */
export interface Feed {
  readonly values: Numbers;
  readonly shape: readonly number[];
}

/** A graph that TensorFlow has loaded, with the state of its variables. */
export class Session {
  private constructor(private readonly id: number) {}

  /**
   * Hands a graph to TensorFlow, which optimizes it when it first runs.
   *
   * @param savedModel - The bytes of a `SavedModel` message with the tag `train`.
   * @throws Error of TensorFlow's, when it does not take the graph.
   */
  static load(savedModel: Uint8Array): Session {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-graph-'));
    try {
      fs.writeFileSync(path.join(folder, 'saved_model.pb'), savedModel);
      return new Session(nativeBackend().loadSavedModelMetaGraph(folder, 'train'));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  /**
   * Computes values of the graph, and whatever they need.
   *
   * @param inputs - Values to feed, with what they are in this run.
   * @param outputs - Values to compute: 32-bit floats or whole numbers.
   * @returns The numbers of each output, row-major.
   * @throws Error of TensorFlow's, when an operation refuses what it gets.
   */
  run(inputs: ReadonlyMap<Value, Feed>, outputs: readonly Value[]): Numbers[] {
    // By the binding itself: tensors of tfjs would cost more than a small graph takes to run.
    const { binding } = nativeBackend();
    const ids: number[] = [];
    try {
      for (const { values, shape } of inputs.values()) {
        ids.push(binding.createTensor(shape, typeOf(values), values));
      }
      const names = [...inputs.keys()].join();
      const results = binding.runSavedModel(this.id, ids, names, outputs.join());
      return results.map(({ id }) => {
        const values = binding.tensorDataSync(id);
        binding.deleteTensor(id);
        return values;
      });
    } finally {
      ids.forEach((id) => binding.deleteTensor(id));
    }
  }

  /** Frees the graph and its variables. */
  dispose(): void {
    nativeBackend().deleteSavedModel(this.id);
  }
}

/** What tfjs-node's backend has for running a TensorFlow graph. */
interface NativeBackend {
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  readonly binding: {
    createTensor(shape: readonly number[], type: DataType, values: Numbers): number;
    deleteTensor(id: number): void;
    tensorDataSync(id: number): Numbers;
    runSavedModel(
      id: number,
      inputIds: number[],
      inputs: string,
      outputs: string,
    ): { id: number }[];
  };
}

function nativeBackend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

/** Gives the type that numbers have in a graph. */
export function typeOf(values: Numbers): DataType {
  if (values instanceof Float32Array) return DataType.float;
  return values instanceof Int32Array ? DataType.int32 : DataType.uint8;
}
