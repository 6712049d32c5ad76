import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'undici';
import { sha256, writeFileWhole } from '../platform/files';
import { unpack } from './idx';
import { routeTo, type Route } from './proxy';

/** How one file is downloaded. */
export interface DownloadOptions {
  /** SHA-256 of the file's unpacked bytes, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  /** Called after each chunk with the bytes received so far and, where known, in all. */
  readonly onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void;
  /** Called with one line when something goes wrong that the download survives. */
  readonly log?: (line: string) => void;
  /** How often one mirror is tried when its faults are transient. Default 4. */
  readonly attempts?: number;
  /** Pause before the second attempt, doubled before each further one. Default 1 s. */
  readonly retrySeconds?: number;
  /** How long a mirror may take until it begins to answer. Default 5 s. */
  readonly connectSeconds?: number;
  /** How long an answer may pause. Default 20 s. */
  readonly stallSeconds?: number;
}

/** Why one attempt failed, and whether the same mirror may do better in a moment. */
class Fault extends Error {
  constructor(
    message: string,
    readonly transient: boolean,
  ) {
    super(message);
  }
}

/**
 * Downloads one file from the first of several mirrors that has it, and keeps it unpacked.
 *
 * A stall, a broken connection, HTTP 429 and 5xx are retried with exponential back-off. What has
 * arrived stays in a `.part` file, also when the process ends, and is continued by an HTTP Range
 * request, or replaced where the mirror does not support that. Anything else, no network among
 * it, goes on to the next mirror at once. A proxy is asked where {@link routeTo} finds one. A wrong checksum drops what came. The target appears
 * whole or not at all; where it cannot be written, the bytes are returned all the same.
 *
 * @param urls - The same file on each mirror, raw or gzip'd, in the order of preference.
 * @param target - Where the unpacked file goes; missing folders are made.
 * @param options - Checksum, and how patient to be.
 * @returns The unpacked bytes, whose SHA-256 is the expected one.
 * @throws AggregateError when no mirror gave the file; its message has each mirror's reason.
 */
export async function downloadFile(
  urls: readonly string[],
  target: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const { attempts = 4, retrySeconds = 1, log = () => {} } = options;
  const faults: Error[] = [];
  for (const url of urls) {
    let address = url;
    for (let attempt = 1; ; attempt++) {
      try {
        const route = await routeTo(url);
        address = `${url}${route.words}`;
        const bytes = await fetchChecked(url, route, partFile(target, url), options);
        await writeFileWhole(target, bytes).catch(({ message }: Error) =>
          log(`${message}. The file is used from memory, and not kept.`),
        );
        await Promise.all(urls.map((other) => drop(partFile(target, other))));
        return bytes;
      } catch (error) {
        const { message } = error as Error;
        if (!(error instanceof Fault && error.transient) || attempt >= attempts) {
          const tries = attempt > 1 ? ` (after ${attempt} attempts)` : '';
          faults.push(new Error(`${address}: ${message}${tries}`, { cause: error }));
          break;
        }
        const pauseSeconds = retrySeconds * 2 ** (attempt - 1);
        log(`${address}: ${message}; next attempt in ${pauseSeconds} s`);
        await sleep(pauseSeconds * 1000);
      }
    }
  }
  throw new AggregateError(
    faults,
    [
      `${path.basename(target)} came from none of ${urls.length} mirrors:`,
      ...faults.map((fault) => `  ${fault.message}`),
      `Check the network, or get the file by other means and put it at ${path.relative('', target)}.`,
      'A proxy is taken from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.',
    ].join('\n'),
  );
}

/** Mirrors may pack the file differently, so each has its own part of it. */
function partFile(target: string, url: string): string {
  return `${target}.${sha256(url).slice(0, 8)}.part`;
}

async function fetchChecked(
  url: string,
  route: Route,
  part: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const { packed, resumed } = await fetchPacked(url, route, part, options);
  try {
    const bytes = unpack(packed, 'the answer');
    if (sha256(bytes) !== options.sha256) {
      throw new Error(`its SHA-256 is ${sha256(bytes)}; expected ${options.sha256}`);
    }
    return bytes;
  } catch (error) {
    // The beginning may be what is wrong, when it is from an earlier attempt: one from scratch.
    await drop(part);
    throw new Fault((error as Error).message, resumed);
  }
}

async function fetchPacked(
  url: string,
  { dispatcher }: Route,
  part: string,
  options: DownloadOptions,
) {
  const { fetch } = await import('undici');
  const { connectSeconds = 5, stallSeconds = 20, onProgress } = options;
  const begun = await readFile(part).catch(() => Buffer.alloc(0));
  const deadline = new AbortController();
  const abort = (fault: Fault) => deadline.abort(fault);
  const late = new Fault(`no answer within ${connectSeconds} s`, false);
  const stalled = new Fault(`the answer stalled for ${stallSeconds} s`, true);
  let timer = setTimeout(abort, connectSeconds * 1000, late);
  let response: Response | undefined;
  try {
    // Without identity, a server may pack on the fly, and offsets would mean something else.
    const headers: Record<string, string> = { 'Accept-Encoding': 'identity' };
    if (begun.length > 0) headers.Range = `bytes=${begun.length}-`;
    response = await fetch(url, { headers, signal: deadline.signal, dispatcher });
    const resumed = response.status === 206;
    const from = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (response.status === 416 || (resumed && Number(from) !== begun.length)) {
      await drop(part);
      throw new Fault(`it cannot continue after byte ${begun.length}`, true);
    }
    if (!response.ok || response.body === null) {
      const transient = response.status === 429 || response.status >= 500;
      throw new Fault(`HTTP ${response.status} ${response.statusText}`.trim(), transient);
    }
    if (!resumed) await drop(part);
    const chunks: Uint8Array[] = resumed ? [begun] : [];
    let received = resumed ? begun.length : 0;
    const rest = Number(response.headers.get('content-length') ?? NaN);
    const total = Number.isNaN(rest) ? undefined : received + rest;
    await mkdir(path.dirname(part), { recursive: true }).catch(() => {});
    clearTimeout(timer);
    timer = setTimeout(abort, stallSeconds * 1000, stalled);
    const reader = response.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk = read.value;
      timer.refresh();
      chunks.push(chunk);
      received += chunk.length;
      // The part file is for a later attempt only; where it cannot be written, that one restarts.
      await appendFile(part, chunk).catch(() => {});
      onProgress?.(received, total);
    }
    return { packed: Buffer.concat(chunks), resumed };
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (deadline.signal.aborted) throw deadline.signal.reason;
    throw networkFault(error as Error, response !== undefined);
  } finally {
    clearTimeout(timer);
    deadline.abort();
    await dispatcher.destroy();
  }
}

/** Only a connection that once stood is worth another attempt: no name or no route stays so. */
function networkFault(error: Error, answered: boolean): Fault {
  let root = error;
  while (root.cause instanceof Error) root = root.cause;
  const { code, message } = root as NodeJS.ErrnoException;
  const broken = answered || ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code ?? '');
  const what = broken ? 'the connection broke' : 'cannot be reached';
  const reason = message || code || 'no reason given';
  return new Fault(`${what} (${reason})${remedyFor(code, reason)}`, broken);
}

function remedyFor(code: string | undefined, reason: string): string {
  if (/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/.test(code ?? '')) {
    return (
      '. If your network opens encrypted connections, set NODE_EXTRA_CA_CERTS to the PEM file of ' +
      'the certificate that it signs with'
    );
  }
  return /\b407\b/.test(reason)
    ? '. The proxy asks for a password: HTTPS_PROXY=http://user:password@proxy:3128'
    : '';
}

/** Removes a file; one that cannot be there, in a folder that is not one, is gone already. */
async function drop(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => {});
}
