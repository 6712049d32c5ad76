import assert from 'node:assert/strict';
import childProcess, { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PNG } from 'pngjs';
import type { Figure } from '../../lib/report/figure';
import { renderPng, saveFigure } from '../../lib/report/png';

const repository = path.join(__dirname, '..', '..');

it('renderPng(figure, { scale }) gives a PNG of the layout times the scale', async () => {
  const { width, height, data } = PNG.sync.read(await renderPng(line(), { scale: 1.5 }));
  assert.deepEqual([width, height], [300, 150]);
  const blue = [0, 0x72, 0xb2];
  const drawn = Array.from({ length: width * height }, (_, i) => data.subarray(4 * i, 4 * i + 3));
  assert.ok(drawn.some((pixel) => pixel.every((value, i) => value === blue[i])));
});

it('renderPng(figure) warns of letters that it has no font for, once', async () => {
  const before = console.warn;
  const warnings: string[] = [];
  console.warn = (text: string) => warnings.push(text);
  try {
    // A private code that fonts leave free, so that none has a letter for it.
    const odd = { ...line(), layout: { ...line().layout, title: { text: 'class \u{10fff0}' } } };
    await renderPng(odd);
    await renderPng(odd);
    await renderPng(line());
  } finally {
    console.warn = before;
  }
  assert.equal(warnings.length, 1, warnings.join());
  assert.match(warnings[0], /^warning: no font was found for \u{10fff0}, .*fonts-noto-core/u);
});

it('renderPng(figure) answers in order, with one process for all figures', async () => {
  const { answers, started } = await countingStarts(() =>
    Promise.all([100, 200, 300].map((width) => renderPng(line(width), { scale: 1 }))),
  );
  const widths = answers.map((png) => PNG.sync.read(png).width);
  assert.deepEqual(widths, [100, 200, 300]);
  assert.ok(started.length <= 1);
});

it('renderPng(figure) starts kaleido again after it died', async () => {
  await stopKaleido();
  const { answers, started } = await countingStarts(() => Promise.all([renderPng(line())]));
  assert.equal(started.length, 1);
  started[0].kill('SIGKILL');
  await once(started[0], 'exit');
  const again = await countingStarts(() => Promise.all([renderPng(line())]));
  assert.equal(again.started.length, 1);
  assert.deepEqual(again.answers, answers);
});

it('renderPng(figure) says that kaleido died while it drew', async () => {
  await stopKaleido();
  const { answers, started } = await countingStarts(async () => {
    const answer = renderPng(line());
    await new Promise((resolve) => setTimeout(resolve, 50));
    return [answer.catch((error: Error) => error)];
  });
  started[0].kill('SIGKILL');
  const error = await answers[0];
  assert.match((error as Error).message, /kaleido.*ended \(SIGKILL\)/);
});

it('renderPng(figure) tells what kaleido refused, and goes on', async () => {
  const wrong = { ...line(), data: 'none' } as unknown as Figure;
  await assert.rejects(renderPng(wrong), /kaleido.*could not draw.*non-array/);
  const endless = { ...line(), layout: { width: 90_000, height: 90_000 } };
  await assert.rejects(renderPng(endless), /90000 x 90000.*make the figure smaller/);
  assert.ok((await renderPng(line())).length > 500);
});

it('saveFigure(figure, file) makes the folder and leaves nothing beside the file', () =>
  inNewFolder(async (folder) => {
    const file = path.join(folder, 'new', 'deep', 'line.png');
    await saveFigure(line(), file);
    assert.equal(fs.readFileSync(file).subarray(1, 4).toString(), 'PNG');
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ['line.png']);
  }));

it('saveFigure(figure, file) keeps the old file when the figure cannot be drawn', () =>
  inNewFolder(async (folder) => {
    const file = path.join(folder, 'line.png');
    fs.writeFileSync(file, 'old');
    await assert.rejects(saveFigure({ ...line(), data: 'none' } as unknown as Figure, file));
    assert.equal(fs.readFileSync(file, 'utf8'), 'old');
  }));

it('saveFigure(figure, file) names the file whose folder is a file', () =>
  inNewFolder(async (folder) => {
    fs.writeFileSync(path.join(folder, 'taken'), '');
    const file = path.join(folder, 'taken', 'line.png');
    await assert.rejects(saveFigure(line(), file), (error: Error) => error.message.includes(file));
  }));

it('saveFigure(figure, file) refuses another format than PNG', async () => {
  await assert.rejects(saveFigure(line(), 'line.svg'), {
    name: 'RangeError',
    message: 'file is line.svg; expected a name that ends in .png',
  });
});

it('saveFigure(figure, file) lets a script end by itself, with no kaleido left', () =>
  inNewFolder(async (folder) => {
    const file = path.join(folder, 'line.png');
    const script = `
    const { saveFigure } = require('./lib/report/png');
    const { spawn } = require('node:child_process');
    require('node:child_process').spawn = (...all) => {
      const child = spawn(...all);
      console.log(child.pid);
      return child;
    };
    saveFigure(${JSON.stringify(line())}, ${JSON.stringify(file)});`;
    const { code, output } = await runScript(script, repository, { HOME: '' });
    assert.equal(code, 0);
    assert.ok(fs.existsSync(file));
    const kaleido = Number(output.trim());
    assert.ok(kaleido > 1, output);
    assert.ok(await ends(kaleido), `kaleido ${kaleido} still runs`);
  }));

it('saveFigure(figure, file) without kaleido says what to run', () =>
  inNewFolder(async (folder) => {
    const library = JSON.stringify(path.join(repository, 'lib', 'report', 'png'));
    const script = `
    require(${library}).saveFigure(${JSON.stringify(line())}, 'line.png').catch((error) => {
      console.log(error.name, error.message);
    });`;
    const { code, output } = await runScript(script, folder, { VIRTUAL_ENV: '' });
    assert.equal(code, 0);
    assert.match(
      output,
      /^RendererMissingError cannot draw a PNG: .*`npm run setup`.*kaleido==0\.2\.1/,
    );
    assert.deepEqual(fs.readdirSync(folder), []);
  }));

async function inNewFolder(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'png-'));
  await task(folder).finally(() => fs.rmSync(folder, { recursive: true }));
}

/** Whether a process ends within two seconds; one that nobody waited for (Z) has ended too. */
async function ends(process: number): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { stdout } = childProcess.spawnSync('ps', ['-o', 'stat=', '-p', String(process)]);
    if (/^(Z.*)?$/.test(stdout.toString().trim())) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

function line(width = 200): Figure {
  return {
    data: [{ y: [1, 2], line: { color: '#0072B2', width: 6 } }],
    layout: { width, height: 100, margin: { l: 0, r: 0, t: 0, b: 0 } },
    description: 'A line from 1 up to 2.',
  };
}

/** Runs a task and collects the processes it starts. */
async function countingStarts<Answer>(task: () => Promise<Answer[]>) {
  const started: ChildProcess[] = [];
  const { spawn } = childProcess;
  childProcess.spawn = ((...all: Parameters<typeof spawn>) => {
    const child = spawn(...all);
    started.push(child);
    return child;
  }) as typeof spawn;
  try {
    return { answers: await task(), started };
  } finally {
    childProcess.spawn = spawn;
  }
}

/** Makes kaleido end as it does when Node ends. */
async function stopKaleido(): Promise<void> {
  const listeners = process.listeners('exit').filter(({ name }) => name === 'stopRenderer');
  listeners.forEach((listener) => listener(0));
}

async function runScript(script: string, cwd: string, environment: NodeJS.ProcessEnv) {
  const register = require.resolve('ts-node/register/transpile-only');
  const child = childProcess.spawn(process.execPath, ['-r', register, '-e', script], {
    cwd,
    env: {
      ...process.env,
      ...environment,
      TS_NODE_PROJECT: path.join(repository, 'tsconfig.json'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 50_000,
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}
