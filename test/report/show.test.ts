import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import '../../lib/platform/tensorflow';
import { DataFrame } from 'danfojs-node';
import * as kernel from 'tslab/dist/jupyter.js';
import type { Figure } from '../../lib/report/figure';
import { show, showProgress } from '../../lib/report/show';
import type { TrainingProgress } from '../../lib/training/train';
import { startScript } from './startScript';

interface Output {
  readonly data: Record<string, unknown>;
  readonly metadata: object;
  readonly transient: { readonly display_id: string };
  readonly update: boolean;
}

const figure: Figure = {
  data: [{ y: [1, 2] }],
  layout: { title: { text: '<b>Two: points</b>' }, width: 200, height: 100 },
  description: 'Two points, the second higher.',
};

const progress: TrainingProgress = {
  ...{ epoch: 1, epochCount: 1, batch: 1, batchCount: 2, loss: 0.3, accuracy: 0.9 },
  ...{ imagesPerSecond: 4321, secondsLeft: 12, finished: [], done: false },
};

const finished: TrainingProgress = {
  ...progress,
  ...{ batch: 2, secondsLeft: 0, done: true },
  finished: [
    {
      ...{ epoch: 1, loss: 0.3, accuracy: 0.9, seconds: 3, learningRate: 1e-3 },
      ...{ validationLoss: 0.2, validationAccuracy: 0.95 },
    },
  ],
};

it('show(figure) in a notebook gives live figure, PNG and text in one output', async () => {
  const outputs = await inNotebook(() => show(figure));
  assert.equal(outputs.length, 1);
  const { data, metadata } = outputs[0];
  assert.deepEqual(metadata, { 'image/png': { alt: figure.description } });
  assert.deepEqual(Object.keys(data).sort(), [
    'application/vnd.plotly.v1+json',
    'image/png',
    'text/plain',
  ]);
  const png = Buffer.from(data['image/png'] as string, 'base64');
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [200, 100]);
  assert.equal(data['text/plain'], figure.description);
  assert.deepEqual((data['application/vnd.plotly.v1+json'] as Figure).data, figure.data);
});

it('show(figure, { file }) in a notebook also writes the PNG', () =>
  inNewFolder(async (folder) => {
    const file = path.join(folder, 'results', 'points.png');
    const outputs = await inNotebook(() => show(figure, { file }));
    assert.equal(fs.readFileSync(file).readUInt32BE(16), 400);
    assert.doesNotMatch(JSON.stringify(outputs), /results/);
  }));

it('show(table) in a notebook gives HTML and text', async () => {
  const table = new DataFrame([['<a>', 1]], { columns: ['name', 'count'] });
  const [{ data }] = await inNotebook(() => show(table, { caption: 'Names' }));
  assert.match(data['text/html'] as string, /<caption>Names<\/caption>[^]*&#60;a&#62;/);
  assert.match(data['text/plain'] as string, /^Names\nname {2}count\n/);
});

it('show(figure) twice in a notebook makes two outputs', async () => {
  const outputs = await inNotebook(async () => {
    await show(figure);
    await show(figure);
  });
  assert.deepEqual(
    outputs.map(({ update }) => update),
    [false, false],
  );
  assert.notEqual(outputs[0].transient.display_id, outputs[1].transient.display_id);
});

it('show(figure, { file }) elsewhere writes the PNG and says what it shows', () =>
  inNewFolder(async (folder) => {
    const file = path.join(folder, 'points.png');
    const printed = await capture('stdout', () => show(figure, { file }));
    assert.equal(printed, `${file}: ${figure.description}\n`);
    assert.equal(fs.readFileSync(file).readUInt32BE(16), 400);
  }));

it('show(figure) elsewhere names the file after the title', () =>
  inNewFolder(async (folder) => {
    const file = path.join(folder, 'two-points.png');
    const printed = await runScript(`show(${JSON.stringify(figure)})`, folder);
    assert.match(printed, /^two-points\.png: Two points/);
    assert.ok(fs.existsSync(file));
  }));

it('show(figure) elsewhere leaves escaped signs out of the name, and cuts a long one', () =>
  inNewFolder(async (folder) => {
    const text = `<b>&#60;i&#62;zero&#60;/i&#62;<br>&#38; ${'long '.repeat(99)}</b>`;
    const long = { ...figure, layout: { ...figure.layout, title: { text } } };
    await runScript(`show(${JSON.stringify(long)})`, folder);
    const [file] = fs.readdirSync(folder);
    assert.match(file, /^i-zero-i-long-long-[a-z-]{41}\.png$/);
  }));

it('show(table) elsewhere prints text', async () => {
  const table = new DataFrame([['a', 1]], { columns: ['name', 'count'] });
  assert.equal(
    await capture('stdout', () => show(table)),
    'name  count\n----  -----\na         1\n',
  );
});

it('show(thing) takes what danfojs makes of a frame, in a notebook and elsewhere', async () => {
  const described = new DataFrame({ age: [1, 2, 3] }).describe();
  const [{ data }] = await inNotebook(() => show(described));
  assert.match(data['text/html'] as string, /<th scope="row"[^>]*>mean<\/th>/);
  assert.match(await capture('stdout', () => show(described)), /^mean +2$/m);
  assert.match(await capture('stdout', () => show(described['age'])), /^mean +2$/m);
});

it('show(thing) names what cannot be shown, and what can', async () => {
  const cases: [unknown, RegExp][] = [
    [undefined, /^show was given undefined; expected a figure, a data frame or a series$/],
    [null, /given null/],
    [[1, 2], /given an array of 2: show its things one by one/],
    [{ rows: 1 }, /given an object with rows/],
    [Promise.resolve(figure), /given a promise: write await before it/],
    [() => figure, /given a function/],
    [new DataFrame({ a: [1] }).groupby(['a']), /given a Groupby: .* groups\.sum\(\)/],
    [
      { ...figure, description: undefined },
      /^figure\.description is undefined; expected a sentence/,
    ],
  ];
  for (const [thing, message] of cases) {
    await assert.rejects(show(thing as Figure), { name: 'TypeError', message });
  }
});

it('showProgress(title) in a notebook replaces its frames by one line', async () => {
  const outputs = await inNotebook(() => {
    const listener = showProgress('Tiny <net>');
    listener(progress);
    listener({ ...progress, batch: 2 });
    listener(finished);
  });
  assert.deepEqual(
    outputs.map(({ update }) => update),
    [false, true],
  );
  assert.equal(outputs[0].transient.display_id, outputs[1].transient.display_id);
  assert.match(
    outputs[0].data['image/svg+xml'] as string,
    /epoch 1 of 1, 4,321 images\/s, 12 s left/,
  );
  assert.deepEqual(Object.keys(outputs[1].data), ['text/html', 'text/plain']);
  assert.match(outputs[1].data['text/html'] as string, /^<p>Tiny &#60;net&#62;: 1 epoch in 3\.0 s/);
});

it('showProgress(title) in a terminal redraws one line', async () => {
  const printed = await capture('stderr', () => runListener(true));
  const first = '\r\u001b[KTiny ██████████░░░░░░░░░░ 50 %, epoch 1 of 1, 4,321 images/s, 12 s left';
  assert.ok(printed.startsWith(first), printed);
  assert.equal(printed.split('\n').length, 2);
});

it('showProgress(title) in a log writes a line for each epoch and one at the end', async () => {
  const printed = await capture('stderr', () => runListener(false));
  const lines = printed.trimEnd().split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[0], /^Tiny: epoch 1 of 1 in 3\.0 s, 4,321 images\/s, 0\.0 s left/);
  assert.doesNotMatch(printed, /\r/);
});

function runListener(isTTY: boolean): void {
  const before = process.stderr.isTTY;
  process.stderr.isTTY = isTTY;
  const listener = showProgress('Tiny');
  process.stderr.isTTY = before;
  listener(progress);
  listener(finished);
}

/** Runs a task as a cell of tslab's kernel does, which sets this writer, and gives its outputs. */
async function inNotebook(task: () => Promise<void> | void): Promise<Output[]> {
  const outputs: Output[] = [];
  const writable = kernel as { lastWriteDisplayData: unknown };
  writable.lastWriteDisplayData = (content: Omit<Output, 'update'>, update: boolean) =>
    outputs.push({ ...content, update });
  try {
    await task();
  } finally {
    writable.lastWriteDisplayData = null;
  }
  return outputs;
}

async function capture(stream: 'stdout' | 'stderr', task: () => Promise<void> | void) {
  let printed = '';
  const { write } = process[stream];
  process[stream].write = ((text: string) => (printed += text)) as unknown as typeof write;
  try {
    await task();
  } finally {
    process[stream].write = write;
  }
  return printed;
}

async function inNewFolder(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'show-'));
  await task(folder).finally(() => fs.rmSync(folder, { recursive: true }));
}

async function runScript(call: string, cwd: string): Promise<string> {
  const child = startScript('show', call, cwd);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  return output;
}
