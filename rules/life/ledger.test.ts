import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Whereabouts } from '../../records/alert.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Rule } from '../rule.ts';
import { HOUR_MS, home, MINUTE_MS, SECOND_MS, type ShortReport, watch } from '../watch.test-support.ts';
import { type LifeSigns, newestSign, strengthOf, withSign } from './life-signs.ts';

const motion: ShortReport = { name: 'presence', source: 'motion', state: 'on' };
const door: ShortReport = { name: 'presence', source: 'door', state: 'on' };
const couple: Whereabouts = { deviceId: 'sensor', householdId: 'h2', placeId: 'house-2', areaId: 'gacha-1' };

test('what somebody did is known by kind, with when it happened and whom it proves', () => {
  const house = listen();
  house.read(motion);
  house.advance(MINUTE_MS);
  house.read({ name: 'press', call: 'care' });
  expect(house.signs()).toEqual([
    { kind: 'motion', at: house.now - MINUTE_MS, deviceId: 'dev-1', personId: 'nara' },
    { kind: 'press', at: house.now, deviceId: 'dev-1', personId: 'nara' },
  ]);
});

test('motion in a home of two proves neither of them, and a visit that met somebody both', () => {
  const house = listen([couple]);
  house.read(motion);
  expect(newestSign({ latest: house.signs() }, { personId: 'her' })).toBeUndefined();
  const visit = { type: 'visit', at: house.now, where: couple, householdId: 'h2', visitedAt: house.now - 5 } as const;
  house.tell({ ...visit, result: 'nobody-there' });
  expect(newestSign({ latest: house.signs() }, { personId: 'her' })).toBeUndefined();
  house.tell({ ...visit, result: 'well' });
  expect(newestSign({ latest: house.signs() }, { personId: 'her' })).toMatchObject({
    kind: 'visit',
    at: house.now - 5,
  });
});

test('a door that opened an hour ago and is told of now was an hour ago', () => {
  const house = listen();
  house.read(door, { lateMs: HOUR_MS });
  expect(house.signs()).toMatchObject([{ kind: 'door', at: house.now - HOUR_MS }]);
  house.read(door, { lateMs: 2 * HOUR_MS });
  expect(house.signs()).toHaveLength(1);
  expect(newestSign({ latest: house.signs() }, { since: house.now - HOUR_MS })).toBeUndefined();
});

test('the end of motion, a still wrist in a drawer and a fix that drifts are no life', () => {
  const house = listen();
  house.read({ name: 'presence', source: 'motion', state: 'off' });
  house.read({ name: 'status', worn: 'no' });
  house.read({ name: 'position', source: 'gnss', lat: 44, lon: 116, accuracy: 8, speed: 0.3 });
  house.read({ name: 'position', source: 'cell', lat: 44, lon: 116, accuracy: 8, speed: 9 });
  house.read({ name: 'alarm', source: 'smoke', state: 'on' });
  house.read({ name: 'test', by: 'self' });
  expect(house.signs()).toEqual([]);
});

test('an answer, a walk, a hushed alarm and a fall that was taken back are life', () => {
  const house = listen();
  const where = home;
  house.tell({ type: 'prompt-answered', at: house.now, where, promptId: 'p', answer: 'fine', by: 'account:li' });
  house.read({ name: 'position', source: 'gnss', lat: 44, lon: 116, accuracy: 8, speed: 1.2 });
  house.read({ name: 'alarm', source: 'smoke', state: 'hushed' });
  house.advance(SECOND_MS);
  house.read({ name: 'fall', state: 'cancelled' });
  expect(house.signs().map(({ kind }) => kind)).toEqual(['moved', 'alarm-hushed', 'answer']);
});

test('what a stranger device says proves nobody, and fills nothing', () => {
  const state = new FoldState();
  const stranger = { deviceId: 'dev-9', unregistered: true } as const;
  const house = watch(listener, { devices: [stranger], from: state });
  house.read(motion);
  expect([...state.entries()].filter(({ table }) => !table.startsWith('rule:'))).toEqual([]);
});

test('the signs of a place that two households share are those of both', () => {
  const shared: Whereabouts = { deviceId: 'sensor', placeId: 'house-1', areaId: 'gacha-1' };
  const house = listen([home, shared]);
  house.read(motion, { where: shared });
  house.advance(MINUTE_MS);
  house.read({ name: 'press', call: 'care' });
  expect(house.signs().map(({ kind }) => kind)).toEqual(['motion', 'press']);
});

test('a device says since when it is not worn or charging, and a status that was stored says nothing of now', () => {
  const house = listen();
  house.read({ name: 'status', worn: 'no' });
  const offAt = house.now;
  house.advance(HOUR_MS);
  house.read({ name: 'status', worn: 'no', charging: true, faults: ['strap'] });
  house.read({ name: 'status', worn: 'yes' }, { lateMs: 30 * MINUTE_MS });
  expect(house.standing()).toMatchObject({ worn: 'no', notWornSinceAt: offAt, chargingSinceAt: house.now });
  expect(house.heard).toEqual(['heard began', 'not-worn began', 'fault-codes began', 'charging began']);
  house.advance(MINUTE_MS);
  house.read({ name: 'status', worn: 'yes', charging: false, faults: [] });
  expect(house.standing()).toEqual({ lastAt: house.now, saidAt: house.now, silent: false, worn: 'yes' });
  expect(house.heard.slice(4)).toEqual(['not-worn ended', 'charging ended']);
});

test('a device that leaves the registry, and a household that does, are forgotten', () => {
  const state = new FoldState();
  const house = listen([home], state);
  house.read(motion);
  house.tell({ type: 'device-removed', at: house.now, where: home, deviceId: 'dev-1', intervalMinutes: 60 });
  house.tell({ type: 'home-changed', at: house.now, where: { householdId: 'h1' }, householdId: 'h1' });
  expect([...state.entries()].filter(({ table }) => !table.startsWith('rule:'))).toEqual([]);
});

test('whatever order signs arrive in, the newest of each kind and person is what stands', () => {
  const sign = fc.record({
    kind: fc.constantFrom('press' as const, 'answer' as const, 'visit' as const),
    at: fc.integer({ min: 0, max: 1000 }),
    personId: fc.constantFrom('her', 'him'),
  });
  fc.assert(
    fc.property(fc.array(sign, { maxLength: 30 }), fc.infiniteStream(fc.nat()), (signs, chance) => {
      const all = (list: typeof signs) => list.reduce(withSign, { latest: [] } as LifeSigns).latest;
      const shuffled = signs
        .map((one) => ({ one, by: chance.next().value }))
        .sort((a, b) => a.by - b.by)
        .map(({ one }) => one);
      const sorted = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).sort();
      expect(sorted(all(shuffled))).toEqual(sorted(all(signs)));
      const newest = Math.max(...signs.map(({ at }) => at));
      expect(newestSign({ latest: all(signs) }, {})?.at).toBe(signs.length > 0 ? newest : undefined);
    }),
    { seed: 20261123 },
  );
});

test('what somebody does on purpose is worth more than what a cat can do', () => {
  for (const kind of ['press', 'answer', 'visit'] as const) expect(strengthOf(kind)).toBe(1);
  expect(
    newestSign(
      {
        latest: [
          { kind: 'worn', at: 5 },
          { kind: 'motion', at: 3 },
        ],
      },
      { strength: 0.5 },
    ),
  ).toMatchObject({
    kind: 'motion',
  });
});

type Heard = { signs: LifeSigns; standing: unknown; heard: readonly string[] };
/** Keeps what a home says of itself when it is asked, and what it hears of devices. */
const listener: Rule<Heard, Record<never, number>> = {
  name: 'listener',
  initial: { signs: { latest: [] }, standing: undefined, heard: [] },
  settings: {},
  ranges: {},
  subject: () => 'all',
  deadline: () => undefined,
  step(before, event, _settings, house) {
    const news = event.type === 'device-condition' ? [`${event.condition} ${event.began ? 'began' : 'ended'}`] : [];
    const standing = house.standing('dev-1');
    return [{ signs: house.life(), standing, heard: [...before.heard, ...news] }, []];
  },
};

function listen(devices = [home], from = new FoldState()) {
  const house = watch(listener as Parameters<typeof watch>[0], { devices, from });
  const known = () => house.state('listener', 'all') as Heard;
  return {
    ...{ read: house.read, tell: house.tell, advance: house.advance },
    get now() {
      return house.now;
    },
    get heard() {
      return known().heard;
    },
    signs: () => known().signs.latest,
    standing: () => known().standing,
  };
}
