import { expect, test } from 'vitest';
import type { Report, ReportName } from '../firmware-contracts/report.ts';
import { allRules } from './all-rules.ts';
import type { DeviceCondition, RuleEvent } from './event.ts';
import { createHearers } from './hearers.ts';
import type { Heard } from './rule.ts';

const rows = new Map(allRules.map((rule) => [rule.name, { rule }]));

test.each(allRules.map((rule) => [rule.name, rule] as const))(
  'an event that is the business of %s is brought to it',
  (_, rule) => {
    const hearers = createHearers(rows);
    const missed = events.filter((event) => rule.subject(event) !== undefined && !isLeftOut(rule.conditions, event));
    const brought = missed.filter((event) => hearers.of(event).some((one) => one.rule === rule));
    expect(brought).toEqual(missed);
  },
);

test.each(allRules.map((rule) => [rule.name, rule] as const))(
  '%s hears nothing that is never its business',
  (_, rule) => {
    const idle = (rule.hears ?? []).filter(
      (heard) => !events.some((event) => isHeard(heard, event) && rule.subject(event) !== undefined),
    );
    expect(idle).toEqual([]);
  },
);

test('rules are asked in their order, and anew once others are there', () => {
  const some = new Map([...rows].slice(0, 3));
  const hearers = createHearers(some);
  const [press] = events.filter((event) => event.type === 'report' && event.report.name === 'press');
  if (!press) throw new Error('no press');
  const before = hearers.of(press).map(({ rule }) => rule.name);
  for (const [name, row] of rows) some.set(name, row);
  expect(hearers.of(press).map(({ rule }) => rule.name)).toEqual(before);
  hearers.forget();
  expect(hearers.of(press).map(({ rule }) => rule.name)).toEqual(
    allRules.flatMap(({ name, hears }) => (!hears || hears.includes('press') || hears.includes('report') ? name : [])),
  );
});

const isHeard = (heard: Heard, event: RuleEvent): boolean =>
  heard === event.type || (event.type === 'report' && heard === event.report.name);
/** What the rules that watch over devices say is for the others. */
const isLeftOut = (conditions: true | undefined, { type }: RuleEvent): boolean =>
  conditions === true && type === 'device-condition';

const where = { deviceId: 'd', personId: 'e', placeId: 'p', householdId: 'h', areaId: 'a' };
const every = { at: 1, where };
const ids = { deviceId: 'd', householdId: 'h', personId: 'e', causeId: 'c', reportName: 'fall' };
const said = { charge: 1, battery: 3, rsrp: -100, snr: 1, temperature: 1, faults: ['sensor'], worn: 'yes', at: 1 };
const names = {
  ...{ alarm: 0, test: 0, tamper: 0, status: 0, done: 0, position: 0, fall: 0, motion: 0, press: 0, vitals: 0 },
  presence: 0,
} satisfies Record<ReportName, 0>;
const types = {
  ...{ unreadable: 0, 'counter-reused': 0, 'device-added': 0, 'device-removed': 0, 'device-heard': 0, visit: 0 },
  ...{ 'test-window': 0, 'prompt-answered': 0, 'home-changed': 0, uplink: 0, emergency: 0 },
} satisfies Record<Exclude<RuleEvent['type'], 'tick' | 'report' | 'device-condition'>, 0>;
const conditions = {
  ...{ heard: 0, 'not-worn': 0, charging: 0, silent: 0, 'battery-low': 0, fault: 0, tamper: 0, 'signal-weak': 0 },
  ...{ 'clock-wrong': 0, 'fault-codes': 0, 'battery-empty': 0, 'test-failed': 0, 'test-window': 0 },
} satisfies Record<DeviceCondition, 0>;

/** Of each kind one that says all that such an event can, of a home of which all is known. */
const events: readonly RuleEvent[] = [
  ...Object.keys(names).flatMap((name) =>
    (['smoke-detector', 'wearable', 'call-button', 'presence-sensor'] as const).map((deviceKind) => ({
      ...{ ...every, type: 'report' as const, causeId: 'c', deviceKind, occurredAt: 1, clock: 'trusted' as const },
      ...{ unread: [], report: { name, ...said } as unknown as Report },
    })),
  ),
  ...Object.keys(types).map((type) => ({ ...every, ...ids, type }) as unknown as RuleEvent),
  ...Object.keys(conditions).map(
    (condition) => ({ ...every, ...ids, type: 'device-condition', condition, began: true }) as unknown as RuleEvent,
  ),
];
