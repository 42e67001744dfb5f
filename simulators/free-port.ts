import { createServer } from 'node:net';

/** The first port from there on that nobody listens at on loopback, and that is not taken otherwise. */
export async function firstFreePort(from: number, taken: readonly number[] = []): Promise<number> {
  for (let port = from; port < from + 200 && port <= 65_535; port++) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`no port from ${from} on is free`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((answer) => {
    server.once('error', () => answer(false));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true)));
  });
}
