import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import multipart from '@fastify/multipart';
import files from '@fastify/static';
import swagger from '@fastify/swagger';
import fastify, {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PictureError, readPicture, type MnistClassifier, type Prediction } from 'digit-recognizer';
import {
  answerSchema,
  errorSchema,
  imagesSchema,
  limits,
  modelSchema,
  pictureTypes,
  refusals,
} from './api';
import { BatchReader, joinImages } from './reader';

/** What a service is made of. */
export interface ServiceOptions {
  /** A trained classifier; whoever made it disposes of it. */
  readonly classifier: MnistClassifier;
  /** Folder of the built page, which is shown at `/` where it is there. */
  readonly page: string;
  /** What requests to /v1 and /metrics have to bring as a bearer token. @default nothing */
  readonly token?: string;
  /** Where log lines go. @default nowhere */
  readonly logStream?: { write(line: string): void };
  /** Images that are read in one call of the network at most. @default 1000 */
  readonly mostImages?: number;
}

/** A request that is answered by a refusal. */
class Refusal extends Error {
  constructor(
    readonly statusCode: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Makes the HTTP service: readings, model, health, metrics, OpenAPI, and the page.
 *
 * @returns A fastify instance that listens to nothing yet.
 */
export async function createService(options: ServiceOptions): Promise<FastifyInstance> {
  const { classifier, page, token, logStream, mostImages = 1000 } = options;
  const metrics = makeMetrics();
  const app = fastify({
    logger: logStream ? { level: 'info', stream: logStream } : false,
    // One line a request, which onResponse below writes.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: 1000 * limits.requestSeconds,
    handlerTimeout: 1000 * limits.answerSeconds,
    // Node looks only every 30 seconds for requests that are late, and takes the longer of two times
    // for that of the whole request.
    http: { connectionsCheckingInterval: 1000, headersTimeout: 1000 * limits.requestSeconds },
    clientErrorHandler: (error, socket) => {
      const status = answerBrokenRequest(error, socket);
      if (status !== undefined) metrics.requests.inc({ path: 'none', status });
    },
    frameworkErrors: (error, _request, reply) => {
      refuse(reply, 400, 'bad-request', error.message);
    },
    // Numbers are numbers: a text that looks like one is refused, and so is what is not asked for.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    // What has been sent before the end is answered, too.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.setErrorHandler((error, request, reply) => answerError(error as Error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const { method, url } = request;
    const allowed = methodsOf(app, url);
    if (allowed.length === 0) throw new Refusal(404, 'not-found', `there is no ${method} ${url}`);
    void reply.header('allow', allowed.join(', '));
    throw new Refusal(405, 'wrong-method', `${method} is not for ${url}; send ${allowed[0]}`);
  });
  await app.register(swagger, {
    openapi: {
      info: { title: 'Digit recognizer', description: 'Reads handwritten digits', version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  await app.register(multipart, {
    limits: { fileSize: limits.bodyBytes, files: limits.images, fields: 10, fieldSize: 1000 },
  });
  app.removeContentTypeParser('text/plain');
  answerWhatIsSentAtClose(app);
  for (const type of pictureTypes) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
  }
  measureRequests(app, metrics);
  limitRequestsInFlight(app, metrics.inFlight);
  if (token !== undefined) requireToken(app, token);
  const reader = new BatchReader(classifier, {
    mostImages,
    onBatch: (images) => metrics.batches.observe(images),
  });
  const model = describeModel(classifier);
  addPredictions(app, reader, model);
  addDescriptions(app, metrics.registry, model);
  if (existsSync(page)) await app.register(files, { root: page });
  return app;
}

/** The methods that an address is for; none where there is no such address. */
function methodsOf(app: FastifyInstance, url: string): string[] {
  const [path] = url.split('?');
  return ['GET', 'HEAD', 'POST'].filter((method) => app.hasRoute({ method, url: path }));
}

/** What GET /v1/model says. */
function describeModel({ network, classNames }: MnistClassifier) {
  const hash = createHash('sha256');
  for (const weight of network.getWeights()) hash.update(new Uint8Array(weight.dataSync().buffer));
  return {
    version: hash.digest('hex').slice(0, 12),
    parameters: network.countParams(),
    classNames,
    input: '28 x 28 gray pixels from 0 (paper) to 1 (ink), or a picture of one digit',
  };
}

function addPredictions(
  app: FastifyInstance,
  reader: BatchReader,
  { version }: { readonly version: string },
): void {
  app.post(
    '/v1/predictions',
    {
      onRequest: refuseEncodings,
      schema: {
        summary: 'Reads digits',
        description:
          'A PNG, JPEG or WebP picture of one digit, several of them as multipart/form-data, or ' +
          'prepared images as JSON.',
        consumes: ['application/json', 'multipart/form-data', ...pictureTypes],
        security,
        body: {
          content: {
            'application/json': { schema: imagesSchema },
            ...Object.fromEntries(
              [...pictureTypes, 'multipart/form-data'].map((type) => [type, { schema: {} }]),
            ),
          },
        },
        response: { 200: answerSchema, ...refusals },
      },
    },
    async (request) => {
      const predictions = await reader.read(await imagesOf(request));
      return { model: version, predictions: predictions.map(answerOf) };
    },
  );
}

/** Refuses bodies that are compressed, which would be taken for broken ones. */
function refuseEncodings(
  { headers }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  const { 'content-encoding': encoding = 'identity' } = headers;
  if (encoding === 'identity') return done();
  const message = `the Content-Encoding is ${encoding}; send the body as it is`;
  done(new Refusal(415, 'unknown-encoding', message));
}

/** The images of a request, prepared as MNIST's. */
async function imagesOf(request: FastifyRequest): Promise<Float32Array> {
  if (request.isMultipart()) return picturesOf(request);
  if (Buffer.isBuffer(request.body)) return readPicture(request.body);
  return joinImages((request.body as { images: number[][] }).images);
}

/** Several pictures, one a part. */
async function picturesOf(request: FastifyRequest): Promise<Float32Array> {
  const start = performance.now();
  const images: Float32Array[] = [];
  // None is prepared before the form is known to be whole and not too large.
  for (const { bytes, name } of await filesOf(request)) {
    images.push(await pictureOf(bytes, name));
    if (performance.now() - start > 1000 * limits.answerSeconds) {
      throw new Refusal(503, 'too-slow', `${images.length} pictures took too long; send fewer`);
    }
  }
  return joinImages(images);
}

/** The files of a form. */
async function filesOf(request: FastifyRequest): Promise<{ bytes: Buffer; name: string }[]> {
  const found: { bytes: Buffer; name: string }[] = [];
  let size = 0;
  try {
    for await (const part of request.files()) {
      const bytes = await part.toBuffer();
      size += bytes.length;
      if (size > limits.bodyBytes) {
        throw new Refusal(413, 'too-large', `the form has more than ${limits.bodyBytes} bytes`);
      }
      found.push({ bytes, name: part.filename });
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'FST_FILES_LIMIT') {
      const message = `the form has more than ${limits.images} pictures; send them in several`;
      throw new Refusal(400, 'too-many', message);
    }
    // What the parser of forms throws has no status.
    if (error instanceof Refusal || 'statusCode' in (error as object)) throw error;
    throw new Refusal(400, 'bad-form', `the form cannot be read: ${(error as Error).message}`);
  }
  if (found.length === 0) {
    throw new Refusal(400, 'no-pictures', 'the form has no files; expected one picture or more');
  }
  return found;
}

/** One picture of several; what is wrong with it is said with its name. */
async function pictureOf(bytes: Buffer, name: string): Promise<Float32Array> {
  try {
    return await readPicture(bytes);
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    throw new Refusal(422, 'no-digit', error.message.replace(/^the picture/, name));
  }
}

function answerOf({ guess, className, confidence, probabilities }: Prediction) {
  return { digit: guess, className, confidence, probabilities: [...probabilities] };
}

function addDescriptions(
  app: FastifyInstance,
  registry: Registry,
  model: ReturnType<typeof describeModel>,
): void {
  const busy = { 401: errorSchema, 503: errorSchema };
  const schema = { security, response: { 200: modelSchema, ...busy } };
  app.get('/v1/model', { schema: { summary: 'Tells of the model', ...schema } }, () => model);
  app.get('/healthz', { schema: { summary: 'Tells that the service is alive' } }, () => {
    return { status: 'ok' };
  });
  app.get(
    '/metrics',
    { schema: { summary: 'Counts, for Prometheus', security, response: { 401: errorSchema } } },
    async (_request, reply) => {
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

/** What GET /metrics tells. */
function makeMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'digit_requests_total',
    help: 'Requests by path and status',
    labelNames: ['path', 'status'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'digit_request_seconds',
    help: 'Seconds from the first byte of a request to its answer',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  });
  const batches = new Histogram({
    name: 'digit_batch_images',
    help: 'Images that were read in one call of the network',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    registers,
  });
  const inFlight = new Gauge({
    name: 'digit_requests_in_flight',
    help: 'Requests to /v1 that are being answered',
    registers,
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  return { registry, requests, seconds, batches, inFlight };
}

/** Counts and logs requests when they are answered, with their times. */
function measureRequests(
  app: FastifyInstance,
  { requests, seconds }: ReturnType<typeof makeMetrics>,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    // By the route, not by what was asked for: a scan for holes would name thousands of paths.
    const path = request.routeOptions.url ?? 'none';
    request.log.info(
      { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    );
    requests.inc({ path, status: reply.statusCode });
    seconds.observe(reply.elapsedTime / 1000);
    done();
  });
}

/** What a request asks for, by the route that answers it: a path can be written in many ways. */
const routeOf = ({ routeOptions }: FastifyRequest) => routeOptions.url ?? '';

/**
 * Turns requests away when there are more than can be answered soon. One counts until its connection
 * is done with it and, where the client left before, until the work for it has ended.
 */
function limitRequestsInFlight(app: FastifyInstance, gauge: Gauge): void {
  const work = new WeakMap<FastifyRequest, Promise<unknown>>();
  let count = 0;
  app.addHook('onRequest', (request, reply, done) => {
    if (!routeOf(request).startsWith('/v1/')) return done();
    if (count >= limits.requestsInFlight) {
      void reply.header('retry-after', '1');
      return done(
        new Refusal(503, 'busy', `${count} requests are being answered; try again in a second`),
      );
    }
    gauge.set(++count);
    const leave = () => gauge.set(--count);
    reply.raw.once('close', () => void (work.get(request) ?? Promise.resolve()).then(leave, leave));
    done();
  });
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/v1/')) return;
    const { handler } = route;
    route.handler = async function (request, reply) {
      // Nobody waits for the answer any more.
      if (reply.raw.destroyed) return reply;
      const answer = Promise.resolve(handler.call(this, request, reply));
      work.set(request, answer);
      return answer;
    };
  });
}

/**
 * Milliseconds, and then turns of Node's loop, without anything new after which all that was sent
 * counts as received; and the milliseconds after which the service ends in any case.
 */
const [quietTime, quietTurns, longestDrain] = [300, 10, 10_000];

/**
 * Answers what was sent before the end and has not been read yet, and lets no client keep a
 * connection for later.
 */
function answerWhatIsSentAtClose(app: FastifyInstance): void {
  let isClosing = false;
  let received = 0;
  app.server.on('connection', () => received++);
  app.server.on('request', () => received++);
  app.addHook('preClose', async () => {
    isClosing = true;
    const start = performance.now();
    for (let before = -1; before !== received && performance.now() - start < longestDrain;) {
      await sleep(quietTime);
      before = received;
      // A turn of Node's loop takes one new connection, however long the turn.
      for (let turn = 0; turn < quietTurns; turn++) await nextTurn();
    }
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
}

/** What OpenAPI says of the token. */
const security = [{ token: [] }];

/** Refuses what comes without the token, but for the page and the health. */
function requireToken(app: FastifyInstance, token: string): void {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);
  app.addHook('onRequest', (request, reply, done) => {
    const isGuarded = /^\/(v1\/|metrics$)/.test(routeOf(request));
    // The scheme's case is free. Digests have one length, and the comparison takes one time.
    const given = digest((request.headers.authorization ?? '').replace(/^bearer /i, 'Bearer '));
    if (!isGuarded || timingSafeEqual(given, expected)) return done();
    void reply.header('www-authenticate', 'Bearer');
    done(new Refusal(401, 'no-token', 'expected the header Authorization: Bearer TOKEN'));
  });
}

/**
 * Answers what is no HTTP, or comes too slowly, before there is a request.
 *
 * @returns The status, or none where nobody is there to be told.
 */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): number | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const [status, code, message]: [number, string, string] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'too-slow', `expected all of it in ${limits.requestSeconds} s`]
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'too-large', 'the headers are too long']
        : [400, 'bad-request', 'this is no HTTP request'];
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `connection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return status;
}

/** What the refusals of fastify itself are called. */
const refusalCodes: Readonly<Record<number, string>> = {
  408: 'too-slow',
  413: 'too-large',
  503: 'too-slow',
};

/** Answers by the status that fits, and tells nothing of the inside. */
function answerError(error: Error, request: FastifyRequest, reply: FastifyReply): unknown {
  const { statusCode = 500 } = error as Partial<Refusal>;
  if (error instanceof PictureError) return refuse(reply, 422, 'no-digit', error.message);
  if (error instanceof Refusal) return refuse(reply, error.statusCode, error.code, error.message);
  if (statusCode === 415) {
    const types = ['application/json', 'multipart/form-data', ...pictureTypes].join(', ');
    const given = request.headers['content-type'] ?? 'none';
    return refuse(reply, 415, 'unknown-type', `the Content-Type is ${given}; expected ${types}`);
  }
  if ((statusCode >= 400 && statusCode < 500) || statusCode === 503) {
    return refuse(reply, statusCode, refusalCodes[statusCode] ?? 'bad-request', error.message);
  }
  request.log.error(error);
  return refuse(reply, 500, 'internal', 'the service failed; its log says how');
}

function refuse(reply: FastifyReply, status: number, code: string, message: string): unknown {
  return reply.code(status).send({ error: { code, message } });
}
