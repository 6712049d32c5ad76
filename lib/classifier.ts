import { classCount, imageSize } from './data/digits';
import { loadDigits, type DigitData, type LoadOptions } from './data/mnist';
import { loadModel, saveModel, type SavingOptions } from './formats/tfjsLayers';
import type { Evaluation } from './metrics/evaluation';
import { mostProbableClasses, numberNames } from './metrics/metrics';
import { builderOf, type ArchitectureName, type NetworkBuilder } from './networks/architectures';
import { bestPair, type PictureDigit } from './picture/prepare';
import { readDigits, readPicture } from './picture/readFile';
import { requireKnown, requireNumber } from './platform/numbers';
import { describeRuntime, type Runtime, type tf } from './platform/tensorflow';
import { recipeOf, type Recipe } from './recipes';
import { digitsFor, type LabelledImages, type Pixels } from './training/arrays';
import { EarlyStopping, ReduceLearningRateOnPlateau } from './training/callbacks';
import type { ResumableCallback } from './training/checkpoint';
import { evaluate } from './training/evaluate';
import { predict } from './training/predict';
import { train, type TrainingHistory, type TrainingOptions } from './training/train';

/** What a classifier is made of. */
export interface ClassifierOptions {
  /** Which network: one of `architectureNames`, or a builder of your own. @default 'deeper-cnn' */
  readonly architecture?: ArchitectureName | NetworkBuilder;
  /** Step size of Adam at the start, or a schedule's peak, above 0. @default the recipe's, or 0.001 */
  readonly learningRate?: number;
  /** Seed of split, initial weights, order of the images and dropout. @default 42 */
  readonly seed?: number;
  /** Names of the ten classes. @default '0' to '9' */
  readonly classNames?: readonly string[];
}

const classifierOptions: readonly string[] = [
  'architecture',
  'classNames',
  'learningRate',
  'seed',
] satisfies (keyof ClassifierOptions)[];

/** How to train a classifier; what is left out is as in the recipe of its architecture. */
export interface ClassifierTrainingOptions extends Pick<
  TrainingOptions,
  | 'augmentation'
  | 'averageDecay'
  | 'callbacks'
  | 'checkpointFile'
  | 'labelSmoothing'
  | 'precision'
  | 'onProgress'
  | 'replicas'
  | 'schedule'
  | 'signal'
  | 'weightDecay'
> {
  /** Passes over the training digits at most, a whole number from 1. @default the recipe's, or 15 */
  readonly epochs?: number;
  /** Images per step, a whole number from 1 to the number of training digits. @default the recipe's */
  readonly batchSize?: number;
}

/** What a classifier's training gave. */
export interface ClassifierTraining extends TrainingHistory {
  /** Epoch whose weights the classifier has, from 1. */
  readonly keptEpoch: number;
  readonly batchSize: number;
}

/** What was read in one image. */
export interface Prediction {
  /** The most probable class, 0 to 9. */
  readonly guess: number;
  readonly className: string;
  /** Probability of the guess, 0 to 1. */
  readonly confidence: number;
  /** Probabilities of the ten classes. */
  readonly probabilities: Float32Array;
}

/** A digit of a number, where it is in the picture, and what was read. */
export interface NumberDigit extends Prediction, Pick<PictureDigit, 'box' | 'image'> {}

/** What a saved classifier's `model.json` holds beside the network. */
interface SavedClassifier {
  readonly classNames: readonly string[];
  readonly preprocessing: string;
  readonly architecture: ArchitectureName | 'custom';
  readonly learningRate: number;
  readonly seed: number;
  readonly training: ClassifierTraining;
  /** What it was trained on. */
  readonly runtime: Runtime;
}

const preprocessing =
  '28 x 28 gray pixels from 0 (paper) to 1 (ink), row-major; a picture is cropped to its ink, ' +
  'fitted into 20 x 20 keeping its aspect, and placed with its center of mass in the middle';

/**
 * A reader of handwritten digits from the data to the saved model: loads, trains, evaluates,
 * predicts, saves and loads.
 *
 * Each training starts anew from the seed, so that nothing depends on earlier calls. Its network
 * lives in TensorFlow's memory until `dispose`.
 *
 * @example
 * const classifier = new MnistClassifier();
 * const digits = await classifier.loadDigits();
 * await classifier.train(digits);
 * const { accuracy } = await classifier.evaluate(digits.test);
 * await classifier.save('my-model');
 * const { guess } = await classifier.predictImage('my-handwriting.png');
 */
export class MnistClassifier {
  /** Names of the ten classes. */
  readonly classNames: readonly string[];
  private readonly architecture: ArchitectureName | 'custom';
  private readonly recipe: Recipe;
  private readonly learningRate: number;
  private readonly seed: number;
  private readonly build: () => tf.LayersModel;
  private current?: tf.LayersModel;
  private training?: ClassifierTraining;
  private runtime?: Runtime;

  /** @throws RangeError when an option is not one of its values. */
  constructor(options: ClassifierOptions = {}) {
    requireKnown('MnistClassifier', options, classifierOptions);
    const { architecture = 'deeper-cnn', seed = 42 } = options;
    const recipe = recipeOf(architecture);
    const { learningRate = recipe.learningRate } = options;
    this.classNames = options.classNames ?? numberNames(classCount);
    if (this.classNames.length !== classCount) {
      throw new RangeError(
        `classNames has ${this.classNames.length} names; expected ${classCount}, one for each class`,
      );
    }
    requireNumber('learningRate', learningRate, 'a number above 0', learningRate > 0);
    requireNumber('seed', seed, 'a finite number, such as 42');
    const builder = typeof architecture === 'string' ? builderOf(architecture) : architecture;
    this.architecture = typeof architecture === 'string' ? architecture : 'custom';
    this.recipe = recipe;
    this.learningRate = learningRate;
    this.seed = seed;
    this.build = () => {
      const network = builder({ learningRate, seed });
      requireDigitNetwork(network, 'what the option architecture builds');
      return network;
    };
  }

  /**
   * The network, for a diagram or a table; the next training disposes of it and brings another.
   *
   * @throws RangeError when a builder of your own does not take images of 28 x 28 pixels or does not
   *   give ten probabilities.
   */
  get network(): tf.LayersModel {
    return (this.current ??= this.build());
  }

  /** How the classifier was trained; nothing before it was. */
  get history(): ClassifierTraining | undefined {
    return this.training;
  }

  /** Loads the digits, split by the classifier's seed; see {@link loadDigits}. */
  loadDigits(options: Omit<LoadOptions, 'seed' | 'classNames'> = {}): Promise<DigitData> {
    return loadDigits({ ...options, seed: this.seed, classNames: this.classNames });
  }

  /**
   * Trains a new network from the seed, and keeps it in place of the one before.
   *
   * Without a schedule it stops when the validation loss has not improved for 3 epochs, keeps the
   * weights of the best, and halves the learning rate (down to 1e-6) after 2 epochs without
   * improvement. The recipes of `residual-cnn`, `tiny-cnn` and `fast-cnn` have a schedule.
   * An interrupt keeps the weights of the last finished epoch; with none, the network before stays.
   *
   * @param digits - What to learn from, and what to watch.
   * @returns The history, and which epoch's weights were kept.
   * @throws RangeError when an option is out of its range.
   * @throws CheckpointError and DivergenceError as {@link train} does; the network before stays.
   */
  async train(
    digits: { readonly train: LabelledImages; readonly validation: LabelledImages },
    options: ClassifierTrainingOptions = {},
  ): Promise<ClassifierTraining> {
    const { recipe, seed } = this;
    const { epochs = recipe.epochs, batchSize = recipe.batchSize } = options;
    const { schedule = recipe.schedule, weightDecay = recipe.weightDecay } = options;
    const { averageDecay = recipe.averageDecay, ...others } = options;
    const { labelSmoothing = recipe.labelSmoothing } = options;
    const { callbacks = schedule === undefined ? standardCallbacks() : [] } = options;
    const network = this.build();
    let history: TrainingHistory;
    try {
      const training = digitsFor(network, digits.train, 'training');
      if (batchSize > training.count) {
        throw new RangeError(
          `batchSize is ${batchSize}, but there are ${training.count} training digits; ` +
            'expected a whole number from 1 to their number',
        );
      }
      history = await train(network, training, digits.validation, {
        ...{ ...others, epochs, batchSize, schedule, weightDecay, averageDecay, labelSmoothing },
        ...{ callbacks, seed },
      });
    } catch (error) {
      free(network);
      throw error;
    }
    const stopping = callbacks.find((it): it is EarlyStopping => it instanceof EarlyStopping);
    const best = stopping?.settings.restoreBestWeights ? stopping.bestEpoch : undefined;
    const last = history.epochs.length;
    const keptEpoch = history.interrupted ? last : (best ?? last);
    const training = { ...history, keptEpoch, batchSize };
    if (last === 0) {
      free(network);
      return training;
    }
    free(this.current);
    this.current = network;
    this.training = training;
    this.runtime = describeRuntime();
    return training;
  }

  /**
   * Reads digits and compares with their labels.
   *
   * @throws Error when the classifier is not trained.
   * @throws RangeError when there are none, or images, pixels or labels do not fit.
   */
  async evaluate(digits: LabelledImages): Promise<Evaluation> {
    const { network } = this.requireTrained('evaluate');
    return evaluate(network, digits, { classNames: this.classNames });
  }

  /**
   * Reads the digits in images that are prepared as MNIST's are.
   *
   * @param images - Pixels from 0 (paper) to 1 (ink), or bytes from 0 to 255, of n images of 28 x 28.
   * @returns One prediction an image.
   * @throws Error when the classifier is not trained.
   * @throws RangeError when the pixels are none, not a whole number of images, or not in their range.
   */
  async predict(images: Pixels): Promise<Prediction[]> {
    const { network } = this.requireTrained('predict');
    const rows = await predict(network, images);
    return Array.from(mostProbableClasses(rows, { classCount }), (guess, index) => {
      const probabilities = rows.slice(index * classCount, (index + 1) * classCount);
      const className = this.classNames[guess];
      return { guess, className, confidence: probabilities[guess], probabilities };
    });
  }

  /**
   * Reads the digit in a picture, dark on light or light on dark, of any size.
   *
   * @param picture - Path of a PNG, JPEG or WebP file, or its bytes.
   * @throws Error when the classifier is not trained.
   * @throws PictureError when there is no digit to read, as {@link readPicture} says, or several are.
   */
  async predictImage(picture: string | Uint8Array): Promise<Prediction> {
    this.requireTrained('predictImage');
    const [prediction] = await this.predict(await readPicture(picture));
    return prediction;
  }

  /**
   * Reads the digits of a number, a date or a column of answers in a picture, as {@link readDigits}
   * finds them; what may be two digits that touch is read in all ways, and the surest counts.
   *
   * @param picture - Path of a PNG, JPEG or WebP file, or its bytes.
   * @returns The digits in reading order, each with its box in pixels of the picture; none on blank
   *   paper.
   * @throws Error when the classifier is not trained.
   * @throws PictureError when the picture cannot be read, or has more than 200 digits.
   */
  async predictNumber(picture: string | Uint8Array): Promise<NumberDigit[]> {
    this.requireTrained('predictNumber');
    const found = await readDigits(picture);
    if (found.length === 0) return [];
    const ways = found.flatMap(({ pairs, ...whole }) => [whole, ...pairs.flat()]);
    const images = Float32Array.from(ways.flatMap(({ image }) => [...image]));
    const predictions = (await this.predict(images)).map((prediction, index) => {
      const { box, image } = ways[index];
      return { ...prediction, box, image };
    });
    return found.flatMap(({ pairs }) => {
      const [whole] = predictions.splice(0, 1);
      const parts = pairs.map(() => predictions.splice(0, 2));
      const sure = parts.map((pair) => pair.map(({ confidence }) => confidence));
      return parts[bestPair(whole.confidence, sure)] ?? [whole];
    });
  }

  /**
   * Saves the network with all that it takes to use it and to know where it came from.
   *
   * The folder is in TensorFlow.js's layers format, as {@link saveModel} writes it; class names,
   * preprocessing, training history, seed and versions are in its user-defined metadata.
   *
   * @param options.weights - `float16` halves the files; see {@link saveModel}. @default 'float32'
   * @throws Error when the classifier is not trained, or the folder cannot be written; an earlier
   *   model there stays.
   */
  async save(folder: string, options: SavingOptions = {}): Promise<void> {
    const { network, training, runtime } = this.requireTrained('save');
    const { classNames, architecture, learningRate, seed } = this;
    const settings = { classNames, preprocessing, architecture, learningRate, seed };
    const classifier: SavedClassifier = { ...settings, training, runtime };
    network.setUserDefinedMetadata({ classifier });
    await saveModel(network, folder, options);
  }

  /**
   * Loads a classifier that {@link save} wrote: it gives the same probabilities to the bit.
   *
   * @throws Error that names the file when one is missing or damaged, or is not a classifier's.
   * @throws RangeError when the network is for images or classes of another shape.
   */
  static async load(folder: string): Promise<MnistClassifier> {
    const network = await loadModel(folder);
    try {
      requireDigitNetwork(network, folder);
      const { classifier } = (network.getUserDefinedMetadata() ?? {}) as {
        classifier?: SavedClassifier;
      };
      if (classifier === undefined) {
        throw new Error(
          `${folder} holds a network without class names and history; expected what ` +
            'MnistClassifier.save wrote. Use loadModel for a bare network',
        );
      }
      const { training, runtime, architecture, classNames, learningRate, seed } = classifier;
      const loaded = new MnistClassifier({
        ...{ classNames, learningRate, seed },
        architecture: architecture === 'custom' ? refuseToBuild : architecture,
      });
      loaded.current = network;
      loaded.training = training;
      loaded.runtime = runtime;
      return loaded;
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  /** Frees the network; the classifier is then as before its training. */
  dispose(): void {
    free(this.current);
    this.current = undefined;
    this.training = undefined;
  }

  private requireTrained(method: string) {
    const { current: network, training, runtime } = this;
    if (network === undefined || training === undefined || runtime === undefined) {
      throw new Error(
        `${method} needs a trained network, and this classifier has none yet: call train(digits) ` +
          'first, or get a trained one by MnistClassifier.load(folder)',
      );
    }
    return { network, training, runtime };
  }
}

/** The callbacks of the classifier's recipe: stop with the best weights, halve the rate before. */
function standardCallbacks(): ResumableCallback[] {
  return [
    new EarlyStopping({ patience: 3, restoreBestWeights: true }),
    new ReduceLearningRateOnPlateau({ factor: 0.5, patience: 2, minLearningRate: 1e-6 }),
  ];
}

/** Frees a network with its optimizer, which tfjs leaves to whoever made it. */
function free(network: tf.LayersModel | undefined): void {
  network?.optimizer?.dispose();
  network?.dispose();
}

function refuseToBuild(): never {
  throw new Error(
    'this classifier was loaded, and its network came from a builder that is not saved with it; ' +
      'to train again, call new MnistClassifier({ architecture }) with the builder',
  );
}

function requireDigitNetwork(network: tf.LayersModel, what: string): void {
  const shapes = [...network.inputs, ...network.outputs].map(({ shape }) => shape.slice(1));
  const expected = [[imageSize, imageSize, 1], [classCount]];
  if (JSON.stringify(shapes) !== JSON.stringify(expected)) {
    const [found, wanted] = [shapes, expected].map((list) =>
      list.map((shape) => shape.join(' x ')).join(' to '),
    );
    throw new RangeError(`${what} is a network from ${found}; expected one from ${wanted}`);
  }
}
