import { expect, test } from 'vitest';
import { deviceEvent } from '../ingest/registry-events.ts';
import type { AlertChange } from '../records/alert.ts';
import { FoldState } from '../records/fold-state.ts';
import { put, remove, smallCounty } from '../records/registry.test-support.ts';
import type { RegistryChange, RuleSetting } from '../records/registry.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { allRules } from './all-rules.ts';
import { createEngine } from './engine.ts';
import { HOUR_MS, localTime, START_AT } from './watch.test-support.ts';

test('a limit that is only tried says on record what it would have raised, and the rule in force says nothing', () => {
  const county = watched(tried({ lowCellVolts: 2.75 }));
  expect(county.battery(2.7)).toMatchObject([
    { type: 'shadow', rule: 'battery-low', settingId: 'trial', at: START_AT, change: { type: 'raise' } },
  ]);
  expect(county.battery(2.9)).toMatchObject([{ type: 'shadow', change: { type: 'clear' } }]);
});

test('where both find it, both say it, each under its own name', () => {
  const county = watched(tried({ lowCellVolts: 2.75 }));
  expect(county.battery(2.5).map(({ type }) => type)).toEqual(['raise', 'shadow']);
  expect(county.battery(2.7)).toEqual([]);
});

test('a stricter limit that is tried hides nothing of what is in force', () => {
  const county = watched(tried({ lowCellVolts: 1.5 }));
  expect(county.battery(2.5).map(({ type }) => type)).toEqual(['raise']);
});

test('what is tried lies over what is in force there, as it would when it came into force', () => {
  const wide = put('ruleSetting', {
    ...{ id: 'wide', rule: 'battery-low', scope: { type: 'all' } },
    settings: { lowCellVolts: 2.75, enoughCellVolts: 3.2 },
  });
  const county = watched(wide, tried({ lowCellVolts: 2.65 }));
  expect(county.battery(2.7).map(({ type }) => type)).toEqual(['raise']);
  expect(county.battery(2.6)).toMatchObject([
    { type: 'shadow', change: { alert: { reason: { low: 2.65, enough: 3.2 } } } },
  ]);
});

test('a trial of another village does not look at this home', () => {
  const county = watched(tried({ lowCellVolts: 2.75 }, { scope: { type: 'area', id: 'west' } }));
  expect(county.battery(2.7)).toEqual([]);
});

test('the deadlines of a trial come, and no rule hears that its device fell silent', () => {
  const silent = tried({ missedReports: 1 }, { rule: 'device-silent' });
  const county = watched(silent);
  county.battery(3);
  const said = county.advance(30 * HOUR_MS);
  expect(said).toHaveLength(3);
  expect(said[0]).toMatchObject({ type: 'shadow', rule: 'device-silent', change: { type: 'raise' } });
  expect(county.state.table<{ silent: boolean }>('device-standing').get('smoke-1')?.silent).toBe(false);
});

test('a trial that ends is forgotten at once, deadlines and all', () => {
  const county = watched(tried({ missedReports: 1 }, { rule: 'device-silent' }));
  county.battery(3);
  expect(county.rowsOfTrials()).toBe(3);
  county.change(remove('ruleSetting', 'trial'));
  expect(county.rowsOfTrials()).toBe(0);
  expect(county.advance(30 * HOUR_MS)).toEqual([]);
});

test('a trial that became a setting in force is a trial no more', () => {
  const county = watched(tried({ lowCellVolts: 2.75 }));
  county.change(tried({ lowCellVolts: 2.75 }, { mode: 'live' }));
  expect(county.battery(2.7).map(({ type }) => type)).toEqual(['raise']);
});

test('a trial begins with what its rule knows of homes that were there before', () => {
  const county = watched();
  county.advance(30 * HOUR_MS);
  county.change(tried({ missedReports: 1 }, { rule: 'device-silent' }));
  // Since the device was registered a day has gone: under the trial it is silent already, and that is found now.
  const found = { type: 'shadow', at: START_AT + 30 * HOUR_MS, change: { type: 'raise' } };
  expect(county.advance(0)).toMatchObject([found, found, found]);
});

test('a trial goes on after a restart where it was', () => {
  const before = watched(tried({ missedReports: 1 }, { rule: 'device-silent' }));
  before.battery(3);
  const after = watchedFrom(before.state);
  expect(after.rowsOfTrials()).toBe(3);
  expect(after.advance(30 * HOUR_MS)).toHaveLength(3);
});

test('a step that is taken back leaves no trace of a trial', () => {
  const county = watched(tried({ lowCellVolts: 2.75 }));
  expect(county.state.preview(() => county.battery(2.7))).toHaveLength(1);
  expect(county.rowsOfTrials()).toBe(0);
  expect(county.battery(2.7)).toHaveLength(1);
});

test('a rule that throws only under what is tried is put on record, and stops nothing', () => {
  const batteryLow = allRules.find(({ name }) => name === 'battery-low');
  if (!batteryLow) throw new Error('there is no battery-low');
  const touchy = {
    ...batteryLow,
    step: (...args: Parameters<typeof batteryLow.step>) => {
      if (args[2].lowCellVolts === 2.75) throw new Error('no such limit');
      return batteryLow.step(...args);
    },
  };
  const county = watchedFrom(new FoldState(), [touchy]);
  county.change(...smallCounty, tried({ lowCellVolts: 2.75 }));
  expect(county.battery(2.5)).toMatchObject([
    { type: 'raise' },
    { type: 'shadow', change: { type: 'failed', subject: 'smoke-1', error: 'Error: no such limit' } },
  ]);
  expect(county.failures).toEqual([]);
});

test('so many trials at a time and no more', () => {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const trials = Array.from({ length: 17 }, (_, index) => tried({ lowCellVolts: 2 }, { id: `trial-${index}` }));
  expect(registry.check(trials)).toMatchObject([{ entity: 'ruleSetting', id: 'trial-16', field: 'mode' }]);
  expect(registry.check(trials.slice(0, 16))).toEqual([]);
});

const tried = (settings: object, other: Partial<RuleSetting> = {}): RegistryChange =>
  put('ruleSetting', {
    ...{ id: 'trial', rule: 'battery-low', mode: 'shadow', scope: { type: 'area', id: 'east' }, settings },
    ...other,
  });

function watched(...changes: RegistryChange[]) {
  const county = watchedFrom(new FoldState());
  county.change(...smallCounty, ...changes);
  return county;
}

function watchedFrom(saved: FoldState, rules = allRules.filter(({ name }) => isOfInterest(name))) {
  const state = new FoldState();
  for (const change of saved.entries()) state.load(change);
  const registry = createRegistry({ state });
  registry.rebuild();
  const engine = createEngine({ rules, state, registry, localTime });
  engine.rebuild();
  const failures: unknown[] = [];
  let now = START_AT;
  let seq = 0;

  function advance(byMs: number): AlertChange[] {
    const until = now + byMs;
    const said: AlertChange[] = [];
    for (let due = engine.nextDeadline(); due !== undefined && due <= until; due = engine.nextDeadline())
      said.push(...engine.fire(due).changes);
    now = until;
    return said;
  }

  return {
    ...{ state, failures, advance },
    change(...changes: RegistryChange[]): void {
      const applied = registry.applyChecked(changes);
      if (!applied.ok) throw new Error(applied.problems.join('; '));
      engine.followShadows(now);
      for (const device of applied.devicesAdded) engine.step(deviceEvent(registry, device, 'device-added', now));
    },
    /** The detector of the couple says how many volts it has. */
    battery(volts: number): AlertChange[] {
      const where = registry.whereabouts('smoke-1');
      seq += 1;
      const { changes, failures: failed } = engine.step({
        ...{ type: 'report', at: now, occurredAt: now, clock: 'trusted', lateMs: 0, unread: [] },
        ...{ causeId: `smoke-1:1:${seq}:0`, where, deviceKind: 'smoke-detector' },
        report: { name: 'status', v: 1, boot: 1, seq, battery: volts },
      });
      failures.push(...failed);
      return changes;
    },
    rowsOfTrials: () => [...state.entries()].filter(({ table }) => table.startsWith('shadow:')).length,
  };
}

const isOfInterest = (rule: string): boolean => rule === 'battery-low' || rule === 'device-silent';
