/**
 * Trains what a report compares, in the background: `npm run study -- --help`.
 *
 * Exit codes: 0 done, 1 failed, 2 bad arguments, 130 or 143 interrupted with the last epoch kept.
 */
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import type { Logger } from 'pino';
import { commonOptions, fromHere, givenPath } from './arguments';
import { openLog, type LogLevel } from './log';
import { lockFolder, logFile, OutputFolderError } from './runFolder';
import { stopOnSignals } from './signals';
import type { StudyOptions } from './studyRun';
import { studies, type StudyName } from './studies';

interface StudyArguments extends Omit<StudyOptions, 'output'> {
  readonly output?: string;
  readonly logLevel: LogLevel;
}

function readArguments(): { names: StudyName[]; options: StudyArguments } {
  const names = Object.keys(studies) as StudyName[];
  const purposes = names.map((name) => `  ${name.padEnd(14)}${studies[name].purpose}`).join('\n');
  const command = new Command('npm run study --')
    .description(
      'Trains what a report compares, a record a training. What is trained already ' +
        'is left as it is, and an interrupted training goes on from its last finished epoch.\n\n' +
        `Studies:\n${purposes}`,
    )
    .addArgument(new Argument('<studies...>', 'which').choices(names))
    .addOption(commonOptions.limit)
    .addOption(commonOptions.data)
    .addOption(
      new Option(
        '--output <folder>',
        "where the records go, if not to their report's folder",
      ).argParser(givenPath),
    )
    .addOption(commonOptions.logLevel)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse();
  return { names: command.processedArgs[0], options: command.opts() };
}

async function main(): Promise<number> {
  const { names, options } = readArguments();
  const stop = stopOnSignals();
  const folderOf = (name: StudyName) =>
    options.output ?? fromHere(`results/${studies[name].report}`);
  try {
    new Set(names.map(folderOf)).forEach(lockFolder);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    return error instanceof OutputFolderError ? 2 : 1;
  }
  for (const name of names) {
    const code = await run(name, { ...options, output: folderOf(name) }, stop);
    if (code !== 0) return code;
  }
  return 0;
}

async function run(
  name: StudyName,
  options: StudyArguments & StudyOptions,
  stop: ReturnType<typeof stopOnSignals>,
): Promise<number> {
  let log: Logger;
  try {
    log = openLog(options.logLevel, path.join(options.output, logFile));
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    return 1;
  }
  try {
    const { runStudy } = await import('./studyRun');
    await runStudy(name, options, log, stop.signal);
    return 0;
  } catch (error) {
    if ((error as Error).name === 'Interrupted') {
      log.warn((error as Error).message);
      return stop.exitCode();
    }
    log.error((error as Error).message);
    log.debug(error);
    return 1;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
