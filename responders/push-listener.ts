import type { IncomingMessage, ServerResponse } from 'node:http';
import { addressList, loopback } from '../platform/address-list.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
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
} from '../platform/push-door.ts';
import { isFields } from './channels/provider-answer.ts';
import type { PushSettings } from './channels/push-settings.ts';
import type { PushTaker } from './channels/pushes.ts';

export type PushListenerOptions = {
  listen: Address;
  /** By the provider's id, which is the first part of the path. */
  providers: ReadonlyMap<string, PushSettings & { taker: PushTaker }>;
  /** Besides those on this machine: who may say for whom they speak, by `X-Forwarded-For`. */
  trustedProxies?: readonly string[];
  /** Called with what is our own fault. */
  died(error: unknown): void;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  limits?: Partial<PushLimits>;
};

/** What the providers together may occupy. Units are in the names. */
export type PushLimits = DoorLimits & {
  bodyBytes: number;
  /** Things told in one push. */
  items: number;
  /** Requests that are read or wait for the journal. */
  requests: number;
  /** How long the journal may take: Aliyun waits 700 ms for an answer, and comes again after 1, 5 and 10 minutes. */
  keepMs: number;
  /** Things told, as a token bucket. */
  itemsPerSecond: number;
  itemsBurst: number;
  /** Repeats are known for as many things. */
  remembered: number;
};

const defaultLimits: PushLimits = {
  ...{ connections: 128, requestMs: 10_000, closeMs: 3_000 },
  ...{ bodyBytes: 256 * 1024, items: 1_000, requests: 64, keepMs: 600 },
  ...{ itemsPerSecond: 200, itemsBurst: 2_000, remembered: 10_000 },
};

/**
 * Where providers of messages push receipts and replies to: `POST /{provider}/{token}` with an array in JSON, answered 200 when the journal
 * has synced what is in it; 503 or 429 when it has not: then it comes again. Aliyun signs nothing and repeats itself, so the path is the
 * secret, whoever comes from elsewhere than the provider's addresses finds nothing, and what came before changes nothing.
 * What can never be read is counted, and answered 200: it would only come again.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 */
export async function servePushes(options: PushListenerOptions): Promise<PushDoor> {
  const limits = { ...defaultLimits, ...options.limits };
  const log = options.log.child({ part: 'pushes' });
  const intake = new ProviderPushes({ ...options, log, limits });
  const take = (request: IncomingMessage, response: ServerResponse) => intake.take(request, response);
  const door = await openPushDoor({ ...options, log, limits, take });
  log.info(door.address(), 'providers can push');
  return door;
}

type Known = { id: string; taker: PushTaker; isToken(token: string): boolean; isSource(address: string): boolean };

/** Takes pushes in, and guards how many are under way and which were taken before. */
class ProviderPushes {
  readonly #parts: Omit<PushListenerOptions, 'limits'> & { limits: PushLimits };
  readonly #known = new Map<string, Known>();
  /** By what was told: when it is on record. What failed is forgotten, so that its repeat is taken. */
  readonly #taken = new Map<string, Promise<void>>();
  readonly #rate: Rate;
  readonly #isProxy: (address: string | undefined) => boolean;
  #requests = 0;

  constructor(parts: Omit<PushListenerOptions, 'limits'> & { limits: PushLimits }) {
    this.#parts = parts;
    this.#isProxy = addressList([...loopback, ...(parts.trustedProxies ?? [])]);
    const { itemsPerSecond: perSecond, itemsBurst: burst } = parts.limits;
    this.#rate = new Rate({ clock: parts.clock, perSecond, burst });
    for (const [id, { taker, token, sources }] of parts.providers) {
      const isListed = addressList(sources);
      const isSource = (address: string) => sources.length === 0 || isListed(address);
      this.#known.set(id, { id, taker, isToken: secretCheck(token), isSource });
    }
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const known = this.#addressed(request);
    // The same answer for what is not there and for who may not know it.
    if (typeof known === 'string') return this.#turnAway(response, 404, 'unknown', known);
    const { limits } = this.#parts;
    if (request.method !== 'POST') return this.#turnAway(response, 405, known.id, 'method');
    if (this.#requests >= limits.requests) return this.#turnAway(response, 503, known.id, 'overloaded');
    this.#requests++;
    try {
      const { body, isCut } = await readBody(request, limits.bodyBytes);
      const items = isCut ? undefined : itemsOf(body);
      if (!items) this.#count(known.id, isCut ? 'too-large' : 'unreadable');
      const refused = await this.#keepAll(known, items ?? []);
      if (refused) return this.#turnAway(response, refused === 'rate' ? 429 : 503, known.id, refused);
      response.writeHead(200, isCut ? { ...json, ...lastOnes } : json).end('{"code":0,"msg":"ok"}');
    } finally {
      this.#requests--;
    }
  }

  /** Why the provider has to come again; undefined when all of it is on record. */
  async #keepAll(known: Known, items: readonly unknown[]): Promise<string | undefined> {
    const { limits, clock, died } = this.#parts;
    if (items.length > limits.items) this.#count(known.id, 'too-many');
    const keeping: Promise<void>[] = [];
    let isTooFast = false;
    for (const item of items.slice(0, limits.items)) {
      isTooFast = !this.#rate.take();
      if (isTooFast) break;
      const kept = this.#keep(known, item);
      if (kept) keeping.push(kept);
    }
    const why = await whyNotKept(Promise.all(keeping), { withinMs: limits.keepMs, clock, died });
    return isTooFast ? 'rate' : why;
  }

  /** Nothing, when it cannot be read. */
  #keep({ id, taker }: Known, item: unknown): Promise<void> | undefined {
    const told = isFields(item) ? taker.take(item) : undefined;
    if (!told) {
      this.#count(id, 'unreadable');
      return undefined;
    }
    const key = `${id} ${told.key}`;
    const before = this.#taken.get(key);
    this.#count(id, before ? 'repeat' : 'taken');
    if (before) return before;
    const kept = told.keep();
    this.#taken.set(key, kept);
    kept.catch(() => this.#taken.delete(key));
    const [oldest] = this.#taken.keys();
    if (this.#taken.size > this.#parts.limits.remembered && oldest !== undefined) this.#taken.delete(oldest);
    return kept;
  }

  /** The provider whose secret the path holds, or what is wrong. */
  #addressed(request: IncomingMessage): Known | 'token' | 'source' {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const [, id = '', token = '', ...rest] = path.split('/');
    const known = this.#known.get(id);
    if (!known?.isToken(token) || rest.length > 0) return 'token';
    return known.isSource(this.#sourceOf(request)) ? known : 'source';
  }

  /** A proxy says from where a push comes, and only its own word, the last one, is believed. */
  #sourceOf({ socket, headers }: IncomingMessage): string {
    const said = headers['x-forwarded-for'];
    if (said === undefined || !this.#isProxy(socket.remoteAddress)) return socket.remoteAddress ?? '';
    return String(said).split(',').at(-1)?.trim() ?? '';
  }

  #turnAway(response: ServerResponse, status: number, provider: string, outcome: string): void {
    this.#count(provider, outcome);
    this.#parts.log.debug({ provider, status, outcome }, 'a push was turned away');
    turnAway(response, status);
  }

  #count(provider: string, outcome: string): void {
    this.#parts.metrics.providerPushes.inc({ provider, outcome });
  }
}

function itemsOf(body: Uint8Array): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return Array.isArray(value) ? value : [value];
  } catch {
    return undefined;
  }
}

const json = { 'content-type': 'application/json' };
