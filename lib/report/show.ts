import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { requireFigure, type Figure } from './figure';
import { RendererMissingError, renderPng, saveFigure } from './png';
import { epochText, progressSvg, progressText, summaryText } from './progress';
import { readTable, tableHtml, tableText, type Table } from './tableText';
import { escapeHtml } from './names';
import type { ProgressListener } from '../training/train';

/** Where and how to show something. */
export interface ShowOptions {
  /**
   * PNG file that a figure is also written to.
   * @default none in a notebook, elsewhere a name made of the figure's title
   */
  readonly file?: string;
  /** What a table shows. @default none */
  readonly caption?: string;
}

/** One output in several formats, by mime type; the page picks the best it can show. */
type Bundle = Readonly<Record<string, unknown>>;

/**
 * Shows a figure or a table: on the page in a notebook, elsewhere as a PNG file or as text.
 *
 * @param thing - A figure of this library, or a danfojs data frame or series; of a long one the
 *   first and the last rows are shown.
 * @throws TypeError when it is anything else.
 * @throws Error when a figure cannot be drawn or its file not written.
 */
export async function show(thing: Figure | Table, options: ShowOptions = {}): Promise<void> {
  const table = readTable(thing);
  if (table) return showTable(table, options.caption);
  requireFigure('show', thing, 'a figure, a data frame or a series');
  await showFigure(thing, options.file);
}

/**
 * Makes a listener that shows a training while it runs: a live curve in a notebook, which gives
 * way to one line at the end; a bar in a terminal; a line for each epoch in a log.
 *
 * @param title - What is trained.
 * @returns A listener for the option `onProgress` of `train`.
 */
export function showProgress(title: string): ProgressListener {
  if (findKernel()) return progressOnPage(title);
  return process.stderr.isTTY ? progressBar(title) : progressLog(title);
}

function showTable(table: Table, caption?: string): void {
  const text = tableText(table, caption);
  if (findKernel()) openOutput()({ 'text/html': tableHtml(table, caption), 'text/plain': text });
  else console.log(text);
}

async function showFigure(figure: Figure, file?: string): Promise<void> {
  const { data, layout, description } = figure;
  if (!findKernel()) {
    const target = file ?? defaultFile(figure);
    await saveFigure(figure, target);
    console.log(`${target}: ${description}`);
    return;
  }
  if (file !== undefined) await saveFigure(figure, file);
  const bundle: Bundle = {
    'application/vnd.plotly.v1+json': { data, layout, config: { displaylogo: false } },
    'text/plain': description,
  };
  try {
    // JupyterLab shows the PNG pixel by pixel where the live figure comes on hovering, so that the
    // two are alike at scale 1 only.
    const png = await renderPng(figure, { scale: 1 });
    openOutput()(
      { ...bundle, 'image/png': png.toString('base64') },
      // Read by nbconvert's templates `classic` and `basic`, and by `lab` once the set-up mended it.
      { 'image/png': { alt: description } },
    );
  } catch (error) {
    if (!(error instanceof RendererMissingError)) throw error;
    openOutput()(bundle);
    console.warn(error.message);
  }
}

function defaultFile({ layout }: Figure): string {
  const title = typeof layout.title === 'string' ? layout.title : (layout.title?.text ?? 'figure');
  // Without the tags of the layout and the escaped signs of the title.
  const words = title.replace(/<[^>]*>|&#\d+;/g, ' ').match(/[\p{L}\p{N}]+/gu) ?? ['figure'];
  // File systems take 255 bytes, and a letter has up to four.
  return `${[...words.join('-').toLowerCase()].slice(0, 60).join('')}.png`;
}

function progressOnPage(title: string): ProgressListener {
  const write = openOutput();
  let next = 0;
  return (progress) => {
    if (progress.done) {
      const text = summaryText(progress, title);
      write({ 'text/html': `<p>${escapeHtml(text)}</p>`, 'text/plain': text });
    } else if (Date.now() >= next) {
      next = Date.now() + 400;
      write({
        'image/svg+xml': progressSvg(progress, title),
        'text/plain': progressText(progress, title),
      });
    }
  };
}

function progressBar(title: string): ProgressListener {
  let next = 0;
  return (progress) => {
    if (!progress.done && Date.now() < next) return;
    next = Date.now() + 100;
    const text = progress.done
      ? `${summaryText(progress, title)}\n`
      : fitted(progressText(progress, title), (process.stderr.columns || 80) - 1);
    process.stderr.write(`\r\u001b[K${text}`);
  };
}

/** Leaves out the last parts of a line that would run over its end. */
function fitted(text: string, width: number): string {
  const parts = text.split(', ');
  while (parts.length > 1 && parts.join(', ').length > width) parts.pop();
  return parts.join(', ').slice(0, width);
}

function progressLog(title: string): ProgressListener {
  let written: number | undefined;
  return (progress) => {
    // What a resumed training had finished before was written then.
    written ??= progress.batch === 1 ? progress.finished.length : 0;
    if (progress.finished.length > written) {
      written = progress.finished.length;
      process.stderr.write(`${epochText(progress, title)}\n`);
    }
    if (progress.done) process.stderr.write(`${summaryText(progress, title)}\n`);
  };
}

/** The part of tslab 1.0.22 that this library uses; the writer is not in its public interface. */
interface Kernel {
  readonly folder: string;
  readonly lastWriteDisplayData?: (
    content: { data: Bundle; metadata: object; transient: { display_id: string } },
    update: boolean,
  ) => void;
}

/**
 * Finds the tslab kernel that this process is.
 *
 * A kernel may hold two copies of tslab, since the registered one hands over to the project's own,
 * and a program that only imports tslab holds one too: but only a kernel sets the writer of its
 * copy, with every cell, which is null before.
 */
function findKernel(): Kernel | undefined {
  return Object.keys(require.cache)
    .filter((file) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(file))
    .map((file) => ({ folder: path.dirname(file), ...(require.cache[file]?.exports as object) }))
    .find((kernel: Kernel) => kernel.lastWriteDisplayData !== null);
}

/** Opens one place on the page; what is written to it replaces what was written before. */
function openOutput(): (data: Bundle, metadata?: object) => void {
  const transient = { display_id: randomUUID() };
  let update = false;
  let publicDisplay: { raw(mimeType: string, content: unknown): void } | undefined;
  return (data, metadata = {}) => {
    // tslab sets a new writer for every cell, so it is looked up at every call.
    const kernel = findKernel();
    if (kernel?.lastWriteDisplayData) {
      kernel.lastWriteDisplayData({ data, metadata, transient }, update);
      update = true;
    } else if (kernel) {
      publicDisplay ??= createRequire(path.join(kernel.folder, 'public.js'))(
        '../public.js',
      ).newDisplay();
      const best = ['image/png', 'image/svg+xml', 'text/html', 'text/plain'].find(
        (mimeType) => mimeType in data,
      );
      if (best) publicDisplay?.raw(best, data[best]);
    }
  };
}
