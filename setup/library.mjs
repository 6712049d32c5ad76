// How does lib become JavaScript? By tsc, into lib/dist, which changes only when all compiled.
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
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
  writeStamp(join(compiled, '.setup.json'), { inputs, outputs: readdirSync(compiled) });
  rmSync(join(lib, 'dist'), { recursive: true, force: true });
  renameSync(compiled, join(lib, 'dist'));
  return `${sources.length} files compiled`;
}
