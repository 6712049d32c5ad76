import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { downloadFile } from '../../lib/data/download';
import { drawnDigits, idxImages } from '../fixtures';

type Answer = (response: http.ServerResponse, request: http.IncomingMessage) => void;

const raw = idxImages(drawnDigits.map((digit) => digit.pixels));
const packed = gzipSync(raw);
const half = packed.length >> 1;
const sha256 = createHash('sha256').update(raw).digest('hex');
/** Breaks the connection of the answer that runs, where it is one that breaks. */
let breakConnection = () => {};
const patience = {
  sha256,
  retrySeconds: 0.01,
  connectSeconds: 10,
  stallSeconds: 10,
  // Only now has what the server sent arrived, however busy the machine is.
  onProgress: () => breakConnection(),
};
const servers: http.Server[] = [];

describe('download', () => {
  let folder: string;
  let target: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'download-'));
    target = path.join(folder, 'data', 'images');
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('downloadFile(urls, target) keeps the file whole, and nothing beside it', async () => {
    const { url } = await serve(whole(raw));
    assert.deepEqual(Buffer.from(await downloadFile([url], target, patience)), raw);
    assert.deepEqual(await readFile(target), raw);
    assert.deepEqual(await readdir(path.dirname(target)), ['images']);
  });

  it('downloadFile(urls, target) unpacks gzip before it checks and keeps', async () => {
    const { url } = await serve(whole(packed));
    assert.deepEqual(Buffer.from(await downloadFile([url], target, patience)), raw);
    assert.deepEqual(await readFile(target), raw);
  });

  it('downloadFile(urls, target) asks for no packing of its own, and survives it', async () => {
    const encoded: Answer = (response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': packed.length });
      response.end(packed);
    };
    const { url, requests } = await serve(encoded);
    assert.deepEqual(Buffer.from(await downloadFile([url], target, patience)), raw);
    assert.equal(requests[0].headers['accept-encoding'], 'identity');
  });

  it('downloadFile(urls, target) reports bytes that rise to the total', async () => {
    const { url } = await serve(slowly(packed));
    const seen: [number, number | undefined][] = [];
    const onProgress = (received: number, total?: number) => seen.push([received, total]);
    await downloadFile([url], target, { ...patience, onProgress });
    const received = seen.map(([bytes]) => bytes);
    assert.ok(seen.length > 1);
    assert.deepEqual(
      received,
      received.slice().sort((a, b) => a - b),
    );
    assert.deepEqual(seen.at(-1), [packed.length, packed.length]);
  });

  it('downloadFile(urls, target) drops a wrong checksum and takes the next mirror', async () => {
    const wrong = await serve(whole(gzipSync(Buffer.from('other bytes'))));
    const right = await serve(whole(packed));
    await downloadFile([wrong.url, right.url], target, patience);
    assert.deepEqual(await readFile(target), raw);
    assert.deepEqual([wrong.requests.length, right.requests.length], [1, 1]);
  });

  it('downloadFile(urls, target) keeps an older file when every checksum is wrong', async () => {
    await downloadFile([(await serve(whole(packed))).url], target, patience);
    const wrong = await serve(whole(Buffer.from('other bytes')));
    await assert.rejects(downloadFile([wrong.url], target, patience), {
      message: /its SHA-256 is [0-9a-f]{64}; expected [0-9a-f]{64}/,
    });
    assert.deepEqual(await readFile(target), raw);
    assert.deepEqual(await readdir(path.dirname(target)), ['images']);
  });

  it('downloadFile(urls, target) starts anew where the connection broke, and keeps no part', async () => {
    const { url, requests } = await serve(breaking(half), whole(packed));
    await downloadFile([url], target, patience);
    assert.deepEqual(await readFile(target), raw);
    assert.equal(requests.length, 2);
    assert.deepEqual(await readdir(path.dirname(target)), ['images']);
  });

  it('downloadFile(urls, target) is patient with an answer that keeps coming', async () => {
    const { url, requests } = await serve(slowly(packed, 6));
    await downloadFile([url], target, { ...patience, stallSeconds: 1 });
    assert.deepEqual(await readFile(target), raw);
    assert.equal(requests.length, 1);
  });

  it('downloadFile(urls, target) gives up a stalled answer and starts anew', async () => {
    const { url, requests } = await serve(stalling(half), whole(packed));
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    await downloadFile([url], target, { ...patience, stallSeconds: 0.2, log });
    assert.deepEqual(await readFile(target), raw);
    assert.equal(requests.length, 2);
    assert.deepEqual(lines, [`${url}: the answer stalled for 0.2 s; next attempt in 0.01 s`]);
  });

  it('downloadFile(urls, target) leaves a mirror that never answers', async () => {
    const silent = await serve(() => {});
    const right = await serve(whole(packed));
    await downloadFile([silent.url, right.url], target, { ...patience, connectSeconds: 1 });
    assert.deepEqual([silent.requests.length, right.requests.length], [1, 1]);
  });

  it('downloadFile(urls, target) backs off twice as long after each 503 or 429', async () => {
    const { url } = await serve(status(503), status(429), status(500), whole(packed));
    const lines: string[] = [];
    await downloadFile([url], target, { ...patience, log: (line) => lines.push(line) });
    assert.deepEqual(lines, [
      `${url}: HTTP 503 Service Unavailable; next attempt in 0.01 s`,
      `${url}: HTTP 429 Too Many Requests; next attempt in 0.02 s`,
      `${url}: HTTP 500 Internal Server Error; next attempt in 0.04 s`,
    ]);
    assert.deepEqual(await readFile(target), raw);
  });

  it('downloadFile(urls, target) really waits before the next attempt', async () => {
    const { url } = await serve(status(503), whole(packed));
    const begin = performance.now();
    await downloadFile([url], target, { ...patience, retrySeconds: 0.15 });
    assert.ok(performance.now() - begin >= 140);
  });

  it('downloadFile(urls, target) names each mirror and its reason when all fail', async () => {
    const page = await serve(whole(Buffer.from('<!DOCTYPE html><p>Log in to the network</p>')));
    const missing = await serve(status(404));
    const busy = await serve(status(503));
    const closed = await closedUrl();
    const urls = [page.url, missing.url, busy.url, closed];
    await assert.rejects(downloadFile(urls, target, { ...patience, attempts: 2 }), (error) => {
      assert.ok(error instanceof AggregateError);
      const lines = error.message.split('\n');
      assert.equal(lines[0], 'images came from none of 4 mirrors:');
      assert.match(lines[1], /^ {2}http:\S+: the answer, byte 0: found an HTML or XML page/);
      assert.equal(lines[2], `  ${missing.url}: HTTP 404 Not Found`);
      assert.equal(lines[3], `  ${busy.url}: HTTP 503 Service Unavailable (after 2 attempts)`);
      assert.match(lines[4], /^ {2}http:\S+: cannot be reached \(connect ECONNREFUSED .+\)$/);
      assert.match(lines[5], /^Check the network, or get the file by other means and put it at /);
      assert.equal(error.errors.length, 4);
      return true;
    });
    assert.deepEqual(
      [page, missing, busy].map(({ requests }) => requests.length),
      [1, 1, 2],
    );
    assert.ok(!existsSync(target));
  });

  it('downloadFile(urls, target) fails fast without a network', async () => {
    const begin = performance.now();
    const urls = [await closedUrl(), 'http://no-such-host.invalid/images'];
    await assert.rejects(downloadFile(urls, target, { sha256 }), /cannot be reached/);
    assert.ok(performance.now() - begin < 8000);
  });

  it('downloadFile(urls, target) gives the bytes when the folder cannot be written', async () => {
    const file = path.join(folder, 'file');
    await writeFile(file, 'not a folder');
    const { url } = await serve(breaking(half), whole(packed));
    const lines: string[] = [];
    const unwritable = path.join(file, 'images');
    const options = { ...patience, log: (line: string) => lines.push(line) };
    assert.deepEqual(Buffer.from(await downloadFile([url], unwritable, options)), raw);
    assert.match(
      lines.at(-1) ?? '',
      /^cannot write .+images: .+The file is used from memory, and not kept\.$/,
    );
    assert.equal(await readFile(file, 'utf8'), 'not a folder');
  });

  it('downloadFile(urls, target) lets two downloads of one file end well', async () => {
    const { url } = await serve(slowly(packed));
    const both = [0, 1].map(() => downloadFile([url], target, patience));
    for (const bytes of await Promise.all(both)) assert.deepEqual(Buffer.from(bytes), raw);
    assert.deepEqual(await readFile(target), raw);
  });
});

/** Starts a server on loopback that gives one answer after the other, the last one for ever. */
async function serve(...answers: Answer[]) {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    answers[Math.min(requests.length, answers.length) - 1](response, request);
  });
  servers.push(server);
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}/images.gz`, requests, answers };
}

async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** An address where nobody listens. */
async function closedUrl(): Promise<string> {
  const server = http.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/images.gz`;
}

function whole(bytes: Buffer): Answer {
  return (response) => response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
}

/** Sends one part every 50 ms. */
function slowly(bytes: Buffer, parts = 2): Answer {
  return async (response) => {
    response.writeHead(200, { 'Content-Length': bytes.length });
    for (let part = 0; part < parts; part++) {
      const [from, to] = [part, part + 1].map((end) => Math.round((end * bytes.length) / parts));
      response.write(bytes.subarray(from, to));
      await sleep(220);
    }
    response.end();
  };
}

/** Sends `length` bytes and closes the connection. */
function breaking(length: number): Answer {
  return (response) => {
    response.writeHead(200, { 'Content-Length': packed.length });
    response.write(packed.subarray(0, length));
    breakConnection = () => response.destroy();
  };
}

/** Sends `length` bytes and then nothing. */
function stalling(length: number): Answer {
  return (response) => {
    response.writeHead(200, { 'Content-Length': packed.length });
    response.write(packed.subarray(0, length));
  };
}

function status(code: number): Answer {
  return (response) => response.writeHead(code).end('sorry');
}
