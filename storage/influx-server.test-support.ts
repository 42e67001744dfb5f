import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

/** What a server of InfluxDB does with one write. `reset` and `hang` come after it has kept the lines. */
export type Behaviour =
  | { type: 'takes' }
  | { type: 'says'; status: number; message?: string; headers?: Record<string, string> }
  | { type: 'reset' }
  | { type: 'hang' };

/**
 * A server with the write interface of InfluxDB 2 on loopback. It keeps points as InfluxDB does: the same series and
 * time is the same point.
 */
export async function startInfluxServer(): Promise<InfluxServer> {
  const points = new Map<string, string>();
  const requests: { path: string; token: string | undefined; lines: number }[] = [];
  let behave: (lines: string[]) => Behaviour = () => ({ type: 'takes' });
  const keep = (lines: string[]) => {
    for (const line of lines) points.set(line.replace(/ .* /, ' '), line);
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const zipped = request.headers['content-encoding'] === 'gzip';
    const lines = (await text(zipped ? request.pipe(createGunzip()) : request)).split('\n');
    requests.push({ path: request.url ?? '', token: request.headers.authorization, lines: lines.length });
    const behaviour = behave(lines);
    if (behaviour.type === 'says') {
      const body = JSON.stringify({ code: 'test', message: behaviour.message ?? 'no' });
      response.writeHead(behaviour.status, { 'content-type': 'application/json', ...behaviour.headers }).end(body);
      return;
    }
    keep(lines);
    if (behaviour.type === 'takes') response.writeHead(204).end();
    if (behaviour.type === 'reset') request.socket.resetAndDestroy();
  }
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    points,
    requests,
    behaves(next) {
      behave = typeof next === 'function' ? next : () => next;
    },
    connections: () => new Promise((answer) => server.getConnections((_, count) => answer(count))),
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export type InfluxServer = {
  url: string;
  /** By series and time. */
  points: ReadonlyMap<string, string>;
  requests: readonly { path: string; token: string | undefined; lines: number }[];
  /** From now on; a function decides by the lines of each write. */
  behaves(next: Behaviour | ((lines: string[]) => Behaviour)): void;
  connections(): Promise<number>;
  stop(): Promise<void>;
};
