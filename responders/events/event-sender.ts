import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Chance } from '../../platform/random.ts';
import { concerns, type EventDelivery } from '../../records/outgoing-event.ts';
import type { RegistryView, Subscription } from '../../records/registry.ts';
import { attemptTimeoutMs } from '../attempt.ts';
import { idempotencyId } from '../channel.ts';
import { mayPass, type Posted } from '../channels/guarded-post.ts';
import type { Signed, WebhookPost } from '../channels/webhook-post.ts';
import { keySignature, webhookSignature } from '../channels/webhook-signature.ts';
import type { CountyTime } from '../texts/county-time.ts';
import { eventBody, type OwnEvent } from './event-payload.ts';
import { type EventQueues, isGap, type Waiting } from './event-queues.ts';

/**
 * Sends what waits, each subscription for itself: at most two requests at a time, events about the same thing one after the other, and
 * after a failure by the schedule of Standard Webhooks. Whoever is slow, away or hostile keeps nobody waiting but itself.
 */
export function startEventSender(parts: EventSenderParts): EventSender {
  const lanes = new Map<string, Running>();
  const stopping = new AbortController();
  const runningOf = (id: string): Running => {
    const running = lanes.get(id) ?? { underWay: new Map(), restUntil: 0, cancel: () => {} };
    lanes.set(id, running);
    return running;
  };

  function pump(id: string): void {
    const running = runningOf(id);
    running.cancel();
    const subscription = parts.subscription(id);
    const isOpen = subscription && !subscription.paused && !parts.queues.lane(id)?.isGone;
    if (!isOpen || stopping.signal.aborted) return;
    const waitMs = startWhatIsDue(id, subscription, running);
    if (waitMs === Number.POSITIVE_INFINITY) return;
    // The wall clock may be set meanwhile: it is looked at again in any case.
    const delayMs = Math.min(longestWaitMs, Math.max(shortestWaitMs, waitMs));
    running.cancel = parts.clock.after(delayMs, () => pump(id));
  }

  /** Answers in how many ms the next is due; infinity when an answer that is waited for comes first. */
  function startWhatIsDue(id: string, subscription: Subscription, running: Running): number {
    const { queues, isDurable, registry, clock, metrics } = parts;
    const now = clock.now();
    const held = new Set(running.underWay.values());
    const laneRestsMs = running.restUntil - clock.monotonic();
    let waitMs = Number.POSITIVE_INFINITY;
    for (const row of queues.rows(id)) {
      if (running.underWay.size >= mostUnderWay) return Number.POSITIVE_INFINITY;
      if (held.has(row.event.of)) continue;
      const dueInMs = Math.max(restOf(row, now), laneRestsMs);
      if (dueInMs <= 0 && 'said' in row.event && !concerns(subscription, row.event, registry)) {
        // Its area or its types were narrowed since: what waits is no longer for it.
        queues.remove(id, row.key);
        metrics.outgoingEvents.inc({ outcome: 'withdrawn' });
        continue;
      }
      if (!row.refused) held.add(row.event.of);
      if (dueInMs > 0) waitMs = Math.min(waitMs, dueInMs);
      else if (!isDurable(row.sequence)) waitMs = Math.min(waitMs, shortestWaitMs);
      else start(id, subscription, row, running);
    }
    return waitMs;
  }

  function start(id: string, subscription: Subscription, row: Waiting, running: Running): void {
    running.underWay.set(row.key, row.event.of);
    attempt(subscription, row.event, { id: idOf(id, row.event), sequence: row.sequence })
      .then((tried) => {
        running.underWay.delete(row.key);
        // Of a subscription that ended meanwhile nothing is kept.
        if (stopping.signal.aborted || !parts.queues.lane(id)) return;
        settle(id, row, tried);
        pump(id);
      })
      .catch(parts.fail);
  }

  /** Tries once; it never takes longer than its time limit. */
  async function attempt(subscription: Subscription, event: Waiting['event'] | OwnEvent, named: Named): Promise<Tried> {
    const { clock, time, position } = parts;
    const [startedAt, begun] = [clock.now(), clock.monotonic()];
    const posted = await inTime((signal) => {
      const body = eventBody(event, named.sequence, { time, position });
      return post(subscription, { id: named.id, body, signal });
    });
    return { id: named.id, posted, startedAt, tookMs: Math.round(clock.monotonic() - begun) };
  }

  async function post(subscription: Subscription, request: { id: string; body: string; signal: AbortSignal }) {
    const address = parts.address(subscription);
    if (!address) return unreadable;
    return parts.post({ ...request, url: address.url, sign: (signed) => signatures(address, signed) });
  }

  async function inTime(run: (signal: AbortSignal) => Promise<Posted>): Promise<Posted> {
    const controller = new AbortController();
    const { promise: over, resolve } = Promise.withResolvers<Posted>();
    const giveUp = () => {
      resolve({ type: 'failed', reason: `no answer within ${attemptTimeoutMs / 1_000} s` });
      controller.abort('nobody waits for the answer any more');
    };
    const cancel = parts.clock.after(attemptTimeoutMs, giveUp);
    stopping.signal.addEventListener('abort', giveUp);
    try {
      return await Promise.race([run(controller.signal), over]);
    } catch (err) {
      // A fault of our own is a failed attempt: the page and everybody else go on.
      parts.log.error({ err }, 'an event could not be sent');
      return { type: 'failed', reason: 'internal error' };
    } finally {
      cancel();
      stopping.signal.removeEventListener('abort', giveUp);
    }
  }

  function settle(id: string, row: Waiting, { id: eventId, posted, startedAt, tookMs }: Tried): void {
    const { queues, clock, metrics } = parts;
    const number = row.attempts + 1;
    const verdict = verdictOf(posted);
    const now = clock.now();
    // The queue may have dropped it meanwhile, or have widened what it says is missing: then that is told, too.
    const current = queues.row(id, row.key);
    let outcome: EventDelivery['outcome'] = verdict.outcome;
    if (outcome === 'delivered') {
      if (current?.event === row.event) queues.remove(id, row.key);
      const { failingSince = now } = queues.lane(id) ?? {};
      // It was away. What it did not take before that, while it took others, is no reason to ask it after each of them.
      queues.dueNow(id, now - failingSince > awayForMs ? 0 : failingSince);
      queues.edit(id, ({ failingSince: _, problem: __, ...lane }) => ({ ...lane, deliveredAt: now }));
    } else {
      queues.edit(id, (lane) => ({
        ...lane,
        failingSince: Math.min(lane.failingSince ?? now, now),
        problem: verdict.detail,
      }));
      if (outcome === 'gone') pause(id);
      else if (current) outcome = rested(id, current, verdict) ?? outcome;
      // A receiver that is away is asked the less often the longer it is away, whatever waits for it.
      const awayMs = now - (queues.lane(id)?.failingSince ?? now);
      const restMs = Math.max(verdict.restMs, shortestWaitMs, Math.min(awayMs, longestAskMs));
      runningOf(id).restUntil = clock.monotonic() + restMs;
    }
    metrics.outgoingEvents.inc({ outcome });
    const { type } = row.event;
    parts.tried(id, { ...{ at: startedAt, eventId, type, attempt: number, outcome }, detail: verdict.detail, tookMs });
  }

  /** It rests until its next attempt, or is given up. A gap is not: somebody has to hear of it. */
  function rested(id: string, row: Waiting, { outcome, restMs: asked }: Verdict): 'given-up' | undefined {
    const { queues, clock, chance } = parts;
    const now = clock.now();
    // A clock that was ahead may have been set back.
    const failedAt = Math.min(row.failedAt ?? now, now);
    if (now - failedAt >= triedForMs && !isGap(row)) {
      queues.givenUp(id, row, now);
      return 'given-up';
    }
    const restMs = (restsMs[row.attempts] ?? longestRestMs) * (1 + chance.fraction() * jitter);
    const dueAt = Math.round(now + Math.max(asked, restMs));
    const isRefused = outcome === 'refused' && ({ refused: true } as const);
    queues.failed(id, { ...row, attempts: row.attempts + 1, failedAt, dueAt, ...isRefused });
    return undefined;
  }

  /** Not where it is paused: this may be the second of two answers, and must not close what a person opens after the first. */
  function pause(id: string): void {
    if (parts.subscription(id)?.paused !== false) return;
    parts.queues.edit(id, (lane) => ({ ...lane, isGone: true }));
    parts.gone(id);
  }

  return {
    pump,
    async test(id) {
      const subscription = parts.subscription(id);
      const running = runningOf(id);
      if (!subscription || running.isTesting) return undefined;
      running.isTesting = true;
      try {
        const event: OwnEvent = { type: 'subscription.test', at: parts.clock.now() };
        const name = Buffer.from(parts.chance.bytes(12)).toString('base64url');
        const tried = await attempt(subscription, event, { id: `msg_test_${name}`, sequence: 0 });
        const { id: eventId, startedAt: at, tookMs } = tried;
        const { outcome, detail } = verdictOf(tried.posted);
        const delivery: EventDelivery = { at, eventId, type: event.type, attempt: 1, outcome, detail, tookMs };
        parts.tried(id, delivery);
        return delivery;
      } finally {
        running.isTesting = false;
      }
    },
    forget(id) {
      lanes.get(id)?.cancel();
      lanes.delete(id);
    },
    stop() {
      stopping.abort();
      for (const { cancel } of lanes.values()) cancel();
    },
  };
}

export type EventSender = {
  /** Looks what is due for a subscription. */
  pump(id: string): void;
  /** Sends a test at once, also to one that is paused. Undefined: there is no such subscription, or one is under way. */
  test(id: string): Promise<EventDelivery | undefined>;
  forget(id: string): void;
  /** What is under way is given up, and sent again by the next start. */
  stop(): void;
};
export type EventSenderParts = {
  queues: EventQueues;
  subscription: (id: string) => Subscription | undefined;
  registry: Pick<RegistryView, 'area'>;
  /** Where it goes and what signs it, unsealed; undefined: it cannot be opened. */
  address: (subscription: Subscription) => EventAddress | undefined;
  post: WebhookPost['post'];
  /** What a power cut could still take from the journal is not told to anybody. */
  isDurable: (sequence: number) => boolean;
  position: (sequence: number) => string;
  /** The receiver does not want it any more. */
  gone: (id: string) => void;
  tried: (id: string, delivery: EventDelivery) => void;
  fail: (error: unknown) => void;
  time: CountyTime;
  clock: Clock;
  chance: Chance;
  log: Log;
  metrics: Pick<Metrics, 'outgoingEvents'>;
};
/** `secrets`: with spaces between; `keys`: ed25519. During a rotation those before sign as well. */
export type EventAddress = { url: string; secrets: string; keys: readonly KeyObject[] };

/** `restUntil` is monotonic: a wall clock that is set must not hold up a receiver. */
type Running = { underWay: Map<string, string>; restUntil: number; cancel: () => void; isTesting?: boolean };
type Named = { id: string; sequence: number };
type Tried = { id: string; posted: Posted; startedAt: number; tookMs: number };
/** `restMs`: the receiver asked for that much rest. */
type Verdict = { outcome: 'delivered' | 'later' | 'refused' | 'gone'; detail: string; restMs: number };

/** Source: Standard Webhooks 1.0.0, "Deliverability and reliability". ms after the attempt before; ten attempts in three days. */
const restsMs: readonly number[] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map((s) => s * 1_000);
const longestRestMs = 86_400_000;
/** A receiver that failed for longer was away, ms. */
const awayForMs = 60_000;
const triedForMs = restsMs.reduce((sum, restMs) => sum + restMs, 0);
const longestAskMs = 60_000;
/** Rests grow by up to this share, so that what failed together does not come back together. */
const jitter = 0.1;
const mostUnderWay = 2;
const shortestWaitMs = 250;
const longestWaitMs = 60_000;
const unreadable: Posted = { type: 'misaddressed', reason: 'the address or the secret cannot be opened' };

/** How long it rests still, ms. What is due later than any rest lasts was put down by a clock that was ahead. */
function restOf({ dueAt }: Waiting, now: number): number {
  return dueAt - now > longestRestMs * (1 + jitter) ? 0 : dueAt - now;
}

/** A gap that grows is another event each time. */
function idOf(subscriptionId: string, event: Waiting['event']): string {
  if (event.type !== 'subscription.gap') return idempotencyId(event.cause, 'event');
  return idempotencyId(`${subscriptionId} ${event.at} ${event.from} ${event.to} ${event.missed}`, 'gap');
}

function signatures({ secrets, keys }: EventAddress, signed: Signed): string | undefined {
  const symmetric = webhookSignature({ secrets, ...signed });
  if (symmetric === undefined) return undefined;
  return [symmetric, ...keys.map((privateKey) => keySignature({ privateKey, ...signed }))].join(' ');
}

function verdictOf(posted: Posted): Verdict {
  if (posted.type !== 'answered') return { outcome: 'later', detail: posted.reason, restMs: 0 };
  const { status, retryAfterMs = 0 } = posted;
  const detail = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { outcome: 'delivered', detail, restMs: 0 };
  if (status === 410) return { outcome: 'gone', detail, restMs: 0 };
  const isRefused = status >= 400 && !mayPass(status);
  return { outcome: isRefused ? 'refused' : 'later', detail, restMs: Math.min(retryAfterMs, longestRestMs) };
}
