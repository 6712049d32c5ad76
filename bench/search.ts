/**
 * What does a trial cost in a search beside the same training alone, and do two trials with a core
 * each lose to one after the other with both? What is measured how is written in README.md beside this
 * file.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { writeFileWhole } from 'digit-recognizer';
import { machine, root } from './processes';

/** Seconds, each the mean of the rounds. */
interface Costs {
  /** A trial alone, with all cores. */
  readonly alone: number;
  /** A search of one trial with all cores, from start to end. */
  readonly searchOfOne: number;
  /** What each further trial adds, one after the other with all cores. */
  readonly oneAfterOther: number;
  /** What each further trial adds, side by side with a core each. */
  readonly sideBySide: number;
}

const cores = os.availableParallelism();
const script = ['-r', 'ts-node/register/transpile-only'];

/** Runs a program of this repository, and gives its seconds. */
function time(...args: readonly string[]): number {
  const start = performance.now();
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  return (performance.now() - start) / 1000;
}

/** Measures all once, in folders that do not stay. */
function measure(settings: Readonly<Record<string, unknown>>): Costs {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-bench-'));
  try {
    const space = path.join(folder, 'seeds.json');
    const seed = { oneOf: Array.from({ length: 6 * cores }, (_, index) => index + 1) };
    writeFileSync(
      space,
      JSON.stringify({
        ...{ purpose: 'Seeds', sampling: 'grid', stopping: 'none' },
        settings: { ...settings, seed },
      }),
    );
    const searchOf = (samples: number, coresPerTrial: number): number => {
      const output = path.join(folder, `${samples}-trials-${coresPerTrial}-cores`);
      const sizes = ['--samples', `${samples}`, '--cores-per-trial', `${coresPerTrial}`];
      const seconds = time(...script, 'search/search.ts', space, ...sizes, '--output', output);
      const { trials } = JSON.parse(readFileSync(path.join(output, 'trials.json'), 'utf8'));
      const finished = (trials as { ended: string }[]).filter(({ ended }) => ended === 'finished');
      if (finished.length === samples) return seconds;
      throw new Error(`${finished.length} of ${samples} trials finished`);
    };
    const trial = JSON.stringify({ ...settings, seed: 1 });
    const alone = time(...script, 'search/trial.ts', trial, path.join(folder, 'alone'));
    const [one, five] = [searchOf(1, cores), searchOf(5, cores)];
    const [wave, threeWaves] = [searchOf(cores, 1), searchOf(3 * cores, 1)];
    return {
      ...{ alone, searchOfOne: one, oneAfterOther: (five - one) / 4 },
      sideBySide: (threeWaves - wave) / (2 * cores),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { quick } = new Command('npm run bench:search --')
    .description('Measures what Ray adds to a trial, and what trials side by side take.')
    .option('--quick', 'a small network once, which leaves results/ as it is', false)
    .parse()
    .opts<{ quick: boolean }>();
  execFileSync(process.execPath, ['setup/environment.mjs', 'search'], {
    ...{ cwd: root, stdio: 'inherit' },
  });
  const settings = quick
    ? { architecture: 'tiny-cnn', epochs: 1, limit: 1000 }
    : { architecture: 'deeper-cnn', epochs: 2, limit: 12_000 };
  const rounds: Costs[] = [];
  while (rounds.length < (quick ? 1 : 2)) {
    rounds.push(measure(settings));
    console.log(JSON.stringify(rounds.at(-1)));
  }
  const names = Object.keys(rounds[0]) as (keyof Costs)[];
  const seconds = Object.fromEntries(
    names.map((name) => [name, rounds.reduce((sum, it) => sum + it[name], 0) / rounds.length]),
  );
  console.log(JSON.stringify(seconds, null, 2));
  if (quick) return;
  const report = {
    ...{ date: new Date().toISOString(), machine: machine(), settings, seconds, rounds },
  };
  const file = path.join(root, 'results', 'search', 'overhead.json');
  await writeFileWhole(file, `${JSON.stringify(report, null, 2)}\n`);
}

main().catch((error) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
