import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/**
 * A webhook receiver that takes its time to answer, and keeps account of every request, repeats too. What is to happen between
 * a message and its answer happens in `strike`. Signatures are checked elsewhere (simulators/webhook-receiver.ts).
 */
export async function startSlowReceiver({ answerAfterMs }: { answerAfterMs: () => number }): Promise<SlowReceiver> {
  const arrivals: Arrival[] = [];
  let strikeNow = (_: Arrival) => {};
  const server = createServer(async (request, response) => {
    const arrival = await read(request).catch(() => undefined);
    // The sender was killed in the middle of it.
    if (!arrival) return response.destroy();
    arrivals.push(arrival);
    strikeNow(arrival);
    setTimeout(() => response.writeHead(204).end(), answerAfterMs());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrivals,
    strike({ wanted, deed, withinMs }) {
      const { promise, resolve } = Promise.withResolvers<Arrival | undefined>();
      const end = (arrival?: Arrival) => {
        clearTimeout(timer);
        strikeNow = () => {};
        resolve(arrival);
      };
      const timer = setTimeout(end, withinMs);
      strikeNow = (arrival) => {
        if (!wanted(arrival)) return;
        deed();
        end(arrival);
      };
      return promise;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** `id` is the message's own, the same for every attempt at it. */
export type Arrival = { id: string; severity: string; purpose: string; placeIds: string[] };

export type SlowReceiver = {
  url: string;
  /** In the order in which they came. */
  arrivals: Arrival[];
  /**
   * Does its deed at the first message that is `wanted`, when it has arrived and is not answered; answers which one that was.
   * Undefined: none came in time.
   */
  strike(parts: StrikeParts): Promise<Arrival | undefined>;
  close(): Promise<void>;
};
type StrikeParts = { wanted: (arrival: Arrival) => boolean; deed: () => void; withinMs: number };

async function read(request: IncomingMessage): Promise<Arrival> {
  const { data } = (await json(request)) as { data: Omit<Arrival, 'id'> };
  const { severity, purpose, placeIds } = data;
  return { id: String(request.headers['webhook-id']), severity, purpose, placeIds };
}
