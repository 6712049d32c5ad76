import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RendererMissingError, saveFigure, show, writeFileWhole } from 'digit-recognizer';
import { fromHere } from '../scripts/arguments';
import { OutputFolderError } from '../scripts/runFolder';
import { searchFigures } from './figures';
import { passing, type Search, searchFile, trialsFile } from './folder';
import { runProgram } from './program';
import {
  bestTable,
  metrics,
  ranked,
  settingsOf,
  summary,
  type Outcome,
  type SearchRecord,
} from './record';
import { combinationsOf } from './space';

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
 * @throws OutputFolderError when the storage has anything else.
 * @throws Error when Ray or all trials fail, or it is interrupted.
 */
export async function runSearch(options: RunOptions): Promise<void> {
  const { space, output, address, resume, signal } = options;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-search-'));
  let outcome: Outcome | { readonly refused: string };
  try {
    const [plan, found] = ['plan.json', 'record.json'].map((name) => path.join(scratch, name));
    writeFileSync(plan, JSON.stringify(planOf(options)));
    const python = path.join(__dirname, '.venv', 'bin', 'python');
    // Isolated: what a user set for their own Python stays out.
    const script = ['-I', path.join(__dirname, 'search.py'), plan, found];
    const env = { ...everywhere, ...(address === undefined && onThisMachine()) };
    await runProgram('the search', [python, ...script], env, signal);
    outcome = JSON.parse(readFileSync(found, 'utf8'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if ('refused' in outcome) {
    // The folder has the storage's name, which a search keeps.
    if (resume) throw new OutputFolderError(`${outcome.refused} and --output`);
    // So that the same command works with another storage.
    rmSync(path.join(output, searchFile));
    throw new OutputFolderError(outcome.refused);
  }
  await writeRecord(outcome, options);
  const { name } = space;
  console.log(
    `all files of the search ${name} are in ${path.relative(fromHere('.'), output) || '.'}`,
  );
}

/** What search.py is told. */
function planOf({ space, options, output, address, resume }: RunOptions) {
  const { storage } = options;
  return {
    ...options,
    ...space,
    points: space.sampling === 'grid' ? combinationsOf(space) : null,
    mode: metrics[options.metric],
    timeBudget: options.timeBudget === null ? null : 60 * options.timeBudget,
    storage: storage ?? path.join(output, passing.storage),
    rungs: path.join(output, passing.rungs),
    // The same storage may be named otherwise on another machine.
    search: { ...space, ...options, storage: undefined },
    cores: os.availableParallelism(),
    address: address ?? null,
    resume,
  };
}

async function writeRecord(outcome: Outcome, { space, options, output }: RunOptions) {
  const trials = ranked(outcome.trials, options.metric);
  const record: SearchRecord = { space, options, ...outcome, trials };
  const write = (name: string, value: unknown) =>
    writeFileWhole(path.join(output, name), `${JSON.stringify(value, null, 2)}\n`);
  const [best] = trials;
  if (best === undefined) {
    const others = options.storage === null ? '--output' : '--output and --storage';
    throw new Error(
      `no trial had an epoch in the time budget; give a longer --time-budget, and another ${others}`,
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
