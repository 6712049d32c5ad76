import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { requireAnswer } from '../../search/address';

it('requireAnswer(address) lets pass where something listens, and says where nothing does', async () => {
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await requireAnswer(address);
  server.close();
  await once(server, 'close');
  await assert.rejects(requireAnswer(address), {
    message: new RegExp(
      `^${address} does not answer: .*ECONNREFUSED.*ray start --head .*--address$`,
    ),
  });
});
