import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import path from 'node:path';

/** What a browser has to know of each kind of file in the page. */
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.bin': 'application/octet-stream',
};

/**
 * Serves the files of a folder to this machine only.
 *
 * @param folder - The built page.
 * @param options.port - From 1; 0 takes a free one.
 * @returns The server, which listens; the caller closes it.
 * @throws Error when the port is taken.
 */
export async function servePage(
  folder: string,
  { port }: { readonly port: number },
): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(folder, request.method, request.url ?? '/', response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function answer(
  folder: string,
  method: string | undefined,
  address: string,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number) => response.writeHead(status).end();
  if (method !== 'GET' && method !== 'HEAD') return void refuse(405);
  const file = fileOf(folder, address);
  const found = await stat(file).catch(() => undefined);
  const contentType = contentTypes[path.extname(file)];
  if (!found?.isFile() || contentType === undefined) return void refuse(404);
  response.writeHead(200, {
    'Content-Type': contentType,
    'Content-Length': found.size,
    // The page may have been built anew.
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  });
  if (method === 'HEAD') return void response.end();
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** The path that an address means; an empty one, which is no file, outside the folder. */
function fileOf(folder: string, address: string): string {
  try {
    const { pathname } = new URL(address, 'http://localhost');
    const name = decodeURIComponent(pathname);
    const file = path.join(folder, name.endsWith('/') ? `${name}index.html` : name);
    return file.startsWith(folder + path.sep) ? file : '';
  } catch {
    return '';
  }
}
