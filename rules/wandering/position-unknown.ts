import type { AlertChange } from '../../records/alert.ts';
import type { Person } from '../../records/registry.ts';
import { alertIdOf, type Cause, causeOf, happenedAt, personSubject, raise } from '../cause.ts';
import type { ReportEvent, TickEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import { isUnworn } from './excuses.ts';
import { beyondMeters, expectedPlaces, hasDementia, isAbsent } from './expected-places.ts';
import { type Fix, fixOf, isFine, radiusOf } from './fixes.ts';
import { metersBetween } from './geodesy.ts';
import { lastSeen } from './last-seen.ts';
import { isNight, nextNightAt } from './night.ts';

/**
 * Somebody was seen outside of where they are expected, or on the way out at its edge, and then not again: home -> out -> unknown (no fix
 * to go by for `unknownMs`, by night and with dementia for `shortUnknownMs`) -> home or out (they are seen again). A coarse fix, and what
 * a device says that nobody wears, says that it was heard and not where they are. Nobody is missed at a camp that the household may
 * have moved to, nor while the registry has them elsewhere. It watches over what devices say: a stop of the system moves its deadlines.
 */
export const positionUnknown: Rule<PositionUnknown, PositionUnknownSettings> = {
  name: 'position-unknown',
  initial: { phase: 'home' },
  settings: {
    homeRadiusMeters: 1000,
    dementiaRadiusMeters: 300,
    coarseMeters: 300,
    edgeMeters: 50,
    campMeters: 2000,
    unknownMs: 4 * 3_600_000,
    shortUnknownMs: 3_600_000,
    lateMs: 60_000,
    lateFixMs: 10_000,
    nightFromMinute: 21 * 60,
    nightUntilMinute: 6 * 60,
  },
  ranges: {
    homeRadiusMeters: [50, 20_000],
    dementiaRadiusMeters: [30, 20_000],
    coarseMeters: [50, 2000],
    edgeMeters: [0, 1000],
    campMeters: [200, 10_000],
    unknownMs: [30 * 60_000, 24 * 3_600_000],
    shortUnknownMs: [20 * 60_000, 24 * 3_600_000],
    lateMs: [10_000, 10 * 60_000],
    lateFixMs: [0, 60_000],
    nightFromMinute: [16 * 60, 24 * 60 - 1],
    nightUntilMinute: [3 * 60, 10 * 60],
  },
  hears: ['position', 'device-added', 'device-removed'],
  subject(event) {
    const { type, where } = event;
    if (type === 'device-removed' || type === 'device-added') return where.deviceId;
    return type === 'report' && event.report.name === 'position' && where.personId !== undefined
      ? where.deviceId
      : undefined;
  },
  deadline: (state) => (state.phase === 'out' ? state.dueAt : undefined),
  rebase: (state, byMs) => (state.phase === 'out' ? { ...state, dueAt: state.dueAt + byMs } : state),
  stoodStill: (state) => (state.phase === 'unknown' ? { phase: 'home' } : state),
  step(state, event, settings, home) {
    switch (event.type) {
      case 'report':
        return onFix(state, event, settings, home);
      case 'tick':
        return onTick(state, event, home);
      case 'device-added':
        return event.where.personId === personOf(state) ? [state, []] : unwatched(state, event.at);
      case 'device-removed':
        return unwatched(state, event.at);
      default:
        return [state, []];
    }
  },
};

/** `fix`: the last to go by; `dueAt`: when they are missed (epoch ms). */
export type PositionUnknown =
  | { phase: 'home'; fix?: Fix; personId?: string }
  | { phase: 'out'; fix: Fix; cause: Cause; dueAt: number }
  | { phase: 'unknown'; fix: Fix; alertId: string; personId?: string };
export type PositionUnknownSettings = {
  /** As those of `wandering`. */
  homeRadiusMeters: number;
  dementiaRadiusMeters: number;
  coarseMeters: number;
  /** So near to the edge, and going outward, somebody is as good as out. */
  edgeMeters: number;
  campMeters: number;
  /** How long nothing to go by is usual on the steppe; and by night, or for somebody with dementia. */
  unknownMs: number;
  shortUnknownMs: number;
  /** As those of `wandering`: what was stored comes in one go, and the last of it says where they are. */
  lateMs: number;
  lateFixMs: number;
  nightFromMinute: number;
  nightUntilMinute: number;
};
type Step = [PositionUnknown, AlertChange[]];

function onFix(state: PositionUnknown, event: ReportEvent, settings: PositionUnknownSettings, home: Home): Step {
  const { report, at, where } = event;
  const found = report.name === 'position' ? fixOf(report, happenedAt(event)) : undefined;
  if (!found || !isFine(found, settings.coarseMeters) || isUnworn(home, where.deviceId)) return [state, []];
  const before = personOf(state) === where.personId ? state.fix : undefined;
  if (before && found.at <= before.at) return [state, []];
  const person = home.people().find(({ id }) => id === where.personId);
  const outsideMeters = beyondMeters(expectedPlaces(home, person, found.at, settings), found);
  if (outsideMeters === undefined) return [state, []];
  const fix: Fix = { ...found, outsideMeters: Math.round(outsideMeters) };
  // Whose fixes are far between is missed later.
  const waitMs = patience * (before ? fix.at - before.at : 0);
  const dueAt = Math.max(missedAt(fix.at, person, home, settings), fix.at + Math.min(waitMs, settings.unknownMs));
  const changes: AlertChange[] =
    state.phase === 'unknown' && dueAt > at ? [clear(state.alertId, at, 'unknown to known', fix.at)] : [];
  // A stored fix of long ago is no word of where they are: who is missed stays missed.
  if (state.phase === 'unknown' && dueAt <= at) return [{ ...state, fix }, []];
  const isOut = isOutward(fix, before, settings) && !isAbsent(person, at) && !isAtCamp(fix, person, home, settings);
  const isStored = (event.lateMs ?? 0) > settings.lateMs;
  const missedAfter = isStored ? Math.max(dueAt, at + settings.lateFixMs) : dueAt;
  if (isOut) return [{ phase: 'out', fix, cause: causeOf(event), dueAt: missedAfter }, changes];
  return [{ phase: 'home', fix, ...(where.personId !== undefined && { personId: where.personId }) }, changes];
}

function onTick(state: PositionUnknown, { at, where }: TickEvent, home: Home): Step {
  if (state.phase !== 'out') return [state, []];
  const { fix, cause } = state;
  const { personId } = cause.where;
  const person = home.people().find(({ id }) => id === personId);
  const known = { fix, ...(personId !== undefined && { personId }) };
  if (!person || isAbsent(person, at)) return [{ phase: 'home', ...known }, []];
  const standing = where.deviceId === undefined ? undefined : home.standing(where.deviceId);
  const device = standing?.worn === 'no' ? 'not-worn' : standing?.charging ? 'charging' : undefined;
  const reason = {
    transition: 'out to unknown',
    ...lastSeen(fix, home),
    limitMs: Math.max(0, state.dueAt - fix.at),
    ...(standing && { heardAt: standing.lastAt }),
    ...(device !== undefined && { device }),
  };
  const words = { rule: positionUnknown.name, condition: 'position-unknown', severity: 'urgent' } as const;
  // It is told late because nothing came, and not because something came late.
  const { lateMs: _, ...inTime } = cause;
  const raised = raise(inTime, { ...words, at, subject: personSubject(cause.where), reason });
  return [{ phase: 'unknown', ...known, alertId: alertIdOf(positionUnknown.name, cause) }, [raised]];
}

/** So many of the last step from one fix to the next may stay out. */
const patience = 3;

/** When somebody who was seen at `at` and not again is missed: sooner with dementia, and once night has fallen. */
function missedAt(at: number, person: Person | undefined, home: Home, settings: PositionUnknownSettings): number {
  const soonAt = at + settings.shortUnknownMs;
  const local = home.local(at);
  if (hasDementia(person) || isNight(local, settings)) return soonAt;
  const nightAt = nextNightAt(at, local, settings) ?? at;
  return Math.min(at + settings.unknownMs, Math.max(nightAt, soonAt));
}

/** Surely beyond the edge, or near to it on the way out, surely further than before. */
function isOutward(fix: Fix, before: Fix | undefined, { edgeMeters }: PositionUnknownSettings): boolean {
  const { outsideMeters = 0, speed = walkMetersPerSecond } = fix;
  if (outsideMeters > radiusOf(fix)) return true;
  const wentMeters = outsideMeters - (before?.outsideMeters ?? outsideMeters);
  return outsideMeters > -edgeMeters && wentMeters > 2 * radiusOf(fix) && speed >= walkMetersPerSecond;
}
const walkMetersPerSecond = 0.5;

/** Who has dementia is missed there too: old camps are where they go. */
function isAtCamp(fix: Fix, person: Person | undefined, home: Home, { campMeters }: PositionUnknownSettings): boolean {
  if (hasDementia(person) || (fix.outsideMeters ?? 0) <= 0) return false;
  return home.camps().some(({ position }) => position && metersBetween(position, fix) <= campMeters);
}

const personOf = (state: PositionUnknown): string | undefined =>
  state.phase === 'out' ? state.cause.where.personId : state.personId;

const unwatched = (state: PositionUnknown, at: number): Step => [
  positionUnknown.initial,
  state.phase === 'unknown' ? [clear(state.alertId, at, 'unknown to unwatched')] : [],
];

function clear(alertId: string, at: number, transition: string, seenAt?: number): AlertChange {
  return { type: 'clear', alertId, at, reason: { transition, ...(seenAt !== undefined && { seenAt }) } };
}
