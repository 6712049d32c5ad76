import net from 'node:net';

/**
 * Tries whether something listens at an address, which Ray would find out in minutes.
 *
 * @param address - Host and port of a cluster's head.
 * @throws Error that says why not.
 */
export function requireAnswer(address: string): Promise<void> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const refuse = (reason: string) => {
      socket.destroy();
      reject(
        new Error(
          `${address} does not answer: ${reason}. Begin a cluster there with ` +
            `"search/.venv/bin/ray start --head --port ${port}", or leave out --address`,
        ),
      );
    };
    const socket = net.connect({ host, port: Number(port), timeout: 5000 });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => refuse('nothing in 5 seconds'));
    socket.once('error', (error) => refuse(error.message));
  });
}
