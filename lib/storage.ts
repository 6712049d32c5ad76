import type { io } from '@tensorflow/tfjs-core';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { recoverFolder, sha256, writeFolderWhole } from './files';
import { tf } from './tensorflow';

const topologyFile = 'model.json';
const weightsFile = 'weights.bin';

/** What model.json holds: TensorFlow.js's layers format, with our digests among its metadata. */
interface SavedModel {
  readonly modelTopology: object;
  readonly weightsManifest: readonly [
    { readonly paths: string[]; readonly weights: io.WeightsManifestEntry[] },
  ];
  readonly userDefinedMetadata?: Metadata;
}

/** The model's own metadata, beside the digests that {@link loadModel} checks the files by. */
interface Metadata {
  readonly weightsSha256?: string;
  /** Of the topology, the manifest and the model's own metadata. */
  readonly descriptionSha256?: string;
}

/**
 * Saves a network in TensorFlow.js's layers format, which stock tfjs loads, in a browser too.
 *
 * The folder gets `model.json` and `weights.bin`, whole or not at all.
 *
 * @param model - The network; its weights and its user-defined metadata are saved, its optimizer
 *   is not.
 * @param folder - Where to; an earlier model there is replaced once this one is written.
 * @throws Error when the folder cannot be written; an earlier model there stays.
 */
export async function saveModel(model: tf.LayersModel, folder: string): Promise<void> {
  const handler = tf.io.withSaveHandler(async (saved) => {
    const weights = new Uint8Array(saved.weightData as ArrayBuffer);
    const { format, generatedBy, modelTopology, weightSpecs, userDefinedMetadata } = saved;
    const description: SavedModel = {
      modelTopology: modelTopology as object,
      weightsManifest: [{ paths: [weightsFile], weights: weightSpecs ?? [] }],
      userDefinedMetadata,
    };
    const digests: Metadata = {
      weightsSha256: sha256(weights),
      descriptionSha256: digestOf(description),
    };
    const file = {
      format,
      generatedBy,
      convertedBy: null,
      ...description,
      userDefinedMetadata: { ...userDefinedMetadata, ...digests },
    };
    await writeFolderWhole(folder, {
      [topologyFile]: `${JSON.stringify(file, null, 1)}\n`,
      [weightsFile]: weights,
    });
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
}

/**
 * Loads a network that {@link saveModel} or stock tfjs saved, after checking its files.
 *
 * @param folder - The folder with `model.json`.
 * @returns The network, ready to predict; the caller disposes of it.
 * @throws Error that names the file when one is missing, cut short, or not what was saved.
 */
export async function loadModel(folder: string): Promise<tf.LayersModel> {
  await recoverFolder(folder);
  const topologyPath = path.join(folder, topologyFile);
  const saved = parseTopology(await readSaved(topologyPath), topologyPath);
  const [manifest] = saved.weightsManifest;
  const weightsPath = path.join(folder, manifest.paths[0]);
  const weights = await readSaved(weightsPath);

  const expectedBytes = manifest.weights.reduce(
    (bytes, { shape }) => bytes + 4 * shape.reduce((product, size) => product * size, 1),
    0,
  );
  if (weights.length !== expectedBytes) {
    throw damaged(weightsPath, `${expectedBytes} bytes`, `${weights.length}`);
  }
  const { weightsSha256, descriptionSha256, ...metadata } = saved.userDefinedMetadata ?? {};
  const check = (file: string, expected: string | undefined, found: string) => {
    if (expected !== undefined && expected !== found) {
      throw damaged(file, `SHA-256 ${expected}`, found);
    }
  };
  check(weightsPath, weightsSha256, sha256(weights));
  check(topologyPath, descriptionSha256, digestOf({ ...saved, userDefinedMetadata: metadata }));
  return tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: saved.modelTopology,
      weightSpecs: manifest.weights,
      weightData: Uint8Array.from(weights).buffer,
      userDefinedMetadata: metadata,
    }),
  );
}

/** The SHA-256 of what makes a model apart from its weights, without the digests themselves. */
function digestOf({ modelTopology, weightsManifest, userDefinedMetadata = {} }: SavedModel) {
  return sha256(JSON.stringify([modelTopology, weightsManifest, userDefinedMetadata]));
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
  if (!parsed?.modelTopology || !parsed.weightsManifest?.[0]?.paths?.[0]) {
    throw damaged(file, 'modelTopology and weightsManifest', Object.keys(parsed ?? {}).join(', '));
  }
  return parsed as SavedModel;
}

function damaged(file: string, expected: string, found: string): Error {
  return new Error(
    `${file} is damaged: expected ${expected}, found ${found}. Save the model again, or restore the file`,
  );
}
