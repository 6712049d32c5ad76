import { statSync } from 'node:fs';
import type { CallbackState } from './callbacks';
import type { DigitSet } from '../data/digits';
import { sha256 } from '../platform/files';
import { learningRateOf, setLearningRate } from './learningRate';
import { readSafetensors, writeSafetensors, type NamedArray } from '../formats/safetensors';
import { tf } from '../platform/tensorflow';

/** A callback that a checkpoint can keep, as `EarlyStopping` is. */
export interface ResumableCallback extends tf.Callback {
  /** What it was made with, as a JSON value. */
  readonly settings: object;
  getState(): CallbackState;
  setState(state: CallbackState): void;
}

/** What decides the weights that a run ends with, apart from how many epochs it has. */
export type RunSettings = Readonly<Record<string, unknown>>;

/** A checkpoint is of another run, or asks for more than it can give. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/** What the text part of the file holds. */
interface Contents<Run> {
  readonly run: Run;
  readonly settings: RunSettings;
  readonly learningRate: number;
  readonly optimizer: readonly string[];
  readonly callbacks: readonly CallbackState['values'][];
}

/**
 * The file that keeps a training from epoch to epoch: weights, optimizer, learning rate and
 * callbacks, and `Run`, a JSON value with the progress of the run.
 *
 * It is one file in the safetensors format, replaced whole after every epoch.
 */
export class Checkpoint<Run extends object> {
  /** What `save` was given as `stepState`, once `restore` has read a file. */
  stepState: readonly Float32Array[] = [];

  /**
   * @param file - Where it is kept.
   * @param model - The network in training, compiled.
   * @param callbacks - Those of the run, in order.
   * @param settings - What decides the run; a checkpoint with other settings is refused.
   */
  constructor(
    private readonly file: string,
    private readonly model: tf.LayersModel,
    private readonly callbacks: readonly ResumableCallback[],
    private readonly settings: RunSettings,
  ) {}

  /**
   * Keeps the run as it is now, in place of what was kept before.
   *
   * @param stepState - What the steps hold beside model and optimizer, flat. @default nothing
   */
  async save(run: Run, stepState: readonly Float32Array[] = []): Promise<void> {
    const { model, callbacks, settings } = this;
    const optimizer = await model.optimizer.getWeights();
    const states = callbacks.map((callback) => callback.getState());
    const contents: Contents<Run> = {
      run,
      settings,
      learningRate: learningRateOf(model.optimizer),
      optimizer: optimizer.map(({ name }) => name),
      callbacks: states.map(({ values }) => values),
    };
    const arrays: NamedArray[] = [
      ...arraysOf('weight', model.getWeights()),
      ...arraysOf(
        'optimizer',
        optimizer.map(({ tensor }) => tensor),
      ),
      ...states.flatMap(({ weights }, index) => flatArraysOf(`callback${index}`, weights)),
      ...flatArraysOf('step', stepState),
    ];
    // The number of steps comes as a new tensor; the others are the optimizer's own.
    tf.dispose(optimizer[0].tensor);
    await writeSafetensors(this.file, arrays, { training: JSON.stringify(contents) });
  }

  /**
   * Brings model, optimizer and callbacks to where the run stood, if there is a file.
   *
   * @returns The progress of the run; undefined, where there is no file.
   * @throws CheckpointError that says which settings differ, when the file is of another run.
   * @throws Error that names the file when it is damaged.
   */
  async restore(): Promise<Run | undefined> {
    const { file } = this;
    if (typeof file !== 'string' || file === '') {
      throw new TypeError(`checkpointFile is ${JSON.stringify(file)}; expected the path of a file`);
    }
    await this.requireKeepable();
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile()) {
      throw new CheckpointError(`${file} is a folder; expected a file, or none yet. Give another`);
    }
    const { arrays, metadata } = await readSafetensors(this.file);
    if (metadata.training === undefined) {
      throw new CheckpointError(`${this.file} holds no training; give the file of a checkpoint`);
    }
    const contents = JSON.parse(metadata.training) as Contents<Run>;
    this.requireSameSettings(contents.settings);
    const { model, callbacks } = this;
    const arraysFor = (owner: string) => arrays.filter(({ name }) => name.startsWith(`${owner}/`));
    const [weights, state] = ['weight', 'optimizer'].map((owner) =>
      arraysFor(owner).map(({ values, shape }) => tf.tensor(values, shape as number[])),
    );
    model.setWeights(weights);
    const replaced = await model.optimizer.getWeights();
    await model.optimizer.setWeights(
      state.map((tensor, index) => ({ name: contents.optimizer[index], tensor })),
    );
    tf.dispose([...weights, ...state, ...replaced.map(({ tensor }) => tensor)]);
    setLearningRate(model.optimizer, contents.learningRate);
    const flatArraysFor = (owner: string) =>
      arraysFor(owner).map(({ values }) => values as Float32Array);
    callbacks.forEach((callback, index) => {
      const kept = flatArraysFor(`callback${index}`);
      callback.setState({ values: contents.callbacks[index], weights: kept });
    });
    this.stepState = flatArraysFor('step');
    return contents.run;
  }

  /** Refuses an optimizer of which tfjs gives no state, before an epoch is lost for it. */
  private async requireKeepable(): Promise<void> {
    const { optimizer } = this.model;
    try {
      const [iterations] = await optimizer.getWeights();
      tf.dispose(iterations.tensor);
    } catch (error) {
      throw new CheckpointError(
        `the optimizer ${optimizer.getClassName()} cannot be kept in ${this.file} ` +
          `(${(error as Error).message}). Leave out checkpointFile, or compile with adam`,
        { cause: error },
      );
    }
  }

  private requireSameSettings(kept: RunSettings): void {
    const now = JSON.parse(JSON.stringify(this.settings)) as RunSettings;
    const names = [...new Set([...Object.keys(kept), ...Object.keys(now)])];
    const differences = names
      .map((name) => ({
        name,
        before: JSON.stringify(kept[name]),
        after: JSON.stringify(now[name]),
      }))
      .filter(({ before, after }) => before !== after)
      .map(({ name, before, after }) => `${name} was ${before} and is ${after}`);
    if (differences.length > 0) {
      throw new CheckpointError(
        `${this.file} is the checkpoint of a run with other settings: ${differences.join('; ')}. ` +
          'Give the settings that it began with, or another file for a new run',
      );
    }
  }
}

/** A short digest of a network's layers with all their settings, but not of their names. */
export function networkDigest(model: tf.LayersModel): string {
  const layers = model.layers.map((layer) => [layer.getClassName(), layer.getConfig()]);
  const text = JSON.stringify(layers, (key, value) => (key === 'name' ? undefined : value));
  return `${model.countParams()} parameters, ${sha256(text).slice(0, 12)}`;
}

/** A short digest of digits: how many, and a hash of their images and labels. */
export function digitsDigest({ images, labels, count }: DigitSet): string {
  const hashes = [images, labels].map(({ buffer, byteOffset, byteLength }) =>
    sha256(new Uint8Array(buffer, byteOffset, byteLength)),
  );
  return `${count} digits, ${sha256(hashes.join()).slice(0, 12)}`;
}

function flatArraysOf(owner: string, arrays: readonly Float32Array[]): NamedArray[] {
  return arrays.map((values, index) => ({
    name: `${owner}/${index}`,
    shape: [values.length],
    values,
  }));
}

function arraysOf(owner: string, tensors: readonly tf.Tensor[]): NamedArray[] {
  return tensors.map((tensor, index) => ({
    name: `${owner}/${index}`,
    shape: tensor.shape,
    values: tensor.dataSync() as Float32Array | Int32Array,
  }));
}
