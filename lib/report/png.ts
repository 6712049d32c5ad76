import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PNG } from 'pngjs';
import type { Figure } from './figure';
import { writeFileWhole } from '../platform/files';
import { missingFonts } from './fonts';

/** No kaleido was found, so that figures cannot become PNGs until the set-up has run. */
export class RendererMissingError extends Error {
  override readonly name = 'RendererMissingError';
}

/** How a figure becomes pixels. */
export interface PngOptions {
  /** Pixels of the PNG for each pixel of the layout, above 0. @default 2 */
  readonly scale?: number;
}

const patienceSeconds = 60;

let renderer: ChildProcessWithoutNullStreams | undefined;
let lastAnswer: Promise<unknown> = Promise.resolve();

/**
 * Draws a figure as a PNG, in the browser that the Python package kaleido 0.2.1 carries.
 *
 * One kaleido process starts with the first figure, serves all later ones, and ends with Node
 * without keeping it alive. It is looked for in the nearest `.venv` above the working folder, then
 * in the active virtual environment.
 *
 * @param figure - The figure; its layout's width and height are in pixels, 700 x 450 by default.
 * @returns The bytes of the PNG. Letters that no font here has become boxes in it, with a warning.
 * @throws RendererMissingError when there is no kaleido.
 * @throws Error when kaleido cannot draw the figure, dies, or gives no answer for a minute.
 */
export function renderPng(figure: Figure, { scale = 2 }: PngOptions = {}): Promise<Buffer> {
  const { data, layout } = figure;
  const { width = 700, height = 450 } = layout;
  const request = { format: 'png', width, height, scale, data: { data, layout } };
  // Kaleido answers in order and without names, so one question waits for the answer before it.
  const text = JSON.stringify(request);
  const answer = lastAnswer.then(async () => {
    const [png] = await Promise.all([ask(text), warnOfMissingFonts(text)]);
    return png;
  });
  lastAnswer = answer.catch(() => undefined);
  return answer.then((png) => {
    // Kaleido answers a figure that is too large for it with a picture cut off.
    if (png.subarray(-8, -4).toString('latin1') === 'IEND') return shrink(png);
    throw new Error(
      `kaleido could not draw ${width} x ${height} pixels at scale ${scale}; make the figure smaller`,
    );
  });
}

/**
 * Writes a figure to a PNG file, whole or not at all.
 *
 * @param figure - The figure.
 * @param file - Path of the file, ending in `.png`; its folder is made where it is missing.
 * @throws RangeError when the file's name does not end in `.png`.
 * @throws Error when the figure cannot be drawn or the file not written; an older file stays then.
 */
export async function saveFigure(
  figure: Figure,
  file: string,
  options: PngOptions = {},
): Promise<void> {
  if (path.extname(file).toLowerCase() !== '.png') {
    throw new RangeError(`file is ${file}; expected a name that ends in .png`);
  }
  await writeFileWhole(file, await renderPng(figure, options));
}

let lastWarning: string | undefined;

/** Warns of letters that become boxes; the same of figure after figure only once. */
async function warnOfMissingFonts(text: string): Promise<void> {
  const warning = await missingFonts(text, environmentOf(findKaleido()));
  if (warning !== undefined && warning !== lastWarning) console.warn(`warning: ${warning}`);
  lastWarning = warning ?? lastWarning;
}

/** Drops the opaque alpha channel and packs harder, which saves a third and more. */
function shrink(png: Buffer): Buffer {
  return PNG.sync.write(PNG.sync.read(png), {
    colorType: 2,
    filterType: 0,
    deflateLevel: 9,
    deflateStrategy: 0,
  });
}

function ask(request: string): Promise<Buffer> {
  const kaleido = (renderer ??= startRenderer());
  return new Promise((resolve, reject) => {
    let output = '';
    let complaints = '';
    const timer = setTimeout(
      () => fail(`gave no answer for ${patienceSeconds} s`),
      patienceSeconds * 1000,
    );
    const readOutput = (chunk: string) => {
      output += chunk;
      if (!chunk.includes('\n')) return;
      const lines = output.split('\n');
      output = lines.pop() as string;
      // The first line after the start only says that kaleido is ready, with a null result.
      const answers = lines.map((line) => JSON.parse(line));
      const refusal = answers.find((answer) => answer.code !== 0);
      const answer = answers.find((answer) => answer.result);
      if (refusal) fail(`could not draw the figure: ${refusal.message}`, false);
      else if (answer) finish(() => resolve(Buffer.from(answer.result, 'base64')));
    };
    const readComplaints = (chunk: string) => (complaints = (complaints + chunk).slice(-300));
    const onExit = (code: number | null, signal: string | null) =>
      fail(`ended (${signal ?? `exit code ${code}`}). It said: ${complaints.trim() || 'nothing'}`);
    const onError = (error: Error) => fail(`did not run: ${error.message}`);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      kaleido.stdout.off('data', readOutput);
      kaleido.stderr.off('data', readComplaints);
      kaleido.off('exit', onExit).off('error', onError);
      keepAlive(kaleido, false);
      settle();
    };
    const fail = (problem: string, restart = true) => {
      if (restart) stopRenderer();
      finish(() => reject(new Error(`kaleido, which draws figures as PNG, ${problem}`)));
    };
    kaleido.stdout.on('data', readOutput);
    kaleido.stderr.on('data', readComplaints);
    kaleido.on('exit', onExit).on('error', onError);
    keepAlive(kaleido, true);
    kaleido.stdin.write(`${request}\n`);
  });
}

function startRenderer(): ChildProcessWithoutNullStreams {
  const folder = findKaleido();
  const plotly = require.resolve('plotly.js-dist-min/plotly.min.js');
  // The wheel's own start script breaks on spaces in paths and outlives a kill, so this does its
  // work: the browser's libraries and fonts lie beside it.
  const kaleido = spawn(
    path.join(folder, 'bin', 'kaleido'),
    ['plotly', '--disable-gpu', '--no-sandbox', '--disable-dev-shm-usage'].concat(
      '--allow-file-access-from-files',
      `--plotlyjs=${pathToFileURL(plotly)}`,
    ),
    {
      cwd: folder,
      env: {
        ...environmentOf(folder),
        LD_LIBRARY_PATH: [path.join(folder, 'lib'), process.env.LD_LIBRARY_PATH].join(':'),
        LD_PRELOAD: '',
      },
    },
  );
  kaleido.stdout.setEncoding('utf8');
  kaleido.stderr.setEncoding('utf8').resume();
  // A write to a process that just died fails here too; its exit already reports that.
  kaleido.stdin.on('error', () => undefined);
  kaleido.on('error', () => undefined);
  kaleido.once('exit', () => {
    if (renderer === kaleido) stopRenderer();
  });
  process.once('exit', stopRenderer);
  return kaleido;
}

/** Where kaleido's browser finds its own fonts, beside those of the system. */
function environmentOf(folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    FONTCONFIG_PATH: path.join(folder, 'etc', 'fonts'),
    XDG_DATA_HOME: path.join(folder, 'xdg'),
  };
}

function stopRenderer(): void {
  process.off('exit', stopRenderer);
  renderer?.kill('SIGKILL');
  renderer = undefined;
}

function keepAlive(kaleido: ChildProcessWithoutNullStreams, alive: boolean): void {
  for (const handle of [kaleido, kaleido.stdin, kaleido.stdout, kaleido.stderr]) {
    const counted = handle as { ref(): void; unref(): void };
    if (alive) counted.ref();
    else counted.unref();
  }
}

function findKaleido(): string {
  const environments = ancestors(process.cwd()).map((folder) => path.join(folder, '.venv'));
  for (const environment of environments.concat(process.env.VIRTUAL_ENV ?? [])) {
    const library = path.join(environment, 'lib');
    for (const python of fs.existsSync(library) ? fs.readdirSync(library) : []) {
      const folder = path.join(library, python, 'site-packages', 'kaleido', 'executable');
      if (fs.existsSync(path.join(folder, 'bin'))) return folder;
    }
  }
  throw new RendererMissingError(
    'cannot draw a PNG: kaleido is in no .venv above the working folder, nor in an active virtual ' +
      'environment. Run `npm run setup` in the repository, or `pip install kaleido==0.2.1` in a ' +
      'virtual environment and activate it',
  );
}

function ancestors(folder: string): string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}
