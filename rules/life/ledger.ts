import type { StatusReport } from '../../firmware-contracts/every-device.ts';
import type { Report } from '../../firmware-contracts/report.ts';
import type { TestReport } from '../../firmware-contracts/smoke-detector.ts';
import type { Whereabouts } from '../../records/alert.ts';
import type { FoldState } from '../../records/fold-state.ts';
import type { RegistryView } from '../../records/registry.ts';
import { happenedAt } from '../cause.ts';
import { eventsOf, type Found } from '../device-conditions.ts';
import type { DeviceCondition, DeviceConditionEvent, RuleEvent, TestWindowEvent } from '../event.ts';
import { type DeviceStanding, type LifeSign, type LifeSigns, noSigns, signOf, withSign } from './life-signs.ts';

/**
 * The account of signs of life, a row a household, and of what devices last said of themselves, a row a device. It hears each event
 * before the rules do.
 * Bounds: `mostSigns` a household, one row a registered device; who left the registry is forgotten.
 */
export function createLedger({ state, registry }: { state: FoldState; registry: LedgerRegistry }) {
  const ofHouseholds = state.table<LifeSigns>('life-signs');
  /** Of places where several households live: nobody knows whose sign it is. */
  const ofPlaces = state.table<LifeSigns>('life-signs-of-places');
  const standings = state.table<DeviceStanding>('device-standing');

  function hear(event: RuleEvent, deviceId: string): DeviceConditionEvent[] {
    const before = standings.get(deviceId);
    const heard =
      before && event.at - before.lastAt < resolutionMs ? before : { ...(before ?? unheard), lastAt: event.at };
    const after = event.type === 'report' ? told(heard, event.report, happenedAt(event)) : heard;
    if (after === before) return nothing;
    standings.set(deviceId, after);
    if (before && isSame(before, after)) return nothing;
    const found: Found[] = before ? [] : [{ condition: 'heard', began: true }];
    if ((before?.worn === 'no') !== (after.worn === 'no'))
      found.push({ condition: 'not-worn', began: after.worn === 'no' });
    // That none is left is said by the end of the alert about them.
    if (after.faults && before?.faults?.join() !== after.faults.join())
      found.push({ condition: 'fault-codes', began: true });
    if (before?.charging !== after.charging) found.push({ condition: 'charging', began: after.charging === true });
    if (before?.testFailed !== after.testFailed)
      found.push({ condition: 'test-failed', began: after.testFailed === true });
    return found.flatMap((one) => eventsOf(registry, deviceId, one, event.at));
  }

  /** What was never heard watches over nobody, in a test or not. */
  function test({ at, deviceId, until }: TestWindowEvent): DeviceConditionEvent[] {
    const before = standings.get(deviceId);
    if (!before) return nothing;
    standings.set(deviceId, { ...before, testUntil: until });
    return eventsOf(registry, deviceId, { condition: 'test-window', began: true }, at);
  }

  function keep(sign: LifeSign, { householdId, placeId }: Whereabouts): void {
    const signs = householdId === undefined ? ofPlaces : ofHouseholds;
    const id = householdId ?? placeId;
    if (id === undefined) return;
    const before = signs.get(id) ?? noSigns;
    const after = withSign(before, sign);
    if (after !== before) signs.set(id, after);
  }

  function find({ at, deviceId, condition, began }: DeviceConditionEvent): void {
    // What was heard before this account was kept is said to have been: it may never speak again.
    const before = standings.get(deviceId) ?? (condition === 'heard' ? { ...unheard, lastAt: at } : undefined);
    if (before) standings.set(deviceId, withCondition(before, condition, began));
  }

  return {
    /** Notes an event; the answer is what it says of its device that was not so before. */
    note(event: RuleEvent): readonly DeviceConditionEvent[] {
      const { where } = event;
      const sign = where.unregistered ? undefined : signOf(event);
      if (sign) keep(sign, where);
      switch (event.type) {
        case 'report':
        case 'unreadable':
        case 'device-heard':
          return where.unregistered || where.deviceId === undefined ? nothing : hear(event, where.deviceId);
        case 'test-window':
          return test(event);
        case 'device-removed':
          standings.delete(event.deviceId);
          return nothing;
        case 'device-condition':
          find(event);
          return nothing;
        case 'home-changed':
          if (!registry.household(event.householdId)) ofHouseholds.delete(event.householdId);
          return nothing;
        default:
          return nothing;
      }
    },

    life({ householdId, placeId }: Whereabouts): LifeSigns {
      const ofHousehold = householdId === undefined ? undefined : ofHouseholds.get(householdId);
      const ofPlace = placeId === undefined ? undefined : ofPlaces.get(placeId);
      if (!ofHousehold || !ofPlace) return ofHousehold ?? ofPlace ?? noSigns;
      return { latest: [...ofHousehold.latest, ...ofPlace.latest].sort((a, b) => a.at - b.at) };
    },

    standing: (deviceId: string): DeviceStanding | undefined => standings.get(deviceId),
  };
}

export type Ledger = ReturnType<typeof createLedger>;
type LedgerRegistry = Pick<RegistryView, 'household' | 'whereabouts' | 'referring'>;

const nothing: DeviceConditionEvent[] = [];
const unheard: Omit<DeviceStanding, 'lastAt'> = { silent: false };

/** A device that speaks every second costs no more than one that speaks every minute, ms. */
const resolutionMs = 60_000;

function told(before: DeviceStanding, report: Report, at: number): DeviceStanding {
  switch (report.name) {
    case 'status':
      return saidOfItself(before, report, at);
    case 'test':
      return tested(before, report, at);
    default:
      return before;
  }
}

/** A test that was stored on the way is overtaken by a newer one. */
function tested(before: DeviceStanding, { result }: TestReport, at: number): DeviceStanding {
  if (result === undefined || at < (before.testedAt ?? 0)) return before;
  const { testFailed: _, ...rest } = before;
  return result === 'failed' ? { ...rest, testedAt: at, testFailed: true } : { ...rest, testedAt: at };
}

/** A status that was stored on the way says nothing about now, and one that names no faults nothing of them. */
function saidOfItself(before: DeviceStanding, said: StatusReport, at: number): DeviceStanding {
  if (before.saidAt !== undefined && at < before.saidAt) return before;
  const { worn, charging, faults = before.faults } = said;
  const { silent, lastAt, batteryLow, conditions, notWornSinceAt = at, chargingSinceAt = at } = before;
  const after: DeviceStanding = worn ? { silent, lastAt, saidAt: at, worn } : { silent, lastAt, saidAt: at };
  if (batteryLow) after.batteryLow = batteryLow;
  if (before.batteryEmpty) after.batteryEmpty = before.batteryEmpty;
  if (before.testedAt !== undefined) after.testedAt = before.testedAt;
  if (before.testFailed) after.testFailed = before.testFailed;
  if (before.testUntil !== undefined) after.testUntil = before.testUntil;
  if (conditions) after.conditions = conditions;
  if (worn === 'no') after.notWornSinceAt = notWornSinceAt;
  if (charging) {
    after.charging = charging;
    after.chargingSinceAt = chargingSinceAt;
  }
  if (faults && faults.length > 0) after.faults = faults;
  return after;
}

/** Most words of a device say the same as the one before them. */
const isSame = (a: DeviceStanding, b: DeviceStanding): boolean =>
  a.worn === b.worn && a.charging === b.charging && a.faults === b.faults && a.testFailed === b.testFailed;

function withCondition(before: DeviceStanding, condition: DeviceCondition, began: boolean): DeviceStanding {
  switch (condition) {
    case 'heard':
    case 'not-worn':
    case 'charging':
    case 'fault-codes':
    case 'test-failed':
    case 'test-window':
      return before;
    case 'silent':
      return { ...before, silent: began };
    case 'battery-low': {
      const { batteryLow: _, batteryEmpty: __, ...rest } = before;
      return began ? { ...before, batteryLow: true } : rest;
    }
    case 'battery-empty': {
      const { batteryEmpty: _, ...rest } = before;
      return began ? { ...rest, batteryEmpty: true } : rest;
    }
    default: {
      const { conditions = [], ...rest } = before;
      const others = conditions.filter((one) => one !== condition);
      const now = began ? [...others, condition] : others;
      return now.length > 0 ? { ...rest, conditions: now } : rest;
    }
  }
}
