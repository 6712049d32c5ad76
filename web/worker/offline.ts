/*
 * Keeps all files of the page, so that it opens again without a network.
 */
declare const pageFiles: readonly string[];
declare const version: string;

/** A host may serve several such pages, each under a path of its own. */
const worker = self as unknown as ServiceWorkerGlobalScope;
const prefix = `digits ${worker.registration.scope} `;
const cacheName = prefix + version;

worker.addEventListener('install', (event) => {
  event.waitUntil(keepFiles());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(forgetEarlierVersions());
});

worker.addEventListener('fetch', (event) => {
  event.respondWith(answer(event.request));
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(cacheName);
  // What the browser has may be of an earlier version, so the host is asked whether it still holds.
  await cache.addAll(pageFiles.map((file) => new Request(file, { cache: 'no-cache' })));
}

async function forgetEarlierVersions(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name);
  }
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}
