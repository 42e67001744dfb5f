import type { DeviceKind, Report } from '../firmware-contracts/report.ts';
import { localTimeIn } from '../platform/local-time.ts';
import type { Alert, AlertChange, ClockTrust, Note, Whereabouts } from '../records/alert.ts';
import { FoldState } from '../records/fold-state.ts';
import type { RegistryView } from '../records/registry.ts';
import { createEngine, type EngineAnswer } from './engine.ts';
import type { RuleEvent } from './event.ts';
import type { Home } from './home.ts';
import type { AnyRule } from './rule.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const START_AT = Date.UTC(2026, 10, 2, 3);

/** A report without what every report carries; the driver counts that. */
export type ShortReport = Report extends infer One ? (One extends Report ? Omit<One, 'v'> : never) : never;

/** A registry that knows where its devices are, and the overrides of rules. */
export function registryOf(
  devices: Whereabouts[],
  overrides: Record<string, Record<string, number | string | boolean>[]> = {},
): RegistryView {
  const places = new Map(devices.map((where) => [where.deviceId, where]));
  const nothing = () => undefined;
  return {
    device: nothing,
    person: nothing,
    place: nothing,
    site: nothing,
    area: nothing,
    household: nothing,
    contact: nothing,
    account: nothing,
    contactsByPhone: () => [],
    peopleByPhone: () => [],
    whereabouts: (deviceId) => places.get(deviceId) ?? { deviceId, unregistered: true },
    whereaboutsOf: ({ type, id }) => whereAt(devices, type, id),
    referring: () => [],
    contactsFor: () => [],
    ruleSettings: (rule) => overrides[rule] ?? [],
    shadowSettings: () => noShadows,
    ruleSetting: nothing,
    isWithin: () => false,
    thresholds: () => [],
    policies: () => [],
    roster: nothing,
    rosters: () => [],
    households: () => [],
    profiles: () => [],
    devices: () => [],
    revision: () => 0,
  };
}

const noShadows: readonly string[] = [];

/** Where a home's first device is, without the device. */
function whereAt(devices: readonly Whereabouts[], type: 'person' | 'household' | 'place', id: string): Whereabouts {
  const { deviceId: _, ...where } = devices.find((one) => one[`${type}Id`] === id) ?? {};
  return where;
}

/** The county's clock. */
export const localTime = localTimeIn('Asia/Shanghai');

/** Which report it was and how it came; by default a live one with the next `seq`. */
export type Circumstances = {
  where?: Whereabouts;
  deviceKind?: DeviceKind;
  /** `undefined` means that the lateness is unknown. */
  lateMs?: number | undefined;
  clock?: ClockTrust;
  unread?: string[];
  causeId?: string;
};

/** Drives rules through the engine; time moves only when the test says so. */
export function watch(
  rules: AnyRule | readonly AnyRule[],
  { devices = [home], settings = {}, from = new FoldState(), registry }: WatchOptions = {},
) {
  const all = Array.isArray(rules) ? rules : [rules as AnyRule];
  const overrides = Object.fromEntries(all.map(({ name }) => [name, [settings]]));
  const known = { ...registryOf(devices, overrides), ...registry };
  const engine = createEngine({ rules: all, state: from, registry: known, localTime });
  const changes: AlertChange[] = [];
  const failures: EngineAnswer['failures'] = [];
  let now = START_AT;
  let seq = 0;

  const collect = (answer: EngineAnswer) => {
    changes.push(...answer.changes);
    failures.push(...answer.failures);
  };
  const driver = {
    engine,
    changes,
    failures,
    get now() {
      return now;
    },
    get alerts(): Alert[] {
      return changes.flatMap((change) => (change.type === 'raise' ? [change.alert] : []));
    },
    get notes(): Note[] {
      return changes.flatMap((change) => (change.type === 'note' ? [change.note] : []));
    },
    /** What followed an alert: strengthened and cleared. */
    get later() {
      return changes.filter((change) => change.type === 'strengthen' || change.type === 'clear');
    },
    /** What the engine knows of a subject. */
    state(rule: string, subject: string): unknown {
      return from.table<{ state: unknown }>(`rule:${rule}`).get(subject)?.state;
    },
    read(
      report: ShortReport,
      { where = devices[0] ?? home, deviceKind, clock = 'trusted', unread = [], causeId, ...rest }: Circumstances = {},
    ): void {
      const lateMs = 'lateMs' in rest ? rest.lateMs : 0;
      seq += 1;
      const full = { v: 1, boot: 1, seq, ...report } as Report;
      driver.tell({
        type: 'report',
        at: now,
        causeId: causeId ?? `${where.deviceId}:1:${full.seq}:abcd`,
        where,
        report: full,
        occurredAt: now - (lateMs ?? 0),
        clock,
        unread,
        ...(lateMs !== undefined && { lateMs }),
        ...(deviceKind && { deviceKind }),
      });
    },
    tell(event: RuleEvent): void {
      driver.advance(0);
      collect(engine.step(event));
    },
    advance(byMs: number): void {
      const until = now + byMs;
      for (let due = engine.nextDeadline(); due !== undefined && due <= until; due = engine.nextDeadline()) {
        collect(engine.fire(due));
      }
      now = until;
    },
    /** The same report again and again, from now on. */
    readEvery(everyMs: number, report: ShortReport, { for: forMs }: { for: number }): void {
      for (let spent = 0; spent < forMs; spent += everyMs) {
        driver.read(report);
        driver.advance(everyMs);
      }
    },
  };
  return driver;
}

export type WatchOptions = {
  /** Where the devices are; the first sends what does not say where it comes from. */
  devices?: Whereabouts[];
  /** Overrides over the rule's defaults. */
  settings?: Record<string, number>;
  /** A fold that already holds something. */
  from?: FoldState;
  /** What the registry knows beside where the devices are: people, places, zones. */
  registry?: Partial<RegistryView>;
};

export const home: Whereabouts = {
  deviceId: 'dev-1',
  personId: 'nara',
  householdId: 'h1',
  placeId: 'house-1',
  areaId: 'gacha-1',
};
export const otherRoom: Whereabouts = { ...home, deviceId: 'dev-2' };
export const stranger: Whereabouts = { deviceId: 'dev-9', unregistered: true };

/** A home of which nothing is known. */
export const unknownHome: Home = {
  ...{ people: () => [], devices: () => [], household: () => undefined, place: () => undefined, zones: () => [] },
  camps: () => [],
  ...{
    life: () => ({ latest: [] }),
    standing: () => undefined,
    canAsk: () => false,
    local: localTime,
    thresholds: () => [],
  },
  isLivedIn: () => false,
  areas: {
    ...{
      area: () => undefined,
      site: () => undefined,
      below: () => [],
      devicesIn: () => [],
      householdsIn: () => [],
      householdsAt: () => [],
      devices: () => [],
    },
    ...{ people: () => [], detectorsOf: () => [], standing: () => undefined, life: () => ({ latest: [] }) },
  },
};
