import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify, stripVTControlCharacters } from 'node:util';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { MnistClassifier, type ClassifierTraining } from '../../lib/classifier';
import { architectureNames } from '../../lib/networks/architectures';
import type { DigitSet } from '../../lib/data/digits';
import { loadDigits } from '../../lib/data/mnist';
import { wilsonInterval, type Interval } from '../../lib/metrics/metrics';
import { seededRandom, shuffledIndices } from '../../lib/platform/random';
import { readSafetensors } from '../../lib/formats/safetensors';
import { digitAugmentation, recipeOf, type Recipe } from '../../lib/recipes';
import { openLog } from '../../scripts/log';
import { requirePrecision } from '../../scripts/precision';
import { studies, type StudySettings } from '../../scripts/studies';
import { drawnDigits, idxImages, idxLabels } from '../fixtures';

const root = path.resolve(__dirname, '..', '..');
const outputs = [
  'architecture_diagram.png',
  'confusion_matrix.png',
  'metrics.json',
  'model',
  'predictions_sample.png',
  'training.log',
  'training_history.png',
];
const checkpoint = 'checkpoint.safetensors';
/** A training that ends by patience, about a dozen epochs of half a second later. */
const deep = ['--epochs', '20', '--batch-size', '4', '--learning-rate', '0.003'];
/** Four or five epochs of a third of a second: patience is 3. */
const regularized = ['--architecture', 'regularized-cnn', '--epochs', '5', '--batch-size', '4'];
const baseline = ['--architecture', 'baseline', '--epochs', '3', '--batch-size', '4'];

let scratch: string;
let data: string;
let testDigits: DigitSet;
let wholeDeep: Promise<WholeRun> | undefined;
let interrupted: Promise<{ folder: string } & Ended> | undefined;
let studied: Promise<{ folder: string } & Ended> | undefined;
const running = new Set<ChildProcess>();

// Only in a suite do the hooks run around these tests, and not around those of every file.
describe('scripts', () => {
  before(() => {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'scripts-test-'));
    data = path.join(scratch, 'drawn');
    testDigits = writeDigits(data);
  });

  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await sleep(running.size > 0 ? 500 : 0);
    fs.rmSync(scratch, { recursive: true });
  });

  it('npm run train, predict and study are set-up and these scripts', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    assert.match(scripts.study, /^node setup\/setup\.mjs && exec ts-node -T scripts\/study\.ts$/);
    assert.match(scripts.train, /^node setup\/setup\.mjs && exec ts-node -T scripts\/train\.ts$/);
    assert.match(
      scripts.predict,
      /^node setup\/setup\.mjs >&2 && exec ts-node -T scripts\/predict\.ts$/,
    );
  });

  it('train.ts leaves its figures, metrics.json, model and training.log, and nothing else', async () => {
    const { folder } = await trainDeep();
    assert.deepEqual(fs.readdirSync(folder).sort(), outputs);
    assert.match(
      fs.readdirSync(path.join(folder, 'model')).sort().join(),
      /^model\.json,weights-[0-9a-f]{12}\.bin$/,
    );
    for (const file of outputs.filter((name) => name.endsWith('.png'))) {
      const { width, height } = PNG.sync.read(fs.readFileSync(path.join(folder, file)));
      assert.ok(width >= 400 && height >= 200, `${file} is ${width} x ${height}`);
    }
  });

  it('train.ts writes figures in metrics.json that agree with each other', async () => {
    const { metrics } = await trainDeep();
    const { epochs, keptEpoch } = metrics.training;
    assert.deepEqual(
      epochs.map(({ epoch }) => epoch),
      epochs.map((_, index) => index + 1),
    );
    const losses = epochs.map(({ validationLoss }) => validationLoss);
    assert.equal(keptEpoch, losses.indexOf(Math.min(...losses)) + 1);
    assert.ok(Math.abs(metrics.validation.loss - losses[keptEpoch - 1]) < 1e-5);
    assert.deepEqual(
      [metrics.data.train, metrics.data.validation, metrics.data.test],
      [360, 40, testDigits.count],
    );
    for (const [scores, count] of [
      [metrics.validation, 40],
      [metrics.test, testDigits.count],
    ] as const) {
      assert.ok(Math.abs(scores.accuracy - (1 - scores.errors / count)) < 1e-12);
      assert.deepEqual(scores.interval, wilsonInterval(count - scores.errors, count));
    }
    const { confusionMatrix, report, accuracy, errors } = metrics.test;
    const right = confusionMatrix.reduce((sum, row, digit) => sum + row[digit], 0);
    assert.equal(right, testDigits.count - errors);
    assert.equal(report.accuracy, accuracy);
  });

  it('train.ts saves a model that MnistClassifier loads, and that scores what metrics.json says', async () => {
    const { folder, metrics } = await trainDeep();
    const classifier = await MnistClassifier.load(path.join(folder, 'model'));
    const { accuracy, loss, confusionMatrix } = await classifier.evaluate(testDigits);
    assert.equal(accuracy, metrics.test.accuracy);
    assert.ok(Math.abs(loss - metrics.test.loss) < 1e-6);
    assert.deepEqual(confusionMatrix, metrics.test.confusionMatrix);
    assert.equal(classifier.network.countParams(), metrics.parameters);
    assert.deepEqual(classifier.history, metrics.training);
    classifier.dispose();
  });

  it('train.ts writes a line of JSON for every epoch in training.log', async () => {
    const { folder, metrics } = await trainDeep();
    const lines = readLog(folder);
    for (const { level, time, msg } of lines) {
      assert.ok([20, 30, 40, 50].includes(level) && time > 0 && msg.length > 0);
    }
    const logged = lines
      .filter(({ msg }) => msg === 'epoch')
      .map((line) => ({ ...line, level: undefined, time: undefined, msg: undefined }));
    assert.deepEqual(JSON.parse(JSON.stringify(logged)), metrics.training.epochs);
  });

  it('train.ts prints its scores on stdout and, without a terminal, plain lines on stderr', async () => {
    const { stdout, stderr, metrics } = await trainDeep();
    const rows = stdout.trimEnd().split('\n');
    assert.equal(rows[0], 'deeper-cnn, seed 42');
    assert.match(
      rows[1],
      /^digits +images +accuracy \(%\) +95 % interval \(%\) +loss \(nats\) +errors$/,
    );
    assert.ok(Math.max(...rows.map((row) => row.length)) < 80);
    ['validation', 'test'].forEach((name, index) => {
      const { accuracy, errors } = metrics[name as 'validation' | 'test'];
      const row = new RegExp(`^${name} +\\d+ +${(100 * accuracy).toFixed(2)} .* ${errors}$`);
      assert.match(rows[3 + index], row);
    });
    assert.equal(stripVTControlCharacters(stdout + stderr), stdout + stderr);
    assert.ok(!stderr.includes('\r'));
    const epochs = stderr.match(/^deeper-cnn: epoch \d+ of 20 in .* images\/s, .*%$/gm);
    assert.equal(epochs?.length, metrics.training.epochs.length, stderr);
  });

  it('train.ts killed at random moments and resumed ends with the bytes of a whole run', async () => {
    const whole = await trainDeep();
    const { epochs } = whole.metrics.training;
    const epochMilliseconds = 1000 * Math.max(...epochs.map(({ seconds }) => seconds));
    // Once before the first epoch is kept, and once while patience is running out.
    const between = shuffledIndices(epochs.length - 3, Math.random)
      .slice(0, 3)
      .sort();
    const moments = [0, ...between.map((index) => index + 1), epochs.length - 1].map((after) => ({
      after,
      wait: Math.round(Math.random() * (after > 0 ? epochMilliseconds : whole.milliseconds)),
    }));
    const told = `killed ${moments.map(({ after, wait }) => `${wait} ms after epoch ${after}`).join(', ')}`;
    const folder = path.join(scratch, 'killed');
    const isUnfinished = () => fs.existsSync(path.join(folder, checkpoint));
    const args = () => [...deep, '--output', folder, ...(isUnfinished() ? ['--resume'] : [])];
    for (const { after, wait } of moments) {
      const run = train(args());
      await run.until(() => lastEpochOf(folder) >= after);
      await sleep(wait);
      run.child.kill('SIGKILL');
      const { code, stderr } = await run.ended;
      assert.ok(code === null || code === 0, `${told}: ${stderr}`);
    }
    // The last of them may have come too late.
    if (isUnfinished() || !fs.existsSync(path.join(folder, 'metrics.json'))) {
      const { code, stderr } = await train(args()).ended;
      assert.equal(code, 0, `${told}: ${stderr}`);
    }
    assertSameResults(folder, whole.folder, told);
    const logged = readLog(folder).filter(({ msg }) => msg === 'epoch');
    assert.equal(new Set(logged.map(({ epoch }) => epoch)).size, logged.length, told);
  });

  it('train.ts on Ctrl-C ends with 130, keeps a checkpoint and says how to go on', async () => {
    const { folder, code, stdout, stderr } = await interruptRegularized();
    assert.equal(code, 130, stderr);
    const [, count] =
      /interrupted after (\d) of 5 epochs; add --resume to go on/.exec(stderr) ?? [];
    assert.ok(count, stderr);
    assert.equal(stdout, '');
    assert.deepEqual(fs.readdirSync(folder).sort(), [checkpoint, 'training.log']);
    const { metadata } = await readSafetensors(path.join(folder, checkpoint));
    const { run, callbacks } = JSON.parse(metadata.training);
    assert.equal(run.epochs.length, Number(count));
    const losses = run.epochs.map(
      ({ validationLoss }: { validationLoss: number }) => validationLoss,
    );
    const best = Math.min(...losses);
    assert.equal(callbacks[0].best, best);
    assert.equal(callbacks[0].wait, losses.length - 1 - losses.indexOf(best));
  });

  it('train.ts interrupted twice, the second time by SIGTERM (143), ends as a whole run', async () => {
    const folder = await unfinishedRun('twice');
    const [whole, second] = [
      train([...regularized, '--output', path.join(scratch, 'regularized')]),
      train([...regularized, '--resume', '--output', folder]),
    ];
    const before = lastEpochOf(folder);
    await second.until(() => lastEpochOf(folder) > before);
    second.child.kill('SIGTERM');
    const { code, stderr } = await second.ended;
    assert.equal(code, 143, stderr);
    assert.match(stderr, /add --resume/);
    const third = await train([...regularized, '--resume', '--output', folder]).ended;
    assert.equal(third.code, 0, third.stderr);
    assert.equal((await whole.ended).code, 0);
    assertSameResults(folder, path.join(scratch, 'regularized'), stderr);
  });

  it('train.ts --help lists the architectures of lib/classifier.ts', async () => {
    const { code, stdout } = await train(['--help']).ended;
    assert.equal(code, 0);
    const names = /--architecture[^(]*\(choices:\s*([^)]*?),\s*default:\s*"deeper-cnn"\)/.exec(
      stdout,
    );
    assert.deepEqual(JSON.parse(`[${names?.[1]}]`), architectureNames);
    assert.doesNotMatch(stdout, new RegExp(root));
    assert.ok(Math.max(...stdout.split('\n').map((line) => line.length)) <= 80);
  });

  it('train.ts with a wrong option ends with 2, says what is expected and touches nothing', async () => {
    const folder = finishedFolder('wrong-option');
    const before = contentsOf(folder);
    const whole = /Expected a whole number from 1\./;
    const share = /Expected a number above 0 and below 1\./;
    const wrong: [args: string[], message: RegExp][] = [
      [['--nonsense'], /unknown option '--nonsense'/],
      [['extra'], /too many arguments/],
      [['--architecture', 'vgg'], new RegExp(`choices are ${architectureNames.join(', ')}\\.`)],
      ...['0', '-1', '1.5', 'abc', ''].map((n): [string[], RegExp] => [['--epochs', n], whole]),
      [['--batch-size', '0'], whole],
      ...['0', '1', '1.5'].map((n): [string[], RegExp] => [['--validation-split', n], share]),
      [['--learning-rate', '0'], /Expected a number above 0\./],
      [['--data', path.join(scratch, 'missing')], /--data.*Expected a folder that exists\./],
      [['--log-level', 'loud'], /choices are debug, info, warn, error, silent\./],
      [['--resume'], /has no checkpoint\.safetensors.*Leave out --resume/],
    ];
    await assertRefused(wrong.map(([args, message]) => [[...args, '--output', folder], message]));
    assert.deepEqual(contentsOf(folder), before);
  });

  it('train.ts ends with 2 where the output folder cannot be used', async () => {
    const file = path.join(scratch, 'file');
    fs.writeFileSync(file, 'text');
    const closed = path.join(scratch, 'closed');
    fs.mkdirSync(closed, { mode: 0o555 });
    const odd = path.join(scratch, 'odd');
    fs.mkdirSync(path.join(odd, 'run.lock'), { recursive: true });
    const unusable = [
      odd,
      file,
      path.join(file, 'folder'),
      '/dev/null/folder',
      '/proc/folder/deeper',
    ];
    // For root no folder is closed.
    if (process.getuid?.() !== 0) unusable.push(closed, path.join(closed, 'folder'));
    await assertRefused(
      unusable.map((folder) => [
        ['--output', folder],
        new RegExp(`^error: cannot write in ${folder}: `),
      ]),
    );
    assert.equal(fs.readFileSync(file, 'utf8'), 'text');
    assert.deepEqual(fs.readdirSync(odd), ['run.lock']);
    const missing = path.join(scratch, 'none', 'such');
    await assertRefused([[['--resume', '--output', missing], /nothing to go on with/]]);
    assert.ok(!fs.existsSync(path.dirname(missing)));
  });

  it("train.ts without --resume leaves an unfinished run alone, but takes a dead one's lock", async () => {
    const folder = finishedFolder('unfinished');
    fs.writeFileSync(path.join(folder, checkpoint), 'of an earlier run');
    const before = contentsOf(folder);
    // A killed run's, whose number another process has by now.
    fs.writeFileSync(path.join(folder, 'run.lock'), `process ${process.pid}\n`);
    const half = (file: string) => `.${file}.5e31a3c7-1f0e-4b21-9d3e-0c6f2b7a8d90.partial`;
    fs.writeFileSync(path.join(folder, half(checkpoint)), 'half');
    fs.writeFileSync(path.join(folder, 'model', half('model.json')), 'half');
    await assertRefused([[['--output', folder], /has an unfinished run\. Add --resume/]]);
    assert.deepEqual(contentsOf(folder), before);
  });

  it("train.ts ends with 2 where it would replace files that are not a run's, and keeps them", async () => {
    const folder = path.join(scratch, 'of-the-user');
    for (const [file, contents] of [
      ['metrics.json', '{"mine":1}'],
      ['training.log', 'my own notes'],
    ]) {
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder);
      fs.writeFileSync(path.join(folder, file), contents);
      await assertRefused([
        [['--output', folder], new RegExp(`has ${file}, which no run of train wrote`)],
      ]);
      assert.deepEqual(fs.readdirSync(folder), [file]);
      assert.equal(fs.readFileSync(path.join(folder, file), 'utf8'), contents);
    }
  });

  it("train.ts ends with 2 where a lock or a model is not a run's, and keeps it", async () => {
    const folder = path.join(scratch, 'locked-by-the-user');
    for (const [file, reason] of [
      ['run.lock', /run\.lock is no lock of a run/],
      [path.join('model', 'model.json'), /has model.model\.json, which no run of train wrote/],
    ] as const) {
      fs.rmSync(folder, { recursive: true, force: true });
      const place = path.join(folder, file);
      fs.mkdirSync(path.dirname(place), { recursive: true });
      fs.writeFileSync(place, 'my notes');
      await assertRefused([[['--output', folder], reason]]);
      assert.deepEqual(fs.readdirSync(folder), [file.split(path.sep)[0]]);
      assert.equal(fs.readFileSync(place, 'utf8'), 'my notes');
    }
  });

  it('train.ts ends with 2 where another run has the folder, names it and leaves it alone', async () => {
    // As npm runs it for a user in the folder above.
    const here = { INIT_CWD: scratch };
    const first = train([...baseline, '--output', 'shared'], here);
    const folder = path.join(scratch, 'shared');
    const lock = path.join(folder, 'run.lock');
    await first.until(() => fs.existsSync(lock) && fs.readFileSync(lock, 'utf8') !== '');
    await assertRefused([
      [
        ['--output', folder],
        new RegExp(`is in use by another run \\(process ${first.child.pid}\\)`),
      ],
    ]);
    const { code, stderr } = await first.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(fs.readdirSync(folder).sort(), outputs);
  });

  it('train.ts started five times at once in one folder runs once', async () => {
    const folder = path.join(scratch, 'wanted');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'run.lock'), 'process 1\n');
    const runs = Array.from({ length: 5 }, () => train([...baseline, '--output', folder]).ended);
    const codes = (await Promise.all(runs)).map(({ code }) => code);
    assert.deepEqual(codes.sort(), [0, 2, 2, 2, 2]);
    assert.deepEqual(fs.readdirSync(folder).sort(), outputs);
  });

  it('train.ts with more images in a batch than there are ends with 2 and touches nothing', async () => {
    const folder = finishedFolder('batch');
    const before = contentsOf(folder);
    await assertRefused([
      [['--batch-size', '361', '--output', folder], /batchSize is 361, but there are 360 training/],
    ]);
    // The log says what was refused.
    fs.writeFileSync(path.join(folder, 'training.log'), before['training.log']);
    assert.deepEqual(contentsOf(folder), before);
  });

  it('train.ts --resume with other settings ends with 2 and says which differ', async () => {
    const other = path.join(scratch, 'other-drawn');
    writeDigits(other, 2);
    const settings = ['--architecture', 'simple-cnn', '--learning-rate', '0.002'];
    const differences = [
      'network was ".*" and is ".*"',
      'learningRate was 0\\.001\\d* and is 0\\.002\\d*',
      'batchSize was 4 and is 8',
      'seed was 42 and is 43',
      'training digits was "360 digits, .*" and is "360 digits, .*"',
    ];
    const changes: [args: string[], message: RegExp][] = [
      [
        [...settings, '--batch-size', '8', '--seed', '43'],
        new RegExp(`other settings: ${differences.join('; ')}; `),
      ],
      [['--data', other], /other settings: training digits was .*; validation digits was /],
    ];
    const folders = await Promise.all(changes.map((_, index) => unfinishedRun(`changed-${index}`)));
    const before = folders.map((folder) => fs.readFileSync(path.join(folder, checkpoint)));
    await assertRefused(
      changes.map(([args, message], index) => [
        [...regularized, '--resume', '--output', folders[index], ...args],
        message,
      ]),
    );
    folders.forEach((folder, index) => {
      assert.deepEqual(fs.readFileSync(path.join(folder, checkpoint)), before[index]);
      assert.deepEqual(fs.readdirSync(folder).sort(), [checkpoint, 'training.log']);
    });
  });

  it('train.ts --resume ends with 1 where the checkpoint is damaged, and names it', async () => {
    const folder = await unfinishedRun('damaged');
    const file = path.join(folder, checkpoint);
    flipByte(file);
    const before = fs.readFileSync(file);
    const { code, stderr } = await train([...regularized, '--resume', '--output', folder]).ended;
    assert.equal(code, 1, stderr);
    assert.ok(stderr.includes(`${file} is damaged: `), stderr);
    assert.deepEqual(fs.readFileSync(file), before);
  });

  it('train.ts shows a bar with speed and time left in a terminal, and log lines beside it', async () => {
    const folder = path.join(scratch, 'terminal');
    const command = [process.execPath, ...trainCommand, '--data', data, ...baseline]
      .concat('--log-level', 'debug', '--output', folder)
      .map((word) => `'${word}'`)
      .join(' ');
    const { stdout: screen } = await promisify(execFile)(
      'script',
      ['-qec', `stty cols 80 rows 24; ${command}`, '/dev/null'],
      { cwd: root, env: userEnvironment() },
    );
    const writes = screen.split('\r\u001b[K').map(stripVTControlCharacters);
    const bars = writes.filter((text) => /[█░]/.test(text));
    assert.match(
      bars[0],
      /^baseline [█░]{20} \d+ %, epoch 1 of 3, [\d,]+ images\/s, [\d.]+ (s|min \d+ s) left/,
    );
    // What is wider than the terminal would not be erased whole; the last write ends its line.
    for (const bar of bars) assert.ok(bar.length < 80 && !bar.includes('\n'), bar);
    const shown = writes.filter((text) => !bars.includes(text)).join('');
    const log = /^\[\d\d:\d\d:\d\d\] (DEBUG|INFO): .+$/gm;
    assert.equal(shown.match(log)?.length, readLog(folder).length, shown);
    assert.equal(shown.match(/DEBUG: epoch /g)?.length, 3);
    assert.match(shown, /^baseline: 3 epochs in .* images\/s, validation accuracy .* %\r?$/m);
  });

  it('study.ts leaves a record and a network a seed, which score what the record says', async () => {
    const { folder, stderr } = await studyTiny();
    assert.match(stderr, /tiny: 0 of 3 trainings are done/);
    for (const seed of [42, 43, 44]) {
      const record = readJson(path.join(folder, 'tiny', `tiny-cnn-${seed}.json`));
      assert.equal(record.settings.seed, seed);
      const { training, validation, test, parameters } = record.networks['tiny-cnn'];
      assert.equal(training.epochs.length, training.keptEpoch);
      assert.ok(parameters < 20_000 && test === undefined);
      const place = path.join(folder, 'tiny', `tiny-cnn-${seed}`);
      const classifier = await MnistClassifier.load(place);
      const { MNIST_DIR } = process.env;
      process.env.MNIST_DIR = data;
      const digits = await loadDigits({ log: () => {} });
      process.env.MNIST_DIR = MNIST_DIR;
      if (MNIST_DIR === undefined) delete process.env.MNIST_DIR;
      const { accuracy, loss, errors } = await classifier.evaluate(digits.validation);
      assert.deepEqual([accuracy, errors], [validation.accuracy, validation.errors]);
      assert.equal(loss, validation.loss);
      classifier.dispose();
    }
  });

  it('study.ts ablates with the rates of the recipe', () => {
    const rows: Readonly<Record<string, StudySettings>> = studies.ablation.rows;
    const ratesOf = ({ learningRate, schedule, weightDecay, averageDecay }: Partial<Recipe>) => {
      return { learningRate, schedule, weightDecay, averageDecay };
    };
    assert.deepEqual(ratesOf(rows['without residual blocks']), ratesOf(recipeOf('residual-cnn')));
    assert.deepEqual(rows.whole.augmentation, digitAugmentation);
  });

  it('study.ts and trial.ts refuse a precision that they would record and not compute in', () => {
    const [older, newer] = ['flags: avx2 fma', 'flags: avx512f avx512_bf16'];
    const refused =
      /precision of whole is bfloat16, which this .* cannot .*; expected float32 here/;
    const ask = (flags: string) => requirePrecision('precision of whole', 'bfloat16', () => flags);
    assert.throws(() => ask(older), refused);
    assert.doesNotThrow(() => ask(newer));
    assert.doesNotThrow(() => requirePrecision('precision', 'float32', () => older));
  });

  it('study.ts leaves what is done as it is, and refuses a record of other settings', async () => {
    const folder = path.join(scratch, 'study-again');
    fs.cpSync((await studyTiny()).folder, folder, { recursive: true });
    const before = contentsOf(folder, ['tiny']);
    const again = await study(['tiny', '--output', folder]).ended;
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /tiny: 3 of 3 trainings are done/);
    assert.deepEqual(contentsOf(folder, ['tiny']), before);

    const file = path.join(folder, 'tiny', 'tiny-cnn-43.json');
    const record = readJson(file);
    record.settings.epochs = 3;
    fs.writeFileSync(file, JSON.stringify(record));
    const other = await study(['tiny', '--output', folder]).ended;
    assert.equal(other.code, 1);
    assert.match(other.stderr, /tiny-cnn-43\.json is a record of .*"epochs":3/);
    assert.match(other.stderr, /Move it and what lies beside it/);
  });

  it('study.ts refuses a record of other digits, without its network, and that is none', async () => {
    const folder = path.join(scratch, 'study-other');
    fs.cpSync((await studyTiny()).folder, folder, { recursive: true });
    const file = path.join(folder, 'tiny', 'tiny-cnn-43.json');
    const text = fs.readFileSync(file, 'utf8');
    const refusal = async () => {
      const { code, stderr } = await study(['tiny', '--output', folder]).ended;
      assert.equal(code, 1, stderr);
      return stderr;
    };
    const record = JSON.parse(text);
    record.data.train++;
    fs.writeFileSync(file, JSON.stringify(record));
    const [, found] = /a record of .*?"train":(\d+)/.exec(await refusal()) ?? [];
    assert.equal(Number(found), record.data.train);
    for (const broken of [text.slice(0, 500), 'null', '{}']) {
      fs.writeFileSync(file, broken);
      assert.match(await refusal(), /tiny-cnn-43\.json is no record of a training/);
    }
    fs.writeFileSync(file, text);
    fs.rmSync(path.join(folder, 'tiny', 'tiny-cnn-43'), { recursive: true });
    assert.match(await refusal(), /tiny-cnn-43\.json has no network beside it/);
    const nowhere = await study(['tiny', '--output', '']).ended;
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /Expected a path/);
  });

  it('study.ts killed and interrupted anywhere goes on, and ends with the same networks', async () => {
    const folder = path.join(scratch, 'study-killed');
    for (const [signal, wait] of [
      ['SIGKILL', 300],
      ['SIGTERM', 0],
      ['SIGKILL', 900],
    ] as const) {
      const run = study(['tiny', '--output', folder]);
      let seen = 0;
      await run.until((stderr) => (seen = stderr.split(/epoch \d+ of/).length) > 4);
      assert.ok(seen > 4);
      await sleep(wait);
      run.child.kill(signal);
      const { code, stderr } = await run.ended;
      if (signal === 'SIGTERM' && code !== 0) {
        assert.equal(code, 143, stderr);
        assert.match(stderr, /interrupted after \d+ epochs; the same command goes on/);
      }
    }
    const { code, stderr } = await study(['tiny', '--output', folder]).ended;
    assert.equal(code, 0, stderr);
    const whole = (await studyTiny()).folder;
    for (const seed of [42, 43, 44]) {
      const [mine, theirs] = [folder, whole].map((it) => {
        const place = path.join(it, 'tiny', `tiny-cnn-${seed}`);
        const { networks } = readJson(`${place}.json`);
        return [fs.readFileSync(weightsFile(place)), networks['tiny-cnn'].validation];
      });
      assert.deepEqual(mine, theirs, `seed ${seed}`);
    }
    assert.deepEqual(
      fs.readdirSync(path.join(folder, 'tiny')).filter((name) => /safetensors|partial/.test(name)),
      [],
    );
  });

  it('study.ts ends with 2 where another study has the folder, and for an unknown one', async () => {
    const folder = path.join(scratch, 'study-twice');
    const first = study(['tiny', '--output', folder]);
    await first.until((stderr) => /epoch 1 of/.test(stderr));
    const second = await study(['augmentation', '--output', folder]).ended;
    assert.equal(second.code, 2, second.stderr);
    assert.match(second.stderr, /is in use by another run \(process \d+\)/);
    first.child.kill('SIGKILL');
    await first.ended;
    const unknown = await study(['tinny']).ended;
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /Allowed choices are augmentation, ablation/);
  });

  it('predict.ts prints digit, confidence and ten probabilities of every picture', async () => {
    const { folder } = await trainDeep();
    const model = path.join(folder, 'model');
    const classifier = await MnistClassifier.load(model);
    const pictures = drawnDigits.slice(0, 3).map(({ label, pixels }) => {
      writePicture(path.join(scratch, `digit-${label}.png`), pixels);
      return `digit-${label}.png`;
    });
    const here = { INIT_CWD: scratch };
    const { code, stdout, stderr } = await start('predict', ['--model', model, ...pictures], here)
      .ended;
    assert.equal(code, 0, stderr);
    const blocks = stdout.split(/\n(?=\S)/);
    assert.equal(blocks.length, pictures.length);
    for (const [index, picture] of pictures.entries()) {
      const expected = await classifier.predictImage(path.join(scratch, picture));
      const confidence = (100 * expected.confidence).toFixed(2);
      assert.ok(blocks[index].startsWith(`${picture}: ${expected.guess} (${confidence} %)\n`));
      const shown = [...blocks[index].matchAll(/(\d): +([\d.]+) %/g)];
      assert.deepEqual(shown.map(([, digit]) => digit).sort(), [...'0123456789']);
      assert.deepEqual(shown[0].slice(1), [String(expected.guess), confidence]);
      const sum = shown.reduce((total, [, , percentage]) => total + Number(percentage), 0);
      assert.ok(Math.abs(sum - 100) <= 0.05, `${sum}`);
      for (const [, digit, percentage] of shown) {
        assert.equal(percentage, (100 * expected.probabilities[Number(digit)]).toFixed(2));
      }
    }
    classifier.dispose();
  });

  it('predict.ts --several prints each digit with its box, and --show draws them into a new file', async () => {
    const model = path.join((await trainDeep()).folder, 'model');
    const [width, height] = [840, 280];
    const row = sharp({ create: { width, height, channels: 3, background: 'white' } });
    const parts = drawnDigits.slice(0, 3).map(({ label, pixels }, place) => {
      const input = path.join(scratch, `part-${label}.png`);
      writePicture(input, pixels);
      return { input, left: 280 * place, top: 0 };
    });
    await row.composite(parts).toFile(path.join(scratch, 'row.png'));
    const classifier = await MnistClassifier.load(model);
    const expected = await classifier.predictNumber(path.join(scratch, 'row.png'));
    classifier.dispose();
    const args = ['--model', model, '--several', '--show', 'boxes.png', 'row.png'];
    const here = { INIT_CWD: scratch };
    const { code, stdout, stderr } = await start('predict', args, here).ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^row\\.png: ${expected.map((it) => it.guess).join('')}\n`));
    const boxes = [...stdout.matchAll(/ (\d+) x (\d+) pixels at (\d+), (\d+)$/gm)];
    assert.equal(boxes.length, 3, stdout);
    boxes.forEach(([, ...numbers], place) => {
      const [across, down, left, top] = numbers.map(Number);
      assert.ok(left >= 280 * place && left + across <= 280 * (place + 1), stdout);
      assert.ok(top >= 0 && top + down <= 280, stdout);
    });
    const drawn = await sharp(path.join(scratch, 'boxes.png')).metadata();
    assert.deepEqual([drawn.width, drawn.height], [width, height]);
    // A link that leads nowhere is there, too.
    fs.symlinkSync(path.join(scratch, 'later.png'), path.join(scratch, 'link.png'));
    const linked = ['--model', model, '--several', '--show', 'link.png', 'row.png'];
    const refused = await start('predict', linked, here).ended;
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /link\.png is there already/);
    assert.equal(fs.readlinkSync(path.join(scratch, 'link.png')), path.join(scratch, 'later.png'));
    // One digit was asked for; and what is there already stays.
    const single = await start('predict', ['--model', model, 'row.png'], here).ended;
    assert.equal(single.code, 1);
    assert.match(single.stderr, /row\.png: found 3 digits; expected one/);
    const again = await start('predict', args, here).ended;
    assert.equal(again.code, 2);
    assert.match(again.stderr, /boxes\.png is there already; expected the name of a new file/);
  });

  it('predict.ts ends with 1 where a picture cannot be read, names it and reads the others', async () => {
    const { folder } = await trainDeep();
    const [first, last] = ['first.png', 'last.png'].map((name) => path.join(scratch, name));
    writePicture(first, drawnDigits[3].pixels);
    writePicture(last, drawnDigits[5].pixels);
    const unreadable = ['text.png', 'empty.png', 'missing.png', 'blank.png'].map((name) =>
      path.join(scratch, name),
    );
    fs.writeFileSync(unreadable[0], 'not a picture');
    fs.writeFileSync(unreadable[1], '');
    writePicture(unreadable[3], new Uint8Array(28 * 28));
    const args = ['--model', path.join(folder, 'model'), first, ...unreadable, last];
    const { code, stdout, stderr } = await start('predict', args).ended;
    assert.equal(code, 1);
    assert.deepEqual(stdout.match(/^\S+(?=: \d \()/gm), [first, last]);
    const errors = stderr.match(/^error: .+$/gm) ?? [];
    assert.equal(errors.length, unreadable.length, stderr);
    unreadable.forEach((file, index) => assert.ok(errors[index].includes(file), errors[index]));
  });

  it('predict.ts ends with 2 without a picture, and with 1 and a name for a damaged model', async () => {
    const none = await start('predict', []).ended;
    assert.equal(none.code, 2);
    assert.match(none.stderr, /^error: missing required argument 'pictures'$/m);

    const model = path.join(scratch, 'damaged-model');
    fs.cpSync(path.join((await trainDeep()).folder, 'model'), model, { recursive: true });
    const weights = weightsFile(model);
    flipByte(weights);
    const picture = path.join(scratch, 'picture.png');
    writePicture(picture, drawnDigits[0].pixels);
    const { code, stdout, stderr } = await start('predict', ['--model', model, picture]).ended;
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.ok(stderr.includes(`error: ${weights} is damaged`), stderr);
  });

  describe('on a full disk', () => {
    const megabytes = 8;
    let disk: string;

    before(function () {
      disk = path.join(scratch, 'disk');
      fs.mkdirSync(disk);
      const options = `size=${megabytes}m,mode=1777`;
      if (asRoot('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', disk)) return;
      assert.notEqual(process.env.REQUIRE_SMALL_DISK, '1', 'no small file system could be mounted');
      this.skip();
    });

    after(() => {
      // At once, even where a file is open.
      asRoot('umount', '-l', disk);
    });

    it('train.ts ends with 1, leaves the earlier results whole, and can go on when there is room', async () => {
      const folder = path.join(disk, 'out');
      const args = [...baseline, '--output', folder];
      assert.equal((await train(args).ended).code, 0);
      const earlier = contentsOf(folder, ['metrics.json', 'model']);
      const { parameters } = readMetrics(folder);
      // Weights, the best ones, and Adam's two moments: room for one checkpoint, but not for two.
      leaveFree(disk, 1.5 * 4 * 4 * parameters);
      const full = await train([...args, '--seed', '1']).ended;
      assert.equal(full.code, 1, full.stderr);
      assert.match(full.stderr, /cannot write .*checkpoint\.safetensors: ENOSPC: no space left/);
      assert.deepEqual(contentsOf(folder, ['metrics.json', 'model']), earlier);
      assert.deepEqual(fs.readdirSync(folder).sort(), [checkpoint, ...outputs].sort());
      (await MnistClassifier.load(path.join(folder, 'model'))).dispose();

      leaveFree(disk, 0);
      const resume = [...args, '--seed', '1', '--resume'];
      await assertRefused([[resume, /cannot write in .*: ENOSPC: no space left/]]);
      fs.rmSync(path.join(disk, 'filler'));
      const { code, stderr } = await train(resume).ended;
      assert.equal(code, 0, stderr);
      const metrics = readMetrics(folder);
      assert.deepEqual([metrics.settings.seed, metrics.training.epochs.length], [1, 3]);
      assert.deepEqual(fs.readdirSync(folder).sort(), outputs);
    });

    it('openLog(level, file) loses lines where there is no room, and cuts none off', () => {
      const file = path.join(disk, 'training.log');
      const log = openLog('silent', file);
      log.info('before');
      leaveFree(disk, 0);
      for (let line = 0; line < 100; line++) log.info(`line ${line} ${'-'.repeat(line)}`);
      fs.rmSync(path.join(disk, 'filler'));
      log.info('after');
      const lines = readLog(disk).map(({ msg }) => msg);
      assert.deepEqual([lines[0], lines.at(-1)], ['before', 'after']);
      assert.ok(lines.length < 102, `${lines.length} lines`);
    });
  });
});

interface Scores {
  readonly accuracy: number;
  readonly interval: Interval;
  readonly loss: number;
  readonly errors: number;
}

interface Metrics {
  readonly settings: { readonly seed: number };
  readonly parameters: number;
  readonly data: { readonly train: number; readonly validation: number; readonly test: number };
  readonly training: ClassifierTraining;
  readonly validation: Scores;
  readonly test: Scores & {
    readonly confusionMatrix: number[][];
    readonly report: { readonly accuracy: number };
  };
}

interface LogLine {
  readonly level: number;
  readonly time: number;
  readonly msg: string;
  readonly epoch?: number;
}

interface Ended {
  /** The exit code; null after a signal that was not caught. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits until something has happened, or the run has ended. */
  until(hasHappened: (stderr: string) => boolean): Promise<void>;
}

interface WholeRun extends Ended {
  readonly folder: string;
  readonly metrics: Metrics;
  /** From the start to the end of the first epoch. */
  readonly milliseconds: number;
}

const loader = ['-r', 'ts-node/register/transpile-only'];
const trainCommand = [...loader, path.join('scripts', 'train.ts')];

/** The environment of a user's shell: a test may itself be run by npm, or with other digits. */
function userEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of ['INIT_CWD', 'MNIST_DIR', 'FORCE_COLOR']) delete env[name];
  return env;
}

function start(script: 'train' | 'predict' | 'study', args: readonly string[], env = {}): Run {
  const command = [...loader, path.join('scripts', `${script}.ts`), ...args];
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: { ...userEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let [stdout, stderr, isRunning] = ['', '', true];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      isRunning = false;
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  const until = async (hasHappened: (stderr: string) => boolean) => {
    while (isRunning && !hasHappened(stderr)) await sleep(10);
  };
  return { child, ended, until };
}

/** Starts a training on the drawn digits. */
function train(args: readonly string[], env = {}): Run {
  return start('train', ['--data', data, ...args], env);
}

/** Starts studies on the drawn digits. */
function study(args: readonly string[]): Run {
  return start('study', ['--data', data, ...args]);
}

/** The study that others are measured by. */
function studyTiny(): Promise<{ folder: string } & Ended> {
  return (studied ??= (async () => {
    const folder = path.join(scratch, 'study');
    const ended = await study(['tiny', '--output', folder]).ended;
    assert.equal(ended.code, 0, ended.stderr);
    return { folder, ...ended };
  })());
}

function readJson(file: string) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** The run that other runs are measured by, and whose model reads pictures. */
function trainDeep(): Promise<WholeRun> {
  return (wholeDeep ??= (async () => {
    const folder = path.join(scratch, 'deep');
    const begin = performance.now();
    const run = train([...deep, '--output', folder]);
    await run.until(() => lastEpochOf(folder) > 0);
    const milliseconds = performance.now() - begin;
    const ended = await run.ended;
    assert.equal(ended.code, 0, ended.stderr);
    return { folder, milliseconds, metrics: readMetrics(folder), ...ended };
  })());
}

/** A run that got a Ctrl-C after its first epoch. */
function interruptRegularized() {
  return (interrupted ??= (async () => {
    const folder = path.join(scratch, 'interrupted');
    const run = train([...regularized, '--output', folder]);
    await run.until((stderr) => /epoch 1 of 5/.test(stderr));
    run.child.kill('SIGINT');
    return { folder, ...(await run.ended) };
  })());
}

/** A folder of its own with that run. */
async function unfinishedRun(name: string): Promise<string> {
  const folder = path.join(scratch, name);
  fs.cpSync((await interruptRegularized()).folder, folder, { recursive: true });
  return folder;
}

/** A folder with what stands for the results of an earlier run. */
function finishedFolder(name: string): string {
  const folder = path.join(scratch, name);
  fs.mkdirSync(path.join(folder, 'model'), { recursive: true });
  for (const file of ['metrics.json', 'architecture_diagram.png', 'model/weights.bin']) {
    fs.writeFileSync(path.join(folder, file), `an earlier ${file}`);
  }
  fs.writeFileSync(path.join(folder, 'training.log'), '{"level":20}\n');
  return folder;
}

/** Runs trainings, all at once, that have to end with 2 and a message, and print no result. */
async function assertRefused(cases: (readonly [args: readonly string[], message: RegExp])[]) {
  const runs = await Promise.all(cases.map(([args]) => train(args).ended));
  runs.forEach(({ code, stdout, stderr }, index) => {
    const [args, message] = cases[index];
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, message, args.join(' '));
    assert.doesNotMatch(stderr, /^\s+at /m, 'a stack trace');
    assert.equal(stdout, '');
  });
}

function assertSameResults(folder: string, expected: string, message: string): void {
  const [found, wanted] = [folder, expected].map((place) => {
    const { training, validation, test } = readMetrics(place);
    const epochs = training.epochs.map((result) => ({ ...result, seconds: undefined }));
    return { ...training, epochs, seconds: undefined, validation, test };
  });
  assert.deepEqual(found, wanted, message);
  const [ours, theirs] = [folder, expected].map((place) =>
    fs.readFileSync(weightsFile(path.join(place, 'model'))),
  );
  assert.ok(ours.equals(theirs), `other weights; ${message}`);
  assert.deepEqual(fs.readdirSync(folder).sort(), outputs, message);
}

function weightsFile(model: string): string {
  const weights = fs.readdirSync(model).filter((file) => file.endsWith('.bin'));
  assert.equal(weights.length, 1, weights.join());
  return path.join(model, weights[0]);
}

/** The record of a run, with what it has of its one network beside the rest. */
function readMetrics(folder: string): Metrics {
  const record = JSON.parse(fs.readFileSync(path.join(folder, 'metrics.json'), 'utf8'));
  const [network] = Object.values<object>(record.networks);
  return { ...record, ...network };
}

function readLog(folder: string): LogLine[] {
  const file = path.join(folder, 'training.log');
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function lastEpochOf(folder: string): number {
  return Math.max(0, ...readLog(folder).map(({ epoch = 0 }) => epoch));
}

/** The contents of all files in a folder, or of some, by their names. */
function contentsOf(folder: string, parts = ['.']): Record<string, string> {
  const files = parts.flatMap((part) =>
    fs.statSync(path.join(folder, part)).isDirectory()
      ? (fs.readdirSync(path.join(folder, part), { recursive: true }) as string[]).map((name) =>
          path.join(part, name),
        )
      : [part],
  );
  return Object.fromEntries(
    files
      .filter((file) => fs.statSync(path.join(folder, file)).isFile())
      .map((file) => [file, fs.readFileSync(path.join(folder, file), 'latin1')]),
  );
}

/** Fills a disk, but for so many bytes. */
function leaveFree(disk: string, bytes: number): void {
  const filler = fs.openSync(path.join(disk, 'filler'), 'a');
  const { bavail, bsize } = fs.statfsSync(disk);
  fs.appendFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
  fs.closeSync(filler);
}

function asRoot(...command: string[]): boolean {
  const [program, ...args] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function flipByte(file: string): void {
  const bytes = fs.readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  fs.writeFileSync(file, bytes);
}

/** Writes 28 x 28 amounts of ink as a picture on white paper, ten times as large. */
function writePicture(file: string, ink: Uint8Array): void {
  const png = new PNG({ width: 280, height: 280 });
  for (let pixel = 0; pixel < 280 * 280; pixel++) {
    const [x, y] = [pixel % 280, Math.floor(pixel / 280)];
    const gray = 255 - ink[28 * Math.floor(y / 10) + Math.floor(x / 10)];
    png.data.set([gray, gray, gray, 255], 4 * pixel);
  }
  fs.writeFileSync(file, PNG.sync.write(png));
}

/**
 * Writes 400 training and 100 test digits in MNIST's format: the drawn ones, moved about, with noise,
 * and some labels wrong, so that no training becomes perfect.
 *
 * @returns The test digits.
 */
function writeDigits(folder: string, seed = 1): DigitSet {
  fs.mkdirSync(folder);
  const [, test] = (['train', 't10k'] as const).map((part) => {
    const random = seededRandom(seed, part);
    const digits = Array.from({ length: part === 'train' ? 400 : 100 }, (_, index) => {
      const { label, pixels } = drawnDigits[index % drawnDigits.length];
      const [dx, dy] = [0, 0].map(() => Math.floor(7 * random()) - 3);
      const moved = pixels.map((_, at) => 0.7 * (pixels[at - dx - 28 * dy] ?? 0) + 75 * random());
      return { pixels: moved, label: random() < 0.15 ? Math.floor(10 * random()) : label };
    });
    const [images, labels] = [digits.map((it) => it.pixels), digits.map((it) => it.label)];
    fs.writeFileSync(path.join(folder, `${part}-images-idx3-ubyte`), idxImages(images));
    fs.writeFileSync(path.join(folder, `${part}-labels-idx1-ubyte`), idxLabels(labels));
    return { images, labels };
  });
  return {
    images: Float32Array.from(Buffer.concat(test.images), (ink) => ink / 255),
    labels: Uint8Array.from(test.labels),
    count: test.labels.length,
  };
}
