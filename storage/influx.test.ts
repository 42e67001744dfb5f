import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createInflux, type Influx } from './influx.ts';
import { type InfluxServer, startInfluxServer } from './influx-server.test-support.ts';

let server: InfluxServer;
const open: Influx[] = [];
beforeEach(async () => {
  server = await startInfluxServer();
});
afterEach(async () => {
  for (const influx of open.splice(0)) influx.close();
  await server.stop();
});

test('what was written is there, in order of size: at most 5,000 points a request, with the token, in nanoseconds', async () => {
  const { influx, outcomes } = copy();
  await influx.write(lines(12_001));
  expect(server.points.size).toBe(12_001);
  expect(server.requests.map((request) => request.lines)).toEqual([5_000, 5_000, 2_001]);
  expect(server.requests[0]).toMatchObject({
    path: '/api/v2/write?org=county&bucket=homes&precision=ns',
    token: 'Token secret',
  });
  expect(await outcomes()).toEqual({ written: 12_001 });
});

test('nothing is sent for nothing', async () => {
  const { influx } = copy();
  await influx.write([]);
  expect(server.requests).toEqual([]);
});

test.each([500, 502, 503, 408])(
  'a server that says %i is away: nothing is taken for written, and it is written later',
  async (status) => {
    const { influx, outcomes } = copy();
    server.behaves({ type: 'says', status });
    await expect(influx.write(lines(10_000))).rejects.toMatchObject({ code: 'INFLUX_AWAY', retry: 'later' });
    expect(server.requests.length).toBe(1);
    expect(await outcomes()).toEqual({});
    server.behaves({ type: 'takes' });
    await influx.write(lines(10_000));
    expect(server.points.size).toBe(10_000);
  },
);

test('a server that asks for a minute of quiet has it', async () => {
  const { influx, clock } = copy();
  server.behaves({ type: 'says', status: 429, headers: { 'retry-after': '60' } });
  await expect(influx.write(lines(1))).rejects.toMatchObject({ code: 'INFLUX_AWAY' });
  server.behaves({ type: 'takes' });
  clock.monotonicMs += 59_000;
  await expect(influx.write(lines(1))).rejects.toThrow(/asked for 1 s of quiet/);
  expect(server.requests.length).toBe(1);
  clock.monotonicMs += 1_000;
  await influx.write(lines(1));
  expect(server.points.size).toBe(1);
});

test('a server that asks for a year of quiet is asked again after ten minutes', async () => {
  const { influx, clock } = copy();
  server.behaves({ type: 'says', status: 503, headers: { 'retry-after': '31536000' } });
  await expect(influx.write(lines(1))).rejects.toMatchObject({ code: 'INFLUX_AWAY' });
  server.behaves({ type: 'takes' });
  clock.monotonicMs += 600_000;
  await influx.write(lines(1));
  expect(server.points.size).toBe(1);
});

test.each([401, 403, 404, 301, 200])(
  'a server that says %i stands until a person acts, with its own words',
  async (status) => {
    const { influx } = copy();
    server.behaves({ type: 'says', status, message: 'unauthorized access' });
    const refusal = influx.write(lines(2));
    await expect(refusal).rejects.toMatchObject({ code: 'INFLUX_REFUSES' });
    await expect(refusal).rejects.toThrow(status === 200 ? /200/ : new RegExp(`${status}: unauthorized access`));
    expect(server.requests.length).toBe(1);
  },
);

test.each([400, 413, 422])(
  'one point that is refused with %i is found, counted and left out, and all others are there',
  async (status) => {
    const { influx, outcomes } = copy();
    server.behaves((sent) =>
      sent.some(isBad) ? { type: 'says', status, message: 'not that one' } : { type: 'takes' },
    );
    const all = lines(1_000).map((line, index) => (index === 617 ? `bad${line}` : line));
    await influx.write(all);
    expect(server.points.size).toBe(999);
    expect(await outcomes()).toEqual({ written: 999, refused: 1 });
    expect(server.requests.length).toBeLessThan(25);
  },
);

test('a server that says how many it left out has taken all others: they are not sent again', async () => {
  const { influx, outcomes } = copy();
  const message = 'failure writing points to database: partial write: points beyond retention policy dropped=40';
  server.behaves({ type: 'says', status: 422, message });
  await influx.write(lines(100));
  expect(server.requests.length).toBe(1);
  expect(await outcomes()).toEqual({ written: 60, refused: 40 });
});

test('a connection that is cut after the write: the same again changes nothing', async () => {
  const { influx } = copy();
  server.behaves({ type: 'reset' });
  await expect(influx.write(lines(100))).rejects.toMatchObject({ code: 'INFLUX_AWAY' });
  expect(server.points.size).toBe(100);
  server.behaves({ type: 'takes' });
  await influx.write(lines(100));
  expect(server.points.size).toBe(100);
});

test('a server that hangs is given up after ten seconds, and its connection with it', async () => {
  const { influx, clock } = copy();
  server.behaves((sent) => {
    if (sent.length < 3) return { type: 'takes' };
    setImmediate(() => clock.fire(10_000));
    return { type: 'hang' };
  });
  await expect(influx.write(lines(3))).rejects.toThrow(/no answer within 10 s/);
  await expect.poll(() => server.connections()).toBe(0);
  await influx.write(lines(2));
  expect(server.points.size).toBe(3);
});

test('a server that is not there is away', async () => {
  const { influx } = copy();
  await server.stop();
  await expect(influx.write(lines(1))).rejects.toThrow(/does not take points now \(.*ECONNREFUSED/);
});

const lines = (count: number) =>
  Array.from({ length: count }, (_, at) => `report,device=d1,kind=status late_s=0 ${at}`);
const isBad = (line: string) => line.startsWith('bad');

/** A clock that stands; `fire` runs what waits for exactly so long. */
function copy() {
  const timers = new Set<{ delayMs: number; run: () => void }>();
  const clock = {
    monotonicMs: 0,
    now: () => 0,
    monotonic: (): number => clock.monotonicMs,
    after(delayMs: number, run: () => void) {
      const timer = { delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    turn: async () => {},
    fire(delayMs: number) {
      for (const timer of timers) if (timer.delayMs === delayMs) timer.run();
    },
  } satisfies Clock & Record<string, unknown>;
  const metrics = createMetrics();
  const target = { url: server.url, token: 'secret', org: 'county', bucket: 'homes' };
  const influx = createInflux({ target, clock, log: silentLog, metrics });
  open.push(influx);
  const outcomes = async () =>
    Object.fromEntries((await metrics.influxPoints.get()).values.map(({ labels, value }) => [labels.outcome, value]));
  return { influx, clock, outcomes };
}
