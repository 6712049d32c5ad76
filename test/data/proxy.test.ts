import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { downloadFile } from '../../lib/data/download';
import { loadDigits } from '../../lib/data/mnist';
import { routeTo } from '../../lib/data/proxy';

const variables = ['https_proxy', 'http_proxy', 'all_proxy', 'no_proxy']
  .flatMap((name) => [name, name.toUpperCase()])
  .concat('NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'MNIST_DIR');
const contents = Buffer.from('what the mirror has');
const sha256 = createHash('sha256').update(contents).digest('hex');

describe('proxy', () => {
  const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
  const servers: http.Server[] = [];
  let folder: string;
  let target: string;

  beforeEach(async () => {
    for (const name of variables) delete process.env[name];
    folder = await mkdtemp(path.join(os.tmpdir(), 'proxy-'));
    target = path.join(folder, 'images');
  });

  afterEach(async () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function listen(server: http.Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  /** A proxy that leads every host's name to one port of this machine, and keeps what it was asked. */
  async function proxyTo(port: number, authorization?: string) {
    const asked: string[] = [];
    const server = http.createServer();
    server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
      asked.push(request.url ?? '');
      socket.on('error', () => {});
      if (request.headers['proxy-authorization'] !== authorization) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const way = net.connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        way.pipe(socket).pipe(way);
      });
      way.on('error', () => socket.destroy());
    });
    return { host: `127.0.0.1:${await listen(server)}`, asked };
  }

  const mirror = () => listen(http.createServer((_, response) => response.end(contents)));
  const patience = { sha256, attempts: 1, connectSeconds: 10 };

  for (const [name, at] of [
    ['http_proxy', 'http://'],
    ['HTTP_PROXY', 'http://'],
    ['all_proxy', 'http://'],
    ['ALL_PROXY', ''],
    ['HTTP_PROXY', ''],
  ]) {
    it(`downloadFile(urls, target) goes by the proxy ${name}=${at}host:port`, async () => {
      const { host, asked } = await proxyTo(await mirror());
      process.env[name] = `${at}${host}`;
      await downloadFile(['http://mirror.invalid/images'], target, patience);
      assert.deepEqual(readFileSync(target), contents);
      assert.deepEqual(asked, ['mirror.invalid:80']);
    });
  }

  it('downloadFile(urls, target) gives the proxy the password that its address has', async () => {
    const authorization = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
    const { host, asked } = await proxyTo(await mirror(), authorization);
    process.env.http_proxy = `http://me:s3cret@${host}`;
    await downloadFile(['http://mirror.invalid/images'], target, patience);
    assert.equal(asked.length, 1);
  });

  it('downloadFile(urls, target) names the proxy without its password when it fails', async () => {
    const { host } = await proxyTo(await mirror(), 'another');
    process.env.http_proxy = `http://me:s3cret@${host}`;
    const download = downloadFile(['http://mirror.invalid/images'], target, patience);
    await assert.rejects(download, (error: Error) => {
      const lines = error.message.split('\n');
      const place = `  http://mirror.invalid/images by the proxy http://${host}: cannot be reached (`;
      assert.equal(lines[1].slice(0, place.length), place);
      assert.match(lines[1], /407.+asks for a password: HTTPS_PROXY=http:\/\/user:password@proxy/);
      assert.doesNotMatch(error.message, /s3cret/);
      assert.match(lines[3], /^A proxy is taken from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_/);
      return true;
    });
  });

  for (const name of ['no_proxy', 'NO_PROXY']) {
    it(`downloadFile(urls, target) leaves out the proxy for the hosts of ${name}`, async () => {
      const { host, asked } = await proxyTo(await mirror());
      process.env.http_proxy = `http://${host}`;
      process.env[name] = 'other.invalid, .mirrors.invalid';
      const urls = ['http://one.mirrors.invalid/images', 'http://mirror.invalid/images'];
      await downloadFile(urls, target, patience);
      assert.deepEqual(asked, ['mirror.invalid:80']);
    });
  }

  it('downloadFile(urls, target) asks no proxy for this machine itself', async () => {
    process.env.http_proxy = 'http://127.0.0.1:9';
    const url = `http://127.0.0.1:${await mirror()}/images`;
    await downloadFile([url], target, patience);
    assert.deepEqual(readFileSync(target), contents);
  });

  for (const proxy of ['socks5://me:s3cret@127.0.0.1:9', 'http://me:s3cret@127.0.0.1:port']) {
    it(`routeTo(url) refuses ${proxy}, and does not show its password`, async () => {
      process.env.https_proxy = proxy;
      await assert.rejects(routeTo('https://mirror.invalid/images'), {
        message:
          'the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not an address that can be used; ' +
          'expected one such as http://proxy:3128',
      });
    });
  }

  it('downloadFile(urls, target) trusts the certificates that the user adds, by a proxy too', async function () {
    const files = certificate(folder);
    if (files === undefined) return this.skip();
    const { key, certificateFile } = files;
    const options = { key, cert: readFileSync(certificateFile) };
    const port = await listen(https.createServer(options, (_, response) => response.end(contents)));
    const { host, asked } = await proxyTo(port);
    process.env.HTTPS_PROXY = host;
    const urls = ['https://mirror.invalid/images'];
    await assert.rejects(
      downloadFile(urls, target, patience),
      /images by the proxy http:\S+: cannot be reached \(.*certificate.*\)\. If your .+ set NODE_EXTRA_CA_CERTS to the PEM file/,
    );
    for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
      process.env[name] = certificateFile;
      await downloadFile(urls, target, patience);
      await rm(target);
      delete process.env[name];
    }
    assert.deepEqual(asked, Array(3).fill('mirror.invalid:443'));
  });

  it('loadDigits() says in the source why it has only the sample', async () => {
    const { host } = await proxyTo(await mirror(), 'another');
    process.env.http_proxy = `http://me:s3cret@${host}`;
    const lines: string[] = [];
    const mirrors = ['http://one.invalid/', 'http://other.invalid/'];
    const { source } = await loadDigits({
      mirrors,
      dataFolder: path.join(folder, 'data'),
      limit: 10,
      log: (line) => lines.push(line),
    });
    for (const text of [source, lines[0]]) {
      for (const name of ['one', 'other']) {
        const place = `http://${name}.invalid/train-images-idx3-ubyte.gz by the proxy http://${host}: `;
        assert.ok(text.includes(place), text);
      }
      assert.doesNotMatch(text, /s3cret/);
    }
    assert.match(
      source,
      /^sample of 10,000, not the full MNIST .+, since the download failed: http/,
    );
    assert.ok(!existsSync(path.join(folder, 'data', 'train-images-idx3-ubyte')));
  });
});

/** A certificate of mirror.invalid that nobody signed; nothing, where there is no openssl. */
function certificate(folder: string) {
  const [keyFile, certificateFile] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=mirror.invalid', '-addext', 'subjectAltName=DNS:mirror.invalid'];
  const out = ['-keyout', keyFile, '-out', certificateFile];
  try {
    execFileSync('openssl', [...asked, ...name, ...out], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { key: readFileSync(keyFile), certificateFile };
}
