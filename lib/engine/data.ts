import { DataType, type Graph, type Value } from './graph';
import { typeOf, type Feed, type Session } from './session';
import { copyOf } from './variables';

/** Images with their classes. */
export interface Batch {
  /**
   * The numbers of `count` images of the model's size, one after the other; bytes from 0 to 255 are
   * read as 0 to 1.
   */
  readonly images: Float32Array | Uint8Array;
  /** The class of each image, a whole number from 0. */
  readonly labels: Uint8Array | Int32Array;
  /** How many images, from 1. */
  readonly count: number;
}

/** Images and labels of a batch in a graph. */
export interface BatchInGraph {
  readonly images: Value;
  readonly labels: Value;
}

/** Images and labels that stay in a graph, so that a step needs to be told only which. */
export class DataInGraph {
  private readonly images: Value;
  private readonly labels: Value;
  /** What bytes are divided by: no constant, whose inverse TensorFlow would multiply by. */
  private readonly highest: Value;
  private readonly feeds: ReadonlyMap<Value, Feed>;
  private readonly assigned: Value;

  /** @param imageShape - Sizes of one image. */
  constructor(
    private readonly graph: Graph,
    { images, labels, count }: Batch,
    imageShape: readonly number[],
  ) {
    const feeds = new Map<Value, Feed>();
    const assignments: Value[] = [];
    const add = (name: string, values: Feed['values'], shape: number[]): Value => {
      const type = { type: typeOf(values) };
      const handle = graph.add('VarHandleOp', [], {
        dtype: type,
        shape: { shape },
        shared_name: name,
      });
      const input = graph.input(type.type, shape);
      feeds.set(input, { values, shape });
      assignments.push(
        graph.add('AssignVariableOp', [handle, copyOf(graph, input)], { dtype: type }),
      );
      return handle;
    };
    this.images = add('images', images, [count, ...imageShape]);
    this.labels = add('labels', Int32Array.from(labels), [count]);
    this.highest = add('highest', Float32Array.of(255), []);
    this.feeds = feeds;
    this.assigned = graph.after(graph.scalar(0), assignments);
  }

  /** Puts the data into the loaded graph. */
  load(session: Session): void {
    session.run(this.feeds, [this.assigned]);
  }

  /** Adds the images, as floats, and labels of some rows, a vector of whole numbers from 0. */
  rows(rows: Value): BatchInGraph {
    const { graph } = this;
    const [images, labels] = [this.images, this.labels].map((handle) => {
      const axis = graph.constant(Int32Array.of(0), []);
      return graph.add('GatherV2', [this.read(handle), rows, axis], {
        Tparams: { type: graph.typeOf(handle) },
        Tindices: { type: DataType.int32 },
        Taxis: { type: DataType.int32 },
      });
    });
    const isBytes = graph.typeOf(images) === DataType.uint8;
    const floats = graph.cast(images, DataType.float);
    return {
      images: isBytes ? graph.op('RealDiv', [floats, this.read(this.highest)]) : floats,
      labels,
    };
  }

  private read(handle: Value): Value {
    const dtype = { type: this.graph.typeOf(handle) };
    return this.graph.add('ReadVariableOp', [handle], { dtype });
  }
}

/**
 * Gives images in a quarter of the memory, where each of their numbers is a byte divided by 255;
 * else as they are. A graph computes the same with both, to the bit.
 */
export function compacted(data: Batch): Batch {
  const { images } = data;
  if (images instanceof Uint8Array) return data;
  const bytes = new Uint8Array(images.length);
  for (let index = 0; index < images.length; index++) {
    const byte = Math.round(images[index] * 255);
    if (Math.fround(byte / 255) !== images[index] || byte < 0 || byte > 255) return data;
    bytes[index] = byte;
  }
  return { ...data, images: bytes };
}
