import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import {
  type Address,
  type DoorLimits,
  lastOnes,
  openPushDoor,
  type PushDoor,
  Rate,
  readBody,
  secretCheck,
  turnAway,
  whyNotKept,
} from '../../platform/push-door.ts';
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

export type CarrierListener = PushDoor;
type Offer =
  | { type: 'keep'; record: Omit<ReportRecord, 'kind'>; lifeSafety: boolean }
  | { type: 'drop'; reason: string };

/** What the platforms together may occupy. Units are in the names. */
export type CarrierLimits = DoorLimits & {
  bodyBytes: number;
  /** Requests that are read or wait for the journal. */
  requests: number;
  /** How long the journal may take; OneNET waits 5 s for an answer. */
  keepMs: number;
  /** Messages without life safety, as a token bucket. */
  telemetryPerSecond: number;
  telemetryBurst: number;
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
  const take = (request: IncomingMessage, response: ServerResponse) => intake.take(request, response);
  const door = await openPushDoor({ ...options, log, limits, take });
  log.info(door.address(), 'carriers can push');
  return door;
}

type Push = { carrier: Carrier; token: string; query: URLSearchParams };
type IntakeParts = Omit<CarrierListenerOptions, 'limits'> & { limits: CarrierLimits };

/** Takes pushes in, and guards how much of them is under way. */
class PushIntake {
  readonly #parts: IntakeParts;
  readonly #isToken: Map<Carrier, (token: string) => boolean>;
  readonly #telemetry: Rate;
  #requests = 0;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const known = carriers.flatMap((carrier) => {
      const token = parts.tokens[carrier];
      return token === undefined ? [] : [[carrier, secretCheck(token)] as const];
    });
    this.#isToken = new Map(known);
    const { telemetryPerSecond: perSecond, telemetryBurst: burst } = parts.limits;
    this.#telemetry = new Rate({ clock: parts.clock, perSecond, burst });
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const push = this.#addressed(request.url ?? '');
    // The same answer for what is not there and for who may not know it.
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
    if (!lifeSafety && !this.#telemetry.take()) return 'rate';
    const kept = keep(record, lifeSafety).then(() => {
      metrics.carrierPushes.inc({ carrier, outcome: 'kept' });
      metrics.reportsAccepted.inc();
    });
    return whyNotKept(kept, { withinMs: limits.keepMs, clock, died });
  }

  #prove({ query, token }: Push, response: ServerResponse): void {
    const answer = answerToOneNet(query, token);
    if (answer === undefined) this.#turnAway(response, 403, 'onenet', 'signature');
    else response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(answer);
  }

  #turnAway(response: ServerResponse, status: number, carrier: Carrier | 'unknown', outcome: string): void {
    this.#parts.metrics.carrierPushes.inc({ carrier, outcome });
    this.#parts.log.debug({ carrier, status, outcome }, 'a push was turned away');
    turnAway(response, status);
  }

  /** The platform whose secret the path holds. */
  #addressed(url: string): Push | undefined {
    const [path = '', query = ''] = url.split('?', 2);
    const [, name, token = '', ...rest] = path.split('/');
    const carrier = carriers.find((one) => one === name);
    if (!carrier || !this.#isToken.get(carrier)?.(token) || rest.length > 0) return undefined;
    return { carrier, token, query: new URLSearchParams(query) };
  }
}

const json = { 'content-type': 'application/json' };
