import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import '../../lib/platform/tensorflow';
import type { Figure } from '../../lib/report/figure';
import { openWindow } from '../../lib/report/window';
import { startScript } from './startScript';

const figure: Figure = {
  data: [{ y: [1, 2] }],
  layout: { title: { text: '<b>Two: points</b>' }, width: 200, height: 100 },
  description: 'Two points, the second higher.',
};

it('openWindow(figure) answers on 127.0.0.1 only, with the installed Plotly', async () => {
  const port = await freePort();
  const child = startScript('window', `openWindow(${JSON.stringify(figure)})`, process.cwd(), {
    NODEPLOTLIB_PORT: String(port),
  });
  try {
    const page = await fetchPatiently(`http://127.0.0.1:${port}/`);
    assert.match(page, /src="\/plotly\.min\.js"/);
    assert.doesNotMatch(page, /cdn\.plot\.ly/);
    const plotly = await fetchPatiently(`http://127.0.0.1:${port}/plotly.min.js`);
    assert.match(plotly.slice(0, 200), /plotly\.js v4/);
    // A server on all interfaces would answer at these too.
    const others = Object.values(os.networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address);
    for (const address of [...others, '127.0.0.2', '::1']) {
      assert.equal(await isListening(address, port), false, address);
    }
    assert.equal(await isListening('127.0.0.1', port), true);
  } finally {
    if (child.kill()) await once(child, 'exit');
  }
});

it('openWindow(figure) rejects a port that is none, before anything is opened', async () => {
  const before = process.env.NODEPLOTLIB_PORT;
  try {
    for (const port of ['abc', '-1', '65536', '80.5']) {
      process.env.NODEPLOTLIB_PORT = port;
      const expected = `NODEPLOTLIB_PORT is ${port}; expected a port from 1 to 65535, or none`;
      await assert.rejects(openWindow(figure), { name: 'RangeError', message: expected });
    }
  } finally {
    if (before === undefined) delete process.env.NODEPLOTLIB_PORT;
    else process.env.NODEPLOTLIB_PORT = before;
  }
});

it('openWindow(figure) rejects where its port is taken, each time, and the script goes on', async () => {
  const taken = net.createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as net.AddressInfo;
  try {
    const attempt = `openWindow(${JSON.stringify(figure)}).catch((e) => console.log(e.message))`;
    const library = JSON.stringify(path.join(__dirname, '..', '..', 'lib', 'report', 'window'));
    const child = startScript(
      'window',
      `${attempt}.then(() => require(${library}).${attempt}).then(() => process.exit(7))`,
      process.cwd(),
      { NODEPLOTLIB_PORT: String(port) },
    );
    let printed = '';
    child.stdout?.on('data', (chunk) => (printed += chunk));
    const [code] = await once(child, 'close');
    assert.equal(code, 7);
    const message = `cannot open a window at port ${port} of 127\\.0\\.0\\.1: .*EADDRINUSE.*free port`;
    assert.equal(printed.match(new RegExp(message, 'g'))?.length, 2, printed);
  } finally {
    taken.close();
  }
});

it('openWindow(figure) opens at a port that was taken before and is free now', async () => {
  const taken = net.createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as net.AddressInfo;
  const library = JSON.stringify(path.join(__dirname, '..', '..', 'lib', 'report', 'window'));
  const open = `require(${library}).openWindow(${JSON.stringify(figure)})`;
  const child = startScript(
    'window',
    `openWindow(${JSON.stringify(figure)}).catch(() => console.log('taken'));` +
      `process.stdin.once('data', () => ${open})`,
    process.cwd(),
    { NODEPLOTLIB_PORT: String(port) },
  );
  try {
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    await once(taken.close(), 'close');
    child.stdin?.write('now');
    assert.match(await fetchPatiently(`http://127.0.0.1:${port}/`), /src="\/plotly\.min\.js"/);
  } finally {
    if (child.kill()) await once(child, 'exit');
  }
});

async function fetchPatiently(url: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 2000 });
    const answer = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.on('connect', () => answer(true));
    socket.on('error', () => answer(false));
    socket.on('timeout', () => answer(false));
  });
}
