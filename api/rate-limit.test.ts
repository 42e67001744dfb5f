import { afterEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../platform/clock.ts';
import { createMetrics } from '../platform/metrics.ts';
import { openDesk, signedIn, standInAlarm } from './desk.test-support.ts';
import { limits } from './rate-limit.ts';
import { ofCounty, staffedCounty } from './rights/rights.test-support.ts';
import type { Api } from './server.ts';

let api: Api | undefined;
afterEach(() => api?.close());

/** A desk whose clock moves only when the test says so. */
async function desk() {
  let at = 0;
  const clock: Clock = { ...systemClock, now: () => 1_790_000_000_000 + at, monotonic: () => at };
  const alarm = standInAlarm({ changes: staffedCounty });
  const metrics = createMetrics();
  const opened = await openDesk(alarm, { clock, metrics });
  api = opened;
  const pass = (ms: number): void => {
    at += ms;
  };
  return { alarm, metrics, as: (account: string) => signedIn(opened, account), pass };
}
const statuses = async (times: number, ask: () => Promise<Response>) => {
  const answers = await Promise.all(Array.from({ length: times }, ask));
  return answers.map(({ status }) => status);
};
const count = (all: number[], status: number) => all.filter((one) => one === status).length;

test('whoever reads faster than a page does waits, and is told how long; others do not', async () => {
  const { as, pass, metrics } = await desk();
  const [one, other] = [await as(ofCounty('data-admin')), await as(ofCounty('dispatcher'))];
  const answers = await statuses(limits.reads.burst + 5, () => one.get('/areas'));
  expect([count(answers, 200), count(answers, 429)]).toEqual([limits.reads.burst, 5]);
  const refused = await one.get('/areas');
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('ratelimit')).toMatch(/^"reads";r=0;t=1$/);
  expect(refused.headers.get('ratelimit-policy')).toBe('"reads";q=60;w=3');
  expect(await refused.json()).toMatchObject({ code: 'too-many', retryAfterSeconds: 1 });
  expect((await other.get('/areas')).headers.get('ratelimit')).toMatch(/^"reads";r=59;/);
  pass(1_000);
  expect(count(await statuses(limits.reads.perSecond + 5, () => one.get('/areas')), 200)).toBe(limits.reads.perSecond);
  const figures = await metrics.registry.getSingleMetricAsString('steppewatch_requests_denied_total');
  expect(figures).toContain('reason="too-many"} 11');
});

test('a program that writes and writes under the same account keeps no claim waiting', async () => {
  const { as, alarm } = await desk();
  const { ask, command } = await as('li');
  const area = { level: 'county', name: 'N' };
  let id = 0;
  const written = await statuses(limits.writes.burst + 30, () =>
    ask('PUT', `/areas/n${++id}`, { ...area, commandId: `write-${id}-now`, expectedVersion: 0 }),
  );
  expect([count(written, 201), count(written, 429)]).toEqual([limits.writes.burst, 30]);
  const incident = alarm.raise('call-emergency', 'button-2');
  expect((await command(incident, 'claim')).status).toBe(200);
  expect(limits.incidents.perSecond).toBeGreaterThanOrEqual(2);
});

test('the whole county leaves twice a minute at most', async () => {
  const { as, pass } = await desk();
  const { get } = await as(ofCounty('data-admin'));
  const download = () => get('/registry/export?format=csv&section=areas');
  expect([(await download()).status, (await download()).status, (await download()).status]).toEqual([200, 200, 429]);
  pass(30_000);
  expect((await download()).status).toBe(200);
});
