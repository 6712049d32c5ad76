// How does Node reach TensorFlow? Through the addon of @tensorflow/tfjs-node-gpu: built from the
// source that the package ships, or, where that fails, the binary that its makers host.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { findProgram, runLogged, SetupError, step } from './commands.mjs';
import { findGpu, libraryFolder, unpackLibrary } from './libtensorflow.mjs';
import { npmScript } from './packages.mjs';
import { currentStamp, fingerprint, writeStamp } from './stamps.mjs';

const noCompiler = 'there is no C++ compiler with make';

/** Installs libtensorflow and the addon, or the official binary of both; then names the device. */
export async function installTensorFlow(project) {
  const addon = findAddon(project);
  const gpu = findGpu();
  const compiler = findProgram(['make']) && findProgram(['g++', 'c++', 'clang++']);
  const library = libraryFolder(project, gpu);

  const builtInputs = fingerprint([addon.version, relative(addon.folder, library)]);
  const officialInputs = fingerprint([addon.version, 'official', String(compiler)]);
  let stamp = currentStamp(addon.stampFile, officialInputs);
  if (stamp) {
    await step('native addon', () => 'up to date: the official binary');
  } else {
    try {
      if (!compiler && !existsSync(addon.stampFile)) throw new SetupError(noCompiler);
      await step('libtensorflow', () => unpackLibrary(project, library, gpu));
      await step('native addon', async () => {
        stamp = currentStamp(addon.stampFile, builtInputs);
        if (stamp) return 'up to date';
        if (!compiler) throw new SetupError(noCompiler);
        rmSync(addon.stampFile, { force: true });
        await build(project, addon, library, compiler);
        stamp = loadAddon(addon, builtInputs);
        return `built with ${compiler}`;
      });
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      stamp = await installOfficialBinary(project, addon, officialInputs, error);
    }
  }
  await step('device', () => describeDevice(stamp, gpu));
}

/** Where the package is that carries the addon: the one that lib depends on. */
function findAddon(project) {
  let require = createRequire(join(project.root, 'package.json'));
  try {
    if (!project.isRepository) require = createRequire(require.resolve('digit-recognizer'));
    const packageFile = realpathSync(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
    const folder = dirname(packageFile);
    return {
      folder,
      version: require(packageFile).version,
      binary: join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'),
      stampFile: join(folder, 'lib', '.setup.json'),
      builder: createRequire(packageFile).resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp'),
    };
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw new SetupError(
      `the package digit-recognizer was not found in ${project.root}; install it there first ` +
        '(npm install, with its packed file) and run this again.',
    );
  }
}

/**
 * Puts the library where the addon's build and its run path look. deps/lib is a link to the whole
 * folder: the library finds CUDA relative to the folder it was opened from, and a link to the file
 * alone would move that folder. Relative links survive a move of the project.
 */
function linkLibrary(folder, library) {
  const dependencies = join(realpathSync(folder), 'deps');
  const tensorflow = relative(dependencies, join(realpathSync(library), 'tensorflow'));
  rmSync(dependencies, { recursive: true, force: true });
  mkdirSync(dependencies);
  symlinkSync(tensorflow, join(dependencies, 'lib'));
  symlinkSync(join(tensorflow, 'include'), join(dependencies, 'include'));
}

/** A temporary folder for the build: make cannot work where a space is in the path. */
function buildFolder() {
  const parents = [os.tmpdir(), '/tmp', '/var/tmp'];
  for (const parent of parents.filter((it) => !/\s/.test(it))) {
    try {
      return mkdtempSync(join(parent, 'tfjs-addon-'));
    } catch {
      continue;
    }
  }
  throw new SetupError(
    `none of ${parents.join(', ')} is a folder that can be written; set TMPDIR to one without ` +
      'a space in its path',
  );
}

async function build(project, addon, library, compiler) {
  const folder = buildFolder();
  try {
    for (const source of ['binding', 'binding.gyp', 'package.json']) {
      cpSync(join(addon.folder, source), join(folder, source), { recursive: true });
    }
    linkLibrary(folder, library);
    await runBuilder(project, addon, folder, compiler);
    linkLibrary(addon.folder, library);
    mkdirSync(dirname(addon.binary), { recursive: true });
    cpSync(join(folder, relative(addon.folder, addon.binary)), addon.binary);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runBuilder(project, addon, folder, compiler) {
  const args = [addon.builder, 'install', '--build-from-source'];
  const headers = nodeHeaders();
  if (headers) args.push(`--nodedir=${headers}`);
  const env = {
    ...builderEnvironment(),
    CXX: process.env.CXX ?? compiler,
    JOBS: 'max',
    PYTHON: project.python,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  };
  const npm = npmScript();
  if (npm) env.npm_config_node_gyp ??= join(npm, '../../node_modules/node-gyp/bin/node-gyp.js');
  // On macOS the library's own name starts with @rpath, which the package's build settings lack.
  if (process.platform === 'darwin') env.LDFLAGS = '-Wl,-rpath,@loader_path/../../deps/lib';
  try {
    await runLogged(project, process.execPath, args, { cwd: folder, env });
  } catch (error) {
    throw new SetupError(`the addon could not be built: ${error.message}`, error.logLines);
  }
}

/** Without what a user set for builds of their own: flags of compilers, other targets in npm's settings. */
export function builderEnvironment() {
  const env = { ...process.env };
  const keeps = /^npm_config_(proxy|https?_?proxy|noproxy|cafile|disturl|devdir|node_gyp)$/i;
  const foreign = /^(npm_config_.*|(C|CXX|CPP|LD|MAKE|GYP)_?(FLAGS|DEFINES)|BUILDTYPE|PYTHON.+)$/i;
  for (const name of Object.keys(env))
    if (foreign.test(name) && !keeps.test(name)) delete env[name];
  return env;
}

/** The folder over include/node of this Node, or of npm's setting; undefined makes node-gyp download. */
function nodeHeaders() {
  const candidates = [dirname(dirname(realpathSync(process.execPath)))];
  candidates.push(process.env.npm_config_nodedir ?? npmSetting('nodedir'));
  return candidates.find((folder) => existsSync(join(folder, 'include', 'node', 'node.h')));
}

function npmSetting(name) {
  const npm = npmScript();
  if (!npm) return '';
  const args = [npm, 'config', 'get', name];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim();
}

/**
 * Loads the addon in a process of its own, because a broken one can end the process, and stamps it.
 *
 * @returns The stamp, with TensorFlow's version and whether it found a GPU that it can use.
 */
function loadAddon(addon, inputs) {
  const script =
    'const addon = require(process.argv[1]);' +
    'console.log(JSON.stringify([addon.TF_Version, addon.isUsingGpuDevice()]))';
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script, addon.binary], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '1' },
  });
  if (status !== 0) {
    throw new SetupError('the addon does not load', stderr.trim().split('\n').slice(-12));
  }
  const [tensorflow, usesGpu] = JSON.parse(stdout);
  const outputs = [join('napi-v8', 'tfjs_binding.node'), '../deps/lib', '../deps/include'];
  return writeStamp(addon.stampFile, { inputs, outputs, tensorflow, usesGpu });
}

/** The package's own install script downloads a TensorFlow of 2022 and the addon for it. */
async function installOfficialBinary(project, addon, inputs, reason) {
  let stamp;
  try {
    await step('official binary', async () => {
      const script = [join('scripts', 'install.js'), 'gpu', 'download'];
      const programs = [dirname(process.execPath), dirname(addon.builder), process.env.PATH];
      const env = { ...process.env, PATH: programs.join(delimiter) };
      await runLogged(project, process.execPath, script, { cwd: addon.folder, env });
      stamp = loadAddon(addon, inputs);
      return `TensorFlow ${stamp.tensorflow}, because ${reason.message}`;
    });
    return stamp;
  } catch (error) {
    const needsCompiler = reason.message === noCompiler;
    const remedy = needsCompiler
      ? 'Install g++ and make (Debian, Ubuntu: apt-get install g++ make; macOS: xcode-select --install)'
      : `Look at the lines below (all of them: ${project.log})`;
    throw new SetupError(
      `TensorFlow has no addon for Node: ${reason.message}, and the official binary could not be ` +
        `installed either (${error.message}). ${remedy} and run this again.`,
      needsCompiler ? error.logLines : [...reason.logLines, ...error.logLines],
    );
  }
}

function describeDevice({ tensorflow, usesGpu }, gpu) {
  const processors = os.cpus();
  const cpu = `CPU (${processors[0].model.trim()}, ${processors.length} cores)`;
  const device = usesGpu ? `GPU (${gpu})` : cpu;
  const ignored =
    gpu && !usesGpu ? `; TensorFlow cannot use the ${gpu}, see its driver's version` : '';
  return `TensorFlow ${tensorflow} on ${device}${ignored}`;
}
