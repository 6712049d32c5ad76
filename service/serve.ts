/**
 * Serves readings of digits over HTTP: `npm run serve -- --help`.
 *
 * Exit codes: 0 ended by a signal, 1 failed, 2 bad arguments.
 */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Command, Option } from 'commander';
import { committedModel, givenPath, portNumber } from '../scripts/arguments';

const root = path.dirname(__dirname);
const tokenName = 'DIGIT_RECOGNIZER_TOKEN';

interface ServeArguments {
  readonly host: string;
  readonly port: number;
  readonly model: string;
}

function readArguments(): ServeArguments {
  const command = new Command('npm run serve --')
    .description(
      `Reads digits for programs and the page, over HTTP. On another host than this machine's own it ` +
        `needs a token in ${tokenName}, which requests then bring.`,
    )
    .option('--host <name>', 'where to listen', '127.0.0.1')
    .option('--port <n>', 'which port, 0 for any that is free', portNumber, 8000)
    .addOption(
      new Option('--model <folder>', 'a saved classifier')
        .argParser(givenPath)
        .default(committedModel, 'the one in results/04-other-hands'),
    )
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return command.parse().opts();
}

const isLoopback = (host: string) => /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);

async function main(): Promise<number> {
  const { host, port, model } = readArguments();
  const token = process.env[tokenName] || undefined;
  if (!isLoopback(host) && token === undefined) {
    console.error(
      `error: --host is ${host}, which other machines reach; set ${tokenName} to a secret text that ` +
        'requests have to bring, or leave --host out',
    );
    return 2;
  }
  try {
    const { MnistClassifier } = await import('digit-recognizer');
    const { createService } = await import('./server');
    const { warmUp } = await import('./reader');
    const classifier = await MnistClassifier.load(model);
    await warmUp(classifier);
    const page = path.join(root, 'web', 'dist');
    const app = await createService({ classifier, page, token, logStream: process.stderr });
    await app.listen({ host, port });
    const { port: found } = app.server.address() as AddressInfo;
    const address = `http://${host.includes(':') ? `[${host}]` : host}:${found}`;
    console.log(`Listening on ${address} (POST /v1/predictions, GET /openapi.json)`);
    if (!existsSync(page)) console.log('Without the page at /, which npm run page builds.');
    await new Promise<void>((resolve) => {
      process.once('SIGTERM', resolve);
      process.once('SIGINT', resolve);
    });
    await app.close();
    classifier.dispose();
    return 0;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const remedy = code === 'EADDRINUSE' ? '; give another --port, or 0 for any that is free' : '';
    console.error(`error: ${message}${remedy}`);
    return 1;
  }
}

void main().then((code) => process.exit(code));
