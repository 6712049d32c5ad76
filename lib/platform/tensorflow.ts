import os from 'node:os';
import util from 'node:util';

// oneDNN's kernels train faster, but TensorFlow leaves them off on AMD processors; and level 2
// silences TensorFlow's start-up banner. Both are read when the native library loads, so they come
// before it, and what the user has set stays.
process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

// tfjs-node 4.22.0 calls these two, which Node 23 removed.
const legacyUtil = util as unknown as Record<string, unknown>;
legacyUtil.isArray ??= Array.isArray;
legacyUtil.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;

import tf = require('@tensorflow/tfjs-node-gpu');

/**
 * TensorFlow.js on its native backend, from `@tensorflow/tfjs-node-gpu`: the one copy that this
 * library, its users and danfojs share. Import it from here, and it runs on every Node from 20 on.
 */
export { tf };

/** What a run was computed on. */
export interface Runtime {
  /** Version of the native TensorFlow library, such as `2.21.0`. */
  readonly tensorflow: string;
  /** Version of TensorFlow.js. */
  readonly tfjs: string;
  /** Version of Node.js, without a leading v. */
  readonly node: string;
  /** `GPU`, or the processor's name with its number of cores. */
  readonly device: string;
}

/**
 * Tells what this process computes on: versions and device.
 *
 * @returns The versions of TensorFlow, TensorFlow.js and Node, and the device in words.
 */
export function describeRuntime(): Runtime {
  const backend = tf.backend() as unknown as {
    binding: { TF_Version: string };
    isUsingGpuDevice: boolean;
  };
  const processors = os.cpus();
  return {
    tensorflow: backend.binding.TF_Version,
    tfjs: tf.version.tfjs,
    node: process.versions.node,
    device: backend.isUsingGpuDevice
      ? 'GPU'
      : `CPU: ${processors[0].model.trim()}, ${processors.length} cores`,
  };
}
