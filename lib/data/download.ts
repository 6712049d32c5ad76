import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
 * A stall, a broken connection, HTTP 429 and 5xx are retried with exponential back-off. Anything
 * else, no network or a wrong checksum among it, goes on to the next mirror at once. A proxy is asked
 * where {@link routeTo} finds one. The target appears whole or not at all; where it cannot be
 * written, the bytes are returned all the same.
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
        const bytes = await fetchChecked(url, route, options);
        await writeFileWhole(target, bytes).catch(({ message }: Error) =>
          log(`${message}. The file is used from memory, and not kept.`),
        );
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

async function fetchChecked(
  url: string,
  route: Route,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const bytes = unpack(await fetchPacked(url, route, options), 'the answer');
  if (sha256(bytes) !== options.sha256) {
    throw new Error(`its SHA-256 is ${sha256(bytes)}; expected ${options.sha256}`);
  }
  return bytes;
}

async function fetchPacked(
  url: string,
  { dispatcher }: Route,
  { connectSeconds = 5, stallSeconds = 20, onProgress }: DownloadOptions,
): Promise<Buffer> {
  const { fetch } = await import('undici');
  const deadline = new AbortController();
  const abort = (fault: Fault) => deadline.abort(fault);
  const late = new Fault(`no answer within ${connectSeconds} s`, false);
  const stalled = new Fault(`the answer stalled for ${stallSeconds} s`, true);
  let timer = setTimeout(abort, connectSeconds * 1000, late);
  let answered = false;
  try {
    // Without identity, a server may pack on the fly, and its length would mean something else.
    const headers = { 'Accept-Encoding': 'identity' };
    const response = await fetch(url, { headers, signal: deadline.signal, dispatcher });
    answered = true;
    if (!response.ok || response.body === null) {
      const transient = response.status === 429 || response.status >= 500;
      throw new Fault(`HTTP ${response.status} ${response.statusText}`.trim(), transient);
    }
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : Number(length);
    clearTimeout(timer);
    timer = setTimeout(abort, stallSeconds * 1000, stalled);
    const chunks: Uint8Array[] = [];
    let received = 0;
    for await (const chunk of response.body) {
      timer.refresh();
      chunks.push(chunk);
      received += chunk.length;
      onProgress?.(received, total);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (deadline.signal.aborted) throw deadline.signal.reason;
    throw networkFault(error as Error, answered);
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
