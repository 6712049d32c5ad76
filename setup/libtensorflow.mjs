// Which libtensorflow? The one inside PyPI's wheel, with CUDA's libraries beside it where there is a
// GPU. The folder keeps the wheels' own layout, because the library looks for CUDA in ../nvidia.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged, SetupError } from './commands.mjs';
import { pipEnvironment } from './python.mjs';
import { currentStamp, fingerprint, writeStamp } from './stamps.mjs';

const version = '2.21.0';

/** Names that the addon's build asks for, and what the wheel calls them. */
const links =
  process.platform === 'darwin'
    ? {
        'libtensorflow.2.dylib': 'libtensorflow_cc.2.dylib',
      }
    : {
        'libtensorflow.so': 'libtensorflow_cc.so.2',
        'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
      };

/** Name of the NVIDIA GPU where nvidia-smi answers, or undefined; asked only where CUDA's wheels run. */
export function findGpu() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const query = ['--query-gpu=name', '--format=csv,noheader'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? stdout.trim().split('\n')[0] || 'NVIDIA GPU' : undefined;
}

/** The folder that holds (or will hold) the library for this machine. */
export function libraryFolder(project, gpu) {
  return join(project.native, `${wheelName(gpu)}-${version}`);
}

/** Downloads and unpacks the library, unless `folder` has it. */
export async function unpackLibrary(project, folder, gpu) {
  const inputs = fingerprint([version, wheelName(gpu)]);
  if (currentStamp(join(folder, '.setup.json'), inputs)) return 'up to date';

  for (const entry of readdirSync(project.native)) {
    if (entry.startsWith('unpacking-')) rmSync(join(project.native, entry), { recursive: true });
  }
  const temporary = mkdtempSync(join(project.native, 'unpacking-'));
  const unpacked = join(temporary, 'wheel');
  const metadata = `tensorflow-${version}.dist-info/METADATA`;
  try {
    const parts = ['tensorflow/libtensorflow_', 'tensorflow/include/', metadata];
    await fetchWheels(project, [`${wheelName(gpu)}==${version}`], unpacked, parts);
    if (gpu) {
      await fetchWheels(project, cudaWheels(join(unpacked, metadata)), unpacked, ['nvidia/']);
    }
  } catch (error) {
    throw new SetupError(`libtensorflow could not be installed: ${error.message}`, error.logLines);
  }
  const library = join(unpacked, 'tensorflow');
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(library, name));
  const folders = gpu ? readdirSync(join(unpacked, 'nvidia')) : [];
  const outputs = [
    'tensorflow/include/tensorflow/c/c_api.h',
    ...Object.keys(links).map((name) => join('tensorflow', name)),
    ...folders.map((name) => join('nvidia', name)),
  ];
  writeStamp(join(unpacked, '.setup.json'), { inputs, outputs });
  rmSync(folder, { recursive: true, force: true });
  renameSync(unpacked, folder);
  rmSync(temporary, { recursive: true });
  return `TensorFlow ${version} ${gpu ? 'with CUDA' : 'for the CPU'} unpacked`;
}

/** On Linux x64 the wheel `tensorflow` has CUDA kernels; elsewhere it is the one for the CPU. */
function wheelName(gpu) {
  const hasBoth = process.platform === 'linux' && process.arch === 'x64';
  return hasBoth && !gpu ? 'tensorflow-cpu' : 'tensorflow';
}

async function fetchWheels(project, requirements, folder, prefixes) {
  const downloads = mkdtempSync(join(project.native, 'unpacking-'));
  // pip keeps unfinished downloads in TMPDIR, which is often too small for CUDA's 3 GB.
  const env = { ...pipEnvironment(project), TMPDIR: downloads };
  const options = ['--no-deps', '--only-binary=:all:', '--dest', downloads];
  const download = ['-m', 'pip', 'download', ...options, ...requirements];
  await runLogged(project, project.python, download, { env });
  for (const wheel of readdirSync(downloads).filter((file) => file.endsWith('.whl'))) {
    const unpack = [join(import.meta.dirname, 'unpack.py'), join(downloads, wheel), folder];
    await runLogged(project, project.python, [...unpack, ...prefixes], { env });
  }
  rmSync(downloads, { recursive: true });
}

/** The `nvidia-...` wheels, with version ranges, that the wheel's metadata lists for CUDA. */
function cudaWheels(metadataFile) {
  const lines = readFileSync(metadataFile, 'utf8').split('\n');
  return lines
    .map((line) => /^Requires-Dist: (nvidia-[^;]+);.*extra == ["']and-cuda["']/.exec(line)?.[1])
    .filter((requirement) => requirement !== undefined)
    .map((requirement) => requirement.replace(/[\s()]/g, ''));
}
