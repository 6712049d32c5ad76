import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../browser';
import { unexecutedNotebook } from '../fixtures';

const root = path.resolve(__dirname, '..', '..');
const token = 'of-the-test';

let folder: string;
let jupyterLab: ChildProcess;
let address: URL;
let log = '';
let browser: Browser | undefined;
let page: Page;
let kernelProcess: number | undefined;

// Only in a suite do the hooks run around these tests, and not around those of every file.
describe('JupyterLab', function () {
  this.timeout(120_000);

  before(async () => {
    folder = mkdtempSync(path.join(root, 'notebooks', 'scratch-'));
    process.once('exit', endAtOnce);
    writeFileSync(path.join(folder, 'scratch.ipynb'), unexecutedNotebook(cells));
    const port = await freePort();
    address = new URL(`http://127.0.0.1:${port}/lab/tree/notebooks/${path.basename(folder)}/`);
    const options = [
      '--no-browser',
      `--port=${port}`,
      `--IdentityProvider.token=${token}`,
      // The user's own settings and open tabs neither change the test nor are changed by it.
      `--LabApp.user_settings_dir=${path.join(folder, 'settings')}`,
      `--LabApp.workspaces_dir=${path.join(folder, 'workspaces')}`,
    ];
    jupyterLab = spawn(process.execPath, [path.join(root, 'setup', 'start.mjs'), ...options], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A process group of its own, which can be ended whole.
    });
    for (const stream of [jupyterLab.stdout, jupyterLab.stderr]) {
      stream?.on('data', (text) => (log += text));
    }
  });

  afterEach(async function () {
    if (this.currentTest?.isFailed()) {
      await screenshot('failed');
      console.error(`JupyterLab said:\n${log}`);
    }
  });

  after(async () => {
    await browser?.close();
    await end();
    endAtOnce();
    process.off('exit', endAtOnce);
  });

  it('npm start -- --no-browser --port=... answers on its port, to its token only', async () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    assert.equal(scripts.start, 'node setup/start.mjs');
    const answer = await until(() => {
      assert.equal(jupyterLab.exitCode, null, `npm start ended:\n${log}`);
      return fetch(withToken('/lab')).catch(() => undefined);
    });
    assert.equal(answer.status, 200, log);
    assert.match(await answer.text(), /<title>JupyterLab<\/title>/);
    const kernels = await fetch(withToken('/api/kernelspecs/tslab'));
    assert.match(await kernels.text(), /"display_name": "TypeScript"/);
    assert.equal((await fetch(new URL('/api/kernelspecs/tslab', address))).status, 403);
  });

  it('a cell with a training shows a curve that moves while the cell runs', async function () {
    await openNotebook(this);
    await run(0);
    kernelProcess = Number(await output(0).innerText());
    assert.ok(isAlive(kernelProcess));

    await start(1);
    const curve = output(1).locator('.jp-RenderedSVG img');
    const frame = async () => decodeURIComponent((await curve.getAttribute('src')) ?? '');
    assert.match(await frame(), /^data:image\/svg\+xml,.*Long.*accuracy \(%\)/s);
    await until(async () => /epoch ([2-9]|\d\d+) of 2000/.test(await frame()));
    assert.equal(await prompt(1).innerText(), '[*]:');
    await screenshot('training');
  });

  it('the stop button ends the training, keeps its last epoch and the kernel', async function () {
    await openNotebook(this);
    await page.locator('[data-command="notebook:interrupt-kernel"]').click();
    await ended(1);
    await output(1).getByText('Error: Interrupted').waitFor();
    await output(1)
      .getByText(/^Long: stopped after [1-9]\d* of 2000 epochs/)
      .waitFor();
    await screenshot('interrupt');

    // tslab drops every cell that reaches it within 200 ms of an error.
    await page.waitForTimeout(1000);
    await run(2);
    const { done, lastLoss, lossNow, kernel } = JSON.parse(await output(2).innerText());
    assert.equal(done, true);
    assert.ok(Math.abs(lossNow - lastLoss) < 1e-5, `${lossNow}, expected ${lastLoss}`);
    assert.equal(kernel, kernelProcess);
  });

  it('a cell with a figure shows it live: hovering over a point gives its values', async function () {
    await openNotebook(this);
    await run(3);
    await output(3).locator('.jp-RenderedPlotly').hover();
    const figure = output(3).locator('.js-plotly-plot');
    await figure.locator('.modebar').waitFor({ state: 'attached' });
    const point = await figure.locator('.points path').first().boundingBox();
    assert.ok(point);
    const [x, y] = [point.x + point.width / 2, point.y + point.height / 2];
    const hover = await until(async () => {
      // Plotly takes note of a mouse that moves, not of one that is there.
      await page.mouse.move(x + Math.random(), y);
      return figure.locator('.hoverlayer').textContent();
    });
    assert.match(hover, /training.*\d %.*validation.*\d %/);
    await screenshot('figure');
  });

  it('Tab completes the name of a library function', async function () {
    await openNotebook(this);
    await type(4, 'buildB');
    await page.keyboard.press('Tab');
    await page.locator('.jp-Completer-item', { hasText: 'buildBaseline' }).waitFor();
    await screenshot('completion');
    await page.keyboard.press('Enter');
    await editor(4).getByText('buildBaseline').waitFor();
  });

  it('Tab after the dot of a namespace lists what there is', async function () {
    await openNotebook(this);
    await type(6, 'figures.');
    await page.keyboard.press('Tab');
    await page.locator('.jp-Completer-item', { hasText: 'confusionHeatMap' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('Shift-Tab shows the doc comment of a library function', async function () {
    await openNotebook(this);
    const source = readFileSync(path.join(root, 'lib', 'metrics', 'metrics.ts'), 'utf8');
    const comment = /\/\*\*\n \* (.+)\n(?: \*.*\n)+export function confusionMatrix/.exec(source);
    assert.ok(comment);
    await type(5, 'metrics.confusionMatrix');
    await page.keyboard.press('Shift+Tab');
    const tooltip = await page.locator('.jp-Tooltip').innerText();
    assert.ok(tooltip.replace(/\s+/g, ' ').includes(comment[1]), tooltip);
    assert.match(tooltip, /labels: ArrayLike<number>/);
    await screenshot('doc-comment');
  });

  it('npm start ends on SIGTERM, and JupyterLab and its kernels with it', async () => {
    await browser?.close();
    assert.equal(await end(), 0, log);
    await assert.rejects(fetch(withToken('/lab')));
    if (kernelProcess !== undefined) {
      const kernel = kernelProcess;
      await until(async () => !isAlive(kernel));
    }
  });
});

const cells = [
  `import { buildBaseline, figures, metrics, predict, show, showProgress, train } from 'digit-recognizer';
const labels = Uint8Array.from({ length: 1000 }, (_, index) => index % 10);
const images = Float32Array.from({ length: 1000 * 784 }, (_, index) => (index % (7 + labels[Math.floor(index / 784)])) / 17);
const digits = { images, labels, count: 1000 };
const network = buildBaseline({ hiddenUnits: 4 });
const seen = { done: false, lastLoss: NaN };
process.pid`,
  `const showLong = showProgress('Long');
await train(network, digits, digits, {
  epochs: 2000,
  onProgress: (progress) => {
    showLong(progress);
    seen.done = progress.done;
    for (const { validationLoss } of progress.finished.slice(-1)) seen.lastLoss = validationLoss;
  },
});`,
  `const lossNow = metrics.logLoss(labels, await predict(network, images));
JSON.stringify({ done: seen.done, lastLoss: seen.lastLoss, lossNow, kernel: process.pid })`,
  `const history = await train(network, digits, digits, { epochs: 3 });
await show(figures.trainingCurves(history, { title: 'Tiny network' }));`,
  '',
  '',
  '',
];

/** Opens the notebook, once; without a browser it skips the test, or fails where one is required. */
async function openNotebook(test: Mocha.Context): Promise<void> {
  if (browser) return;
  browser = await launchBrowser(test);
  // High enough for all cells, since JupyterLab takes cells out of sight off the page.
  page = await browser.newPage({ viewport: { width: 1300, height: 1800 } });
  page.setDefaultTimeout(60_000);
  await page.goto(withToken(`${address.pathname}scratch.ipynb`).href);
  await editor(cells.length - 1).waitFor();
  // A cell that is run before the kernel answers may be forgotten.
  await page.getByText('TypeScript | Idle').waitFor();
}

function cell(index: number) {
  return page.locator('.jp-Notebook .jp-Cell').nth(index);
}

function editor(index: number) {
  return cell(index).locator('.cm-content');
}

function prompt(index: number) {
  return cell(index).locator('.jp-InputPrompt');
}

function output(index: number) {
  return cell(index).locator('.jp-Cell-outputArea');
}

async function type(index: number, text: string): Promise<void> {
  await editor(index).click();
  await page.keyboard.type(text);
}

async function start(index: number): Promise<void> {
  await editor(index).click();
  await page.keyboard.press('Control+Enter');
}

async function ended(index: number): Promise<void> {
  const number = /^\[\d+\]:$/;
  await cell(index).locator('.jp-InputPrompt', { hasText: number }).waitFor();
}

async function run(index: number): Promise<void> {
  await start(index);
  await ended(index);
}

/** With the environment variable SCREENSHOTS=folder, a person can look at what the test saw. */
async function screenshot(name: string): Promise<void> {
  const { SCREENSHOTS } = process.env;
  if (SCREENSHOTS) await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
}

function withToken(place: string): URL {
  return new URL(`${place}?token=${token}`, address);
}

/** Asks again and again, until the answer is neither false, empty nor undefined. */
async function until<T>(
  ask: () => Promise<T>,
  seconds = 60,
): Promise<Exclude<T, false | '' | null | undefined>> {
  const latest = Date.now() + 1000 * seconds;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as Exclude<T, false | '' | null | undefined>;
    assert.ok(Date.now() < latest, `nothing came in ${seconds} seconds; JupyterLab says:\n${log}`);
    await sleep(100);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}

/** Asks `npm start` to end and gives its exit code, or null when it does not within 30 seconds. */
async function end(): Promise<number | null> {
  for (let wait = 0; wait < 300 && jupyterLab.exitCode === null; wait++) {
    // Jupyter loses a signal that comes while it writes to its log: its handler logs too, and fails.
    if (wait % 50 === 0) jupyterLab.kill('SIGTERM');
    await sleep(100);
  }
  return jupyterLab.exitCode;
}

function endAtOnce(): void {
  if (jupyterLab.exitCode === null) process.kill(-(jupyterLab.pid as number), 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
