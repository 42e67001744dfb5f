import type { DeviceKind, Report } from '../firmware-contracts/report.ts';
import type { Chance } from '../platform/random.ts';
import type { Area } from '../records/registry.ts';
import type { ProjectionBatch, ReportRow } from '../storage/store.ts';
import type { HomeDevice } from './home.ts';
import { monthEvents } from './month-events.ts';
import {
  dayMs,
  homeFacts,
  hourMs,
  kitchenVolts,
  type MonthPlan,
  monthDays,
  type Resident,
  silentBeforeEndMs,
  stormAfterStartMs,
  stormMs,
  testedBeforeEndMs,
} from './month-facts.ts';
import { between, chanceOf } from './seeded-chance.ts';
import { makeVillage } from './village.ts';

/**
 * A month of a simulated county as a store is given it, without a broker and a journal: for looking at history, and for measuring how fast
 * one can look. `thinning`: devices report so many times more rarely (and promise no more), for a test that has no time. The same
 * options always make the same month, and what happens to whom follows from the home's number alone: `homeFacts`.
 */
export function makeMonth({ seed, homes: count, endsAt, thinning = 1 }: MonthOptions): Month {
  const villageSize = Math.max(5, Math.ceil(count / 40));
  const homes = makeVillage({ seed, homes: count, villageSize, language: 'zh-CN' }).homes;
  const startsAt = endsAt - monthDays * dayMs;
  const residents = homes.map((home, index) => ({ home, index, areaId: villageOf(Math.floor(index / villageSize)) }));
  const month = { seed, homes: residents, startsAt, endsAt, thinning, stormyArea: villageOf(1) };
  return { ...month, batches: () => batchesOf(month) };
}

export type MonthOptions = { seed: number; homes: number; endsAt: number; thinning?: number };
/** `batches` come in order, one for so many hours as `thinning` says, each following the one before. */
export type Month = MonthPlan & { batches(): IterableIterator<ProjectionBatch> };

const villageOf = (number: number) => `v${number + 1}`;
const townshipOf = (number: number) => `t${Math.floor(number / 10) + 1}`;

function* batchesOf(plan: MonthPlan): IterableIterator<ProjectionBatch> {
  const events = monthEvents(plan);
  let sequence = 1;
  yield batchOf({ sequence, receivedAt: plan.startsAt, ...registryOf(plan, sequence) });
  const hours = monthDays * 24;
  for (let first = 0; first < hours; first += plan.thinning) {
    const end = Math.min(hours, first + plan.thinning);
    const after = sequence;
    const reports: ReportRow[] = [];
    for (let hour = first; hour < end; hour++)
      for (const row of reportsOfHour(plan, hour)) reports.push({ ...row, sequence: ++sequence });
    sequence += 1;
    const receivedAt = plan.startsAt + end * hourMs;
    yield batchOf({ after, sequence, receivedAt, reports, ...events.until(receivedAt, sequence) });
  }
}

type Part = Partial<ProjectionBatch> & { sequence: number; receivedAt: number };
function batchOf(part: Part): ProjectionBatch {
  const freshness = { headSequence: part.sequence, trueUntil: part.receivedAt, seenAt: part.receivedAt };
  return {
    ...{ journalId: 'month', after: 0, freshness, gaps: [], reports: [], rejections: [], alerts: [], incidents: [] },
    ...{ notices: [], attempts: [], entities: [], registrations: [], visits: [] },
    ...part,
  };
}

function registryOf({ homes, thinning, startsAt }: MonthPlan, sequence: number) {
  const villages = [...new Set(homes.map(({ areaId }) => areaId))];
  const townships = [...new Set(villages.map((_, number) => townshipOf(number)))];
  const county: Area = { id: 'c1', level: 'county', name: '白音旗' };
  const areas: Area[] = [
    county,
    ...townships.map((id): Area => ({ id, level: 'township', parentId: 'c1', name: `${id} 苏木` })),
    ...villages.map((id, number): Area => ({ id, level: 'village', parentId: townshipOf(number), name: `${id} 嘎查` })),
  ];
  const entities: ProjectionBatch['entities'] = areas.map((value) => ({
    sequence,
    change: { entity: 'area', id: value.id, value },
  }));
  for (const { home, areaId } of homes) {
    const householdId = `${home.id}-h`;
    const place = { id: home.id, areaId, kind: 'house', name: home.name } as const;
    const household = { id: householdId, areaId, currentPlaceId: home.id };
    // Nothing can open this name: it is sealed, as it would be in a database.
    const person = {
      id: home.person.id,
      householdId,
      name: { sealed: 'AAAA' },
      categories: [],
      language: 'zh-CN',
    } as const;
    entities.push({ sequence, change: { entity: 'place', id: place.id, value: place } });
    entities.push({ sequence, change: { entity: 'household', id: householdId, value: household } });
    entities.push({ sequence, change: { entity: 'person', id: person.id, value: { ...person, categories: [] } } });
    for (const { id, kind, room, intervalMinutes } of home.devices) {
      const where = kind === 'wearable' ? { personId: person.id } : { placeId: place.id, room };
      const value = {
        id,
        kind,
        ...where,
        intervalMinutes: Math.min(10_080, intervalMinutes * thinning),
        simulated: true,
      };
      entities.push({ sequence, change: { entity: 'device', id, value } });
    }
  }
  const registrations = homes.map(({ home, areaId }) => ({
    sequence,
    at: startsAt,
    householdId: `${home.id}-h`,
    areaId,
  }));
  return { entities, registrations };
}

/** Each device at its own minute; a sensor besides when somebody passes. */
function reportsOfHour(plan: MonthPlan, hour: number): ReportRow[] {
  const chance = chanceOf(plan.seed, `hour ${hour}`);
  const rows: ReportRow[] = [];
  for (const resident of plan.homes) {
    for (const [number, device] of resident.home.devices.entries()) {
      const at = plan.startsAt + hour * hourMs + Math.floor(chance.fraction() * hourMs);
      if (isQuiet(plan, resident, device, at)) continue;
      const everyHours = Math.max(1, Math.round((device.intervalMinutes * plan.thinning) / 60));
      const phase = resident.index * 7 + number * 5;
      const daytime = (hour + phase) % 24 < 15;
      if ((hour + phase) % everyHours === 0)
        rows.push(row(device, hour, at, statusOf(plan, resident, device, at, chance)));
      if (device.kind === 'smoke-detector' && isTest(plan, resident, hour))
        rows.push(row(device, hour, at + 1, { name: 'test', result: 'passed' }));
      if (device.kind === 'presence-sensor' && daytime && chance.fraction() * plan.thinning < 0.4)
        for (const [state, delay] of [
          ['on', 2],
          ['off', 30_000],
        ] as const)
          rows.push(row(device, hour, at + delay, { name: 'presence', source: device.source ?? 'motion', state }));
    }
  }
  return rows;
}

const isTest = ({ endsAt, startsAt }: MonthPlan, { index }: Resident, hour: number) =>
  homeFacts(index).tested && Math.floor((endsAt - testedBeforeEndMs - startsAt) / hourMs) === hour;

function isQuiet(plan: MonthPlan, { index, areaId }: Resident, { id }: HomeDevice, at: number): boolean {
  const stormAt = plan.startsAt + stormAfterStartMs;
  if (areaId === plan.stormyArea && at >= stormAt && at < stormAt + stormMs) return true;
  return homeFacts(index).kitchenSilent && id.endsWith('-kitchen') && at >= plan.endsAt - silentBeforeEndMs;
}

type Said = { name: Report['name'] } & { [field: string]: unknown };
const row = (device: HomeDevice, boot: number, at: number, said: Said): ReportRow => ({
  ...{ sequence: 0, part: 0, deviceId: device.id, receivedAt: at + 800, occurredAt: at, clock: 'trusted', unread: [] },
  report: { v: 1, boot: 1, seq: boot, age: 0, ...said } as unknown as Report,
});

function statusOf(plan: MonthPlan, { index }: Resident, { id, kind }: HomeDevice, at: number, chance: Chance): Said {
  const facts = homeFacts(index);
  const elapsed = (at - plan.startsAt) / (plan.endsAt - plan.startsAt);
  const isKitchen = id.endsWith('-kitchen');
  const rsrp = Math.round(-85 - (index % 40) - between(chance, 0, 4));
  return {
    name: 'status',
    ...{ battery: isKitchen ? kitchenVolts(facts.battery, elapsed) : goodVolts(kind), rsrp, snr: 6 },
    ...{ temperature: Math.round(between(chance, 160, 220)) / 10, firmware: index % 10 === 0 ? '1.3.9' : '1.4.2' },
    faults: isKitchen && facts.chamberDirty ? ['chamber-dirty'] : [],
    ...(kind === 'wearable' && { worn: 'yes', charging: false, charge: 40 + (index % 60) }),
  };
}

const goodVolts = (kind: DeviceKind) => (kind === 'wearable' ? 3.9 : 3.05);
