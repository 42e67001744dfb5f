import { performance } from 'node:perf_hooks';
import { silentLog } from '../platform/log.ts';
import { chanceOf } from '../simulators/seeded-chance.ts';
import { query, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import type { ProjectionBatch, ReportRow, Store } from '../storage/store.ts';
import { startTimescale } from '../storage/timescale.test-support.ts';
import type { Bench } from './run.ts';

/**
 * Batches as the projection makes them into an embedded PostgreSQL for 60 s (`BENCH_SECONDS`), each device's newest state with them,
 * while the hours that are over are rolled up. In five rounds: in each the clock stops when everything that is due is rolled up, and
 * then the server copies the same rows from its own disk into a table like ours. `store-write` is reports a second, bound 60,000;
 * `store-write-to-copy` the median of the rounds' ratios to that COPY, bound 0.4. Bytes are those of files, with their indexes; packed:
 * in TimescaleDB's columnstore.
 */
export const run: Bench = async (report) => {
  const seconds = Number(process.env.BENCH_SECONDS ?? 60);
  const postgres = await startScratchPostgres();
  try {
    const url = await postgres.createDatabase();
    const store = createSqlStore({ url, log: silentLog });
    await store.maintain(start);
    const writer = startWriter(store);
    const ratios: { keyed: number; bare: number }[] = [];
    const total = { reports: 0, seconds: 0 };
    for (let round = 0; round < rounds; round++) {
      const { after, reports, tookSeconds } = await writer.round(seconds / rounds);
      total.reports += reports;
      total.seconds += tookSeconds;
      const copied = await copyRates(url, after);
      ratios.push({ keyed: reports / tookSeconds / copied.keyed, bare: reports / tookSeconds / copied.bare });
    }
    await store.close();
    report('store-write', total.reports / total.seconds, 'reports/s');
    report('store-write-to-copy', median(ratios.map(({ keyed }) => keyed)), 'x');
    report('store-write-to-copy-without-keys', median(ratios.map(({ bare }) => bare)), 'x');
    const [size] = await query<{ heap: string; total: string }>(url, sizes);
    report('store-write-bytes', Number(size?.total) / total.reports, 'bytes/report');
    report('store-write-bytes-without-keys', Number(size?.heap) / total.reports, 'bytes/report');
  } finally {
    await postgres.stop();
  }
  const packed = await packing();
  report('store-write-timescale-bytes', packed.before, 'bytes/report');
  report('store-write-packed-bytes', packed.after, 'bytes/report');
};

const rounds = 5;
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const batchReports = 5_000;
const start = Date.UTC(2026, 10, 16);
/** Of the world, between two batches: an hour is 600,000 reports. */
const batchMs = 30_000;

/** Writes on in each round, until its time is over and what is due by then is rolled up. */
function startWriter(store: Store) {
  const batches = batchesOf(20);
  let count = 0;
  return {
    async round(seconds: number): Promise<{ after: number; reports: number; tookSeconds: number }> {
      const began = performance.now();
      const first = count;
      let isWriting = true;
      const upkeep = async () => {
        for (let due = 1; isWriting || due > 0; ) {
          ({ due } = await store.maintain(start + count * batchMs));
          if (isWriting && due === 0) await new Promise((done) => setTimeout(done, 100));
        }
      };
      const keeping = upkeep();
      // The next batch is made while the one before it is written, as in the projection.
      let writing = Promise.resolve();
      for (; performance.now() - began < seconds * 1_000; count++) {
        const batch = batchOf(batches[count % batches.length] ?? [], count);
        await writing;
        writing = store.writeBatch(batch);
      }
      await writing;
      isWriting = false;
      await keeping;
      const tookSeconds = (performance.now() - began) / 1_000;
      return { after: first * batchReports, reports: (count - first) * batchReports, tookSeconds };
    },
  };
}

/** The rows of a batch with the positions and times that it has as the `number`th. */
function batchOf(rows: ReportRow[], number: number): ProjectionBatch {
  const after = number * batchReports;
  for (const [index, row] of rows.entries()) {
    row.sequence = after + index + 1;
    row.receivedAt = start + number * batchMs + index * (batchMs / batchReports);
    row.occurredAt = row.receivedAt - Math.round((row.report.age ?? 0) * 1_000);
  }
  const receivedAt = rows.at(-1)?.receivedAt ?? start;
  const sequence = after + rows.length;
  const freshness = { headSequence: sequence, trueUntil: receivedAt, seenAt: receivedAt };
  const none = { gaps: [], rejections: [], alerts: [], incidents: [], notices: [], attempts: [], entities: [] };
  return {
    journalId: 'bench',
    after,
    sequence,
    receivedAt,
    freshness,
    reports: rows,
    ...none,
    registrations: [],
    visits: [],
  };
}

/** As many as the projection takes at once, `devices` in turn, in an order of its own in each round: 70 % status, 15 % presence, 10 % position, 5 % vitals. */
function batchesOf(count: number, devices = 10_000): ReportRow[][] {
  const chance = chanceOf(1, 'store-write');
  const order = Array.from({ length: devices }, (_, number) => number);
  const rows = Array.from({ length: count * batchReports }, (_, index) => {
    if (index % devices === 0) order.sort(() => chance.fraction() - 0.5);
    return reportRow(order[index % devices] ?? 0, index, () => chance.fraction());
  });
  return Array.from({ length: count }, (_, number) => rows.slice(number * batchReports, (number + 1) * batchReports));
}

function reportRow(device: number, index: number, fraction: () => number): ReportRow {
  const between = (from: number, to: number, digits: number) =>
    Number((from + fraction() * (to - from)).toFixed(digits));
  const common = { v: 1, boot: 1 + (device % 7), seq: index, age: fraction() < 0.1 ? between(1, 600, 0) : 0 } as const;
  const kind = fraction();
  const placed = {
    sequence: 0,
    part: 0,
    deviceId: `86${String(device).padStart(13, '0')}`,
    receivedAt: 0,
    occurredAt: 0,
  };
  const row = (report: ReportRow['report']): ReportRow => ({ ...placed, clock: 'trusted', report, unread: [] });
  if (kind < 0.7) {
    const radio = { rsrp: between(-120, -80, 0), snr: between(-5, 20, 1), cell: `460-00-1A2B-${device % 300}` };
    const state = { battery: between(2.7, 3.6, 2), temperature: between(5, 28, 1), firmware: '1.4.2', interval: 60 };
    return row({ name: 'status', ...common, ...radio, ...state, faults: [] });
  }
  if (kind < 0.85)
    return row({ name: 'presence', ...common, source: 'motion', state: fraction() < 0.5 ? 'on' : 'off' });
  if (kind < 0.95) {
    const where = { lat: between(43, 44, 5), lon: between(115, 117, 5), accuracy: between(3, 60, 0) };
    return row({ name: 'position', ...common, source: 'gnss', ...where, speed: between(0, 4, 1) });
  }
  return row({ name: 'vitals', ...common, pulse: between(50, 110, 0), oxygen: between(92, 100, 0) });
}

/** Rows a second of the server itself, of what was written last, from a file: into a table like ours, and into one without keys. */
async function copyRates(url: string, after: number): Promise<{ keyed: number; bare: number }> {
  const [folder] = await query<{ file: string }>(
    url,
    "select current_setting('data_directory') || '/bench.copy' as file",
  );
  const file = folder?.file ?? '';
  await query(
    url,
    `copy (select * from report where journal_position > ${after} order by journal_position) to '${file}'`,
  );
  const timed = async (kept: string) => {
    await query(url, `create table copied (like report ${kept})`);
    const began = performance.now();
    await query(url, `copy copied from '${file}'`);
    const took = (performance.now() - began) / 1_000;
    const [counted] = await query<{ rows: string }>(url, 'select count(*) as rows from copied');
    await query(url, 'drop table copied');
    return Number(counted?.rows) / took;
  };
  return { bare: await timed(''), keyed: await timed('including all') };
}

const sizes = `
  select sum(pg_table_size(inhrelid)) as heap, sum(pg_total_relation_size(inhrelid)) as total
  from pg_inherits where inhparent = 'report'::regclass`;
/** Such rows of 500 devices in TimescaleDB, 240 of each as in a week of hourly reports, before and after their week was packed. */
async function packing(): Promise<{ before: number; after: number }> {
  const timescale = await startTimescale();
  try {
    const store = createSqlStore({ url: timescale.url, log: silentLog, connections: 1 });
    const batches = batchesOf(24, 500);
    for (const [number, rows] of batches.entries()) await store.writeBatch(batchOf(rows, number));
    await store.close();
    const size = async () => {
      const [row] = await timescale.query<{ bytes: string }>("select hypertable_size('report') as bytes");
      return Number(row?.bytes) / (batches.length * batchReports);
    };
    const before = await size();
    for (const { chunk } of await timescale.query<{ chunk: string }>("select show_chunks('report')::text as chunk")) {
      await timescale.query(`call convert_to_columnstore('${chunk}')`);
    }
    return { before, after: await size() };
  } finally {
    await timescale.stop();
  }
}
