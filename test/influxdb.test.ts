import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMetrics, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, registerVillage } from '../bench/village.ts';
import { type InfluxServer, startInfluxServer } from '../storage/influx-server.test-support.ts';
import { publish, webhookSecret } from './running-system.test-support.ts';

// The running system beside an InfluxDB that is well, then refuses it, then dies under it.

const temporary = temporaryFolder('influxdb');
let server: InfluxServer;
let system: System;
const start = () =>
  startSystem({
    dataFolder: temporary.folder,
    environment: {
      STEPPEWATCH_INFLUX_URL: server.url,
      STEPPEWATCH_INFLUX_TOKEN: 'a-token',
      STEPPEWATCH_INFLUX_ORG: 'county',
    },
  });

beforeAll(async () => {
  server = await startInfluxServer();
  system = await start();
  await registerVillage(system, 8, { url: 'http://127.0.0.1:9/none', secret: webhookSecret });
});
afterAll(async () => {
  await system.stop();
  await server.stop();
  temporary.remove();
});

test('what a device says is a point within seconds, with where it hangs, and the figures say so', async () => {
  await report(1);
  const [line] = await until('the point', async () => seqs().length === 1 && [...server.points.values()]);
  expect(line).toMatch(/^report,area=\w+(\/\w+)*,device=86\d{13},kind=status battery_volts=3\.1,late_s=0/);
  expect(server.requests[0]?.path).toContain('org=county&bucket=steppewatch');
  await until('the figures', async () => (await figure('influx_points_total{outcome="written"}')) === 1);
  await until('no lag', async () => (await figure('follower_lag_records{follower="influxdb"}')) === 0);
});

test('while it refuses us devices are acknowledged, and the database goes on; then nothing is missing', async () => {
  server.behaves({ type: 'says', status: 401, message: 'unauthorized access' });
  for (const seq of [2, 3]) await report(seq);
  await until('the words', async () => system.output().includes('INFLUX_REFUSES'));
  expect(system.output()).toContain('401: unauthorized access');
  await until('the database', async () => (await figure('follower_lag_records{follower="projection"}')) === 0);
  await until('the lag', async () => ((await figure('follower_lag_records{follower="influxdb"}')) ?? 0) > 0);
  server.behaves({ type: 'takes' });
  await until('the points', async () => seqs().length === 3);
});

test('killed while a write is under way, the next start writes it again, and each point is there once', async () => {
  server.behaves({ type: 'hang' });
  await report(4);
  await until('the write', async () => seqs().length === 4);
  await system.killAll();
  server.behaves({ type: 'takes' });
  system = await start();
  await until('an answer', () => report(5));
  await until('the next point', async () => seqs().length === 5);
  expect(seqs()).toEqual([3.1, 3.2, 3.3, 3.4, 3.5]);
  expect(server.points.size).toBe(5);
});

/** Each has a voltage of its own. */
const report = (seq: number) =>
  publish(system, {
    id: deviceId(0),
    topic: 'status',
    payload: `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.${seq}}`,
  });
const seqs = () => [...server.points.values()].map((line) => Number(/battery_volts=([\d.]+)/.exec(line)?.[1])).sort();
const figure = async (name: string) => (await readMetrics(system)).get(`steppewatch_${name}`);
