import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { PNG } from 'pngjs';
// Through the door, as the service does: its classifier is of the compiled library.
import { MnistClassifier, type Prediction } from 'digit-recognizer';
import { limits } from '../../service/api';
import { BatchReader } from '../../service/reader';
import { createService } from '../../service/server';
import { drawnDigits, drawnSet } from '../fixtures';

const root = path.resolve(__dirname, '..', '..');
const model = path.join(root, 'results', '02-mnist-classifier', 'model');
const nowhere = path.join(os.tmpdir(), 'no-such-page');

describe('service', () => {
  let classifier: MnistClassifier;
  let app: FastifyInstance;

  before(async () => {
    classifier = await MnistClassifier.load(model);
    app = await createService({ classifier, page: nowhere });
  });

  after(async () => {
    await app.close();
    classifier.dispose();
  });

  const post = (payload: string | Buffer | object, type = 'application/json') =>
    app.inject({
      method: 'POST',
      url: '/v1/predictions',
      payload,
      headers: { 'content-type': type },
    });
  const rows = ({ images, count } = drawnSet(1)) =>
    Array.from({ length: count }, (_, at) => [...images.subarray(784 * at, 784 * (at + 1))]);

  it('POST /v1/predictions of JSON gives what the classifier reads, and the version of the model', async () => {
    const { statusCode, body } = await post({ images: rows() });
    assert.equal(statusCode, 200, body);
    const answer = JSON.parse(body);
    const expected = await classifier.predict(drawnSet(1).images);
    assert.equal(answer.predictions.length, expected.length);
    expected.forEach(({ guess, className, confidence, probabilities }, index) => {
      const found = answer.predictions[index];
      assert.deepEqual([found.digit, found.className], [guess, className]);
      assert.ok(Math.abs(found.confidence - confidence) < 1e-6);
      assert.equal(found.probabilities.length, 10);
      found.probabilities.forEach((probability: number, digit: number) =>
        assert.ok(Math.abs(probability - probabilities[digit]) < 1e-6),
      );
    });
    const told = JSON.parse((await app.inject('/v1/model')).body);
    assert.equal(told.version, answer.model);
    assert.equal(told.parameters, 468_714);
  });

  it('POST /v1/predictions of a picture, and of several in a form, gives what predictImage gives', async () => {
    const pictures = drawnDigits.slice(0, 3).map(({ pixels }) => pictureOf(pixels));
    const expected = await Promise.all(pictures.map((it) => classifier.predictImage(it)));
    const [one] = JSON.parse((await post(pictures[0], 'image/png')).body).predictions;
    assert.equal(one.digit, expected[0].guess);
    const form = new FormData();
    pictures.forEach((bytes, at) => {
      form.append(
        'pictures',
        new Blob([new Uint8Array(bytes)], { type: 'image/png' }),
        `${at}.png`,
      );
    });
    const request = new Request('http://x', { method: 'POST', body: form });
    const payload = Buffer.from(await request.arrayBuffer());
    const { body } = await post(payload, request.headers.get('content-type')!);
    assert.deepEqual(
      JSON.parse(body).predictions.map(({ digit }: { digit: number }) => digit),
      expected.map(({ guess }) => guess),
    );
  });

  it('what is no request is refused with a status, a code and a message, and nothing of the inside', async () => {
    const good = rows()[0];
    const bomb = bombOf(60_000);
    const cases: [string, string | Buffer | object, string, number, RegExp][] = [
      ['no JSON', '{"images":', 'application/json', 400, /JSON/],
      ['nothing', '', 'application/json', 400, /empty/i],
      ['other fields', { images: [good], x: 1 }, 'application/json', 400, /additional properties/],
      ['no images', { images: [] }, 'application/json', 400, /fewer than 1/],
      ['short image', { images: [[1, 2]] }, 'application/json', 400, /images\/0 .*784/],
      ['a text', { images: [good.map(String)] }, 'application/json', 400, /must be number/],
      ['bytes', { images: [good.map((it) => 255 * it)] }, 'application/json', 400, /<= 1/],
      ['null', 'null', 'application/json', 400, /must be object/],
      ['deep', '['.repeat(1e5) + ']'.repeat(1e5), 'application/json', 400, /must be object/],
      ['prototype', '{"__proto__":{"x":1},"images":[]}', 'application/json', 400, /valid JSON/],
      [
        'many',
        { images: Array(limits.images + 1).fill([0]) },
        'application/json',
        400,
        /more than/,
      ],
      ['large', 'x'.repeat(limits.bodyBytes + 1), 'application/json', 413, /too large/],
      ['text', 'seven', 'text/plain', 415, /text\/plain/],
      ['no picture', 'seven', 'image/png', 422, /PNG, JPEG or WebP/],
      ['truncated', pictureOf(drawnDigits[0].pixels).subarray(0, 60), 'image/png', 422, /picture/],
      ['blank', pictureOf(new Uint8Array(784)), 'image/png', 422, /picture/],
      ['bomb', bomb, 'image/png', 422, /megapixels|pixels/],
      ['no boundary', 'x', 'multipart/form-data', 400, /boundary/i],
    ];
    for (const [name, payload, type, status, message] of cases) {
      const { statusCode, body } = await post(payload, type);
      assert.equal(statusCode, status, `${name}: ${body.slice(0, 300)}`);
      const { error } = JSON.parse(body);
      assert.match(error.message, message, `${name}: ${body}`);
      assert.match(error.code, /^[a-z-]+$/, name);
      assert.doesNotMatch(body, /node_modules|\.ts:|^\s+at /m, `${name}: ${body}`);
    }
    for (const url of ['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/v1']) {
      const { statusCode } = await app.inject(url);
      assert.equal(statusCode, 404, url);
    }
    for (const [method, url, allowed] of [
      ['GET', '/v1/predictions?x=1', 'POST'],
      ['DELETE', '/v1/predictions', 'POST'],
      ['POST', '/healthz', 'GET, HEAD'],
    ] as const) {
      const { statusCode, headers } = await app.inject({ method, url });
      assert.deepEqual([statusCode, headers.allow], [405, allowed], `${method} ${url}`);
    }
    assert.equal((await app.inject('/healthz')).statusCode, 200);
  });

  it('a form is held to the limits of a body, and a compressed body is refused as that', async () => {
    const formOf = async (pictures: readonly Buffer[]) => {
      const form = new FormData();
      pictures.forEach((bytes, at) =>
        form.append('p', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), `${at}.png`),
      );
      const request = new Request('http://x', { method: 'POST', body: form });
      const payload = Buffer.from(await request.arrayBuffer());
      const { statusCode, body } = await post(payload, request.headers.get('content-type')!);
      return { statusCode, ...JSON.parse(body).error };
    };
    const picture = pictureOf(drawnDigits[0].pixels);
    // What follows a PNG's end is no part of it.
    const large = Buffer.concat([picture, Buffer.alloc(0.6 * limits.bodyBytes)]);
    const heavy = await formOf([large, large]);
    assert.deepEqual([heavy.statusCode, heavy.code], [413, 'too-large']);
    // Before the first of them is prepared, which is none.
    const many = await formOf(Array<Buffer>(limits.images + 1).fill(Buffer.from('seven')));
    assert.deepEqual([many.statusCode, many.code], [400, 'too-many']);
    const named = await formOf([picture, Buffer.from('seven')]);
    assert.equal(named.statusCode, 422);
    assert.match(named.message, /^1\.png: found /);
    const { statusCode, body } = await app.inject({
      ...{ method: 'POST', url: '/v1/predictions', payload: gzipSync('{}') },
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    assert.equal(statusCode, 415);
    assert.match(JSON.parse(body).error.message, /Content-Encoding is gzip/);
  });

  it('GET /metrics counts requests by path and status, and /openapi.json describes them', async () => {
    await app.inject('/v1/nothing-of-this-name');
    const { body } = await app.inject('/metrics');
    assert.match(body, /^digit_requests_total\{path="\/v1\/predictions",status="200"\} [1-9]/m);
    assert.match(body, /^digit_requests_total\{path="none",status="404"\} [1-9]/m);
    assert.doesNotMatch(body, /nothing-of-this-name/);
    assert.match(body, /^process_resident_memory_bytes [1-9]/m);
    const { paths } = JSON.parse((await app.inject('/openapi.json')).body);
    assert.deepEqual(Object.keys(paths).sort(), [
      '/healthz',
      '/metrics',
      '/v1/model',
      '/v1/predictions',
    ]);
  });

  it('with a token, /v1 and /metrics need it, and health and page do not', async () => {
    const guarded = await createService({ classifier, page: nowhere, token: 'secret' });
    const statusOf = async (url: string, authorization?: string) =>
      (await guarded.inject({ url, headers: authorization ? { authorization } : {} })).statusCode;
    for (const wrong of [
      undefined,
      'secret',
      'Bearer ',
      'Bearer secre',
      'Bearer secret ',
      'Basic x',
    ]) {
      assert.equal(await statusOf('/v1/model', wrong), 401, wrong);
      assert.equal(await statusOf('/metrics', wrong), 401, wrong);
    }
    const tricks = [
      ...['/v1/../v1/model', '//v1/model', '/V1/model', '/v1%2fmodel', '/%761/model'],
      ...['/v1/mode%6c', '/%6detrics', '/metrics?', '/v1/model?x=1', '/v1/model;x', '/v1/./model'],
    ];
    for (const trick of tricks) {
      assert.ok([401, 404].includes(await statusOf(trick)), trick);
    }
    assert.equal(await statusOf('/metrics', 'bearer secret'), 200);
    assert.equal(await statusOf('/v1/model', 'Bearer secret'), 200);
    assert.equal(await statusOf('/healthz'), 200);
    await guarded.close();
  });

  it('the page is at /, where it is built', async () => {
    const page = fs.mkdtempSync(path.join(os.tmpdir(), 'page-'));
    fs.writeFileSync(path.join(page, 'index.html'), '<title>draw</title>');
    const withPage = await createService({ classifier, page });
    const { body, headers } = await withPage.inject('/');
    assert.equal(body, '<title>draw</title>');
    assert.match(String(headers['content-type']), /^text\/html/);
    assert.equal((await withPage.inject('/../package.json')).statusCode, 404);
    await withPage.close();
    fs.rmSync(page, { recursive: true });
  });

  it('more requests than can be answered at once get 503 with Retry-After, and the others answers', async () => {
    const payload = { images: rows() };
    const answers = await Promise.all(
      Array.from({ length: limits.requestsInFlight + 20 }, () => post(payload)),
    );
    const statuses = answers.map(({ statusCode }) => statusCode);
    assert.equal(statuses.filter((it) => it === 200).length, limits.requestsInFlight);
    const busy = answers.filter(({ statusCode }) => statusCode === 503);
    assert.equal(busy.length, 20);
    for (const { headers, body } of busy) {
      assert.equal(headers['retry-after'], '1');
      assert.equal(JSON.parse(body).error.code, 'busy');
    }
    assert.equal((await post(payload)).statusCode, 200);
  });

  it('BatchReader reads what comes together in one call, gives each its own, and survives a failure', async () => {
    const batches: number[] = [];
    let fails = false;
    const fake = {
      predict: async (images: Float32Array) => {
        if (fails) throw new Error('no memory');
        return Array.from({ length: images.length / 784 }, (_, at) => ({
          guess: images[784 * at],
        }));
      },
    } as unknown as MnistClassifier;
    const reader = new BatchReader(fake, {
      mostImages: 4,
      onBatch: (images) => batches.push(images),
    });
    const read = async (...marks: number[]) => {
      const images = Float32Array.from(marks.flatMap((mark) => Array(784).fill(mark)));
      return (await reader.read(images)).map(({ guess }: Prediction) => guess);
    };
    assert.deepEqual(await Promise.all([read(1), read(2, 3), read(4, 5, 6), read(7)]), [
      [1],
      [2, 3],
      [4, 5, 6],
      [7],
    ]);
    assert.deepEqual(batches, [3, 4]);
    assert.equal((await read(1, 2, 3, 4, 5, 6)).length, 6);
    fails = true;
    await assert.rejects(Promise.all([read(1), read(2)]), /no memory/);
    fails = false;
    assert.deepEqual(await read(9), [9]);
  });

  describe('as a process', () => {
    let child: ChildProcess;
    let port: number;
    let stderr = '';

    before(async () => {
      const started = start(['--port', '0']);
      child = started.child;
      child.stderr?.on('data', (text) => (stderr += text));
      port = await started.port;
    });

    after(() => {
      agent.destroy();
      child.kill('SIGKILL');
    });

    it('answers slow and broken bodies by 4xx or an end, and lives', async () => {
      const half = net.connect(port, '127.0.0.1');
      half.write('POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"im');
      const junk = net.connect(port, '127.0.0.1');
      junk.write('\x16\x03\x01 this is no HTTP\r\n\r\n');
      const [answer] = await once(junk, 'data');
      assert.match(String(answer), /^HTTP\/1\.1 400/);
      half.destroy();
      junk.destroy();
      assert.equal(await ask(port, '/healthz'), 200);
    });

    it('refuses what is broken in one form, and asks for no path in two ways', async () => {
      const cases: [string, string, number][] = [
        ['a path', 'GET /v1/%ZZ HTTP/1.1\r\nHost: x\r\n\r\n', 400],
        ['a length', 'POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n', 400],
        ['a header', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
        ['a whole address', 'GET http://x/v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n', 404],
      ];
      for (const [name, text, status] of cases) {
        const socket = net.connect(port, '127.0.0.1');
        socket.write(text);
        const [answer] = await once(socket, 'data');
        socket.destroy();
        const [head, body] = String(answer).split('\r\n\r\n');
        assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), name);
        assert.match(JSON.parse(body).error.code, /^[a-z-]+$/, name);
      }
      // What never became a request is counted as well.
      const counts = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      assert.match(counts, /^digit_requests_total\{path="none",status="431"\} 1$/m);
      assert.match(counts, /^digit_requests_total\{path="none",status="400"\} 3$/m);
    });

    it('a body that does not come whole in time is refused by 408', async () => {
      const socket = net.connect(port, '127.0.0.1');
      socket.write(
        'POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n',
      );
      socket.write('Content-Length: 1000\r\n\r\n{"images"');
      const start = performance.now();
      const [answer] = await once(socket, 'data');
      const seconds = (performance.now() - start) / 1000;
      socket.destroy();
      assert.match(String(answer), /^HTTP\/1\.1 408 [^]*"code":"too-slow"/);
      assert.ok(seconds > limits.requestSeconds - 1 && seconds < limits.requestSeconds + 10);
    });

    it('clients that leave before their answer take no place of others', async () => {
      const body = JSON.stringify({ images: rows() });
      const head =
        'POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${body.length}\r\n\r\n`;
      for (let client = 0; client < 40; client++) {
        const socket = net.connect(port, '127.0.0.1');
        await once(socket, 'connect');
        await new Promise((resolve) => socket.write(head + body, resolve));
        if (client % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
      }
      const inFlight = async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        return Number(/_in_flight (\d+)/.exec(text)?.[1]);
      };
      const end = performance.now() + 20_000;
      while ((await inFlight()) > 0 && performance.now() < end) await sleep(50);
      assert.equal(await inFlight(), 0);
    });

    it('answers on SIGTERM all that was sent before, also what it has not read yet', async () => {
      const started = start(['--port', '0']);
      const its = await started.port;
      const picture = pictureOf(drawnDigits[0].pixels);
      const head =
        'POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n' +
        `Content-Length: ${picture.length}\r\n\r\n`;
      const sockets = await Promise.all(
        Array.from({ length: 30 }, async () => {
          const socket = net.connect(its, '127.0.0.1');
          await once(socket, 'connect');
          await new Promise((resolve) =>
            socket.write(Buffer.concat([Buffer.from(head), picture]), resolve),
          );
          return socket;
        }),
      );
      const answers = sockets.map(async (socket) => {
        const [answer] = await once(socket, 'data');
        return String(answer).split(' ')[1];
      });
      started.child.kill('SIGTERM');
      const [statuses, { code }] = await Promise.all([Promise.all(answers), ended(started.child)]);
      assert.deepEqual(new Set(statuses), new Set(['200']));
      assert.equal(code, 0);
    });

    it('ends on SIGTERM with 0, though a client keeps its connection', async () => {
      assert.equal(await ask(port, '/healthz'), 200);
      const start = performance.now();
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      assert.equal(code, 0, stderr);
      assert.ok(performance.now() - start < 20_000);
    });
  });

  it('a service that ends answers what is in flight, and lets go of its connections', async () => {
    const slow = Object.create(classifier) as MnistClassifier;
    slow.predict = async (images) => {
      await sleep(500);
      return classifier.predict(images);
    };
    const ending = await createService({ classifier: slow, page: nowhere });
    await ending.listen({ port: 0 });
    const { port } = ending.server.address() as net.AddressInfo;
    const body = JSON.stringify({ images: rows() });
    const answers = Array.from({ length: 4 }, () => ask(port, '/v1/predictions', body));
    const isIn = async () => (await ending.inject('/metrics')).body.includes('_in_flight 4\n');
    while (!(await isIn())) await sleep(5);
    const start = performance.now();
    await ending.close();
    assert.ok(performance.now() - start < 20_000);
    assert.deepEqual(await Promise.all(answers), [200, 200, 200, 200]);
    agent.destroy();
  });

  it('serve.ts needs a token to be reached from other machines, a model, and a free port', async () => {
    const other = await ended(start(['--host', '0.0.0.0', '--port', '0']).child);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /set DIGIT_RECOGNIZER_TOKEN to a secret text/);
    const wrong = await ended(start(['--port', '99999']).child);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /Expected a whole number from 0 to 65535/);
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as net.AddressInfo;
    const busy = await ended(start(['--port', String(port)]).child);
    taken.close();
    assert.equal(busy.code, 1);
    assert.match(busy.stderr, /error: .*EADDRINUSE/);
    const none = await ended(start(['--model', nowhere]).child);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /error: cannot read .*model\.json/);
  });
});

function start(args: readonly string[]): { child: ChildProcess; port: Promise<number> } {
  const loader = ['-r', 'ts-node/register/transpile-only'];
  const env = { ...process.env };
  delete env.DIGIT_RECOGNIZER_TOKEN;
  delete env.INIT_CWD;
  const child = spawn(process.execPath, [...loader, path.join('service', 'serve.ts'), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const port = new Promise<number>((resolve) => {
    child.stdout?.on('data', (text) => {
      const [, number] = /Listening on \S+:(\d+)/.exec(String(text)) ?? [];
      if (number) resolve(Number(number));
    });
  });
  return { child, port };
}

const agent = new http.Agent({ keepAlive: true });

/** Sends a request on a connection that stays, and gives the status of the answer. */
async function ask(port: number, url: string, body?: string): Promise<number | undefined> {
  const request = http.request({
    ...{ agent, port, host: '127.0.0.1', path: url },
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

async function ended(child: ChildProcess): Promise<{ code: number; stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (text) => (stderr += text));
  const [code] = await once(child, 'close');
  return { code, stderr };
}

/** A digit as dark ink on white, 8 times as large. */
function pictureOf(pixels: Uint8Array): Buffer {
  const size = 28 * 8;
  const png = new PNG({ width: size, height: size });
  for (let at = 0; at < size * size; at++) {
    const [row, column] = [Math.floor(at / size / 8), Math.floor((at % size) / 8)];
    png.data.fill(255 - pixels[28 * row + column], 4 * at, 4 * at + 3);
    png.data[4 * at + 3] = 255;
  }
  return PNG.sync.write(png);
}

/** A small PNG file that says it is `side` x `side` pixels. */
function bombOf(side: number): Buffer {
  const png = pictureOf(new Uint8Array(784));
  const header = Buffer.alloc(17);
  header.write('IHDR');
  header.writeUInt32BE(side, 4);
  header.writeUInt32BE(side, 8);
  header.set([8, 0, 0, 0, 0], 12);
  const chunk = (bytes: Buffer) => {
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(bytes.length - 4);
    sum.writeUInt32BE(crc32(bytes));
    return Buffer.concat([length, bytes, sum]);
  };
  const data = Buffer.concat([Buffer.from('IDAT'), deflateSync(Buffer.alloc(side))]);
  return Buffer.concat([
    png.subarray(0, 8),
    chunk(header),
    chunk(data),
    chunk(Buffer.from('IEND')),
  ]);
}

/** The checksum of a PNG's chunks (ISO 3309). */
function crc32(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
