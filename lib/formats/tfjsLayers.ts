import type { io } from '@tensorflow/tfjs-core';
import { lstat, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { sha256, writeFileWhole } from '../platform/files';
import { toFloat16 } from './float16';
import { tf } from '../platform/tensorflow';

const topologyFile = 'model.json';
/** Names that only {@link saveModel} gives; other weights in the folder may be anybody's. */
const ownWeights = /^weights-[0-9a-f]{12}\.bin$/;

/** What our model.json holds: TensorFlow.js's layers format, and our digests beside it. */
interface SavedModel extends io.ModelJSON {
  readonly modelTopology: object;
  /** Stock tfjs drops what it does not know, so a model that it saves anew carries no old digests. */
  readonly digests?: {
    readonly weightsSha256: string;
    /** Of all of model.json but this entry. */
    readonly descriptionSha256: string;
  };
}

/** How to save a network. */
export interface SavingOptions {
  /**
   * In how many bits the weights lie in the file: `float16` rounds each to 11 significant bits, and
   * the file is half as large. @default 'float32'
   */
  readonly weights?: 'float32' | 'float16';
}

/**
 * Saves a network in TensorFlow.js's layers format, which stock tfjs loads, in a browser too.
 *
 * The folder gets `model.json` and `weights-DIGEST.bin`, and what else lies in it stays. The weights
 * have a name of their own in every save, and `model.json` is replaced last: whatever cuts a save
 * off, the folder holds the old model or the new one.
 *
 * @param model - The network; its weights, user-defined metadata and settings of compilation (where
 *   tfjs can write them) are saved, the state of its optimizer is not.
 * @param folder - Where to, as a path or `file://` URL; an earlier model there is replaced. A symbolic
 *   link is followed.
 * @param options.weights - In how many bits; the network in memory keeps its 32. @default 'float32'
 * @throws RangeError when a weight is too large for 16 bits (65,504), or there is no such type.
 * @throws Error when the folder cannot be written, or a file that is no saved model is in the way; all
 *   that was there stays.
 */
export async function saveModel(
  model: tf.LayersModel,
  folder: string,
  options: SavingOptions = {},
): Promise<void> {
  const { weights: type = 'float32' } = options;
  if (type !== 'float32' && type !== 'float16') {
    throw new RangeError(`weights is ${String(type)}; expected float32 or float16`);
  }
  const target = pathOf(folder);
  if (!target || path.extname(target) === '.json') {
    throw new Error(
      `cannot save ${model.name} to ${folder}; expected the path of a folder, which ${topologyFile} ` +
        'is then written to',
    );
  }
  const old = await earlierModel(target);
  const handler = tf.io.withSaveHandler(async (saved) => {
    const { format, generatedBy, modelTopology, userDefinedMetadata } = saved;
    const { weights, weightSpecs } = encodeWeights(saved, type);
    const weightsSha256 = sha256(weights);
    const weightsFile = `weights-${weightsSha256.slice(0, 12)}.bin`;
    // As it will be read again, without what is undefined.
    const description: SavedModel = asRead({
      format,
      generatedBy,
      convertedBy: null,
      modelTopology: modelTopology as object,
      trainingConfig: trainingConfigOf(model),
      weightsManifest: [{ paths: [weightsFile], weights: weightSpecs }],
      userDefinedMetadata,
    });
    const digests = { weightsSha256, descriptionSha256: digestOf(description) };
    const text = `${JSON.stringify({ ...description, digests }, null, 1)}\n`;
    await writeFileWhole(path.join(target, weightsFile), weights);
    await writeFileWhole(path.join(target, topologyFile), text).catch(async (error) => {
      if (!weightPaths(old).includes(weightsFile)) await rm(path.join(target, weightsFile));
      throw error;
    });
    for (const file of weightPaths(old)) {
      if (ownWeights.test(file) && file !== weightsFile)
        await rm(path.join(target, file), { force: true });
    }
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
}

/**
 * Loads a network that {@link saveModel}, stock tfjs or its converter saved, after checking its files.
 *
 * It takes what `tf.loadLayersModel` takes: weights in shards and groups, quantized ones, settings of
 * compilation and the state of the optimizer.
 *
 * @param place - The folder with `model.json`, or the path of that file, either as a path or `file://`
 *   URL; other URLs are left to `tf.loadLayersModel`.
 * @returns The network, ready to predict, and to train where it was saved compiled; the caller disposes
 *   of it.
 * @throws Error that names the file when one is missing, cut short, not what was saved, or a graph
 *   model.
 */
export async function loadModel(place: string): Promise<tf.LayersModel> {
  const local = pathOf(place);
  const model = await tf.loadLayersModel(
    local === undefined ? place : { load: () => readModel(local) },
  );
  // Nobody else has the optimizer of a model loaded compiled, so it goes with the model.
  (model as unknown as { isOptimizerOwned: boolean }).isOptimizerOwned = true;
  return model;
}

/** The bytes of the weights, and what tells how to read them. */
function encodeWeights(saved: io.ModelArtifacts, type: 'float32' | 'float16') {
  const weights = new Uint8Array(saved.weightData as ArrayBuffer);
  const weightSpecs = saved.weightSpecs ?? [];
  // Whole numbers, which a network of ours never has, would have to stay as they are.
  if (type === 'float32' || weightSpecs.some(({ dtype }) => dtype !== 'float32')) {
    return { weights, weightSpecs };
  }
  const halves = Uint16Array.from(new Float32Array(weights.buffer), toFloat16);
  const quantization = { dtype: 'float16', original_dtype: 'float32' } as const;
  return {
    weights: new Uint8Array(halves.buffer),
    weightSpecs: weightSpecs.map((spec) => ({ ...spec, quantization })),
  };
}

async function readModel(place: string): Promise<io.ModelArtifacts> {
  const isFolder = (await stat(place).catch(() => undefined))?.isDirectory();
  const isFile = !isFolder && path.extname(place) === '.json';
  const topologyPath = isFile ? place : path.join(place, topologyFile);
  const saved = parseTopology(await readSaved(topologyPath), topologyPath);
  const { digests, ...description } = saved;
  const requireDigest = (file: string, expected: string | undefined, found: string) => {
    if (expected !== undefined && expected !== found) {
      throw damaged(file, `SHA-256 ${expected}`, found);
    }
  };
  requireDigest(topologyPath, digests?.descriptionSha256, digestOf(description));
  // Earlier versions had their digests here, where stock tfjs carries them on to other weights.
  const earlier = ['weightsSha256', 'descriptionSha256'];
  const metadata = Object.entries(saved.userDefinedMetadata ?? {});
  const userDefinedMetadata =
    saved.userDefinedMetadata &&
    Object.fromEntries(metadata.filter(([name]) => !earlier.includes(name)));
  return tf.io.getModelArtifactsForJSON(
    { ...description, userDefinedMetadata },
    async (manifest) => {
      const groups: Uint8Array[] = [];
      for (const { paths, weights } of manifest) {
        const files = paths.map((file) => path.join(path.dirname(topologyPath), file));
        const shards: Uint8Array[] = [];
        for (const file of files) shards.push(await readSaved(file));
        const bytes = Buffer.concat(shards);
        const expected = weightBytes(weights);
        if (expected !== undefined && bytes.length !== expected) {
          throw damaged(files.join(', '), `${expected} bytes`, `${bytes.length}`);
        }
        requireDigest(files.join(', '), digests?.weightsSha256, sha256(bytes));
        groups.push(bytes);
      }
      const specs = manifest.flatMap(({ weights }) => weights);
      return [specs, Uint8Array.from(Buffer.concat(groups)).buffer];
    },
  );
}

/** The path that a path or `file://` URL means to tfjs; none for the URL of another kind. */
function pathOf(place: string): string | undefined {
  if (typeof place !== 'string') {
    throw new TypeError(
      `the place of a model is ${String(place)}; expected a text, as a path or file:// URL`,
    );
  }
  if (/^file:\/\//i.test(place)) return place.slice('file://'.length);
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(place) ? undefined : place;
}

/** The model that a save is going to replace; refuses to replace what is none. */
async function earlierModel(folder: string): Promise<SavedModel | undefined> {
  const inTheWay = (file: string, what: string) =>
    new Error(`cannot save a model to ${folder}: ${file} is ${what}. Give another folder`);
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined && (await lstat(folder).catch(() => undefined))?.isSymbolicLink()) {
    throw inTheWay(folder, 'a symbolic link that leads nowhere');
  }
  if (found !== undefined && !found.isDirectory()) {
    throw inTheWay(folder, 'a file; expected a folder, or none yet');
  }
  const file = path.join(folder, topologyFile);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw inTheWay(file, `in the way (${error.message})`);
  });
  if (bytes === undefined) return undefined;
  try {
    return parseTopology(bytes, file);
  } catch {
    throw inTheWay(file, 'no saved model; it may be yours, and stays');
  }
}

/** The settings of compilation; none where tfjs cannot write them, as those of functions. */
function trainingConfigOf(model: tf.LayersModel): io.TrainingConfig | undefined {
  if (model.optimizer == null) return undefined;
  try {
    return (model as unknown as { getTrainingConfig(): io.TrainingConfig }).getTrainingConfig();
  } catch {
    return undefined;
  }
}

function asRead(description: SavedModel): SavedModel {
  return JSON.parse(JSON.stringify(description));
}

/** The SHA-256 of what makes a model apart from its weights, without the digests themselves. */
function digestOf(description: SavedModel): string {
  return sha256(JSON.stringify(description));
}

function weightPaths(saved: SavedModel | undefined): string[] {
  return (saved?.weightsManifest ?? []).flatMap(({ paths }) => paths);
}

/** How many bytes weights take in their file; unknown where one is of texts. */
function weightBytes(weights: readonly io.WeightsManifestEntry[]): number | undefined {
  const bytesPerValue: Record<string, number> = {
    uint8: 1,
    uint16: 2,
    float16: 2,
    bool: 1,
    int32: 4,
    float32: 4,
    complex64: 8,
  };
  const sizes = weights.map(({ shape, dtype, quantization }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return count * bytesPerValue[quantization?.dtype ?? dtype];
  });
  const sum = sizes.reduce((total, size) => total + size, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

async function readSaved(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(
      `cannot read ${file}, which a saved model needs: ${(error as Error).message}. ` +
        'Check the folder, or save the model again',
      { cause: error },
    );
  }
}

function parseTopology(bytes: Buffer, file: string): SavedModel {
  let parsed: Partial<SavedModel> | null;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(file, 'JSON', (error as Error).message);
  }
  const topology: { node?: unknown } | undefined = parsed?.modelTopology;
  if (parsed?.format === 'graph-model' || topology?.node !== undefined) {
    throw new Error(
      `${file} is a graph model; expected a layers model, which can be looked into and trained. Load ` +
        'it by tf.loadGraphModel, or convert the original to the format tfjs_layers_model',
    );
  }
  if (!parsed?.modelTopology || !parsed.weightsManifest?.every?.(({ paths }) => paths)) {
    throw damaged(file, 'modelTopology and weightsManifest', Object.keys(parsed ?? {}).join(', '));
  }
  return parsed as SavedModel;
}

function damaged(file: string, expected: string, found: string): Error {
  return new Error(
    `${file} is damaged: expected ${expected}, found ${found}. Save the model again, or restore the file`,
  );
}
