// How does lib become JavaScript? By tsc, into lib/dist, which changes only when all compiles.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runLogged, SetupError } from './commands.mjs';

export async function compileLibrary(project) {
  const { root } = project;
  const tsc = createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  try {
    await runLogged(project, process.execPath, [tsc, '--build', 'lib'], { cwd: root });
  } catch (error) {
    throw new SetupError(
      `lib does not compile: ${error.message}. Mend what the lines below name and run this again.`,
      error.logLines,
    );
  }
  return 'compiled';
}
