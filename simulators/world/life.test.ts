import { expect, test } from 'vitest';
import { deeds } from '../deeds.ts';
import { newDevice } from '../device.ts';
import { type DeviceEvent, deadline, step } from '../device-step.ts';
import type { Happening } from '../home.ts';
import { chanceOf } from '../seeded-chance.ts';
import { makeVillage } from '../village.ts';
import type { TruthKind } from './evidence.ts';
import { drawFaults, type FaultPlan, noFaults } from './faults.ts';
import { homesPerVillage, planLife } from './life.ts';

const HOUR_MS = 3_600_000;
const STORM_MS = 48 * HOUR_MS;
const startAt = Date.parse('2027-03-07T18:00:00+08:00');
const seeds = Array.from({ length: 50 }, (_, index) => index + 1);
const lives = seeds.map((seed) => lifeOf(seed));

test('in every world people are in need as often as is promised, and no world is without', () => {
  for (const { seed, homes, truth } of lives) {
    const count = (...kinds: TruthKind[]) => truth.filter(({ what }) => kinds.includes(what)).length;
    // A second detector's alarm is a fire in the same home.
    const fires = new Set(truth.filter(({ what }) => what === 'fire').map(fireNameOf));
    expect([seed, fires.size >= 4 && fires.size <= 8]).toEqual([seed, true]);
    const presses = count('emergency-press') - pressesAfterFalls(truth);
    expect([seed, presses >= 4 && presses <= 6]).toEqual([seed, true]);
    const watches = homes.filter(({ devices }) => devices.some(({ kind }) => kind === 'wearable')).length;
    const falls = count('fall', 'fall-cancelled');
    expect([seed, falls >= Math.min(3, watches) && falls <= 6]).toEqual([seed, true]);
    const errands = count('care-press', 'service-press');
    expect([seed, errands >= 7 && errands <= 13]).toEqual([seed, true]);
  }
});

test('of each kind of thing that can happen to people some world has an example', () => {
  const kinds = new Set(lives.flatMap(({ truth }) => truth.map(({ what }) => what)));
  expect(kinds.size).toBe(12);
  const deedsDone = new Set(lives.flatMap(({ happenings }) => happenings.map(({ deed }) => deed)));
  for (const deed of ['hush', 'off', 'cancel', 'sleep', 'wake', 'die', 'run-low', 'reboot', 'factory-reset', 'clock'])
    expect(deedsDone).toContain(deed);
});

test('devices make fewer reports where the network brings them more than once, and always enough for ordinary days', () => {
  const calm = noFaults(STORM_MS);
  const twice = { ...calm, network: { ...calm.network, dropChance: 0.2, repeatChance: 0.3 } };
  for (const seed of seeds.slice(0, 10)) {
    const [made, fewer] = [calm, twice].map((faults) => reportsOf(lifeOf(seed, faults)));
    expect([seed, (made ?? 0) >= 2_000 && (made ?? 0) <= 3_300]).toEqual([seed, true]);
    expect([seed, (fewer ?? 0) >= 1_100 && (fewer ?? 0) < 0.8 * (made ?? 0)]).toEqual([seed, true]);
  }
});

test('a device does only what its kind can do, in order, and nothing after its battery died', () => {
  for (const { homes, happenings, truth } of lives) {
    const kinds = new Map(homes.flatMap(({ devices }) => devices).map(({ id, kind }) => [id, kind]));
    const unknown = happenings.filter(({ deviceId, deed }) => {
      const kind = kinds.get(deviceId);
      return kind === undefined || deeds[kind][deed] === undefined;
    });
    expect(unknown).toEqual([]);
    expect(happenings.every(({ at }, index) => at >= (happenings[index - 1]?.at ?? startAt))).toBe(true);
    expect(happenings.every(({ at }) => Number.isInteger(at) && at <= startAt + STORM_MS + 5 * HOUR_MS)).toBe(true);
    for (const { deviceId, atMs } of truth.filter(({ what }) => what === 'battery-death')) {
      const after = happenings.filter((one) => one.deviceId === deviceId && one.at > startAt + Math.round(atMs));
      expect(after).toEqual([]);
    }
  }
});

test('nobody calls with a device that is dead, and a reset forgets no call', () => {
  const calls: TruthKind[] = ['fire', 'emergency-press', 'fall', 'fall-cancelled', 'care-press', 'service-press'];
  for (const { truth } of lives) {
    const calling = (device: string) =>
      truth.filter(({ what, deviceId }) => calls.includes(what) && deviceId === device);
    for (const { deviceId, atMs, what } of truth) {
      if (what === 'battery-death') expect(calling(deviceId)).toEqual([]);
      if (what === 'factory-reset') expect(calling(deviceId).every((call) => call.atMs > atMs)).toBe(true);
    }
  }
});

test('in one home things lie two hours apart, except where one follows from the other', () => {
  const calls: TruthKind[] = [
    'fire',
    'emergency-press',
    'fall',
    'fall-cancelled',
    'care-press',
    'service-press',
    'test',
  ];
  for (const { seed, truth } of lives) {
    const byHome = Map.groupBy(
      truth.filter(({ what }) => calls.includes(what)),
      ({ homeId }) => homeId,
    );
    for (const inHome of byHome.values()) {
      const gaps = inHome.slice(1).map(({ atMs }, index) => atMs - (inHome[index]?.atMs ?? 0));
      expect([seed, gaps.filter((gap) => gap > 90_000 && gap < 2 * HOUR_MS)]).toEqual([seed, []]);
    }
  }
});

test('who is away is not seen, and comes back through the door', () => {
  let doors = 0;
  for (const { truth, homes, happenings } of lives) {
    for (const { homeId, atMs, untilMs = 0 } of truth.filter(({ what }) => what === 'away')) {
      const sensors = homes.find(({ id }) => id === homeId)?.devices.filter(({ source }) => source) ?? [];
      const seen = happenings.filter(
        ({ deviceId, deed, at }) =>
          deed === 'on' &&
          sensors.some(({ id }) => id === deviceId) &&
          at - startAt > atMs &&
          at - startAt <= untilMs + 1,
      );
      expect(seen.filter(({ at }) => at - startAt < untilMs - 1)).toEqual([]);
      doors += seen.length;
    }
  }
  expect(doors).toBeGreaterThan(10);
});

test('without faults every device keeps its power, its memory and its coverage, but for the mains', () => {
  const { truth, happenings } = lifeOf(3, noFaults(STORM_MS));
  const failures: TruthKind[] = ['battery-death', 'factory-reset', 'reboot'];
  expect(truth.filter(({ what }) => failures.includes(what))).toEqual([]);
  expect(happenings.filter(({ deed }) => deed === 'die' || deed === 'reboot')).toEqual([]);
});

test('a village whose cell is down waits, and wakes when it is back', () => {
  const cut = { fromMs: 10 * HOUR_MS, toMs: 12 * HOUR_MS, village: 1 };
  const calm = noFaults(STORM_MS);
  const before = lifeOf(3, calm);
  const { homes, happenings } = lifeOf(3, { ...calm, network: { ...calm.network, cuts: [cut] } });
  const sleeps = ({ at, deed }: Happening) =>
    deed === 'sleep' && at - startAt > cut.fromMs && at - startAt < cut.fromMs + 240_000;
  const asleep = new Set(happenings.filter(sleeps).map(({ deviceId }) => deviceId));
  const others = new Set(before.happenings.filter(sleeps).map(({ deviceId }) => deviceId));
  const cutOff = homes.slice(homesPerVillage).flatMap(({ devices }) => devices.map(({ id }) => id));
  expect(cutOff.filter((id) => !asleep.has(id) && !wasAsleep(before.happenings, id, startAt + cut.fromMs))).toEqual([]);
  expect([...asleep].filter((id) => !cutOff.includes(id) && !others.has(id))).toEqual([]);
  const sleepers = happenings.filter(({ deed }) => deed === 'sleep').length;
  expect(happenings.filter(({ deed }) => deed === 'wake')).toHaveLength(sleepers);
});

test('equal seeds lead equal lives, other seeds others', () => {
  expect(lifeOf(7)).toEqual(lifeOf(7));
  expect(lifeOf(8).truth).not.toEqual(lifeOf(7).truth);
});

function lifeOf(seed: number, faults: FaultPlan = drawFaults({ seed, hours: 48 })) {
  const { homes } = makeVillage({ seed, homes: 12, villageSize: homesPerVillage });
  return { seed, homes, ...planLife({ homes, startAt, chance: chanceOf(seed, 'life'), faults }) };
}
type Life = ReturnType<typeof lifeOf>;

const fireNameOf = ({ homeId, untilMs }: { homeId: string; untilMs?: number }) => `${homeId} ${untilMs}`;

function pressesAfterFalls(truth: Life['truth']): number {
  const falls = new Set(
    truth.filter(({ what }) => what === 'fall').map(({ homeId, atMs }) => `${homeId} ${atMs + 90_000}`),
  );
  return truth.filter(({ what, homeId, atMs }) => what === 'emergency-press' && falls.has(`${homeId} ${atMs}`)).length;
}

function wasAsleep(happenings: readonly Happening[], deviceId: string, at: number): boolean {
  const last = happenings.findLast((one) => one.deviceId === deviceId && one.at <= at && /sleep|wake/.test(one.deed));
  return last?.deed === 'sleep';
}

/** What the devices send when every report is acknowledged at once. */
function reportsOf({ homes, happenings }: Life): number {
  let made = 0;
  for (const { id, kind, intervalMinutes } of homes.flatMap(({ devices }) => devices)) {
    let device = newDevice({ id, kind, intervalMinutes, statusAt: startAt + intervalMinutes * 30_000 });
    const tell = (event: DeviceEvent): void => {
      const [after, reports] = step(device, event);
      device = after;
      made += reports.length;
      for (const { boot = 0, seq = 0 } of reports) tell({ type: 'acknowledged', boot, seq });
    };
    const pass = (until: number) => {
      for (let due = deadline(device); due !== undefined && due <= until; due = deadline(device))
        tell({ type: 'tick', at: due });
    };
    for (const { at, deed, fields } of happenings.filter(({ deviceId }) => deviceId === id)) {
      pass(at);
      tell({ type: 'does', at, deed, ...(fields && { fields }) });
    }
    pass(startAt + STORM_MS);
  }
  return made;
}
