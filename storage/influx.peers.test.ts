import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../bench/system.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { firstFreePort } from '../simulators/free-port.ts';
import { createInflux } from './influx.ts';
import { lineOf } from './influx-points.ts';
import type { ReportRow } from './store.ts';

// VictoriaMetrics takes what is written for InfluxDB 2, and tells it again. It knows no text, and counts time in
// milliseconds.

let folder: string;
let server: ChildProcess;
let url: string;
const startAt = Date.parse('2026-11-23T00:00:00Z');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steppewatch-victoria-'));
  const port = await firstFreePort(18_400);
  url = `http://127.0.0.1:${port}`;
  const args = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${folder}`, '-retentionPeriod=100y'];
  server = spawn('victoria-metrics', [...args, '-memory.allowedBytes=100MB'], { stdio: 'ignore' });
  await until('VictoriaMetrics', async () => (await fetch(`${url}/health`)).ok);
});
afterAll(async () => {
  const ended = new Promise((done) => server.once('exit', done));
  server.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

test('200,000 reports are there as they were, each once, also when they are written twice', async () => {
  const metrics = createMetrics();
  const target = { url, token: 'any', org: 'county', bucket: 'homes' };
  const influx = createInflux({ target, clock: systemClock, log: silentLog, metrics });
  const devices = 20;
  const each = 10_000;
  const lines = Array.from({ length: devices * each }, (_, at) => lineOf(statusAt(at), 'county/village') ?? '');
  await influx.write(lines);
  await influx.write(lines.slice(0, 20_000));
  influx.close();
  expect((await metrics.influxPoints.get()).values).toMatchObject([{ labels: { outcome: 'written' }, value: 220_000 }]);

  await fetch(`${url}/internal/force_flush`);
  const found = await fetch(`${url}/api/v1/export?match[]={__name__="report_battery_volts"}&reduce_mem_usage=0`);
  const series = (await found.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Series);
  const known = new Map<string, Map<number, number>>();
  for (const { metric, timestamps, values } of series) {
    expect(metric).toMatchObject({ area: 'county/village', kind: 'status' });
    const points = known.get(metric.device) ?? new Map<number, number>();
    for (const [index, at] of timestamps.entries()) points.set(at, values[index] ?? Number.NaN);
    known.set(metric.device, points);
  }
  expect(known.size).toBe(devices);
  for (let device = 0; device < devices; device++) {
    const points = known.get(`d${device}`);
    expect(points?.size).toBe(each);
    for (let at = 0; at < each; at += 997) expect(points?.get(startAt + at * 1_000)).toBe(volts(at));
  }
});

type Series = { metric: { device: string; [label: string]: string }; timestamps: number[]; values: number[] };

const volts = (at: number) => 2 + (at % 64) / 64;
/** Every device reports once a second. */
function statusAt(at: number): ReportRow {
  const [device, second] = [Math.floor(at / 10_000), at % 10_000];
  const occurredAt = startAt + second * 1_000;
  const report = { name: 'status', v: 1, battery: volts(second) } as ReportRow['report'];
  return {
    sequence: at,
    part: 0,
    deviceId: `d${device}`,
    receivedAt: occurredAt,
    occurredAt,
    clock: 'trusted',
    report,
    unread: [],
  };
}
