// How does lib become JavaScript? By tsc, into lib/dist, which changes only when all compiled.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runLogged, SetupError } from './commands.mjs';
import { currentStamp, fingerprint, writeStamp } from './stamps.mjs';

export async function compileLibrary(project) {
  const { root } = project;
  const lib = join(root, 'lib');
  const sources = ['.', 'fused']
    .flatMap((folder) => readdirSync(join(lib, folder)).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const settings = ['tsconfig.json', 'lib/tsconfig.json', 'lib/package.json', 'package-lock.json'];
  const files = [...sources.map((file) => join('lib', file)), ...settings];
  const inputs = fingerprint(files.flatMap((file) => [file, readFileSync(join(root, file))]));
  const stampFile = join(lib, 'dist', '.setup.json');
  if (currentStamp(stampFile, inputs)) return 'up to date';

  const compiled = join(project.native, 'lib-dist');
  rmSync(compiled, { recursive: true, force: true });
  const tsc = createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  try {
    const options = ['--project', lib, '--outDir', compiled];
    await runLogged(project, process.execPath, [tsc, ...options], { cwd: root });
  } catch (error) {
    throw new SetupError(
      `lib does not compile: ${error.message}. Mend what the lines below name and run this again.`,
      error.logLines,
    );
  }
  replaceFiles(compiled, join(lib, 'dist'), inputs);
  return `${sources.length} files compiled`;
}

/** Moves the compiled files into lib/dist and removes those of the last time; others there stay. */
function replaceFiles(compiled, dist, inputs) {
  const stampFile = join(dist, '.setup.json');
  const outputs = readdirSync(compiled, { recursive: true }).filter((it) => /\.[jt]s$/.test(it));
  let old = [];
  try {
    old = JSON.parse(readFileSync(stampFile, 'utf8')).outputs;
  } catch {
    // lib/dist is new, or `npm run build` made it.
  }
  for (const output of outputs) {
    mkdirSync(join(dist, dirname(output)), { recursive: true });
    renameSync(join(compiled, output), join(dist, output));
  }
  for (const output of old.filter((it) => /\.[jt]s$/.test(it) && !outputs.includes(it))) {
    rmSync(join(dist, output), { force: true });
  }
  writeStamp(stampFile, { inputs, outputs });
  rmSync(compiled, { recursive: true });
}
