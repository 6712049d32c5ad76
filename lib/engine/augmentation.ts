import { DataType, Graph, type Value } from './graph';

/** How far one random affine map may move an image; each number is drawn anew for every image. */
export interface Augmentation {
  /** Largest turn to either side, in degrees, 0 to 180. @default 0 */
  readonly rotation?: number;
  /** Largest way along each axis, as a share of the image's size, 0 to 0.5. @default 0 */
  readonly shift?: number;
  /** Largest share that each axis is stretched or shrunk by, 0 to 0.5. @default 0 */
  readonly zoom?: number;
  /** Largest slant of the columns, in degrees, 0 to 45. @default 0 */
  readonly shear?: number;
}

/** The highest number of each range: beyond it an image is no picture of the same thing. */
const highest = { rotation: 180, shift: 0.5, zoom: 0.5, shear: 45 } as const;

/**
 * Refuses ranges that no augmentation can have.
 *
 * @throws RangeError when a range is unknown, negative, too wide or no number.
 */
export function requireAugmentation(augmentation: Augmentation): void {
  for (const [name, value] of Object.entries(augmentation)) {
    if (!Object.hasOwn(highest, name)) {
      const names = Object.keys(highest).join(', ');
      throw new RangeError(`augmentation has a range ${name}; expected ${names}`);
    }
    const most = highest[name as keyof typeof highest];
    if (value !== undefined && !(value >= 0 && value <= most)) {
      throw new RangeError(`augmentation.${name} is ${value}; expected a number from 0 to ${most}`);
    }
  }
}

/**
 * Adds a random affine map of each image: bilinear, with 0 for what comes from outside.
 *
 * @param images - A value [n, height, width, channels] of floats.
 * @param shape - Height, width and channels.
 * @param seeds - Two 32-bit numbers, which alone decide the maps.
 * @returns The images, the maps [n, 8] as ImageProjectiveTransformV3 takes them (where in the image
 *   a pixel of the result comes from), and the numbers in [0, 1) [n, 6] that they are made of.
 */
export function addAugmentation(
  graph: Graph,
  images: Value,
  [height, width]: readonly number[],
  augmentation: Augmentation,
  seeds: Value,
): { readonly images: Value; readonly maps: Value; readonly numbers: Value } {
  const int32 = { type: DataType.int32 };
  const shape = graph.add('Shape', [images], { T: { type: DataType.float } });
  const first = graph.constant(Int32Array.of(0));
  const one = graph.constant(Int32Array.of(1));
  const count = graph.add('Slice', [shape, first, one], { T: int32, Index: int32 });
  const axis = graph.constant(Int32Array.of(0), []);
  const size = graph.add('ConcatV2', [count, graph.constant(Int32Array.of(6)), axis], {
    T: int32,
    N: 2,
  });
  const numbers = graph.add('StatelessRandomUniform', [size, seeds], {
    T: int32,
    Tseed: int32,
    dtype: { type: DataType.float },
  });
  const maps = addMaps(graph, numbers, [height, width], augmentation);
  const target = graph.constant(Int32Array.of(height, width));
  const inputs = [images, maps, target, graph.scalar(0)];
  const moved = graph.add('ImageProjectiveTransformV3', inputs, {
    dtype: { type: DataType.float },
    interpolation: 'BILINEAR',
    fill_mode: 'CONSTANT',
  });
  return { images: moved, maps, numbers };
}

/** Adds the maps: turn, slant and zoom about the image's centre, then the shift. */
function addMaps(
  graph: Graph,
  numbers: Value,
  [height, width]: readonly number[],
  { rotation = 0, shift = 0, zoom = 0, shear = 0 }: Augmentation,
): Value {
  const float = (type: string, ...inputs: Value[]) =>
    graph.add(type, inputs, { T: { type: DataType.float } });
  const index = { Index: { type: DataType.int32 }, T: { type: DataType.float } };
  /** Column `column` of the numbers, from [0, 1) to [middle - most, middle + most). */
  const draw = (column: number, most: number, middle = 0) => {
    const start = graph.constant(Int32Array.of(0, column));
    const drawn = graph.add('Slice', [numbers, start, graph.constant(Int32Array.of(-1, 1))], index);
    const scaled = float('Mul', drawn, graph.scalar(2 * most));
    return float('AddV2', scaled, graph.scalar(middle - most));
  };
  const angle = draw(0, (rotation * Math.PI) / 180);
  const slant = float('Tan', draw(1, (shear * Math.PI) / 180));
  const [zoomX, zoomY] = [draw(2, zoom, 1), draw(3, zoom, 1)];
  const [shiftX, shiftY] = [draw(4, shift * width), draw(5, shift * height)];
  const [cos, sin] = [float('Cos', angle), float('Sin', angle)];
  const xByX = float('Mul', cos, zoomX);
  const xByY = float('Mul', float('Sub', float('Mul', cos, slant), sin), zoomY);
  const yByX = float('Mul', sin, zoomX);
  const yByY = float('Mul', float('AddV2', float('Mul', sin, slant), cos), zoomY);
  const [middleX, middleY] = [graph.scalar((width - 1) / 2), graph.scalar((height - 1) / 2)];
  /** What keeps the centre in its place, but for the shift. */
  const rest = (middle: Value, byX: Value, byY: Value, way: Value) => {
    const moved = float('AddV2', float('Mul', byX, middleX), float('Mul', byY, middleY));
    return float('Sub', float('AddV2', way, middle), moved);
  };
  const restX = rest(middleX, xByX, xByY, shiftX);
  const restY = rest(middleY, yByX, yByY, shiftY);
  const zero = float('ZerosLike', angle);
  const columns = [xByX, xByY, restX, yByX, yByY, restY, zero, zero];
  const last = graph.constant(Int32Array.of(1), []);
  return graph.add('ConcatV2', [...columns, last], {
    T: { type: DataType.float },
    N: columns.length,
  });
}

/**
 * Gives images as an augmentation shows them to a network in a step, each under a map of its own.
 *
 * @param images - Numbers of n images, one after the other, row-major.
 * @param options.shape - Height, width and channels of one image.
 * @param options.augmentation - How far the maps may go.
 * @param options.seed - A whole number from 0 to 2³¹ - 1 that decides the maps.
 * @returns As many numbers as `images` has.
 * @throws RangeError when a range is unknown, negative, too wide or no number.
 */
export function augment(
  images: Float32Array,
  options: {
    readonly shape: readonly [height: number, width: number, channels: number];
    readonly augmentation: Augmentation;
    readonly seed: number;
  },
): Float32Array {
  const { shape, augmentation, seed } = options;
  requireAugmentation(augmentation);
  const graph = new Graph();
  const input = graph.input(DataType.float, [-1, ...shape]);
  const seeds = graph.constant(Int32Array.of(seed, 0));
  const { images: moved } = addAugmentation(graph, input, shape, augmentation, seeds);
  const session = graph.load();
  const count = images.length / shape.reduce((a, b) => a * b);
  const batch = { values: images, shape: [count, ...shape] };
  const [numbers] = session.run(new Map([[input, batch]]), [moved]);
  session.dispose();
  return numbers as Float32Array;
}
