import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { GuardedPost } from '../../responders/channels/guarded-post.ts';

/**
 * Tells somebody outside each minute that all is well, when it is: whoever stops hearing it raises the alarm (`npm run dead-man`, or any
 * service of that kind). A minute in which the check fails, or the other side does not answer, goes by in silence there and is logged here,
 * at changes.
 * Units: one ping a minute, each given 20 s. Source: docs/operation.md, "Dead man's handle".
 */
export function pingOutside({ url, post, whyNot, clock, log, metrics }: PingParts): DeadMan {
  let isStopped = false;
  // Desk starts later than we do, and says nothing before its pages had time to come back.
  let cancel = clock.after(firstMs, () => void minute());
  let told: string | undefined = 'nothing was sent yet';
  let lastPingAt: number | undefined;

  async function ping(): Promise<string | undefined> {
    const blocked = await whyNot();
    const problem = blocked ?? (await say());
    metrics.deadManPings.inc({ outcome: blocked !== undefined ? 'withheld' : problem ? 'unanswered' : 'answered' });
    if (problem !== undefined) return problem;
    lastPingAt = clock.now();
    metrics.deadManAnswered.set(lastPingAt / 1_000);
    return undefined;
  }

  /** Why it was not heard; undefined: it was. */
  async function say(): Promise<string | undefined> {
    const controller = new AbortController();
    const stopWaiting = clock.after(patienceMs, () => controller.abort('no answer in time'));
    const headers = { 'content-type': 'application/json' };
    const body = '{"well":true}';
    const posted = await post.post({
      url,
      headers,
      body,
      answer: 'status',
      secretInside: true,
      signal: controller.signal,
    });
    stopWaiting();
    if (posted.type !== 'answered') return `it does not answer (${posted.reason})`;
    return posted.status >= 300 ? `it answers ${posted.status}` : undefined;
  }

  async function minute(): Promise<void> {
    const problem = await ping();
    if (isStopped) return;
    if (problem !== told && problem === undefined) log.info({}, 'the dead man is told that all is well');
    if (problem !== told && problem !== undefined) log.error({ problem }, 'the dead man is not told that all is well');
    told = problem;
    cancel = clock.after(everyMs, () => void minute());
  }
  return {
    report: () => ({ ...(lastPingAt !== undefined && { lastPingAt }), ...(told !== undefined && { problem: told }) }),
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

/** `lastPingAt`: epoch ms. `problem`: why the last minute went by in silence. */
export type DeadMan = { report(): { lastPingAt?: number; problem?: string }; stop(): void };
export type PingParts = {
  url: string;
  post: Pick<GuardedPost, 'post'>;
  /** Why nothing is said now; undefined: all is well. Never rejects. */
  whyNot: () => Promise<string | undefined>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};

const firstMs = 60_000;
const everyMs = 60_000;
const patienceMs = 20_000;
