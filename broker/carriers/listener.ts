import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { listenFailed, OperationalError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { type Carrier, carriers } from '../../records/carrier-products.ts';
import type { ReportRecord } from '../../records/journal-record.ts';
import { answerToOneNet, isForged } from './onenet.ts';

export type CarrierListenerOptions = {
  listen: Address;
  /** A platform without a token cannot push. */
  tokens: { readonly [C in Carrier]?: string | undefined };
  /** What is in a push; never throws. `isCut`: it was larger than `bodyBytes`, and this is its beginning. */
  offers(push: { carrier: Carrier; body: Uint8Array; isCut: boolean }): readonly Offer[];
  /** Resolves when the record is durable. Errors: an OperationalError; anything else is our own fault. */
  keep(record: Omit<ReportRecord, 'kind'>, lifeSafety: boolean): Promise<unknown>;
  /** Called with what is our own fault. */
  died(error: unknown): void;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  limits?: Partial<CarrierLimits>;
};

export type CarrierListener = { address(): Address; close(): Promise<void> };
type Address = { host: string; port: number };
type Offer =
  | { type: 'keep'; record: Omit<ReportRecord, 'kind'>; lifeSafety: boolean }
  | { type: 'drop'; reason: string };

/** What the platforms together may occupy. Units are in the names. */
export type CarrierLimits = {
  bodyBytes: number;
  /** Requests that are read or wait for the journal. */
  requests: number;
  connections: number;
  /** From the first byte of a request to its last. */
  requestMs: number;
  /** How long the journal may take; OneNET waits 5 s for an answer. */
  keepMs: number;
  /** Messages without life safety, as a token bucket. */
  telemetryPerSecond: number;
  telemetryBurst: number;
  /** How long a graceful stop waits for the journal. */
  closeMs: number;
};

const defaultLimits: CarrierLimits = {
  bodyBytes: 64 * 1024,
  requests: 256,
  connections: 512,
  requestMs: 10_000,
  keepMs: 4_000,
  telemetryPerSecond: 1_000,
  telemetryBurst: 5_000,
  closeMs: 3_000,
};

/**
 * Where the platforms of network operators push to: `POST /{carrier}/{token}`, answered 200 when the journal has
 * synced what is in it, and 503 or 429 when it has not: then the platform's next attempt brings it again. What can
 * never be kept is answered 200 too, and counted: a platform that is refused stops pushing for everybody.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 * Source: docs/decisions/0014-carriers.md
 */
export async function serveCarriers(options: CarrierListenerOptions): Promise<CarrierListener> {
  const limits = { ...defaultLimits, ...options.limits };
  const log = options.log.child({ part: 'carriers' });
  const intake = new PushIntake({ ...options, log, limits });
  const { requestMs, connections } = limits;
  const timeouts = { requestTimeout: requestMs, headersTimeout: requestMs, connectionsCheckingInterval: 1_000 };
  const server = createServer(
    { ...timeouts, keepAliveTimeout: 60_000, maxHeaderSize: 8 * 1024 },
    (request, response) => {
      intake.take(request, response).catch((error) => {
        // A sender that went away is no fault of ours, and will come again.
        if (request.complete) options.died(error);
        response.destroy();
      });
    },
  );
  server.maxConnections = connections;
  server.on('drop', () => options.metrics.connectionsRefused.inc({ reason: 'full' }));
  const address = await listen(server, options.listen);
  server.on('error', (error) => log.error({ err: error }, 'a connection could not be accepted'));
  log.info(address, 'carriers can push');
  return {
    address: () => address,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeIdleConnections();
      const cancel = options.clock.after(limits.closeMs, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

type Push = { carrier: Carrier; token: string; query: URLSearchParams };
type IntakeParts = Omit<CarrierListenerOptions, 'limits'> & { limits: CarrierLimits };

/** Takes pushes in, and guards how much of them is under way. */
class PushIntake {
  readonly #parts: IntakeParts;
  readonly #digests: Map<Carrier, Buffer>;
  #requests = 0;
  #telemetry: number;
  #filledAt: number;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const known = carriers.flatMap((carrier) => {
      const token = parts.tokens[carrier];
      return token === undefined ? [] : [[carrier, digestOf(token)] as const];
    });
    this.#digests = new Map(known);
    this.#telemetry = parts.limits.telemetryBurst;
    this.#filledAt = parts.clock.monotonic();
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const push = this.#addressed(request.url ?? '');
    // The same answer for what is not there and for who may not know it; the connection goes, so that strangers keep
    // none.
    if (!push) return this.#turnAway(response, 404, 'unknown', 'token');
    const { carrier } = push;
    if (request.method === 'GET' && carrier === 'onenet') return this.#prove(push, response);
    if (request.method !== 'POST') return this.#turnAway(response, 405, carrier, 'method');
    if (this.#requests >= this.#parts.limits.requests) return this.#turnAway(response, 503, carrier, 'overloaded');
    this.#requests++;
    try {
      const { body, isCut } = await readBody(request, this.#parts.limits.bodyBytes);
      if (carrier === 'onenet' && isForged(body, push.token))
        return this.#turnAway(response, 403, carrier, 'signature');
      const refused = await this.#keepAll(carrier, this.#parts.offers({ carrier, body, isCut }));
      if (refused) return this.#turnAway(response, refused === 'rate' ? 429 : 503, carrier, refused);
      response.writeHead(200, isCut ? { ...json, ...lastOnes } : json).end('{"code":0}');
    } finally {
      this.#requests--;
    }
  }

  /** Why the platform has to try again; undefined when all of it is safe. */
  async #keepAll(carrier: Carrier, offers: readonly Offer[]): Promise<string | undefined> {
    const { metrics, log } = this.#parts;
    const keeping: Promise<string | undefined>[] = [];
    for (const offer of offers) {
      if (offer.type === 'keep') keeping.push(this.#keep(carrier, offer));
      else {
        metrics.carrierPushes.inc({ carrier, outcome: offer.reason });
        if (offer.reason !== 'notice') log.debug({ carrier, reason: offer.reason }, 'a push was dropped');
        if (offer.reason === 'no-device')
          log.warn({ carrier }, 'a push names no device: is it encrypted, or of another platform?');
      }
    }
    return (await Promise.all(keeping)).find((refused) => refused !== undefined);
  }

  async #keep(carrier: Carrier, { record, lifeSafety }: Extract<Offer, { type: 'keep' }>): Promise<string | undefined> {
    const { keep, died, metrics, limits, clock } = this.#parts;
    if (!lifeSafety && !this.#hasRoomForTelemetry()) return 'rate';
    let cancel = () => {};
    const late = new Promise<string>((resolve) => {
      cancel = clock.after(limits.keepMs, () => resolve('stalled'));
    });
    const kept = keep(record, lifeSafety).then(
      () => {
        metrics.carrierPushes.inc({ carrier, outcome: 'kept' });
        metrics.reportsAccepted.inc();
        return undefined;
      },
      (error) => {
        if (!(error instanceof OperationalError)) died(error);
        return 'not-kept';
      },
    );
    try {
      return await Promise.race([kept, late]);
    } finally {
      cancel();
    }
  }

  #prove({ query, token }: Push, response: ServerResponse): void {
    const answer = answerToOneNet(query, token);
    if (answer === undefined) this.#turnAway(response, 403, 'onenet', 'signature');
    else response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(answer);
  }

  #turnAway(response: ServerResponse, status: number, carrier: Carrier | 'unknown', outcome: string): void {
    this.#parts.metrics.carrierPushes.inc({ carrier, outcome });
    this.#parts.log.debug({ carrier, status, outcome }, 'a push was turned away');
    const again = status === 429 || status === 503 ? { 'retry-after': '5' } : {};
    response.writeHead(status, { ...lastOnes, ...again }).end();
  }

  /** The platform whose secret the path holds. */
  #addressed(url: string): Push | undefined {
    const [path = '', query = ''] = url.split('?', 2);
    const [, name, token = '', ...rest] = path.split('/');
    const carrier = carriers.find((one) => one === name);
    const digest = carrier && this.#digests.get(carrier);
    if (!digest || rest.length > 0 || !timingSafeEqual(digestOf(token), digest)) return undefined;
    return { carrier, token, query: new URLSearchParams(query) };
  }

  #hasRoomForTelemetry(): boolean {
    const { clock, limits } = this.#parts;
    const now = clock.monotonic();
    const filled = this.#telemetry + ((now - this.#filledAt) / 1000) * limits.telemetryPerSecond;
    this.#telemetry = Math.min(limits.telemetryBurst, filled);
    this.#filledAt = now;
    if (this.#telemetry < 1) return false;
    this.#telemetry--;
    return true;
  }
}

/**
 * Keeps no more than `most`; of what is larger the beginning is enough to hear a call for help, and the rest is let
 * pass.
 */
function readBody(request: IncomingMessage, most: number): Promise<{ body: Uint8Array; isCut: boolean }> {
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

/** Of one length whatever was sent, so that comparing tells nothing about the secret. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const lastOnes = { connection: 'close' };
const json = { 'content-type': 'application/json' };

function listen(server: Server, { host, port }: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailed({ cause }, `${host}:${port}`, cause.message)));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve({ host, port: (server.address() as AddressInfo).port });
    });
  });
}
