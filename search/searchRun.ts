import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RendererMissingError, saveFigure, show, writeFileWhole } from 'digit-recognizer';
import { searchFigures } from './figures';
import { passing, type Search, trialsFile } from './folder';
import {
  bestTable,
  metrics,
  ranked,
  settingsOf,
  summary,
  type Outcome,
  type SearchRecord,
} from './record';
import { combinationsOf, type Space } from './space';

const root = path.dirname(__dirname);

/** What Ray is told by its environment, for a search that is on this machine alone. */
const onThisMachine = () => ({
  // Its name for being reached by others, which it has off on macOS only.
  RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER: '0',
  // A token that nobody else on this machine has, and that no file keeps.
  RAY_AUTH_MODE: 'token',
  RAY_AUTH_TOKEN: randomBytes(32).toString('hex'),
});

const everywhere = {
  RAY_USAGE_STATS_ENABLED: '0',
  RAY_AIR_NEW_OUTPUT: '0',
  // Tune would also write each result as CSV and for TensorBoard.
  TUNE_DISABLE_AUTO_CALLBACK_LOGGERS: '1',
  TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S: '0',
};

/** How to run a search. */
export interface RunOptions extends Search {
  /** The folder that is claimed for it. */
  readonly output: string;
  /** The cluster to join. @default none but this machine */
  readonly address?: string;
  readonly resume: boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs a search to its end, and leaves trials.json, best.json and figures in its folder.
 *
 * @throws Error when the set-up or Ray fails, or it is interrupted.
 */
export async function runSearch(options: RunOptions): Promise<void> {
  const { space, output, address, signal } = options;
  await runProgram(process.execPath, ['setup/environment.mjs', 'search'], {}, signal);
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-search-'));
  let outcome: Outcome;
  try {
    const [plan, found] = ['plan.json', 'record.json'].map((name) => path.join(scratch, name));
    writeFileSync(plan, JSON.stringify(planOf(options)));
    const python = path.join(__dirname, '.venv', 'bin', 'python');
    // Isolated: what a user set for their own Python stays out.
    const script = ['-I', path.join(__dirname, 'search.py'), plan, found];
    const env = { ...everywhere, ...(address === undefined && onThisMachine()) };
    await runProgram(python, script, env, signal);
    outcome = JSON.parse(readFileSync(found, 'utf8'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  await writeRecord(outcome, options);
  const { name } = space;
  console.log(`all files of the search ${name} are in ${path.relative('', output) || '.'}`);
}

/** What search.py is told. */
function planOf({ space, options, output, address, resume }: RunOptions) {
  const { storage } = options;
  return {
    ...options,
    ...space,
    points: space.sampling === 'grid' ? pointsOf(space, options) : null,
    mode: metrics[options.metric],
    timeBudget: options.timeBudget === null ? null : 60 * options.timeBudget,
    storage: storage ?? path.join(output, passing.storage),
    rungs: path.join(output, passing.rungs),
    cores: os.availableParallelism(),
    address: address ?? null,
    resume,
  };
}

/** The combinations of a grid, or where only some are asked for as many, spread evenly. */
function pointsOf(space: Space, { samples }: Search['options']) {
  const all = combinationsOf(space);
  return Array.from(
    { length: samples },
    (_, index) => all[Math.floor((index * all.length) / samples)],
  );
}

async function writeRecord(outcome: Outcome, { space, options, output }: RunOptions) {
  const trials = ranked(outcome.trials, options.metric);
  const record: SearchRecord = { space, options, ...outcome, trials };
  const write = (name: string, value: unknown) =>
    writeFileWhole(path.join(output, name), `${JSON.stringify(value, null, 2)}\n`);
  const [best] = trials;
  if (best === undefined) {
    throw new Error(
      'no trial was begun in the time budget; give a longer --time-budget, and --output',
    );
  }
  if (best.ended !== 'failed') await write('best.json', settingsOf(best, space));
  for (const [name, figure] of Object.entries(searchFigures(record))) {
    try {
      await saveFigure(figure, path.join(output, `${name}.png`));
    } catch (error) {
      if (!(error instanceof RendererMissingError)) throw error;
      console.warn(`warning: ${name}.png is missing: ${error.message}`);
    }
  }
  // The last, since it says that the search has ended, and --resume would begin it again.
  await write(trialsFile, record);
  const sources = new Set(trials.flatMap(({ digits }) => digits ?? []));
  if (sources.size > 1) {
    console.warn(`warning: not all trials had the same digits: ${[...sources].join(' | ')}`);
  }
  for (const name of [passing.storage, passing.rungs]) {
    rmSync(path.join(output, name), { recursive: true, force: true });
  }
  await show(bestTable(record), { caption: `The best trials of ${space.name}` });
  console.log(summary(record));
  if (best.ended === 'failed') {
    throw new Error(`all ${trials.length} trials failed, such as ${best.id}: ${best.reason}`);
  }
}

/** Runs a program to its end, with what it says on this terminal. */
function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C would reach it twice, and Tune ends at the second without a record.
    const child = spawn(program, args, {
      ...{ cwd: root, detached: true, env: { ...process.env, ...env } },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const interrupt = () => child.kill('SIGINT');
    const kill = () => child.kill('SIGKILL');
    signal.addEventListener('abort', interrupt, { once: true });
    process.once('exit', kill);
    if (signal.aborted) interrupt();
    child.once('error', reject);
    child.once('close', (code, by) => {
      signal.removeEventListener('abort', interrupt);
      process.off('exit', kill);
      if (signal.aborted) return reject(new Error('interrupted'));
      if (code === 0) return resolve();
      const how = by === null ? `failed (exit code ${code})` : `was ended by ${by}`;
      reject(
        new Error(`${args.at(-1) === 'search' ? 'the set-up' : 'the search'} ${how}; see above`),
      );
    });
  });
}
