import type { AlertChange, Reason, Severity } from '../../records/alert.ts';
import { happenedAt, personSubject } from '../cause.ts';
import type { ReportEvent, RuleEvent, TickEvent } from '../event.ts';
import type { Home } from '../home.ts';
import { type LifeSign, signOf, strengthOf } from '../life/life-signs.ts';
import type { Rule } from '../rule.ts';
import { type InactivitySettings, inactivityRanges, inactivitySettings } from './inactivity-settings.ts';
import { firstRhythm, type Gap, isSleepy, lasts, type Rhythm, withSign } from './rhythm.ts';
import {
  absenceOf,
  deafSince,
  heardAt,
  hearing,
  homeOf,
  isOfAbsent,
  leftBy,
  muteSince,
  outsideAt,
  presentPeople,
} from './surroundings.ts';

/**
 * A household that makes no sign of life for longer than is usual in it. unwatched -> home (a presence sensor saw somebody) -> asked
 * (the limit is over) -> alerted (no answer), and any sign leads back home. Beside it: out (a door and then nothing, or a fix far
 * away: another limit), visitors (somebody was met: what moves may be they), absent (the registry says so of everybody there:
 * nothing is judged; while it says so of some, the silence of the others counts) and
 * unknown (no sensor can be heard, or nobody of the village: a sensor that died is nobody who fell; that time alone does not count). Where nobody
 * can be asked the alert comes at once.
 *
 * After an alert a single sign may be a sensor's own; a second soon after it clears the condition, and a person ends the incident.
 */
export const inactivity: Rule<Inactivity, InactivitySettings> = {
  name: 'inactivity',
  initial: { phase: 'unwatched' },
  settings: inactivitySettings,
  ranges: inactivityRanges,
  hears: ['report', 'device-heard', 'device-condition', 'visit', 'prompt-answered', 'home-changed'],
  subject({ type, where }) {
    const concerns = heard.has(type) || type === 'visit' || type === 'prompt-answered' || type === 'home-changed';
    return concerns && where.householdId !== undefined ? `household:${where.householdId}` : undefined;
  },
  deadline: (state) => ('dueAt' in state ? state.dueAt : undefined),
  rebase(state, byMs) {
    // An absence ends by the calendar.
    if (state.phase === 'unwatched' || state.phase === 'absent') return state;
    const moved = { ...state, fromAt: state.fromAt + byMs };
    if (moved.phase === 'unknown')
      return moved.deafSince === undefined ? moved : { ...moved, deafSince: moved.deafSince + byMs };
    return 'dueAt' in moved ? { ...moved, dueAt: moved.dueAt + byMs } : moved;
  },
  stoodStill: (state) => (state.phase === 'alerted' ? { ...knownOf(state), phase: 'unknown' } : state),
  step(before, event, settings, home) {
    const sign = signOf(event);
    const isSign = sign !== undefined && strengthOf(sign.kind) >= leastStrength && !isOfAbsent(home, sign, event.at);
    if (before.phase === 'unwatched' && isCryForHelp(event)) return [before, helpUnwatched(event, settings, home)];
    if (before.phase === 'unwatched') return isSign ? begin(before, sign, event, settings, home) : [before, []];
    if (event.type === 'tick') return onTick(before, event, settings, home);
    if (event.type === 'home-changed') return onHomeChanged(before, event, settings, home);
    if (isCryForHelp(event)) return onHelp(before, event, settings, home);
    const state = event.type === 'report' ? placed(before, event, settings, home) : before;
    // Of two sensors that see the same moment the second counts as well, a door above all.
    const isNews = isSign && (sign.at > state.lastAt || (sign.at === state.lastAt && isWatching(state)));
    if (isNews) return onSign(state, sign, event, settings, home);
    return isSign ? [state, []] : [onWord(state, event, settings, home), []];
  },
};

/**
 * `lastAt`: of the newest sign. `fromAt`: since when silence counts, later than that where nobody could have heard a sign. `outsideAt`: when a
 * fix last showed them away, 0: it showed them at home, or nobody knows. `fixAt`: of the newest of those fixes. `deafSince`: since when nobody
 * could be heard. `dueAt`: when the limit is over, or the answer due. Epoch ms.
 */
export type Inactivity = { phase: 'unwatched' } | Watched;
type Known = { lastAt: number; fromAt: number; rhythm: Rhythm; outsideAt: number; fixAt?: number };
type Watched = Known & (Watching | Asked | Alerted | { phase: 'absent'; dueAt?: number } | Unknown);
type Unknown = { phase: 'unknown'; deafSince?: number };
type Watching = { phase: 'home' | 'out' | 'visitors'; dueAt: number };
/** `overAt`: when the limit was over. */
type Asked = { phase: 'asked'; dueAt: number; overAt: number; wasOut: boolean };
/** `lone`: a sign that came after it, and may be a sensor's own. */
type Alerted = { phase: 'alerted'; alertId: string; wasOut: boolean; lone?: LifeSign };
type Step = [Inactivity, AlertChange[]];

/** What says that its device can be heard. */
const heard: ReadonlySet<RuleEvent['type']> = new Set<RuleEvent['type']>([
  'report',
  'device-heard',
  'device-condition',
]);
/** A device that says it is worn says so on a still wrist, too. */
const leastStrength = 0.5;

const isWatching = (state: Watched): state is Known & Watching =>
  state.phase === 'home' || state.phase === 'out' || state.phase === 'visitors';

const knownOf = ({ lastAt, fromAt, rhythm, outsideAt, fixAt }: Known): Known =>
  fixAt === undefined ? { lastAt, fromAt, rhythm, outsideAt } : { lastAt, fromAt, rhythm, outsideAt, fixAt };

/** A home without presence sensors has its buttons and watches; of silence it says nothing. */
function begin(state: Inactivity, sign: LifeSign, event: RuleEvent, settings: InactivitySettings, home: Home): Step {
  if (event.type !== 'report' || event.report.name !== 'presence') return [state, []];
  const rhythm = firstRhythm(home.local(sign.at), settings);
  return [watching({ lastAt: sign.at, fromAt: sign.at, rhythm, outsideAt: 0 }, settings, home), []];
}

/** What the silence from `fromAt` on is, and when it is too long. */
function watching(known: Known, settings: InactivitySettings, home: Home): Known & Watching {
  const { lastAt, fromAt, rhythm, outsideAt, fixAt } = known;
  const { quietMargin, leastQuietHours, leastMs, mostMs, awayMargin, awayLeastMs, awayMostMs } = settings;
  const hours = Math.max(leastQuietHours, quietMargin * rhythm.usualQuiet) * (1 + rhythm.patience);
  // A home whose nights are longer than any other is not asked after every morning.
  const longestMs = mostMs * (1 + rhythm.patience);
  const limitMs = Math.max(leastMs, lasts(rhythm, hours, home.local(fromAt), longestMs));
  const left = leftBy(home, settings);
  const isOut = left === 'surely' || outsideAt >= lastAt;
  const awayMs = Math.min(awayMostMs, Math.max(awayLeastMs, awayMargin * rhythm.awayMs));
  const overAt = fromAt + (isOut || left ? Math.max(limitMs, awayMs) : limitMs);
  const dueAt = Math.ceil(overAt / minuteMs) * minuteMs;
  const phase = isOut ? 'out' : 'home';
  // Each by its name: every movement in the county writes this anew.
  return fixAt === undefined
    ? { lastAt, fromAt, rhythm, outsideAt, phase, dueAt }
    : { lastAt, fromAt, rhythm, outsideAt, fixAt, phase, dueAt };
}
const minuteMs = 60_000;

/** Where a fix shows them, before it is asked whether they moved. An older one than is known says nothing. */
function placed(state: Watched, event: ReportEvent, settings: InactivitySettings, home: Home): Watched {
  const at = outsideAt(event, home, settings);
  const fixAt = happenedAt(event);
  if (at === undefined || fixAt < (state.fixAt ?? state.outsideAt)) return state;
  const next = { ...state, outsideAt: at, fixAt };
  if (at === state.outsideAt) return next;
  return isWatching(next) && next.phase !== 'visitors' ? watching(knownOf(next), settings, home) : next;
}

function onSign(state: Watched, sign: LifeSign, event: RuleEvent, settings: InactivitySettings, home: Home): Step {
  if (state.phase === 'alerted' && !isFirm(state, sign, settings)) return loneSign(state, sign, event, settings);
  const lone = state.phase === 'alerted' ? state.lone : undefined;
  const at = Math.max(sign.at, lone?.at ?? sign.at);
  const rhythm = withSign(state.rhythm, gapOf(state, at), home.local(at), settings);
  if (state.phase === 'absent') return [{ ...state, lastAt: at, rhythm }, []];
  const isVisited = sign.kind === 'visit' || (state.phase === 'visitors' && at < state.fromAt);
  const goneAt = sign.kind === 'visit' ? at + settings.visitMs : state.fromAt;
  const fromAt = isVisited ? goneAt : at;
  const { outsideAt, fixAt } = state;
  const known = { lastAt: at, fromAt, rhythm, outsideAt };
  const next = watching(fixAt === undefined ? known : { ...known, fixAt }, settings, home);
  // A sign that was stored since then is no answer when the silence after it is too long as well.
  const isOver = next.dueAt <= event.at;
  if (isOver && state.phase === 'asked') return [state, []];
  if (isOver && state.phase === 'alerted') return loneSign(state, sign, event, settings);
  const changes = state.phase === 'alerted' ? [clear(state.alertId, event.at, 'alerted to home', sign)] : [];
  return [isVisited ? { ...next, phase: 'visitors' } : next, changes];
}

/** Heat, a pet or a curtain trips a motion sensor once. What people do by hand they do themselves. */
function isFirm({ lone }: Alerted, { kind, at, deviceId }: LifeSign, settings: InactivitySettings): boolean {
  if (kind !== 'motion') return true;
  const apartMs = lone ? Math.abs(at - lone.at) : Number.POSITIVE_INFINITY;
  return apartMs <= settings.firmUntilMs && (deviceId !== lone?.deviceId || apartMs >= settings.firmFromMs);
}

/** The first of some is told; the newest is kept. */
function loneSign(state: Known & Alerted, sign: LifeSign, { at }: RuleEvent, settings: InactivitySettings): Step {
  const { lone, alertId } = state;
  const afterMs = lone ? sign.at - lone.at : Number.POSITIVE_INFINITY;
  if (afterMs < settings.firmFromMs) return [state, []];
  if (afterMs <= settings.firmUntilMs) return [{ ...state, lone: sign }, []];
  const reason = { transition: 'alerted to one sign', sign: sign.kind, signAt: sign.at };
  return [{ ...state, lone: sign }, [{ type: 'strengthen', alertId, at, severity: 'urgent', reason }]];
}

/** A gap in which signs could have been missed, or were somebody else's, teaches nothing. */
function gapOf(state: Watched, toAt: number): Gap {
  const gap = { fromAt: state.lastAt, toAt };
  if (state.fromAt !== state.lastAt) return { ...gap, what: 'unjudged' };
  switch (state.phase) {
    case 'home':
      return { ...gap, what: 'home' };
    case 'out':
      return { ...gap, what: 'away' };
    case 'asked':
    case 'alerted':
      return { ...gap, what: state.wasOut ? 'away' : 'alerted' };
    default:
      return { ...gap, what: 'unjudged' };
  }
}

/** A word that is no sign: of a sensor that can be heard again, or of one that no longer can. */
function onWord(state: Watched, event: RuleEvent, settings: InactivitySettings, home: Home): Watched {
  const { at } = event;
  const isSilence = event.type === 'device-condition' && event.condition === 'silent';
  if (state.phase !== 'unknown' && !(isSilence && isWatching(state))) return state;
  const { sensors, deaf } = hearing(home, at, settings);
  if (state.phase === 'unknown') return sensors > 0 && deaf === sensors ? state : heardAgain(state, at, settings, home);
  const isDeaf = sensors > 0 && deaf === sensors;
  return isDeaf ? { ...knownOf(state), phase: 'unknown', deafSince: deafSince(home, at, settings) } : state;
}

/** Of the silence counts what could be heard; a sign that was stored meanwhile has a minute to arrive. */
function heardAgain(state: Known & Unknown, at: number, settings: InactivitySettings, home: Home): Watched {
  const countedMs = Math.max(0, (state.deafSince ?? state.fromAt) - state.fromAt);
  const next = watching({ ...knownOf(state), fromAt: Math.max(state.fromAt, at - countedMs) }, settings, home);
  return { ...next, dueAt: Math.max(next.dueAt, at + minuteMs) };
}

function onHomeChanged(state: Watched, { at }: RuleEvent, settings: InactivitySettings, home: Home): Step {
  if (hearing(home, at, settings).sensors === 0) return [inactivity.initial, cleared(state, at, 'unwatched')];
  const absence = absenceOf(home, at);
  if (absence) return [absent(state, absence), cleared(state, at, 'absent')];
  return [state.phase === 'absent' ? watching({ ...knownOf(state), fromAt: at }, settings, home) : state, []];
}

const absent = (state: Watched, { until }: { until?: number }): Watched => ({
  ...{ ...knownOf(state), phase: 'absent' },
  ...(until !== undefined && { dueAt: until }),
});

function onTick(state: Watched, event: TickEvent, settings: InactivitySettings, home: Home): Step {
  const { at } = event;
  if (state.phase === 'asked') return alerted(state, event, { transition: 'asked to no answer' }, settings, home);
  const absence = absenceOf(home, at);
  if (absence) return [absent(state, absence), []];
  if (!isWatching(state)) return [watching({ ...knownOf(state), fromAt: at }, settings, home), []];
  const { sensors, deaf } = hearing(home, at, settings);
  if (sensors === 0) return [inactivity.initial, []];
  const unheardSince = deaf === sensors ? deafSince(home, at, settings) : muteSince(home, event.where, at, settings);
  if (unheardSince !== undefined) return [{ ...knownOf(state), phase: 'unknown', deafSince: unheardSince }, []];
  const { dueAt, phase } = watching(knownOf(state), settings, home);
  // What the others hear is less than the home was known by.
  const stretch = Math.min(mostStretch, sensors / (sensors - deaf));
  const overAt = Math.ceil((state.fromAt + (dueAt - state.fromAt) * stretch) / minuteMs) * minuteMs;
  if (overAt > at) return [{ ...state, phase: state.phase === 'visitors' ? 'visitors' : phase, dueAt: overAt }, []];
  const over = { ...knownOf(state), overAt: at, wasOut: phase === 'out' };
  const where = homeOf(home, event.where, at);
  if (!home.canAsk(where.personId, at))
    return alerted(over, event, { transition: `${state.phase} to silent` }, settings, home);
  const until = at + settings.promptMs;
  const whom = where.personId === undefined ? {} : { personId: where.personId };
  const words = { promptId: idOf(state, event), rule: inactivity.name, about: 'inactivity' } as const;
  const prompt = { ...words, ...whom, where, at, until };
  return [{ ...over, phase: 'asked', dueAt: until }, [{ type: 'prompt', prompt }]];
}

/** With sensors that cannot be heard the limit is longer, twice at most. */
const mostStretch = 2;

/** The answer to a question of this rule; those of others are theirs, and a sign of life here. */
const isCryForHelp = (event: RuleEvent): boolean =>
  event.type === 'prompt-answered' && event.answer === 'help' && event.promptId.startsWith(`${inactivity.name}:`);

/** Whoever was asked wants help: that is worse than silence, and no answer could say it better. */
function onHelp(state: Watched, event: RuleEvent, settings: InactivitySettings, home: Home): Step {
  const { at } = event;
  if (state.phase === 'alerted') {
    const reason = { transition: 'alerted to help' };
    return [state, [{ type: 'strengthen', alertId: state.alertId, at, severity: 'critical', reason }]];
  }
  const over = state.phase === 'asked' ? state : { ...knownOf(state), wasOut: state.phase === 'out' };
  return alerted(over, event, { transition: 'asked to help' }, settings, home, 'critical');
}

/** A home that is no longer watched has no silence, and no alert that a sign could end. */
function helpUnwatched(event: RuleEvent, settings: InactivitySettings, home: Home): AlertChange[] {
  const { at } = event;
  const known = { lastAt: at, fromAt: at, rhythm: firstRhythm(home.local(at), settings), outsideAt: 0, wasOut: false };
  return alerted(known, event, { transition: 'asked to help' }, settings, home, 'critical')[1];
}

/** Without `overAt` nothing was too long. */
type Over = Known & { overAt?: number; wasOut: boolean };

function alerted(
  state: Over,
  event: RuleEvent,
  transition: Reason,
  settings: InactivitySettings,
  home: Home,
  severity: Severity = 'urgent',
): Step {
  const { at } = event;
  const alertId = idOf(state, event);
  const where = homeOf(home, event.where, at);
  const words = {
    alertId,
    rule: inactivity.name,
    condition: 'inactivity',
    severity,
    subject: personSubject(where),
  } as const;
  const reason = { ...transition, ...silence(state, at, settings, home) };
  const { wasOut } = state;
  const alert = { ...words, at, occurredAt: at, clock: 'trusted', where, reason } as const;
  return [{ ...knownOf(state), phase: 'alerted', alertId, wasOut }, [{ type: 'raise', alert }]];
}

/** What people have to know of a silence: since when, against which limit, and what it does not prove. */
function silence(
  { lastAt, fromAt, overAt, rhythm, wasOut }: Over,
  at: number,
  settings: InactivitySettings,
  home: Home,
): Reason {
  const { sensors, deaf } = hearing(home, at, settings);
  const sensorsAt = heardAt(home);
  const present = presentPeople(home, at);
  const awayPersonIds = home.people().flatMap((person) => (present.includes(person) ? [] : [person.id]));
  return {
    lastSignAt: lastAt,
    ...(fromAt > lastAt && { countedFromAt: fromAt }),
    ...(overAt !== undefined && { limitMs: overAt - fromAt }),
    stance: wasOut ? 'out' : isSleepy(rhythm, home.local(fromAt)) ? 'asleep' : 'awake',
    learnedDays: rhythm.days,
    sensors,
    ...(deaf > 0 && { sensorsUnheard: deaf }),
    ...(sensorsAt !== undefined && sensorsAt > lastAt && { sensorsHeardAt: sensorsAt }),
    ...(awayPersonIds.length > 0 && { awayPersonIds }),
    ...(present.length > 1 && { provesNobodyAlone: true }),
  };
}

/** One silence, one question, one alert; it is another one when it is counted from another moment. */
const idOf = ({ lastAt, fromAt }: Known, { where }: RuleEvent): string =>
  `${inactivity.name}:${where.householdId}:${fromAt > lastAt ? `${lastAt}:${fromAt}` : lastAt}`;

const cleared = (state: Watched, at: number, to: string): AlertChange[] =>
  state.phase === 'alerted' ? [clear(state.alertId, at, `alerted to ${to}`)] : [];

function clear(alertId: string, at: number, transition: string, sign?: LifeSign): AlertChange {
  return { type: 'clear', alertId, at, reason: { transition, ...(sign && { sign: sign.kind, signAt: sign.at }) } };
}
