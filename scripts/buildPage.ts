import { build, type BuildOptions, type Plugin } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadModel, saveModel } from 'digit-recognizer';
import { committedModel } from './arguments';

const root = path.resolve(__dirname, '..');
const source = path.join(root, 'web');

/** How often that network is wrong by how sure it is, as `npm run page:reliability` measured it. */
export const reliabilityFile = path.join(root, 'results', 'page', 'reliability.json');

/** Where the built page lies; git ignores it. */
export const pageFolder = path.join(source, 'dist');

/** Files of the page that are copied as they are: ours, and tfjs's. */
const ownFiles = ['index.html', 'style.css', 'icon.svg', 'page.webmanifest'];
const backendFiles = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'];

/** Whether a build makes a file of that path in its folder. */
function isOfPage(file: string): boolean {
  return (
    [...ownFiles, ...backendFiles, 'page.js', 'reading.js', 'offline.js', 'model'].includes(file) ||
    /^model[/\\](model\.json|weights-\w+\.bin)$/.test(file)
  );
}

/**
 * Builds the page where one draws digits, as static files that any host serves under any path.
 *
 * The network's weights are written in 16 bits, which halves the largest file.
 *
 * @param folder - Where to; an earlier build there is replaced. @default web/dist
 * @throws Error when something else is there, when the reliability was measured of another network, or a source does not compile.
 */
export async function buildPage(folder = pageFolder): Promise<void> {
  const reliability = await readReliability();
  const found = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
  const other = found.find((file) => !isOfPage(file));
  if (other !== undefined) {
    throw new Error(
      `${path.join(folder, other)} is not of the page, and would be lost: move it elsewhere`,
    );
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeModel(path.join(folder, 'model'));
  for (const file of ownFiles) {
    await cp(path.join(source, file), path.join(folder, file));
  }
  const backend = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  for (const file of backendFiles) {
    await cp(path.join(backend, 'dist', file), path.join(folder, file));
  }
  await bundle(folder, ['page.ts', 'worker/reading.ts'], { reliabilityBins: reliability });
  // Last, since it knows all other files.
  const { files, version } = await describeFiles(folder);
  await bundle(folder, ['worker/offline.ts'], { pageFiles: ['./', ...files], version });
}

async function readReliability(): Promise<unknown> {
  const { weightsSha256, bins } = JSON.parse(await readFile(reliabilityFile, 'utf8'));
  const { digests } = JSON.parse(await readFile(path.join(committedModel, 'model.json'), 'utf8'));
  if (weightsSha256 !== digests.weightsSha256) {
    throw new Error(
      `${reliabilityFile} was measured of weights ${weightsSha256}, but those of ${committedModel} are ` +
        `${digests.weightsSha256}. Run npm run page:reliability`,
    );
  }
  return bins;
}

async function writeModel(folder: string): Promise<void> {
  const model = await loadModel(committedModel);
  try {
    await saveModel(model, folder, { weights: 'float16' });
  } finally {
    model.dispose();
  }
  // Half of the description is blanks, and nothing in the page trains.
  const file = path.join(folder, 'model.json');
  const description = JSON.parse(await readFile(file, 'utf8'));
  const { modelTopology, weightsManifest, format, generatedBy, convertedBy } = description;
  const kept = { format, generatedBy, convertedBy, modelTopology, weightsManifest };
  await writeFile(file, JSON.stringify(kept));
}

/** Bundles sources, each into a file of its name in the folder; `values` are names that they use. */
async function bundle(
  folder: string,
  files: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const define = Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]);
  const options: BuildOptions = {
    entryPoints: files.map((file) => path.join(source, file)),
    entryNames: '[name]',
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    define: Object.fromEntries(define),
    plugins: [leaveOut],
    logLevel: 'silent',
  };
  await build(options);
}

/**
 * What tfjs imports and a page never runs: Node's modules, and its backend with threads, which needs
 * headers that a static host does not send.
 */
const leaveOut: Plugin = {
  name: 'leave out',
  setup({ onResolve, onLoad }) {
    const filter = /^(fs|path|perf_hooks|worker_threads|os)$|tfjs-backend-wasm-threaded-simd/;
    onResolve({ filter }, ({ path: name }) => ({ path: name, namespace: 'left-out' }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** All files of the page by their paths in the folder, and a name for just this content. */
async function describeFiles(folder: string): Promise<{ files: string[]; version: string }> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of paths) hash.update(file.slice(folder.length)).update(await readFile(file));
  const files = paths.map((file) => path.relative(folder, file).split(path.sep).join('/'));
  return { files, version: hash.digest('hex').slice(0, 12) };
}
