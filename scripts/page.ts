/**
 * Builds the page where one draws digits, and serves it: `npm run page`, until Ctrl-C.
 *
 * Exit codes: 0 done, 1 when it cannot be built or served, 2 bad arguments.
 */
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { portNumber } from './arguments';
import { buildPage, pageFolder } from './buildPage';
import { servePage } from './servePage';

/** Of its own, since a browser keeps the page for its address, and other programs use 8080. */
const defaultPort = 8628;

function readArguments(argv: readonly string[]) {
  return new Command('npm run page --')
    .description('Builds the page where one draws digits, and serves it to this machine.')
    .option('--port <number>', 'where to serve it; 0 takes a free port', portNumber, defaultPort)
    .option('--build-only', 'only write it to web/dist, for a static host')
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(argv, { from: 'user' })
    .opts<{ port: number; buildOnly?: boolean }>();
}

async function main(): Promise<void> {
  const { port, buildOnly } = readArguments(process.argv.slice(2));
  await buildPage();
  console.log(`The page is built in ${pageFolder}.`);
  if (buildOnly) return;
  const server = await servePage(pageFolder, { port });
  console.log(
    `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/ (Ctrl-C ends it)`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void server.close());
  }
}

main().catch((error: NodeJS.ErrnoException) => {
  const remedy = error.code === 'EADDRINUSE' ? ' Give another one: npm run page -- --port 0' : '';
  console.error(`error: ${error.message}.${remedy}`);
  process.exitCode = 1;
});
