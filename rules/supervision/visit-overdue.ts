import { livesThere } from '../../records/absence.ts';
import type { AlertChange, Whereabouts } from '../../records/alert.ts';
import type { Person } from '../../records/registry.ts';
import type { RuleEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import { clearWork } from './device-word.ts';
import { morningAfter } from './morning.ts';
import { isAway } from './welfare-round.ts';

/**
 * unwatched -> due (somebody lives there; somebody has to be met within `everyMs`, or `specialMs` where a category asks for it, and
 * within `afterEmergencyMs` of an emergency) -> overdue (nobody was, by the morning after) -> due (a visit met somebody). A home whose
 * people are all away, or that nobody lives in, is not visited; who comes back is, soon.
 */
export const visitOverdue: Rule<VisitOverdue, VisitOverdueSettings> = {
  name: 'visit-overdue',
  initial: { phase: 'unwatched' },
  settings: { everyMs: 92 * 86_400_000, specialMs: 31 * 86_400_000, afterEmergencyMs: 7 * 86_400_000 },
  ranges: {
    everyMs: [86_400_000, 400 * 86_400_000],
    specialMs: [86_400_000, 400 * 86_400_000],
    afterEmergencyMs: [86_400_000, 31 * 86_400_000],
  },
  hears: ['visit', 'home-changed', 'emergency', 'device-condition'],
  subject(event) {
    const { householdId } = event.where;
    const concerns = event.type === 'visit' || event.type === 'home-changed' || event.type === 'emergency';
    return householdId !== undefined && (concerns || isFirstWord(event)) ? `household:${householdId}` : undefined;
  },
  deadline: (state) => (state.phase === 'due' ? state.noticeAt : undefined),
  rebase: (state, byMs) => (state.phase === 'due' ? { ...state, noticeAt: state.noticeAt + byMs } : state),
  step(state, event, settings, home) {
    switch (event.type) {
      case 'visit':
        if (event.result === 'nobody-there') return [state, []];
        return met(state, event.at, Math.min(event.visitedAt, event.at), settings, home);
      case 'emergency':
        if (state.phase === 'unwatched') return [state, []];
        return replanned(state, { ...kept(state), emergencyAt: event.at }, event.at, settings, home, 'emergency');
      case 'home-changed':
        return changed(state, event.at, settings, home);
      case 'tick':
        return state.phase === 'due' ? falls(state, event.at, event.where, settings, home) : [state, []];
      default:
        return state.phase === 'unwatched' ? changed(state, event.at, settings, home) : [state, []];
    }
  },
};

/** Epoch ms. `since`: from when on it is watched; `dueAt`: by when somebody has to be met; `noticeAt`: the morning after. */
export type VisitOverdue =
  | { phase: 'unwatched' }
  | (Kept & { phase: 'due'; dueAt: number; noticeAt: number })
  | (Kept & { phase: 'overdue'; dueAt: number; alertId: string });
type Kept = { since: number; metAt?: number; emergencyAt?: number };
type Watched = Exclude<VisitOverdue, { phase: 'unwatched' }>;
export type VisitOverdueSettings = {
  /** Every home, at least. */
  everyMs: number;
  /** People for whom a county promises a visit each month. */
  specialMs: number;
  afterEmergencyMs: number;
};

/** Categories of 特殊困难老年人, for whom the state plan names a visit each month. */
const special: ReadonlySet<Person['categories'][number]> = new Set([
  'living-alone',
  'left-behind',
  'disabled',
  'dementia',
  'advanced-age',
]);

/** Nobody knows when they come back: it is asked again. */
const openAbsenceMs = 7 * 86_400_000;
const afterReturnMs = 3 * 86_400_000;

/** Installations that are older than this rule begin with the next word of a device there. */
const isFirstWord = (event: RuleEvent): boolean => event.type === 'device-condition' && event.condition === 'heard';

const kept = ({ since, metAt, emergencyAt }: Kept): Kept => ({
  since,
  ...(metAt !== undefined && { metAt }),
  ...(emergencyAt !== undefined && { emergencyAt }),
});

/** With the day on which it is due, by what is known of its people now. */
function planned(known: Kept, at: number, settings: VisitOverdueSettings, home: Home): VisitOverdue {
  const { since, metAt = since, emergencyAt } = known;
  const people = livingThere(home, at);
  const isSpecial = people.some(({ categories }) => categories.some((category) => special.has(category)));
  const roundAt = metAt + (isSpecial ? Math.min(settings.specialMs, settings.everyMs) : settings.everyMs);
  const afterAt = emergencyAt !== undefined && emergencyAt > metAt ? emergencyAt + settings.afterEmergencyMs : roundAt;
  const dueAt = Math.max(Math.min(roundAt, afterAt), backAt(people, at));
  return { ...known, phase: 'due', dueAt, noticeAt: morningAfter(dueAt, home.place()?.areaId, home) };
}

/** While everybody is away nobody is visited; 0: somebody is there. */
function backAt(people: readonly Person[], at: number): number {
  if (people.some((person) => !isAway(person, at))) return 0;
  const backAts = people.map(({ absence }) => absence?.until ?? at + openAbsenceMs);
  return Math.min(...backAts) + afterReturnMs;
}

/** A visit that was entered late is as good; one that is older than the last changes nothing. */
function met(
  state: VisitOverdue,
  at: number,
  metAt: number,
  settings: VisitOverdueSettings,
  home: Home,
): [VisitOverdue, AlertChange[]] {
  const before: Kept = state.phase === 'unwatched' ? { since: at } : kept(state);
  if (!isVisited(home, at) || metAt <= (before.metAt ?? 0)) return [state, []];
  return replanned(state, { ...before, metAt }, at, settings, home, 'visited');
}

/** An alert stands as long as the day on which it was due is over by the new plan too. */
function replanned(
  state: VisitOverdue,
  known: Kept,
  at: number,
  settings: VisitOverdueSettings,
  home: Home,
  transition: string,
): [VisitOverdue, AlertChange[]] {
  const plan = planned(known, at, settings, home);
  if (state.phase !== 'overdue') return [plan, []];
  if (plan.phase === 'due' && plan.noticeAt <= at)
    return [{ ...known, phase: 'overdue', dueAt: plan.dueAt, alertId: state.alertId }, []];
  return [plan, [clearWork(state.alertId, at, { transition })]];
}

/** Whoever moved away or died is not visited, and asks for no visit of others. */
const livingThere = (home: Home, at: number): readonly Person[] => home.people().filter((one) => livesThere(one, at));

/** Somebody lives there, and not in a care home, where somebody comes every day. */
function isVisited(home: Home, at: number): boolean {
  const siteId = home.place()?.siteId;
  const site = siteId === undefined ? undefined : home.areas.site(siteId);
  return home.household() !== undefined && livingThere(home, at).length > 0 && site?.kind !== 'care-home';
}

function changed(
  state: VisitOverdue,
  at: number,
  settings: VisitOverdueSettings,
  home: Home,
): [VisitOverdue, AlertChange[]] {
  if (!isVisited(home, at)) {
    const over = state.phase === 'overdue' ? [clearWork(state.alertId, at, { transition: 'nobody lives there' })] : [];
    return [visitOverdue.initial, over];
  }
  if (state.phase === 'unwatched') return [planned({ since: at }, at, settings, home), []];
  return replanned(state, kept(state), at, settings, home, 'other people, or away');
}

function falls(
  state: Extract<Watched, { phase: 'due' }>,
  at: number,
  where: Whereabouts,
  settings: VisitOverdueSettings,
  home: Home,
): [VisitOverdue, AlertChange[]] {
  if (!isVisited(home, at)) return [visitOverdue.initial, []];
  // The limits and who is away may have changed since it was planned.
  const plan = planned(kept(state), at, settings, home);
  if (plan.phase === 'due' && plan.noticeAt > at) return [plan, []];
  const { dueAt, since, metAt, emergencyAt } = { ...state, ...plan };
  const isAfterEmergency = emergencyAt !== undefined && emergencyAt > (metAt ?? since);
  const alertId = `visit-overdue:${where.householdId}:${dueAt}`;
  const reason = {
    dueAt,
    ...(metAt === undefined ? { watchedSinceAt: since } : { visitedAt: metAt }),
    ...(isAfterEmergency && { emergencyAt }),
    transition: 'due to overdue',
  };
  const { placeId, areaId } = where;
  const subject =
    placeId === undefined
      ? ({ type: 'area', id: areaId ?? 'unknown' } as const)
      : ({ type: 'place', id: placeId } as const);
  const words = { rule: 'visit-overdue', condition: 'visit-overdue', severity: 'service', clock: 'trusted' } as const;
  const alert = { alertId, ...words, at, occurredAt: at, subject, where, reason };
  return [{ ...kept(state), phase: 'overdue', dueAt, alertId }, [{ type: 'raise', alert }]];
}
