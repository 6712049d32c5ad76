/**
 * How many readings a second does the service give, beside FastAPI with ONNX Runtime and with Keras,
 * and how long does one wait? What is measured how is written in README.md beside this file.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { Command } from 'commander';
import { loadDigits, MnistClassifier, selectDigits, writeFileWhole } from 'digit-recognizer';
import { machine, makePythonEnvironment, python, root } from './processes';

const connections = 64;
/** The network that is served by default is loaded for long, too. */
const networks = {
  'B: deeper CNN': {
    model: path.join(root, 'results', '02-mnist-classifier', 'model'),
    minutes: 10,
  },
  'tiny CNN': {
    model: path.join(root, 'results', '03-how-far', 'tiny', 'tiny-cnn-42'),
    minutes: 0,
  },
};

/** A request of one image, and what is in its right answer. */
interface Question {
  readonly body: string;
  readonly answer: string;
}

/** What came of some seconds of load. */
interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds from a request to its answer: the median, and the 99th percentile. */
  readonly median: number;
  readonly slow: number;
  readonly answers: number;
  /** Answers of another status or another digit, and requests without one. */
  readonly failures: number;
}

/** What the turns of a run last. */
interface Plan {
  readonly rounds: number;
  /** Of each contender's turn. */
  readonly seconds: number;
}

/** A service in a process of its own, which rests between its turns. */
class Service {
  private constructor(
    readonly port: number,
    readonly versions: Record<string, string>,
    private readonly process: ChildProcess,
  ) {}

  /** Starts a service by a command that is told its port, and waits until it listens. */
  static async start(command: (port: number) => readonly string[]): Promise<Service> {
    const port = await freePort();
    const [program, ...args] = command(port);
    const env = { ...process.env, CUDA_VISIBLE_DEVICES: '', TF_CPP_MIN_LOG_LEVEL: '3' };
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text) => (errors = `${errors}${text}`.slice(-2000)));
    const versions = await new Promise<Record<string, string>>((resolve, reject) => {
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => line.startsWith('{') && resolve(JSON.parse(line)));
      child.once('close', () => reject(new Error(`${args.join(' ')} ended:\n${errors}`)));
    });
    // Each worker of uvicorn says that it has its network; that all listen, nobody says.
    await sleep(5000);
    return new Service(port, versions, child);
  }

  /** Resident memory in MiB. */
  memory(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) / 1024);
  }

  end(): void {
    this.process.kill('SIGTERM');
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}

/** Asks a service as fast as it answers. */
async function load(
  { port }: Service,
  questions: readonly Question[],
  seconds: number,
): Promise<Load> {
  let wrong = 0;
  const { latency, requests, duration, errors, timeouts } = await autocannon({
    url: `http://127.0.0.1:${port}/v1/predictions`,
    ...{ connections, duration: seconds },
    requests: questions.map(({ body, answer }) => ({
      ...{ method: 'POST' as const, headers: { 'content-type': 'application/json' }, body },
      onResponse: (status, text) => {
        if (status !== 200 || !text.includes(answer)) wrong++;
      },
    })),
  });
  return {
    requestsPerSecond: Math.round(requests.total / duration),
    ...{ median: latency.p50, slow: latency.p99, answers: requests.total },
    failures: wrong + errors + timeouts,
  };
}

/**
 * Asks a service `rate` times a second, evenly, whether it has answered or not: autocannon would send
 * all of a second at its start. One waits from the moment that a request is due.
 */
async function pace(
  { port }: Service,
  questions: readonly Question[],
  { seconds, rate }: { readonly seconds: number; readonly rate: number },
): Promise<Load> {
  const agent = new http.Agent({ keepAlive: true });
  const host = '127.0.0.1';
  const options = { host, port, agent, method: 'POST', path: '/v1/predictions' };
  const headers = { 'content-type': 'application/json' };
  const times: number[] = [];
  const ask = async ({ body, answer }: Question, due: number) => {
    const length = { 'content-length': Buffer.byteLength(body) };
    const request = http.request({ ...options, headers: { ...headers, ...length } }).end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const text = await readText(response);
    if (response.statusCode === 200 && text.includes(answer)) times.push(performance.now() - due);
  };
  const start = performance.now();
  const asked: Promise<void>[] = [];
  while (asked.length < seconds * rate) {
    const due = start + (1000 * asked.length) / rate;
    if (due > performance.now()) await sleep(1);
    else asked.push(ask(questions[asked.length % questions.length], due));
  }
  await Promise.allSettled(asked);
  agent.destroy();
  times.sort((one, other) => one - other);
  const [median, slow] = [0.5, 0.99].map((share) => times[Math.floor(share * times.length)]);
  const answers = times.length;
  return {
    requestsPerSecond: rate,
    ...{ median, slow, answers, failures: asked.length - answers },
  };
}

/** One hundred test digits as requests; pixels in four digits, since nobody sends sixteen. */
async function questionsFor(model: string): Promise<readonly Question[]> {
  const { test } = await loadDigits({ limit: 1000 });
  const rows = Array.from({ length: 100 }, (_, index) => {
    const { images } = selectDigits(test, [index]);
    return Array.from(images, (pixel) => Number(pixel.toFixed(4)));
  });
  const classifier = await MnistClassifier.load(model);
  const predictions = await classifier.predict(rows);
  classifier.dispose();
  return predictions.map(({ guess }, index) => {
    return { body: JSON.stringify({ images: [rows[index]] }), answer: `"digit":${guess},` };
  });
}

/** Gives FastAPI the same network, in a folder of the format's name. */
function convertTo(format: 'onnx' | 'keras', model: string, folder: string): void {
  const script = ['-r', 'ts-node/register/transpile-only', 'convert/convert.ts'];
  const args = [...script, '--to', format, model, path.join(folder, format)];
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The commands that start the contenders, by name, in the order of their turns. */
function contenders(model: string, folder: string) {
  const node = [process.execPath, '-r', 'ts-node/register/transpile-only', 'bench/served.ts'];
  const ours = (mostImages: number) => (port: number) => [
    ...[...node, model, `${port}`, `${mostImages}`],
  ];
  const fastApi = (file: string, workers: number) => (port: number) => [
    ...[python, 'bench/served.py', path.join(folder, file), `${port}`, `${workers}`],
  ];
  return {
    ours: ours(1000),
    'ours, a call for each': ours(1),
    'FastAPI, ONNX Runtime': fastApi('onnx/model.onnx', 1),
    'FastAPI, ONNX Runtime, 2 workers': fastApi('onnx/model.onnx', 2),
    'FastAPI, Keras': fastApi('keras/model.keras', 1),
    'FastAPI, Keras, 2 workers': fastApi('keras/model.keras', 2),
  };
}

/**
 * Has the contenders take turns, of which the first does not count, and gives the best of each with the
 * failures of all.
 */
async function compare(
  services: ReadonlyMap<string, Service>,
  questions: readonly Question[],
  { rounds, seconds }: Plan,
): Promise<Record<string, Load>> {
  const turns = new Map([...services.keys()].map((name) => [name, [] as Load[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, service] of services) {
      turns.get(name)!.push(await load(service, questions, seconds));
    }
  }
  const best = [...turns].map(([name, [first, ...others]]) => {
    others.sort((one, other) => other.requestsPerSecond - one.requestsPerSecond);
    const failures = others.reduce((sum, turn) => sum + turn.failures, first.failures);
    return [name, { ...others[0], failures }] as const;
  });
  return Object.fromEntries(best);
}

/** Loads a service for long, and reads its memory ten times. */
async function endure(
  service: Service,
  questions: readonly Question[],
  minutes: number,
): Promise<{ minutes: number; answers: number; failures: number; memory: number[] }> {
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(service.memory()), minutes * 6000);
  const { answers, failures } = await load(service, questions, 60 * minutes);
  clearInterval(timer);
  return { minutes, answers, failures, memory };
}

/** All that is measured with a network. */
async function measure(
  { model, minutes }: { readonly model: string; readonly minutes: number },
  plan: Plan,
  running: Set<Service>,
) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-load-'));
  const services = new Map<string, Service>();
  try {
    for (const format of ['onnx', 'keras'] as const) convertTo(format, model, folder);
    for (const [name, command] of Object.entries(contenders(model, folder))) {
      const service = await Service.start(command);
      running.add(service);
      services.set(name, service);
    }
    const questions = await questionsFor(model);
    const full = await compare(services, questions, plan);
    const ours = services.get('ours')!;
    const rate = Math.round(full.ours.requestsPerSecond / 2);
    // As in the turns, the first does not count: connections are opened, and both sides compile.
    await pace(ours, questions, { seconds: plan.seconds, rate });
    const half = await pace(ours, questions, { seconds: 4 * plan.seconds, rate });
    const long = minutes > 0 ? await endure(ours, questions, minutes) : undefined;
    const versions = Object.assign({}, ...[...services.values()].map((it) => it.versions));
    return { versions, full, half, long };
  } finally {
    for (const service of services.values()) service.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function readArguments(): { quick: boolean } {
  return new Command('npm run bench:load --')
    .description('Measures how many readings a second the service gives, beside FastAPI.')
    .option('--quick', 'a trial of seconds, which leaves results/ as it is', false)
    .parse()
    .opts();
}

async function main(): Promise<void> {
  const { quick } = readArguments();
  makePythonEnvironment();
  const plan = quick ? { rounds: 1, seconds: 2 } : { rounds: 3, seconds: 8 };
  const running = new Set<Service>();
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  process.on('exit', () => running.forEach((service) => service.end()));
  const measured: Record<string, unknown> = {};
  for (const [name, { model, minutes }] of Object.entries(networks)) {
    console.error(`${name} ...`);
    const shown = { model, minutes: quick ? minutes / 50 : minutes };
    measured[name] = await measure(shown, plan, running);
    console.log(JSON.stringify(measured[name], null, 2));
  }
  if (quick) return;
  const report = { date: new Date().toISOString(), machine: machine(), connections, measured };
  const file = path.join(root, 'results', 'load.json');
  await writeFileWhole(file, `${JSON.stringify(report, null, 2)}\n`);
}

main().then(
  () => process.exit(),
  (error) => {
    console.error((error as Error).message);
    process.exit(1);
  },
);
