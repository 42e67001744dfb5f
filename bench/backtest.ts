import { performance } from 'node:perf_hooks';
import { type Backtested, backtest } from '../app/backtest/backtest.ts';
import { openDatabaseHistory } from '../app/backtest/database-history.ts';
import { journalRecords } from '../app/backtest/journal-history.ts';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import type { DeviceKind, Report } from '../firmware-contracts/report.ts';
import { createProjectionFold } from '../ingest/projection-fold.ts';
import { noRows } from '../ingest/projection-rows.ts';
import { openJournal } from '../journal/journal.ts';
import { openJournalReader } from '../journal/reader.ts';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';
import { FoldState } from '../records/fold-state.ts';
import { encodeRecord } from '../records/record-codec.ts';
import type { RegistryChange, RuleSetting } from '../records/registry.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import type { Bench } from './run.ts';
import { temporaryFolder } from './system.ts';

/**
 * A day and more of `BENCH_HOMES` (2,000) homes, a detector, a wearable and a movement sensor each, `BENCH_REPORTS` (600,000) reports, judged
 * twice at once: under the settings in force, and with one that is tried. `backtest`: reports/s from the journal's files, bound
 * 50,000; `backtest-of-devices`: where what is tried concerns what rules say of devices to other rules; `backtest-database`: from an embedded PostgreSQL on the same cores, bound 30,000. `-of-cpu`: by the processor time of this process, so
 * that what runs beside it does not count.
 */
export const run: Bench = async (report) => {
  const homes = Number(process.env.BENCH_HOMES ?? 2_000);
  const reports = Number(process.env.BENCH_REPORTS ?? 600_000);
  const temporary = temporaryFolder('backtest');
  const postgres = await startScratchPostgres();
  try {
    const disk = openDisk(temporary.folder);
    await writeJournal(disk, { homes, reports });
    const reader = await openJournalReader({ disk, clock: systemClock, log: silentLog });
    const ofJournal = await timed(() =>
      backtest({ source: 'journal', homes: [], batches: journalRecords(reader) }, under),
    );
    report('backtest', ofJournal.rate, 'reports/s');
    report('backtest-of-cpu', ofJournal.rateOfCpu, 'reports/s');
    report('backtest-alerts-in-force', raisedBy('live', ofJournal.done), 'alerts');
    report('backtest-alerts-tried', raisedBy('tried', ofJournal.done), 'alerts');
    const ofDevices = await timed(() =>
      backtest({ source: 'journal', homes: [], batches: journalRecords(reader) }, underOthers),
    );
    report('backtest-of-devices', ofDevices.rate, 'reports/s');
    report('backtest-memory', Math.round(process.memoryUsage().rss / 1e6), 'MB');

    const databaseUrl = await postgres.createDatabase();
    await copy(reader, databaseUrl);
    await reader.close();
    await disk.close();
    const database = await openDatabaseHistory({ databaseUrl, dataFolder: '', keysFolder: '' });
    const span = await database.span();
    if (!span) throw new Error('nothing was copied');
    const known = new FoldState();
    createRegistry({ state: known }).apply([...changesOf(homes)]);
    const ofDatabase = await timed(() =>
      backtest(
        { source: 'database', homes: [...known.entries()], since: span.from, batches: database.read(span) },
        under,
      ),
    );
    report('backtest-database', ofDatabase.rate, 'reports/s');
    report('backtest-database-of-cpu', ofDatabase.rateOfCpu, 'reports/s');
    await database.close();
  } finally {
    await postgres.stop();
    temporary.remove();
  }
};

const always = { timeZone: 'Asia/Shanghai', from: 0, to: Number.MAX_SAFE_INTEGER };
const trialOf = (rule: string, settings: RuleSetting['settings']) => ({
  ...{ ...always, tried: [{ id: 'trial', rule, scope: { type: 'all' as const }, settings }] },
});
const under = trialOf('inactivity', { leastMs: 2 * 3_600_000 });
/** What this rule says of devices other rules hear. */
const underOthers = trialOf('battery-low', { lowCellVolts: 2.9, enoughCellVolts: 3 });

function raisedBy(side: 'live' | 'tried', { compared }: Backtested): number {
  return compared.ofRules.reduce((sum, [, tally]) => sum + tally[side].alerts, 0);
}

async function timed(work: () => Promise<Backtested>) {
  const [begun, used] = [performance.now(), process.cpuUsage()];
  const done = await work();
  const { user, system } = process.cpuUsage(used);
  const rateIn = (seconds: number): number => Math.round(done.reports / seconds);
  return { done, rate: rateIn((performance.now() - begun) / 1_000), rateOfCpu: rateIn((user + system) / 1_000_000) };
}

const startAt = Date.parse('2026-11-02T09:00:00+08:00');
/** A home says about three hundred things a day. */
const saidADay = 300;
const atOnce = 1_000;

async function writeJournal(disk: ReturnType<typeof openDisk>, { homes, reports }: { homes: number; reports: number }) {
  let now = startAt;
  const clock = { ...systemClock, now: () => now, monotonic: () => now - startAt };
  const journal = await openJournal({
    ...{ disk, clock, chance: systemChance, log: silentLog, limits: { reserveBytes: 0 } },
    clockStepBody: (byMs, wallAt) => encodeRecord({ kind: 'clock-step', byMs, wallAt }),
  });
  const by = { type: 'system', id: 'bench' } as const;
  const changes = [...changesOf(homes)];
  let parts = 0;
  for (let from = 0; from < changes.length; from += atOnce) {
    const part = {
      commandId: `part-${parts}`,
      by,
      importId: 'bench',
      part: parts,
      changes: changes.slice(from, from + atOnce),
    };
    await journal.append(encodeRecord({ kind: 'command', command: { type: 'registry-part', ...part } }), 'essential');
    parts += 1;
  }
  const commit = { type: 'registry-commit', commandId: 'commit-1', by, importId: 'bench', parts } as const;
  await journal.append(encodeRecord({ kind: 'command', command: commit }), 'essential');
  for (let from = 0; from < reports; from += atOnce) {
    now = startAt + Math.floor((from * 86_400_000) / (saidADay * homes));
    const bodies = Array.from({ length: Math.min(atOnce, reports - from) }, (_, index) => bodyOf(homes, from + index));
    await Promise.all(bodies.map((body) => journal.append(body, 'telemetry')));
  }
  await journal.close();
}

/** In batches of 5,000 reports, as the projection makes them. */
async function copy(reader: Parameters<typeof journalRecords>[0] & { id: string }, url: string): Promise<void> {
  const store = createSqlStore({ url, log: silentLog });
  await store.position();
  await store.maintain(startAt);
  const fold = createProjectionFold();
  let after = 0;
  for await (const records of journalRecords(reader)) {
    const rows = noRows();
    for (const record of records) fold.step(record, rows);
    fold.state.takeChanges();
    const { sequence, receivedAt } = records.at(-1) ?? { sequence: after, receivedAt: startAt };
    const freshness = { headSequence: reader.headSequence, trueUntil: receivedAt, seenAt: receivedAt };
    await store.writeBatch({ ...rows, journalId: reader.id, after, sequence, receivedAt, freshness });
    after = sequence;
  }
  await store.close();
}

function* changesOf(homes: number): Iterable<RegistryChange> {
  yield put('area', { id: 'county', level: 'county', name: 'county' });
  yield put('area', { id: 'township', level: 'township', parentId: 'county', name: 'township' });
  for (let home = 0; home < homes; home++) {
    const village = `v${Math.floor(home / 50)}`;
    if (home % 50 === 0) yield put('area', { id: village, level: 'village', parentId: 'township', name: village });
    yield put('place', { id: `p${home}`, areaId: village, kind: 'house', name: 'house' });
    yield put('household', { id: `h${home}`, areaId: village, currentPlaceId: `p${home}` });
    yield put('person', { id: `e${home}`, householdId: `h${home}`, name: 'somebody', categories: [], language: 'en' });
    for (const [letter, kind] of kinds) {
      const of = kind === 'wearable' ? { personId: `e${home}` } : { placeId: `p${home}` };
      yield put('device', { id: `${letter}${home}`, kind, ...of, intervalMinutes: 60, simulated: true });
    }
  }
}

const kinds = [
  ['s', 'smoke-detector'],
  ['w', 'wearable'],
  ['m', 'presence-sensor'],
] as const satisfies [string, DeviceKind][];

function put<T extends RegistryChange & { type: 'put' }>(entity: T['entity'], value: T['value']): RegistryChange {
  return { type: 'put', entity, value } as RegistryChange;
}

/** Each home in its turn; of ten things that it says three are the heartbeats of its devices, one is a position, and the rest movements. */
function bodyOf(homes: number, number: number): Uint8Array {
  const home = number % homes;
  const round = Math.floor(number / homes);
  const turn = round % 10;
  const [letter] = kinds[turn < 3 ? turn : turn === 3 ? 1 : 2] ?? kinds[2];
  const common = { v: 1, boot: 1, seq: round, age: 0 } as const;
  const report: Report =
    turn < 3
      ? { name: 'status', ...common, battery: 2.85 + (home % 20) / 100, rsrp: -100, snr: 5, temperature: 19 }
      : turn === 3
        ? { name: 'position', ...common, source: 'gnss', accuracy: 12, lat: 43 + home / 100_000, lon: 116 }
        : { name: 'presence', ...common, source: 'motion', state: 'on' };
  const payload = encodeReport(report, 'json');
  const deviceId = `${letter}${home}`;
  return encodeRecord({
    kind: 'report',
    source: 'mqtt',
    deviceId,
    standing: 'registered',
    report: report.name,
    payload,
  });
}
