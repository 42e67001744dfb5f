import type { PositionReport } from '../../firmware-contracts/wearable.ts';
import { localTimeIn } from '../../platform/local-time.ts';
import type { AlertChange, Condition, Severity, Whereabouts } from '../../records/alert.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Person, Place, RegistryView, Zone } from '../../records/registry.ts';
import { createEngine, type Engine } from '../../rules/engine.ts';
import type { RuleEvent } from '../../rules/event.ts';
import type { AnyRule } from '../../rules/rule.ts';
import { campMoved } from '../../rules/wandering/camp-moved.ts';
import type { Shape } from '../../rules/wandering/geodesy.ts';
import { positionUnknown } from '../../rules/wandering/position-unknown.ts';
import { wandering } from '../../rules/wandering/wandering.ts';

/** One person's fixes in the order in which they were taken, and what is known about them. Instants are epoch ms. */
export type Track = {
  person: string;
  home: { lat: number; lon: number };
  categories?: Person['categories'];
  zones?: readonly (Shape & { months?: number[] })[];
  camps?: readonly { lat: number; lon: number }[];
  /** Of the county's clock; Asia/Shanghai where it is not said. */
  timeZone?: string;
  /** When the person was truly outside. */
  exits?: readonly { from: number; until?: number }[];
  fixes: readonly TrackFix[];
};
export type TrackFix = {
  t: number;
  lat: number;
  lon: number;
  accuracy?: number;
  speed?: number;
  source?: PositionReport['source'];
};

export type Told = { at: number; condition: Condition; severity: Severity };

/** What the shipped rules say of a track whose fixes arrive as they are taken, until `quietMs` after the last of them. */
export function judgeTrack(track: Track, { rules = trackRules, quietMs = 10 * 60_000 }: Judging = {}): Told[] {
  const localTime = localTimeIn(track.timeZone ?? 'Asia/Shanghai');
  const engine = createEngine({ rules, state: new FoldState(), registry: registryOf(track), localTime });
  const told: Told[] = [];
  for (const [index, fix] of track.fixes.entries()) {
    collect(told, fire(engine, fix.t));
    const answer = engine.step(eventOf(fix, index));
    if (answer.failures.length > 0) throw new Error('a rule failed', { cause: answer.failures });
    collect(told, answer.changes);
  }
  collect(told, fire(engine, (track.fixes.at(-1)?.t ?? 0) + quietMs));
  return told;
}
type Judging = { rules?: readonly AnyRule[]; quietMs?: number };

export const trackRules: readonly AnyRule[] = [wandering, positionUnknown, campMoved];

function fire(engine: Engine, until: number): AlertChange[] {
  const changes: AlertChange[] = [];
  for (let due = engine.nextDeadline(); due !== undefined && due <= until; due = engine.nextDeadline())
    changes.push(...engine.fire(due).changes);
  return changes;
}

function collect(told: Told[], changes: readonly AlertChange[]): void {
  for (const change of changes) {
    if (change.type !== 'raise') continue;
    const { at, condition, severity } = change.alert;
    told.push({ at, condition, severity });
  }
}

function eventOf({ t, source = 'gnss', ...fix }: TrackFix, seq: number): RuleEvent {
  const report = { name: 'position', v: 1, boot: 1, seq, source, ...fix } as const;
  const times = { at: t, occurredAt: t, clock: 'trusted', lateMs: 0 } as const;
  return { type: 'report', ...times, causeId: `${where.deviceId}:1:${seq}:0`, where, report, unread: [] };
}

const where = { deviceId: 'd', personId: 'p', householdId: 'h', placeId: 'home', areaId: 'a' } satisfies Whereabouts;

const noShadows: readonly string[] = [];

function registryOf({ home, camps = [], zones = [], categories = [] }: Track): RegistryView {
  const placed = (id: string, kind: Place['kind'], { lat, lon }: { lat: number; lon: number }): Place => ({
    ...{ id, kind, areaId: 'a', name: id, position: { lat, lon, datum: 'WGS-84' } },
  });
  const places = [
    placed('home', 'house', home),
    ...camps.map((camp, index) => placed(`c${index}`, 'summer-camp', camp)),
  ];
  const person: Person = { id: 'p', householdId: 'h', name: 'p', language: 'en', categories };
  const drawn = zones.map(({ months, ...shape }, index) => ({
    ...{ id: `z${index}`, of: { type: 'person', id: 'p' }, name: 'zone', datum: 'WGS-84', shape },
    ...(months && { months }),
  })) as Zone[];
  const listed: { [entity: string]: readonly unknown[] } = { person: [person], place: places, zone: drawn };
  const referring = (entity: string, to: string): readonly unknown[] =>
    entity === 'zone' && to !== 'person' ? [] : (listed[entity] ?? []);
  const nothing = () => undefined;
  return {
    ...{ device: nothing, site: nothing, area: nothing, contact: nothing, account: nothing },
    ...{ person: () => person, household: () => ({ id: 'h', areaId: 'a', currentPlaceId: 'home' }) },
    place: (id) => places.find((place) => place.id === id),
    ...{ whereabouts: () => where, whereaboutsOf: () => where },
    referring: referring as RegistryView['referring'],
    ...{ contactsByPhone: () => [], peopleByPhone: () => [] },
    ...{ policies: () => [], profiles: () => [], roster: nothing, rosters: () => [], households: () => [] },
    ...{ contactsFor: () => [], ruleSettings: () => [], devices: () => [], revision: () => 0, thresholds: () => [] },
    ...{ shadowSettings: () => noShadows, ruleSetting: () => undefined, isWithin: () => false },
  } as RegistryView;
}
