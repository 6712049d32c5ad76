import files from '@fastify/static';
import fastify, { type FastifyInstance } from 'fastify';

/**
 * Serves the files of a folder to this machine only.
 *
 * @param folder - The built page, an absolute path.
 * @param options.port - From 1; 0 takes a free one.
 * @returns The server, which listens; the caller closes it.
 * @throws Error when the port is taken.
 */
export async function servePage(
  folder: string,
  { port }: { readonly port: number },
): Promise<FastifyInstance> {
  const server = fastify({ forceCloseConnections: true });
  await server.register(files, {
    root: folder,
    // The page may have been built anew.
    cacheControl: false,
    setHeaders: (reply) => {
      void reply.setHeader('cache-control', 'no-cache');
      void reply.setHeader('x-content-type-options', 'nosniff');
    },
  });
  await server.listen({ port, host: '127.0.0.1' });
  return server;
}
