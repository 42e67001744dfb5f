import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { refuse } from './problem.ts';

/**
 * How often somebody may ask: each account and each key has a bucket for each kind of request, which fills again as time passes. What is
 * done about incidents has one of its own, so that a program that writes the registry under the same account cannot keep a claim waiting.
 * Sign-in, label codes and the live stream have limits of their own, where they are. Bounded: the bucket that was quiet for longest is forgotten,
 * which gives its owner a full one.
 */
export function createRateLimits({ clock }: { clock: Clock }) {
  const buckets = new Map<string, { tokens: number; at: number }>();

  /** How many requests are left, below 0 when this one is too many; the missing part of one tells how long to wait. */
  function take(key: string, { perSecond, burst }: Limit): number {
    const now = clock.monotonic();
    const before = buckets.get(key);
    const filled = before ? Math.min(burst, before.tokens + ((now - before.at) / 1_000) * perSecond) : burst;
    buckets.delete(key);
    buckets.set(key, { tokens: filled >= 1 ? filled - 1 : filled, at: now });
    const [oldest] = buckets.keys();
    if (buckets.size > mostBuckets && oldest !== undefined) buckets.delete(oldest);
    return filled - 1;
  }

  return async (request: FastifyRequest, reply: FastifyReply) => {
    const kind = kindOf(request);
    const actor = request.access?.actor;
    if (kind === undefined || !actor) return;
    const limit = limits[kind];
    const left = take(`${kind} ${actor.type}:${actor.id}`, limit);
    const waitSeconds = Math.ceil(Math.max(0, -left) / limit.perSecond);
    reply.headers({
      'ratelimit-policy': `"${kind}";q=${limit.burst};w=${Math.ceil(limit.burst / limit.perSecond)}`,
      ratelimit: `"${kind}";r=${Math.max(0, Math.floor(left))};t=${waitSeconds}`,
    });
    if (left >= 0) return;
    return refuse(reply, 'too-many', `too many requests: wait ${waitSeconds} s`, { retryAfterSeconds: waitSeconds });
  };
}

export type RequestKind = keyof typeof limits;
type Limit = { perSecond: number; burst: number };

export const limits = {
  reads: { perSecond: 20, burst: 60 },
  writes: { perSecond: 5, burst: 20 },
  /** Claims, accepts and whatever else is done about an incident. */
  incidents: { perSecond: 10, burst: 40 },
  exports: { perSecond: 2 / 60, burst: 2 },
} as const satisfies Record<string, Limit>;

/** The same in words, for the published document. */
export const limitWords = Object.entries(limits)
  .map(([kind, { perSecond, burst }]) => {
    const rate = perSecond >= 1 ? `${perSecond} a second` : `${perSecond * 60} a minute`;
    return `${kind} ${rate}, ${burst} at once`;
  })
  .join('; ');

const mostBuckets = 10_000;

function kindOf({ method, routeOptions: { url = '', config } }: FastifyRequest): RequestKind | undefined {
  const { permission } = config;
  const isElsewhere = permission === 'public' || permission === 'device:install' || url.endsWith('/events');
  if (permission === undefined || isElsewhere) return undefined;
  if (permission === 'registry:export') return 'exports';
  if (method === 'GET' || method === 'HEAD') return 'reads';
  return permission === 'incident:act' || permission === 'incident:resolve' ? 'incidents' : 'writes';
}
