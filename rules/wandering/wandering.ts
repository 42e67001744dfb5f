import type { StatusReport } from '../../firmware-contracts/every-device.ts';
import type { AlertChange, Reason, Severity } from '../../records/alert.ts';
import type { Person } from '../../records/registry.ts';
import { alertIdOf, type Cause, causeOf, earliest, happenedAt, personSubject, raise } from '../cause.ts';
import type { ReportEvent, RuleEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import { excuseOf, isRiders, isUnworn, type Ride, rideOf } from './excuses.ts';
import { beyondMeters, expectedPlaces, hasDementia, isAbsent } from './expected-places.ts';
import { doubtMeters, type Fix, fixOf, isFine, radiusOf, trusted, withFix } from './fixes.ts';
import { lastSeen } from './last-seen.ts';
import { isColdSeason, isNight, nextNightAt } from './night.ts';
import { type Cell, forgottenAt, withRide } from './pasture.ts';
import { type WanderingSettings, wanderingRanges, wanderingSettings } from './wandering-settings.ts';

/**
 * Whether the wearer of a device left where they are expected. By its latest fixes in the order in which they were taken, whenever they
 * arrive: home -> suspected (one fix surely outside) -> away (a second one; one far outside
 * after one whose middle was outside; or none that denies it for `holdMs`) -> home (a fix surely
 * back, or two in a row whose middle is). A stored fix that arrives later finds its place among them and changes nothing that newer ones
 * say. Coarse ones, and jumps that nothing can make, are kept and not judged; nor is what a device says that nobody wears.
 *
 * Away is urgent; critical by night, in the cold, or with dementia, also when night falls later. Who is excused (excuses.ts) is not away,
 * until night falls. Silence is news of another rule: nobody is back because a device says nothing.
 */
export const wandering: Rule<Wandering, WanderingSettings> = {
  name: 'wandering',
  initial: { fixes: [] },
  settings: wanderingSettings,
  ranges: wanderingRanges,
  hears: ['position', 'status', 'device-added', 'device-removed'],
  subject(event) {
    const { type, where } = event;
    if (type === 'device-removed' || type === 'device-added') return where.deviceId;
    if (type !== 'report' || where.personId === undefined) return undefined;
    const { report } = event;
    return report.name === 'position' || (report.name === 'status' && 'temperature' in report)
      ? where.deviceId
      : undefined;
  },
  deadline: ({ dueAt }) => dueAt,
  /** What went out before is held: the next fix outside is told anew. Where they were last is what people search by. */
  stoodStill: (state) => (state.alert ? untold(state) : state),
  step(state, event, settings, home) {
    switch (event.type) {
      case 'report':
        return onReport(ofWearer(state, event), event, settings, home);
      case 'tick':
        return onTick(state, event, settings, home);
      case 'device-added':
        return state.personId === event.where.personId ? [state, []] : unwatched(state, event.at);
      case 'device-removed':
        return unwatched(state, event.at);
      default:
        return [state, []];
    }
  },
};

/**
 * `fixes`: in the order in which they were taken. `wasAway`: before a long stop of the system; nobody knows that they are back. `cause`: of the
 * latest that was surely outside, while that is no alert. `judgeAt`: one that came late waits for what was stored behind it. `coldAt`:
 * when the device last was as cold as the outside. `campId`: of the camp to which they came. Epoch ms.
 */
export type Wandering = {
  readonly fixes: readonly Fix[];
  readonly personId?: string;
  readonly alert?: { readonly alertId: string; readonly severity: Severity };
  readonly wasAway?: true;
  readonly cause?: Cause;
  readonly judgeAt?: number;
  readonly dueAt?: number;
  readonly coldAt?: number;
  readonly pasture?: readonly Cell[];
  readonly ride?: Ride;
  readonly campId?: string;
};
type Step = [Wandering, AlertChange[]];
type Known = {
  settings: WanderingSettings;
  home: Home;
  person: Person | undefined;
  deviceId: string | undefined;
  at: number;
};

function onReport(state: Wandering, event: ReportEvent, settings: WanderingSettings, home: Home): Step {
  const { report, at } = event;
  if (report.name === 'status') return [withTemperature(state, report, happenedAt(event), settings), []];
  const found = report.name === 'position' ? fixOf(report, happenedAt(event)) : undefined;
  if (!found || at - found.at > settings.rememberMs) return [state, []];
  const known = knownOf(event, settings, home);
  const fix = placed(found, known);
  const fixes = withFix(state.fixes, fix);
  if (fixes === state.fixes) return [state, []];
  const isCause = !state.alert && (state.cause === undefined || fix.at >= happenedAt(state.cause));
  const next = {
    ...state,
    fixes,
    ...(isCause && isSurelyOutside(fix, settings) && { cause: causeOf(event) }),
    ...ridden(state, fixes, fix, known),
  };
  if ((event.lateMs ?? 0) <= settings.lateMs) return judged(next, known);
  const judgeAt = state.judgeAt ?? at + settings.lateFixMs;
  return [{ ...next, judgeAt, dueAt: Math.min(judgeAt, next.dueAt ?? judgeAt) }, []];
}

function onTick(state: Wandering, event: RuleEvent, settings: WanderingSettings, home: Home): Step {
  const { fixes, alert, wasAway, pasture = [] } = state;
  const newest = fixes.at(-1);
  if (!newest && forgottenAt(pasture) <= event.at) return [wandering.initial, []];
  if (!alert && !wasAway && (!newest || event.at - newest.at >= settings.rememberMs)) return [unseen(state), []];
  return judged(state, knownOf(event, settings, home));
}

/** What the fixes say now. */
function judged({ judgeAt: _, ...state }: Wandering, known: Known): Step {
  const { settings, at } = known;
  const seen = trusted(state.fixes, settings);
  if (isBack(seen, settings)) {
    const home = { ...withoutOuting(state), fixes: state.fixes.slice(-fixesAtHome) };
    return [due(home, known), state.alert ? [clear(state.alert.alertId, at, 'away to home', seen.at(-1))] : []];
  }
  const outs = outing(seen).filter((fix) => isSurelyOutside(fix, settings));
  const [first] = outs;
  if (state.alert) return strengthened(state, state.alert, seen, known);
  if (!first || !state.cause) return [due(state, known), []];
  const excuse = excuseOf({ ...known, seen, pasture: state.pasture ?? [], ride: state.ride, campId: state.campId });
  if (excuse) {
    const atCamp = excuse.type === 'camp' ? { campId: excuse.placeId } : {};
    const setsOut = excuse.type === 'setting-out' ? { heldUntil: excuse.until } : {};
    return [due({ ...state, ...atCamp }, known, { isExcused: true, ...setsOut }), []];
  }
  const heldUntil = first.at + settings.holdMs;
  if (outs.length < 2 && !isFarAfterOut(seen, settings) && at < heldUntil)
    return [due(state, known, { heldUntil }), []];
  return wentAway(state, state.cause, seen, known);
}

function wentAway(
  { cause: _, wasAway: __, ...state }: Wandering,
  cause: Cause,
  seen: readonly Fix[],
  known: Known,
): Step {
  const { at, settings } = known;
  const because = urgencyOf(state, known);
  const severity = because.length > 0 ? 'critical' : 'urgent';
  const outs = outing(seen).filter((fix) => isSurelyOutside(fix, settings));
  const reason: Reason = {
    transition: 'home to away',
    ...seenLast(seen, known),
    limitMeters: settings.marginMeters,
    fixes: outs.length,
    sinceAt: outs[0]?.at ?? at,
    ...(because.length > 0 && { because }),
  };
  const subject = personSubject(cause.where);
  // What waited for the next fix did not come late.
  const { lateMs = 0, ...inTime } = cause;
  const raised = raise(lateMs > settings.lateMs ? cause : inTime, {
    rule: wandering.name,
    condition: 'wandering',
    severity,
    at,
    subject,
    reason,
  });
  return [due({ ...state, alert: { alertId: alertIdOf(wandering.name, cause), severity } }, known), [raised]];
}

/** Night fell, or it turned cold, since people were told; and nobody said meanwhile that they are well somewhere else. */
function strengthened(
  state: Wandering,
  alert: NonNullable<Wandering['alert']>,
  seen: readonly Fix[],
  known: Known,
): Step {
  const because = urgencyOf(state, known);
  if (alert.severity === 'critical' || because.length === 0 || isAbsent(known.person, known.at))
    return [due(state, known), []];
  const severity = 'critical';
  const reason = { transition: 'urgent to critical', ...seenLast(seen, known), because };
  const change = { type: 'strengthen' as const, alertId: alert.alertId, at: known.at, severity, reason } as const;
  return [due({ ...state, alert: { ...alert, severity } }, known), [change]];
}

function seenLast(seen: readonly Fix[], { home }: Known): Reason {
  const newest = seen.at(-1);
  return newest ? lastSeen(newest, home) : {};
}

/** Another person wears it now: where the one before them was is nobody's business any more. */
const ofWearer = (state: Wandering, { where: { personId } }: ReportEvent): Wandering =>
  state.personId === personId || personId === undefined ? state : { fixes: [], personId };

const unwatched = ({ alert }: Wandering, at: number): Step => [
  wandering.initial,
  alert ? [clear(alert.alertId, at, 'away to unwatched')] : [],
];

/** Nothing of where somebody was, but their pasture while that may be one. */
function unseen({ personId, pasture }: Wandering): Wandering {
  if (!pasture) return wandering.initial;
  return { fixes: [], ...(personId !== undefined && { personId }), pasture, dueAt: forgottenAt(pasture) };
}

function untold({ alert: _, ...state }: Wandering): Wandering {
  return { ...state, wasAway: true };
}

function withoutOuting({
  alert: _,
  wasAway: __,
  cause: ___,
  campId: ____,
  ride: _____,
  ...state
}: Wandering): Wandering {
  return state;
}

function knownOf({ at, where }: RuleEvent, settings: WanderingSettings, home: Home): Known {
  const person = home.people().find(({ id }) => id === where.personId);
  return { settings, home, person, deviceId: where.deviceId, at };
}

/** How far outside it is, by where they are expected now, and whether somebody wears the device. */
function placed(fix: Fix, { home, person, deviceId, settings }: Known): Fix {
  const outsideMeters = beyondMeters(expectedPlaces(home, person, fix.at, settings), fix);
  return {
    ...fix,
    ...(outsideMeters !== undefined && { outsideMeters: Math.round(outsideMeters) }),
    ...(isUnworn(home, deviceId) && { isUnworn: true }),
  };
}

const isSurelyOutside = (fix: Fix, { marginMeters, fineMeters, coarseMeters }: WanderingSettings): boolean =>
  fix.outsideMeters !== undefined &&
  isFine(fix, coarseMeters) &&
  fix.outsideMeters - doubtMeters(fix, fineMeters) > marginMeters;

/** The middle of the one before was outside, and the newest leaves no doubt: all of three circles of it lies far outside. */
function isFarAfterOut(seen: readonly Fix[], { farMeters, fineMeters }: WanderingSettings): boolean {
  const [before, newest] = seen.slice(-2);
  if (!before || !newest || (before.outsideMeters ?? 0) <= 0) return false;
  return (newest.outsideMeters ?? 0) - 3 * doubtMeters(newest, fineMeters) > farMeters;
}

/** The newest is surely inside, or its middle and that of the one before it are. */
function isBack(seen: readonly Fix[], { marginMeters }: WanderingSettings): boolean {
  const [before, newest] = seen.slice(-2);
  const last = newest ?? before;
  if (last?.outsideMeters === undefined) return false;
  if (last.outsideMeters + radiusOf(last) < marginMeters) return true;
  return newest !== undefined && last.outsideMeters <= 0 && (before?.outsideMeters ?? 1) <= 0;
}

/** The newest fixes whose middle is outside, one after the other. */
function outing(seen: readonly Fix[]): readonly Fix[] {
  return seen.slice(seen.findLastIndex(({ outsideMeters = 0 }) => outsideMeters <= 0) + 1);
}

/** What makes it a matter of life now. */
function urgencyOf({ coldAt }: Wandering, { person, home, at, settings }: Known): string[] {
  const local = home.local(at);
  const isCold = isColdSeason(local, settings) || (coldAt !== undefined && at - coldAt <= settings.coldForMs);
  return [
    ...(hasDementia(person) ? ['care'] : []),
    ...(isNight(local, settings) ? ['night'] : []),
    ...(isCold ? ['cold'] : []),
  ];
}

/** When time alone changes what the fixes say. */
function due(
  state: Wandering,
  { at, home, settings }: Known,
  waits: { isExcused?: true; heldUntil?: number } = {},
): Wandering {
  const newestAt = state.fixes.at(-1)?.at ?? at;
  const waitsForNight = waits.isExcused || state.alert?.severity === 'urgent';
  const dueAt = earliest([
    waits.heldUntil,
    waitsForNight ? nextNightAt(at, home.local(at), settings) : undefined,
    state.alert || state.wasAway ? undefined : Math.max(at + 1, newestAt + settings.rememberMs),
  ]);
  const { dueAt: _, ...rest } = state;
  return dueAt === undefined ? rest : { ...rest, dueAt };
}

/** The ride that the fix shows, and one more day on which somebody who rode out was there by daylight. */
function ridden(
  state: Wandering,
  fixes: readonly Fix[],
  fix: Fix,
  { person, home, settings }: Known,
): Pick<Wandering, 'ride' | 'pasture'> {
  const isOutside = (fix.outsideMeters ?? 0) > 0 && isFine(fix, settings.coarseMeters);
  const ride = isOutside ? rideOf(state.ride, fixes, fix, settings) : undefined;
  if (!ride || fix.at < ride.at || fix.at - ride.at > settings.rideRestMs) return {};
  const local = home.local(fix.at);
  if (!isRiders(ride, settings) || hasDementia(person) || isNight(local, settings)) return { ride };
  return { ride, pasture: withRide(state.pasture ?? [], fix, local.day) };
}

/** A device says how cold it is more often than that changes. */
function withTemperature(
  state: Wandering,
  { temperature }: StatusReport,
  at: number,
  settings: WanderingSettings,
): Wandering {
  if (state.fixes.length === 0 || temperature === undefined || at < (state.coldAt ?? 0)) return state;
  if (temperature <= settings.coldCelsius)
    return at - (state.coldAt ?? 0) < settings.coldForMs / 4 ? state : { ...state, coldAt: at };
  const { coldAt, ...warm } = state;
  return coldAt === undefined ? state : warm;
}

function clear(alertId: string, at: number, transition: string, fix?: Fix): AlertChange {
  return { type: 'clear', alertId, at, reason: { transition, ...(fix && { seenAt: fix.at }) } };
}

/** Enough to see a person leave, and to doubt a jump. */
const fixesAtHome = 6;
