import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DeviceKind, Report } from '../firmware-contracts/report.ts';
import { registryEvents } from '../ingest/registry-events.ts';
import { localTimeIn } from '../platform/local-time.ts';
import { FoldState } from '../records/fold-state.ts';
import type { RegistryChange } from '../records/registry.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { allRules } from '../rules/all-rules.ts';
import { createEngine } from '../rules/engine.ts';
import type { RuleEvent } from '../rules/event.ts';
import type { Bench } from './run.ts';

/**
 * All rules over the events of `BENCH_HOUSEHOLDS` (100,000) homes on one core, each with a detector, a wearable and a movement sensor, and
 * one person. `engine`: events/s of an ordinary stretch of the day, deadlines fired on the way, by the processor time of the thread that steps
 * them: neither what runs beside it counts nor the threads that collect garbage for it; bound 300,000.
 * `engine-household-bytes`: what all rules keep of one home after it. `engine-start`: seconds until an engine for a million devices
 * is ready from loaded rows.
 */
export const run: Bench = async (report) => {
  const homes = Number(process.env.BENCH_HOUSEHOLDS ?? 100_000);
  const county = openCounty(homes);
  const before = liveHeapBytes();
  const events = Number(process.env.BENCH_EVENTS ?? 3_000_000);
  // Every device is heard once before the clock runs: what is new of a device costs more than what it says every day.
  drive(county, { from: 0, events: homes * 3 });
  const { seconds } = drive(county, { from: homes * 3, events });
  report('engine', Math.round(events / seconds), 'events/s');
  report('engine-household-bytes', Math.round((liveHeapBytes() - before) / homes), 'bytes');
  report('engine-deadlines', county.engine.deadlineCount(), 'deadlines');
  const saved = [...county.state.entries()];
  const started = openCounty(0);
  const copies = Math.ceil(1_000_000 / (homes * 3));
  const startedAt = performance.now();
  for (let copy = 0; copy < copies; copy++)
    for (const { table, key, value } of saved) started.state.load({ table, key: `${key}${copy || ''}`, value });
  started.registry.rebuild();
  started.engine.rebuild();
  report('engine-start', (performance.now() - startedAt) / 1000, 's');
};

type County = ReturnType<typeof openCounty>;

function openCounty(homes: number) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const applied = registry.apply([...changesOf(homes)]);
  const engine = createEngine({ rules: allRules, state, registry, localTime: localTimeIn('Asia/Shanghai') });
  for (const event of registryEvents(registry, applied, startAt)) engine.step(event);
  return { homes, state, registry, engine };
}

/** Villages of 50 homes, forty of them a township. */
function* changesOf(homes: number): Iterable<RegistryChange> {
  yield put('area', { id: 'county', level: 'county', name: 'county' });
  for (let home = 0; home < homes; home++) {
    const [village, township] = [`v${Math.floor(home / 50)}`, `t${Math.floor(home / 2_000)}`];
    if (home % 2_000 === 0) yield put('area', { id: township, level: 'township', parentId: 'county', name: township });
    if (home % 50 === 0) yield put('area', { id: village, level: 'village', parentId: township, name: village });
    const position = { lat: 43 + home / homes, lon: 116, datum: 'WGS-84' as const };
    yield put('place', { id: `p${home}`, areaId: village, kind: 'house', name: 'house', position });
    yield put('household', { id: `h${home}`, areaId: village, currentPlaceId: `p${home}` });
    yield put('person', { id: `e${home}`, householdId: `h${home}`, name: 'somebody', categories: [], language: 'en' });
    for (const { id, kind, at } of devicesOf(home))
      yield put('device', { id, kind, ...at, intervalMinutes: 60, simulated: true });
  }
}

const devicesOf = (home: number) => [
  { id: `s${home}`, kind: 'smoke-detector' as const, at: { placeId: `p${home}` } },
  { id: `w${home}`, kind: 'wearable' as const, at: { personId: `e${home}` } },
  { id: `m${home}`, kind: 'presence-sensor' as const, at: { placeId: `p${home}` } },
];

function put<T extends RegistryChange & { type: 'put' }>(entity: T['entity'], value: T['value']): RegistryChange {
  return { type: 'put', entity, value } as RegistryChange;
}

const startAt = Date.parse('2026-11-02T09:00:00+08:00');
/** A home says about three hundred things a day. */
const saidADay = 300;
/** The alarm process makes an event right before it is stepped: what is made at once stays in the cache of the core. */
const atOnce = 1_000;

/** Steps so many events, each home in its turn, as fast as they can be stepped. Making them is not counted. */
function drive({ homes, state, registry, engine }: County, { from, events }: { from: number; events: number }) {
  const everyMs = 86_400_000 / (saidADay * homes);
  let seconds = 0;
  for (let made = 0; made < events; made += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, events - made) }, (_, index) => {
      const number = from + made + index;
      return eventOf(registry, homes, number, Math.floor(startAt + number * everyMs));
    });
    const begun = process.threadCpuUsage();
    for (const event of batch) {
      while (engine.nextDeadline(event.at) !== undefined) state.attempt(() => engine.fire(event.at));
      state.attempt(() => engine.step(event));
    }
    const { user, system } = process.threadCpuUsage(begun);
    seconds += (user + system) / 1_000_000;
    state.takeChanges();
  }
  return { seconds };
}

function eventOf(registry: County['registry'], homes: number, number: number, at: number): RuleEvent {
  const home = number % homes;
  const round = Math.floor(number / homes);
  const said = told[round % told.length] ?? told[0];
  const { deviceId, deviceKind, report } = said(home, round, homes);
  const where = registry.whereabouts(deviceId);
  const causeId = `${deviceId}:1:${round}:0`;
  return {
    ...{ type: 'report', at, causeId, where, deviceKind, report },
    ...{ occurredAt: at, clock: 'trusted', lateMs: 0, unread: [] },
  };
}

type Said = { deviceId: string; deviceKind: DeviceKind; report: Report };
type Teller = (home: number, round: number, homes: number) => Said;
const common = (round: number) => ({ v: 1, boot: 1, seq: round, age: 0 }) as const;
const moves: Teller = (home, round) => ({
  ...{ deviceId: `m${home}`, deviceKind: 'presence-sensor' },
  report: { name: 'presence', ...common(round), source: 'motion', state: 'on' },
});
const isSomewhere: Teller = (home, round, homes) => ({
  ...{ deviceId: `w${home}`, deviceKind: 'wearable' },
  report: {
    ...{ name: 'position', ...common(round), source: 'gnss', accuracy: 12 },
    ...{ lat: 43 + home / homes + (round % 7) / 20_000, lon: 116 },
  },
});
const isWell =
  (letter: string, deviceKind: DeviceKind): Teller =>
  (home, round) => ({
    ...{ deviceId: `${letter}${home}`, deviceKind },
    report: { name: 'status', ...common(round), battery: 3.1, rsrp: -100, snr: 5, temperature: 19, worn: 'yes' },
  });
/** What a home says, over and over: it moves, and now and then something else. */
const told: [Teller, ...Teller[]] = [
  isWell('s', 'smoke-detector'),
  isWell('w', 'wearable'),
  isWell('m', 'presence-sensor'),
  ...[moves, moves, isSomewhere, moves, moves, moves, moves],
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function liveHeapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
