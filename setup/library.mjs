// How does lib become JavaScript? By tsc, into lib/dist, which changes only when all compiles.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runLogged, SetupError } from './commands.mjs';

export async function compileLibrary(project) {
  const { root } = project;
  const dist = join(root, 'lib', 'dist');
  const outputs = filesIn(join(root, 'lib'))
    .filter((file) => file.endsWith('.ts') && !/^(dist|node_modules)\b/.test(file))
    .flatMap((file) => ['.js', '.d.ts'].map((ending) => file.replace(/\.ts$/, ending)));
  const isWhole = outputs.every((file) => existsSync(join(dist, file)));
  const before = readState(dist);
  const tsc = createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  // By itself, tsc does not look whether what it made is still there.
  const args = [tsc, '--build', 'lib', ...(isWhole ? [] : ['--force'])];
  try {
    await runLogged(project, process.execPath, args, { cwd: root });
  } catch (error) {
    throw new SetupError(
      `lib does not compile: ${error.message}. Mend what the lines below name and run this again.`,
      error.logLines,
    );
  }
  // What is left of a source that is gone would be packed, and found before a folder of its name.
  const left = filesIn(dist).filter(
    (file) => /\.(js|d\.ts)$/.test(file) && !outputs.includes(file),
  );
  for (const file of left) rmSync(join(dist, file));
  return isWhole && readState(dist) === before ? 'up to date' : 'compiled';
}

function filesIn(folder) {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
}

/** What tsc remembers of its last run. */
function readState(dist) {
  const file = join(dist, '.tsbuildinfo');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
