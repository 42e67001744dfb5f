import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unreadable } from '../unreadable.ts';
import { HOUR_MS, home, MINUTE_MS, type ShortReport, watch } from '../watch.test-support.ts';
import { batteryForecast } from './battery-forecast.ts';
import { clockWrong } from './clock-wrong.ts';
import { countyOf, watchCounty } from './county.test-support.ts';
import { deviceFault } from './device-fault.ts';
import { signalWeak } from './signal-weak.ts';
import { tamper } from './tamper.ts';
import { testOverdue } from './test-overdue.ts';

const DAY_MS = 24 * HOUR_MS;
const detector = { deviceKind: 'smoke-detector' } as const;
const status = (words: object): ShortReport => ({ name: 'status', ...words }) as ShortReport;
const removed = (at: number) =>
  ({ type: 'device-removed', at, where: home, deviceId: 'dev-1', intervalMinutes: 60 }) as const;

describe('faults', () => {
  test('a device that reports a fault is work until it reports none', () => {
    const house = watch(deviceFault);
    house.read(status({ faults: ['chamber-dirty'] }));
    house.read(status({ faults: ['chamber-dirty'] }));
    house.read(status({ battery: 3 }));
    expect(house.alerts).toMatchObject([
      { condition: 'device-fault', severity: 'service', reason: { faults: ['chamber-dirty'] } },
    ]);
    expect(house.later).toEqual([]);
    house.read(status({ faults: [] }));
    expect(house.later).toMatchObject([{ type: 'clear', alertId: house.alerts[0]?.alertId }]);
  });

  test('another fault is told, one that went is not', () => {
    const house = watch(deviceFault);
    house.read(status({ faults: ['a'] }));
    house.read(status({ faults: ['a', 'b'] }));
    house.read(status({ faults: ['b'] }));
    expect(house.later).toMatchObject([{ type: 'strengthen', reason: { faults: ['a', 'b'] } }]);
  });

  test('a test that fails is a fault until one passes, whatever a status says', () => {
    const house = watch(deviceFault);
    house.read({ name: 'test', result: 'failed' });
    house.read(status({ faults: [] }));
    expect(house.alerts).toMatchObject([{ reason: { faults: ['test-failed'] } }]);
    expect(house.later).toEqual([]);
    house.read({ name: 'test', result: 'passed' });
    expect(house.later).toMatchObject([{ type: 'clear' }]);
  });

  test('a failed test that was stored is heard, whatever statuses came since; after a newer test it is none', () => {
    const house = watch(deviceFault);
    house.read(status({ faults: [] }));
    house.read({ name: 'test', result: 'failed' }, { lateMs: HOUR_MS });
    expect(house.alerts).toMatchObject([{ reason: { faults: ['test-failed'] } }]);
    house.read({ name: 'test', result: 'passed' });
    house.read({ name: 'test', result: 'failed' }, { lateMs: MINUTE_MS });
    expect(house.changes.map(({ type }) => type)).toEqual(['raise', 'clear']);
  });

  test('a fault that was stored and comes after the all-clear is none', () => {
    const house = watch(deviceFault);
    house.read(status({ faults: [] }));
    house.read(status({ faults: ['a'] }), { lateMs: HOUR_MS });
    expect(house.changes).toEqual([]);
  });
});

describe('tampering', () => {
  test('a detector that is taken down is work until it hangs again', () => {
    const house = watch(tamper);
    house.read({ name: 'tamper', state: 'on' });
    house.read({ name: 'tamper', state: 'on' });
    house.read({ name: 'tamper', state: 'off' });
    expect(house.changes.map(({ type }) => type)).toEqual(['raise', 'clear']);
  });

  test('that it was down, told after it hung again, is no work', () => {
    const house = watch(tamper);
    house.read({ name: 'tamper', state: 'off' });
    house.read({ name: 'tamper', state: 'on' }, { lateMs: MINUTE_MS });
    expect(house.changes).toEqual([]);
  });
});

describe('clocks', () => {
  const clock = (house: ReturnType<typeof watch>, aheadMs: number, how: { lateMs?: number | undefined } = {}) =>
    house.read(status({ at: house.now - (how.lateMs ?? 0) + aheadMs, age: 0 }), how);

  test('a clock two days ahead is told once, and is over when it is set', () => {
    const house = watch(clockWrong);
    clock(house, 2 * DAY_MS);
    clock(house, 2 * DAY_MS);
    expect(house.alerts).toMatchObject([
      { condition: 'clock-wrong', severity: 'service', reason: { aheadMs: 2 * DAY_MS, limitMs: 600_000 } },
    ]);
    clock(house, 6 * MINUTE_MS);
    expect(house.later).toEqual([]);
    clock(house, -4 * MINUTE_MS);
    expect(house.later).toMatchObject([{ type: 'clear' }]);
  });

  test('a clock eight hours behind is told; the minutes of the network are not', () => {
    const house = watch(clockWrong);
    clock(house, -9 * MINUTE_MS);
    expect(house.alerts).toEqual([]);
    clock(house, -8 * HOUR_MS);
    expect(house.alerts).toMatchObject([{ reason: { behindMs: 8 * HOUR_MS } }]);
  });

  test('what was stored shows the clock of then, and says nothing of now', () => {
    const house = watch(clockWrong);
    clock(house, 2 * DAY_MS, { lateMs: HOUR_MS });
    expect(house.alerts).toEqual([]);
    clock(house, 2 * DAY_MS);
    clock(house, 0, { lateMs: HOUR_MS });
    expect(house.later).toEqual([]);
  });

  test('where the lateness is unknown, only the future proves a clock wrong', () => {
    const house = watch(clockWrong);
    const read = (aheadMs: number) =>
      house.read(status({ at: house.now + aheadMs }), { lateMs: undefined, clock: 'untrusted' });
    read(-2 * DAY_MS);
    expect(house.alerts).toEqual([]);
    read(2 * DAY_MS);
    expect(house.alerts).toHaveLength(1);
  });
});

describe('signal', () => {
  test('a signal that is weak for six hours is work, and three good readings end it', () => {
    const house = watch(signalWeak);
    house.readEvery(2 * HOUR_MS, status({ rsrp: -130, snr: 2 }), { for: 6 * HOUR_MS });
    expect(house.alerts).toEqual([]);
    house.read(status({ rsrp: -127 }));
    expect(house.alerts).toMatchObject([
      { condition: 'signal-weak', reason: { rsrpDbm: -127, weakDbm: -125, readings: 4 } },
    ]);
    for (const rsrp of [-110, -110, -120, -110, -110]) house.read(status({ rsrp }));
    expect(house.later).toEqual([]);
    house.read(status({ rsrp: -110 }));
    expect(house.later).toMatchObject([{ type: 'clear' }]);
  });

  test('one good reading in between, or a gap of four days, begins anew', () => {
    const good = watch(signalWeak);
    for (const rsrp of [-130, -130, -100, -130, -130]) {
      good.read(status({ rsrp }));
      good.advance(3 * HOUR_MS);
    }
    const gap = watch(signalWeak);
    for (const waitMs of [3 * HOUR_MS, 4 * DAY_MS, 3 * HOUR_MS, 0]) {
      gap.read(status({ snr: -12 }));
      gap.advance(waitMs);
    }
    expect([...good.alerts, ...gap.alerts]).toEqual([]);
  });

  test('a device that does not measure its signal is not judged', () => {
    const house = watch(signalWeak);
    house.readEvery(HOUR_MS, status({ battery: 3 }), { for: DAY_MS });
    expect(house.changes).toEqual([]);
  });
});

describe('monthly tests', () => {
  test('a detector that is not tested for 35 days is work until it is', () => {
    const house = watch(testOverdue);
    house.read({ name: 'test', by: 'button', result: 'passed' }, detector);
    house.readEvery(DAY_MS, status({}), { for: 34 * DAY_MS });
    expect(house.alerts).toEqual([]);
    house.advance(2 * DAY_MS);
    expect(house.alerts).toMatchObject([
      { condition: 'test-overdue', severity: 'service', reason: { withinMs: 35 * DAY_MS } },
    ]);
    house.read({ name: 'test', result: 'failed' }, detector);
    expect(house.later).toEqual([]);
    house.read({ name: 'test', by: 'self', result: 'passed' }, detector);
    expect(house.later).toMatchObject([{ type: 'clear' }]);
  });

  test('a month that was made longer meanwhile counts on the morning on which the old one is over', () => {
    let entered = [{ withinMs: 10 * DAY_MS }];
    const house = watch(testOverdue, { registry: { ruleSettings: () => entered } });
    house.read({ name: 'test', by: 'button', result: 'passed' }, detector);
    entered = [{ withinMs: 30 * DAY_MS }];
    house.advance(20 * DAY_MS);
    expect(house.alerts).toEqual([]);
    house.advance(12 * DAY_MS);
    expect(house.alerts).toMatchObject([{ reason: { withinMs: 30 * DAY_MS } }]);
  });

  /** A home of one detector, which was heard once. */
  const oneDetector = () => {
    const county = watchCounty([testOverdue], countyOf({ townships: 1, villages: 1, homes: 1 }));
    return { house: county.house, where: county.registry.whereabouts('t0v0h0') };
  };

  test('its alarm in a test window is its test; an alarm is none', () => {
    const alarm = { name: 'alarm', source: 'smoke', state: 'on' } as const;
    const overdue = (withWindow: boolean) => {
      const { house, where } = oneDetector();
      house.advance(30 * DAY_MS);
      const window = { at: house.now, where, deviceId: 't0v0h0', until: house.now + HOUR_MS, by: 'a' };
      if (withWindow) house.tell({ type: 'test-window', ...window });
      house.read(alarm, { ...detector, where });
      house.advance(10 * DAY_MS);
      return house.alerts.length;
    };
    expect([overdue(true), overdue(false)]).toEqual([0, 1]);
  });

  test('a detector has a month from its first word on, and one that is removed no test that is overdue', () => {
    const { house, where } = oneDetector();
    house.advance(34 * DAY_MS);
    expect(house.alerts).toEqual([]);
    house.advance(3 * DAY_MS);
    house.tell({ ...removed(house.now), where, deviceId: 't0v0h0' });
    expect(house.changes.map(({ type }) => type)).toEqual(['raise', 'clear']);
  });

  test('a wearable has no monthly test', () => {
    const house = watch(testOverdue);
    house.read({ name: 'test', result: 'passed' }, { deviceKind: 'wearable' });
    house.read(status({}), { deviceKind: 'wearable' });
    house.advance(100 * DAY_MS);
    expect(house.alerts).toEqual([]);
  });
});

describe('batteries', () => {
  const days = (house: ReturnType<typeof watch>, count: number, wordsOf: (day: number) => object) => {
    for (let day = 0; day < count; day++) {
      house.read(status(wordsOf(day)), detector);
      house.advance(DAY_MS);
    }
  };

  test('a battery that will be empty before the round after the next is told in time', () => {
    const house = watch(batteryForecast);
    days(house, 40, (day) => ({ charge: 80 - day }));
    expect(house.alerts).toMatchObject([{ condition: 'battery-forecast', severity: 'service' }]);
    const { daysLeft, chargePercent } = house.alerts[0]?.reason ?? {};
    expect(Math.abs(Number(daysLeft) - (Number(chargePercent) - 10))).toBeLessThan(3);
    house.read(status({ charge: 100 }), detector);
    expect(house.later).toMatchObject([{ type: 'clear', reason: { transition: 'fading to renewed' } }]);
  });

  test('one that lasts, one that is flat, and a winter are not told', () => {
    const wander = (day: number) => ((day * 7) % 5) - 2;
    const lasting = watch(batteryForecast);
    days(lasting, 100, (day) => ({ charge: 90 - day / 10 }));
    const noisy = watch(batteryForecast);
    days(noisy, 100, (day) => ({ battery: 2.75 + wander(day) / 100 }));
    const winter = watch(batteryForecast);
    days(winter, 60, (day) => ({ battery: 2.95 - day * 0.002, temperature: 20 - day / 2 }));
    expect([...lasting.alerts, ...noisy.alerts, ...winter.alerts]).toEqual([]);
  });

  test('odd readings do not move the trend', () => {
    const house = watch(batteryForecast);
    days(house, 60, (day) => ({ battery: day % 9 === 4 ? 2.5 : 3 - day * 0.001 }));
    expect(house.alerts).toEqual([]);
  });

  test('what is charged, or hangs on mains, is not judged; and its state is small', () => {
    const house = watch(batteryForecast);
    days(house, 60, (day) => ({ charge: 80 - day, mains: true }));
    expect(house.alerts).toEqual([]);
    const cell = watch(batteryForecast);
    cell.readEvery(HOUR_MS, status({ battery: 3 }), { for: 100 * DAY_MS });
    expect(JSON.stringify(cell.state('battery-forecast', 'dev-1')).length).toBeLessThan(1_500);
  });
});

/** Reports of a day, each with the time at which it happened; they arrive in any order, some of them twice. */
const story = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 0, max: 1439 }),
      report: fc.oneof(
        fc.constantFrom<ShortReport>({ name: 'tamper', state: 'on' }, { name: 'tamper', state: 'off' }),
        fc.constantFrom(['a'], ['a', 'b'], []).map((faults) => status({ faults })),
        fc.constantFrom(-130, -120, -100).map((rsrp) => status({ rsrp })),
        fc.constantFrom(10, 30, 60).map((charge) => status({ charge })),
      ),
    }),
    { maxLength: 30 },
  )
  .map((told) => [...new Map(told.map((one) => [one.minute, one])).values()].map((one, index) => ({ ...one, index })));

const rules = [deviceFault, tamper, testOverdue, signalWeak, unreadable];
const oneOfEach = fc.tuple(story, fc.infiniteStream(fc.nat()));

test('what stands in the end is the same in whatever order, and however often, a day’s words of now and before arrive', () => {
  const standing = (told: readonly { minute: number; index: number; report: ShortReport }[]) => {
    const house = watch([deviceFault, tamper]);
    house.advance(DAY_MS);
    for (const { minute, index, report } of told)
      house.read(report, { lateMs: DAY_MS - minute * MINUTE_MS, causeId: `dev-1:1:${index}:ab` });
    const open = new Map<string, string>();
    for (const change of house.changes) {
      if (change.type === 'raise') open.set(change.alert.alertId, change.alert.condition);
      if (change.type === 'clear') open.delete(change.alertId);
    }
    return [...open.values()].sort();
  };
  const complete = (told: readonly { minute: number; index: number; report: ShortReport }[]) =>
    told.filter(({ report }) => report.name === 'tamper' || (report.name === 'status' && report.faults));
  fc.assert(
    fc.property(oneOfEach, ([told, keys]) => {
      const inOrder = complete(told).toSorted((a, b) => a.minute - b.minute);
      const random = [...keys.take(inOrder.length * 2)];
      const shuffled = [...inOrder, ...inOrder.slice(0, 5)]
        .map((one, index) => ({ one, key: random[index] ?? 0 }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ one }) => one);
      expect(standing(shuffled)).toEqual(standing(inOrder));
    }),
    { seed: 6, numRuns: 200 },
  );
});

test('no order of words, however late or repeated, makes a rule throw or raise twice without an end between', () => {
  fc.assert(
    fc.property(story, fc.array(fc.nat({ max: 3 * 1440 }), { maxLength: 40 }), (told, lateness) => {
      const house = watch(rules);
      for (const { report, index } of told) {
        house.advance(17 * MINUTE_MS);
        const lateMs = (lateness[index] ?? 0) * MINUTE_MS;
        for (let times = 0; times <= index % 2; times++) house.read(report, { ...detector, lateMs });
      }
      expect(house.failures).toEqual([]);
      const open = new Set<string>();
      for (const change of house.changes) {
        if (change.type === 'raise') {
          expect(open.has(change.alert.condition)).toBe(false);
          open.add(change.alert.condition);
        } else if (change.type === 'clear') {
          const alert = house.alerts.find(({ alertId }) => alertId === change.alertId);
          expect(open.delete(alert?.condition ?? '')).toBe(true);
        }
      }
    }),
    { seed: 7, numRuns: 200 },
  );
});
