/*
 * What computes, and what does the network say? Stock tfjs, with WebAssembly where it may run.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import {
  loadLayersModel,
  model as buildModel,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { imageSize } from '../../lib/data/digits';
import type { LayerMaps } from '../messages';

/** Layers whose maps are shown: the first ones of this kind. */
const shownLayers = 2;
const shownKind = 'Conv2D';

/** What reads prepared images. */
export interface Network {
  /** Which of tfjs's backends computes, for people. */
  readonly backend: string;
  /** Ten probabilities of an image of 784 pixels. */
  predict(image: Float32Array): Float32Array;
  /** What the first convolutions make of the image. */
  lookInside(image: Float32Array): LayerMaps[];
}

/**
 * Loads the network, and runs it once, since the first run is slow.
 *
 * @param folder - Address of the page's folder, with a slash at its end.
 * @throws Error when a file cannot be loaded.
 */
export async function loadNetwork(folder: string): Promise<Network> {
  // Both are large files, fetched side by side; tensors are made only when the backend is there.
  const saved = tf.io.http(new URL('model/model.json', folder).href).load?.();
  const backend = await startBackend(folder);
  const model = await loadLayersModel({ load: async () => (await saved) as tf.io.ModelArtifacts });
  const layers = model.layers.filter((layer) => layer.getClassName() === shownKind);
  const shown = layers.slice(0, shownLayers);
  const outputs = shown.map(({ output }) => output as SymbolicTensor);
  const inside = buildModel({ inputs: model.inputs, outputs });
  const network: Network = {
    backend,
    predict: (image) => run(model, image)[0].values,
    lookInside: (image) => run(inside, image).map((output, at) => mapsOf(shown[at].name, output)),
  };
  network.predict(new Float32Array(imageSize * imageSize));
  return network;
}

/** Starts WebAssembly or, where a policy or the network keeps it from running, plain JavaScript. */
async function startBackend(folder: string): Promise<string> {
  setWasmPaths(folder);
  if ((await mayRunWebAssembly()) && (await tf.setBackend('wasm').catch(() => false))) {
    const hasSimd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    return hasSimd ? 'WebAssembly with SIMD' : 'WebAssembly';
  }
  await tf.setBackend('cpu');
  return 'JavaScript, since WebAssembly is blocked: slower';
}

/** Asks by the smallest module there is; tfjs would wait for ever where a policy forbids it. */
async function mayRunWebAssembly(): Promise<boolean> {
  const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  return WebAssembly.instantiate(emptyModule).then(
    () => true,
    () => false,
  );
}

/** What a layer gives of one image. */
interface Output {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function run(model: LayersModel, image: Float32Array): Output[] {
  const outputs = tf.tidy(() => model.predict(tf.tensor4d(image, [1, imageSize, imageSize, 1])));
  return [outputs].flat().map((output) => {
    const { shape } = output;
    const values = output.dataSync() as Float32Array;
    output.dispose();
    return { shape, values };
  });
}

/** Each channel as a picture; the brightest pixel of the layer is 255, and what is below 0 is 0. */
function mapsOf(layer: string, { shape, values }: Output): LayerMaps {
  const [, height, width, channels] = shape;
  const most = values.reduce((one, other) => Math.max(one, other), 1e-6);
  const maps = Array.from({ length: channels }, (_, channel) =>
    Uint8Array.from({ length: width * height }, (_, pixel) =>
      Math.round((255 * Math.max(0, values[pixel * channels + channel])) / most),
    ),
  );
  return { layer, width, height, maps };
}
