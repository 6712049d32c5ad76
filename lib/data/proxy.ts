import { existsSync, readFileSync } from 'node:fs';
import tls from 'node:tls';
import { getProxyForUrl } from 'proxy-from-env';
import type { Dispatcher } from 'undici';

/** Which way a request goes. */
export interface Route {
  /** What undici's `fetch` takes; whoever asked destroys it. */
  readonly dispatcher: Dispatcher;
  /** The way in words for a message, such as ` by the proxy http://proxy:3128`; empty without one. */
  readonly words: string;
}

/** Where Linux distributions and macOS keep the certificates that an administrator has added. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Finds the way to an address as npm, pip and curl do, where Node's own `fetch` knows no proxy.
 *
 * The proxy is that of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, unless NO_PROXY names the host, each in
 * upper or lower case; this machine itself is never asked by a proxy. The certificates of the system
 * and of NODE_EXTRA_CA_CERTS are trusted beside Node's own.
 *
 * @param url - The address, of http or https.
 * @throws Error when the proxy's address is none, or of another kind; it does not show a password.
 */
export async function routeTo(url: string): Promise<Route> {
  // Only now: it takes a tenth of a second, and most runs download nothing.
  const { Agent, ProxyAgent } = await import('undici');
  const ca = trustedCertificates();
  const isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);
  const uri = isLocal ? '' : proxyOf(url);
  if (uri === '') return { dispatcher: new Agent({ connect: { ca } }), words: '' };
  if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) {
    throw new Error(
      'the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not an address that can be used; ' +
        'expected one such as http://proxy:3128',
    );
  }
  const dispatcher = new ProxyAgent({ uri, requestTls: { ca }, proxyTls: { ca } });
  const { protocol, host } = new URL(uri);
  return { dispatcher, words: ` by the proxy ${protocol}//${host}` };
}

/** The proxy for an address; one that is set without a scheme is of plain HTTP, as for curl. */
function proxyOf(url: string): string {
  const proxy = getProxyForUrl(url);
  const names = [new URL(url).protocol.replace(':', '_proxy'), 'all_proxy'];
  const isBare = names.some((name) =>
    [name, name.toUpperCase()].some((it) => `https://${process.env[it]}` === proxy),
  );
  return isBare ? proxy.replace(/^https/, 'http') : proxy;
}

function trustedCertificates(): string[] {
  // From Node 22.15 on Node itself knows those of the system.
  const { getCACertificates } = tls as { getCACertificates?: (type: string) => string[] };
  const known = getCACertificates?.('system') ?? [];
  const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE } = process.env;
  const files = [NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, systemBundles.find((it) => existsSync(it))];
  const texts = files.map((file) => (file && existsSync(file) ? readFileSync(file, 'utf8') : ''));
  const bundles = texts.filter((text) => text.includes('BEGIN CERTIFICATE'));
  return [...tls.rootCertificates, ...known, ...bundles];
}
