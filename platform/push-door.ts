import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from './clock.ts';
import { listenFailed, OperationalError } from './errors.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Where other systems push to: an HTTP listener that knows nothing of what is in a push. */
export type PushDoor = { address(): Address; close(): Promise<void> };
export type Address = { host: string; port: number };

/** What those who push may occupy together. Units are in the names. */
export type DoorLimits = {
  connections: number;
  /** From the first byte of a request to its last. */
  requestMs: number;
  /** How long a graceful stop waits for what is under way. */
  closeMs: number;
};

export type PushDoorParts = {
  listen: Address;
  limits: DoorLimits;
  take(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Called with what is our own fault. */
  died(error: unknown): void;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};

/** Errors: LISTEN_FAILED when the address is taken or not this machine's. */
export async function openPushDoor(parts: PushDoorParts): Promise<PushDoor> {
  const { limits, take, died, clock, log, metrics } = parts;
  const { requestMs } = limits;
  const timeouts = { requestTimeout: requestMs, headersTimeout: requestMs, connectionsCheckingInterval: 1_000 };
  const server = createServer(
    { ...timeouts, keepAliveTimeout: 60_000, maxHeaderSize: 8 * 1024 },
    (request, response) => {
      take(request, response).catch((error) => {
        // A sender that went away is no fault of ours, and will come again.
        if (request.complete) died(error);
        response.destroy();
      });
    },
  );
  server.maxConnections = limits.connections;
  server.on('drop', () => metrics.connectionsRefused.inc({ reason: 'full' }));
  const address = await listen(server, parts.listen);
  server.on('error', (error) => log.error({ err: error }, 'a connection could not be accepted'));
  return {
    address: () => address,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeIdleConnections();
      const cancel = clock.after(limits.closeMs, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

/**
 * Keeps no more than `most` bytes; of what is larger the beginning may be enough to hear a call for help, and the rest is
 * let pass.
 */
export function readBody(request: IncomingMessage, most: number): Promise<{ body: Uint8Array; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes - chunk.length <= most) chunks.push(chunk);
      if (bytes > most) resolve({ body: Buffer.concat(chunks).subarray(0, most), isCut: true });
    });
    request.once('end', () => resolve({ body: Buffer.concat(chunks), isCut: false }));
    request.once('error', reject);
  });
}

/** Why what `kept` stands for is not safe, so that it has to be pushed again; undefined when it is. Units: ms. */
export async function whyNotKept(
  kept: Promise<unknown>,
  { withinMs, clock, died }: { withinMs: number; clock: Clock; died(error: unknown): void },
): Promise<'stalled' | 'not-kept' | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<'stalled'>();
  const cancel = clock.after(withinMs, () => resolve('stalled'));
  const settled = kept.then(
    () => undefined,
    (error) => {
      if (!(error instanceof OperationalError)) died(error);
      return 'not-kept' as const;
    },
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    cancel();
  }
}

/** Answers with nothing but the status; the connection goes, so that strangers keep none. */
export function turnAway(response: ServerResponse, status: number): void {
  const again = status === 429 || status === 503 ? { 'retry-after': '5' } : {};
  response.writeHead(status, { ...lastOnes, ...again }).end();
}

export const lastOnes = { connection: 'close' };

/** A secret of which only a digest is kept; comparing tells nothing about it, not even its length. */
export function secretCheck(secret: string): (given: string) => boolean {
  const digest = digestOf(secret);
  return (given) => timingSafeEqual(digestOf(given), digest);
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A token bucket. Guards how much is left in it. */
export class Rate {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #filledAt: number;

  constructor({ clock, perSecond, burst }: { clock: Clock; perSecond: number; burst: number }) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
    this.#filledAt = clock.monotonic();
  }

  /** Takes one out, when there is one. */
  take(): boolean {
    const now = this.#clock.monotonic();
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

function listen(server: Server, { host, port }: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailed({ cause }, `${host}:${port}`, cause.message)));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve({ host, port: (server.address() as AddressInfo).port });
    });
  });
}
