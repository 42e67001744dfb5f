import { expect, test, vi } from 'vitest';
import { FoldState, Table } from '../records/fold-state.ts';
import { allRules } from './all-rules.ts';
import { createEngine } from './engine.ts';
import { fall } from './fall/fall.ts';
import type { Rule } from './rule.ts';
import { deviceSilent } from './supervision/device-silent.ts';
import {
  HOUR_MS,
  home,
  localTime,
  MINUTE_MS,
  otherRoom,
  registryOf,
  START_AT,
  stranger,
  watch,
} from './watch.test-support.ts';

type Waiting = { waitsUntil?: number };
/** Waits as long as its press says, and notes when it was over. */
const waiting: Rule<Waiting, { waitMs: number }> = {
  name: 'waiting',
  initial: {},
  settings: { waitMs: MINUTE_MS },
  ranges: { waitMs: [-HOUR_MS, HOUR_MS] },
  subject: (event) => (event.type === 'report' ? event.where.deviceId : undefined),
  deadline: ({ waitsUntil }) => waitsUntil,
  step(_state, event, { waitMs }) {
    if (event.type !== 'tick') return [{ waitsUntil: event.at + waitMs }, []];
    return [waiting.initial, [{ type: 'clear', alertId: String(event.where.deviceId), at: event.at, reason: {} }]];
  },
};
const presence = { name: 'presence', source: 'motion', state: 'on' } as const;
const device = (deviceId: string) => ({ ...home, deviceId });

test('deadlines of the same moment fire by device and then by rule, whatever came first', () => {
  const twin = { ...waiting, name: 'another' };
  const devices = ['c', 'a', 'b'].map(device);
  const house = watch([waiting, twin], { devices });
  for (const where of devices) house.read(presence, { where });
  house.advance(MINUTE_MS);
  expect(house.changes.map((change) => change.type === 'clear' && change.alertId)).toEqual([
    'a',
    'a',
    'b',
    'b',
    'c',
    'c',
  ]);
});

test('a deadline steps with its own time, and one that is already past with the time of its event', () => {
  const house = watch(waiting);
  house.read(presence);
  const { changes } = house.engine.fire(house.now + HOUR_MS);
  expect(changes).toMatchObject([{ at: house.now + MINUTE_MS }]);

  const late = watch(waiting, { settings: { waitMs: -MINUTE_MS } });
  late.read(presence);
  expect(late.engine.nextDeadline()).toBe(late.now);
});

test('a deadline that moves later is asked for where it is', () => {
  const house = watch(waiting);
  for (let count = 0; count < 100; count++) {
    house.read(presence);
    house.advance(MINUTE_MS / 2);
  }
  expect(house.changes).toEqual([]);
  expect(house.engine.deadlineCount()).toBe(1);
  expect(house.engine.nextDeadline()).toBe(house.now + MINUTE_MS / 2);
});

test('a deadline that moves earlier fires before others', () => {
  const impatient: typeof waiting = {
    ...waiting,
    step: (state, event, settings, house) =>
      event.type === 'tick' || state.waitsUntil === undefined
        ? waiting.step(state, event, settings, house)
        : [{ waitsUntil: event.at + 1 }, []],
  };
  const house = watch(impatient, { devices: [home, otherRoom] });
  house.read(presence, { where: otherRoom });
  house.advance(1000);
  house.read(presence);
  house.read(presence);
  house.advance(HOUR_MS);
  expect(house.changes).toMatchObject([{ alertId: 'dev-1' }, { alertId: 'dev-2' }]);
  expect(house.engine.deadlineCount()).toBe(0);
});

test('a report that changes nothing leaves nothing to save', () => {
  const state = new FoldState();
  const house = watch(deviceSilent, { from: state });
  house.tell({ type: 'device-added', at: house.now, where: home, deviceId: 'dev-1', intervalMinutes: 60 });
  house.read(presence);
  expect(state.takeChanges().map(({ table }) => table)).toEqual([
    'rule:device-silent',
    'life-signs',
    'device-standing',
  ]);
  house.advance(1000);
  house.read(presence);
  expect(state.takeChanges()).toEqual([]);
});

test('a large number of deadlines fires in parts, in order', () => {
  const devices = Array.from({ length: 2500 }, (_, index) => device(`d${String(index).padStart(4, '0')}`));
  const house = watch(waiting, { devices });
  for (const where of devices) house.read(presence, { where });
  expect(house.engine.fire(house.now + MINUTE_MS).changes).toHaveLength(1000);
  house.advance(MINUTE_MS);
  expect(house.changes).toHaveLength(1500);
  expect(house.engine.deadlineCount()).toBe(0);
});

test('a step that is undone or only previewed leaves every deadline where it was', () => {
  const state = new FoldState();
  const house = watch(waiting, { from: state });
  house.read(presence);
  const due = house.engine.nextDeadline() ?? 0;
  expect(state.preview(() => house.engine.fire(due).changes)).toHaveLength(1);
  const undone = () =>
    state.attempt(() => {
      house.engine.fire(due);
      house.engine.rebuild();
      throw new Error('the disk is away');
    });
  expect(undone).toThrow('the disk is away');
  expect(house.engine.nextDeadline()).toBe(due);
  house.advance(MINUTE_MS);
  expect(house.changes).toHaveLength(1);
});

test('previews in which every deadline moves leave no more behind, however many they are', () => {
  const state = new FoldState();
  const house = watch(deviceSilent, { from: state });
  for (let count = 0; count < 50; count++) {
    const deviceId = `d${count}`;
    house.tell({ type: 'device-added', at: house.now, where: device(deviceId), deviceId, intervalMinutes: 60 });
  }
  const due = house.engine.nextDeadline() ?? 0;
  for (let count = 0; count < 60; count++)
    state.preview(() => {
      house.engine.rebase(MINUTE_MS);
      house.engine.fire(due);
    });
  expect(house.engine.nextDeadline()).toBe(due);
  expect(house.engine.deadlineCount()).toBe(50);
});

test('what thousands of previews leave behind is gone with the next step that stands', () => {
  const state = new FoldState();
  const house = watch(waiting, { from: state });
  const report = { ...presence, v: 1 as const, boot: 1, seq: 1 };
  const times = { at: house.now, occurredAt: house.now, clock: 'trusted' as const };
  const press = (deviceId: string) =>
    house.engine.step({ type: 'report', ...times, causeId: deviceId, where: device(deviceId), report, unread: [] });
  for (let count = 0; count < 5000; count++) state.preview(() => press(`d${count}`));
  state.attempt(() => press('dev-1'));
  expect(house.engine.deadlineCount()).toBe(1);
  expect(house.engine.deadlineCount()).toBe(1);
  house.advance(MINUTE_MS);
  expect(house.changes).toHaveLength(1);
});

test('a rule that dies of one home serves every other home and every other rule', () => {
  const mortal: typeof waiting = {
    ...waiting,
    name: 'mortal',
    step(state, event, settings, house) {
      if (event.where.deviceId === otherRoom.deviceId) throw new Error('cannot divide by a yurt');
      return waiting.step(state, event, settings, house);
    },
  };
  const house = watch([mortal, waiting], { devices: [home, otherRoom] });
  house.read(presence);
  house.read(presence, { where: otherRoom });
  expect(house.failures).toMatchObject([
    {
      rule: 'mortal',
      subject: 'dev-2',
      deviceId: 'dev-2',
      lifeSafety: true,
      error: new Error('cannot divide by a yurt'),
    },
  ]);
  expect(house.state('mortal', 'dev-2')).toBeUndefined();
  house.advance(MINUTE_MS);
  expect(house.changes).toHaveLength(3);
});

test('a deadline that dies, or comes again at once, is given up and told, and its state is as it was', () => {
  const mortal: typeof waiting = {
    ...waiting,
    name: 'mortal',
    step(state, event, settings, house) {
      if (event.type === 'tick') throw new Error('out of candles');
      return waiting.step(state, event, settings, house);
    },
  };
  const endless: typeof waiting = {
    ...waiting,
    name: 'endless',
    step: (_state, event, { waitMs }) => [{ waitsUntil: event.type === 'tick' ? event.at : event.at + waitMs }, []],
    rebase: (state) => state,
  };
  const house = watch([mortal, endless, waiting]);
  house.read(presence);
  house.advance(HOUR_MS);
  expect(house.failures).toMatchObject([
    { rule: 'endless', lifeSafety: false, error: new Error('the deadline does not advance') },
    { rule: 'mortal', lifeSafety: true, error: new Error('out of candles') },
  ]);
  expect(house.state('mortal', 'dev-1')).toEqual({ waitsUntil: START_AT + MINUTE_MS });
  expect(house.changes).toHaveLength(1);
  house.read(presence);
  expect(house.engine.nextDeadline()).toBe(house.now + MINUTE_MS);
});

test('a clock that steps forward by a day raises no silence, and calls people for the fall that fell due', () => {
  const house = watch(allRules);
  house.tell({ type: 'device-added', at: house.now, where: home, deviceId: 'dev-1', intervalMinutes: 60 });
  house.read({ name: 'fall', state: 'suspected' });
  house.engine.rebase(24 * HOUR_MS);
  house.advance(24 * HOUR_MS);
  expect(house.alerts.map(({ condition }) => condition)).toEqual(['fall']);
  house.advance(2 * HOUR_MS + 15 * MINUTE_MS);
  expect(house.alerts.map(({ condition }) => condition)).toEqual(['fall', 'device-silent']);
});

test('after a restart a fall goes on from its own deadline', () => {
  const before = new FoldState();
  const house = watch(fall, { from: before });
  house.read({ name: 'fall', state: 'suspected' });
  house.advance(40_000);
  const after = new FoldState();
  for (const entry of JSON.parse(JSON.stringify([...before.entries()]))) after.load(entry);
  const restarted = watch(fall, { from: after });
  expect(restarted.engine.nextDeadline()).toBe(START_AT + MINUTE_MS);
  restarted.advance(MINUTE_MS);
  expect(restarted.alerts).toHaveLength(1);
});

test('settings of the registry apply, and what they cannot mean is passed over', () => {
  const registry = registryOf([home], { 'device-silent': [{ missedReports: 1, graceMs: 'none' }, { graceMs: 1 }] });
  const engine = createEngine({ rules: [deviceSilent], state: new FoldState(), registry, localTime });
  engine.step({ type: 'device-added', at: START_AT, where: home, deviceId: 'dev-1', intervalMinutes: 60 });
  expect(engine.nextDeadline()).toBe(START_AT + HOUR_MS + 15 * MINUTE_MS);
});

test('among a million devices a report touches one, and a moment only those that are due', () => {
  const state = new FoldState();
  const rows = state.table('rule:device-silent');
  for (let index = 0; index < 1_000_000; index++) {
    const lastAt = START_AT + index;
    rows.load(`d${index}`, {
      state: { phase: 'watched', lastAt, intervalMinutes: 60 },
      dueAt: lastAt + 135 * MINUTE_MS,
    });
  }
  const engine = createEngine({ rules: allRules, state, registry: registryOf([]), localTime });
  const scan = vi.spyOn(Table.prototype, 'entries');
  const look = vi.spyOn(Table.prototype, 'get');
  const step = vi.spyOn(deviceSilent, 'step');

  const report = { name: 'status', v: 1, boot: 1, seq: 1 } as const;
  const at = START_AT + 120 * MINUTE_MS;
  engine.step({
    type: 'report',
    at,
    causeId: 'c',
    where: device('d0'),
    report,
    occurredAt: at,
    clock: 'trusted',
    unread: [],
  });
  expect(look.mock.calls.length).toBeLessThan(20);
  const { changes } = engine.fire(START_AT + 135 * MINUTE_MS + 3);
  expect(changes.map((change) => change.type === 'raise' && change.alert.subject.id)).toEqual(['d1', 'd2', 'd3']);
  expect(engine.nextDeadline()).toBe(START_AT + 135 * MINUTE_MS + 4);
  expect(look.mock.calls.length).toBeLessThan(80);
  expect(step).toHaveBeenCalledTimes(4);
  expect(scan).not.toHaveBeenCalled();
  expect(engine.deadlineCount()).toBe(999_997);
  vi.restoreAllMocks();
});

test('an event concerns only the rules that know its subject', () => {
  const tent = watch(allRules, { devices: [stranger] });
  tent.read({ name: 'position', source: 'none' });
  expect(allRules.filter(({ name }) => tent.state(name, 'dev-9') !== undefined)).toEqual([]);
});
