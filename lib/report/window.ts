import { readFileSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { requireFigure, type Figure } from './figure';

/**
 * Opens a figure in nodeplotlib's browser window, which only this machine can reach.
 *
 * The program ends once all windows are closed. With a port in the environment variable
 * NODEPLOTLIB_PORT no browser is opened, and the figures wait at that port for one.
 *
 * @returns Once the server of the window answers.
 * @throws TypeError when it is no figure.
 * @throws RangeError when NODEPLOTLIB_PORT is no port.
 * @throws Error when the server cannot listen, as at a port that is taken.
 */
export async function openWindow(figure: Figure): Promise<void> {
  requireFigure('openWindow', figure);
  const { NODEPLOTLIB_PORT: port = '' } = process.env;
  if (!/^\d*$/.test(port) || Number(port) > 65535) {
    throw new RangeError(`NODEPLOTLIB_PORT is ${port}; expected a port from 1 to 65535, or none`);
  }
  keepWindowsLocal();
  // Loaded only here, since it brings a whole web server with it.
  const { plot } = await import('nodeplotlib');
  // nodeplotlib neither awaits its server nor catches what it throws, so its `listen` reports here.
  listening ??= new Promise((resolve, reject) => {
    reportListening = (error) => (error === undefined ? resolve() : reject(error));
  });
  plot(figure.data, figure.layout);
  await listening;
}

/** Settles once the server of the windows listens; undefined while there is none. */
let listening: Promise<void> | undefined;
let reportListening: (error?: Error) => void = () => {};

let windowsAreLocal = false;

/**
 * Makes nodeplotlib's server listen on 127.0.0.1 only, where it would on all interfaces, and serve
 * the installed Plotly, where its page would load an old one from the internet.
 */
function keepWindowsLocal(): void {
  if (windowsAreLocal) return;
  windowsAreLocal = true;
  const nodeplotlib = require.resolve('nodeplotlib');
  const requireBesideIt = createRequire(nodeplotlib);
  requireBesideIt('@nestjs/common').Logger.overrideLogger(['warn', 'error']);
  const { prototype } = requireBesideIt('@nestjs/core').NestApplication;
  const { listen } = prototype;
  const plotly = require.resolve('plotly.js-dist-min/plotly.min.js');
  const pageFile = path.join(path.dirname(nodeplotlib), 'lib', 'server', 'web', 'index.html');
  const page = readFileSync(pageFile, 'utf8').replace(
    /https:\/\/cdn\.plot\.ly\/[^"]+/,
    '/plotly.min.js',
  );
  prototype.listen = function (this: Server, port: number) {
    this.use((request, response, next) => {
      if (request.path === '/') response.type('html').send(page);
      else if (request.path === '/plotly.min.js') response.sendFile(plotly);
      else next();
    });
    return listen.call(this, port, '127.0.0.1').then(
      (server: HttpServer) => {
        server.once('close', () => (listening = undefined));
        reportListening();
      },
      (error: Error) => {
        listening = undefined;
        forgetNodeplotlib();
        reportListening(
          new Error(
            `cannot open a window at port ${port} of 127.0.0.1: ${error.message}. Set NODEPLOTLIB_PORT ` +
              'to a free port, or unset it, and start anew',
            { cause: error },
          ),
        );
        // A promise that never settles keeps nodeplotlib from going on, and from an uncaught error.
        return new Promise(() => {});
      },
    );
  };
}

/** After a failed start nodeplotlib takes itself for running, at the old port: it is loaded anew. */
function forgetNodeplotlib(): void {
  const folder = path.dirname(require.resolve('nodeplotlib')) + path.sep;
  const files = Object.keys(require.cache).filter((file) => file.startsWith(folder));
  for (const file of files) delete require.cache[file];
}

/** The parts of Nest's application and of Express that this file uses. */
interface Server {
  use(handler: (request: Request, response: Response, next: () => void) => void): void;
}
interface Request {
  readonly path: string;
}
interface Response {
  type(name: string): Response;
  send(body: string): void;
  sendFile(file: string): void;
}
