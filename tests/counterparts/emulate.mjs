// Services of `emulate` on free ports of loopback.

import { createServer, Server } from 'node:http';
import { createEmulator } from 'emulate';
import { listen } from './house.mjs';

/**
 * Starts a service under `http://localhost:PORT`, its issuer. `rename` says what it calls a path of the real
 * one. What it answers is kept in `said`, the newest last, until that is emptied.
 */
export async function emulated(service, seed, rename = (path) => path) {
  const said = [];
  let inner;
  const server = createServer((request, response) => {
    request.url = rename(request.url);
    response.once('finish', () => said.push([request.method, request.url.split('?')[0], response.statusCode]));
    inner.emit('request', request, response);
  });
  const base = `http://localhost:${await listen(server)}`;
  // Its own server would listen on all addresses, so it is never opened: ours hands on what it hears.
  const open = Server.prototype.listen;
  Server.prototype.listen = function keep() {
    inner = this;
    return this;
  };
  try {
    await createEmulator({ service, baseUrl: base, seed: { [service]: seed } });
  } finally {
    Server.prototype.listen = open;
  }
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { base, said, stop };
}
