import type { AlertChange, Reason } from '../../records/alert.ts';
import { alertIdOf, happenedAt, personSubject, raise } from '../cause.ts';
import type { Home } from '../home.ts';
import { type LifeSign, newestSign } from '../life/life-signs.ts';
import { type Fall, type Falls, isMovement } from './falls.ts';

/** What every step needs beside its event. Units: `at` is journal time, epoch ms. */
export type Moment = { readonly at: number; readonly settings: FallSettings; readonly home: Home };

export type FallSettings = {
  /** A suspected fall without a verdict after this time counts as a fall. */
  verdictMs: number;
  /** How long one that arrives late waits for a verdict that was stored behind it, and a movement for its device's own word. */
  lateVerdictMs: number;
  /** How long a judged fall is remembered, for verdicts that the device stored until it was in reach again. */
  rememberMs: number;
  /** How long a window of movement waits for its missing parts. */
  partsMs: number;
  /** From how much likeness to a fall on a movement is told. */
  likenessPercent: number;
  /** How long the person is waited for who was asked. */
  promptMs: number;
  /** Where nobody can be asked: how long a home that was lively may be without a sign of life. */
  stillMs: number;
  /** From which age on a fall is judged by what has happened since. */
  oldMs: number;
  /** A sign of life so soon after a fall may be of the fall itself, or of what came before it. */
  gettingUpMs: number;
};

/**
 * Calls people, or tells those who were called what is new. A fall of long ago after which the person went about is a call to check in;
 * `isCry`: the person calls for help, and nothing speaks against it.
 */
export function withPeople(
  one: Fall,
  change: Pick<Fall, 'phase' | 'until'> & Partial<Fall>,
  reason: Reason,
  { at, settings, home, isCry = false }: Moment & { isCry?: boolean },
): [Fall, AlertChange[]] {
  const { cause, told, confidencePercent } = one;
  const isOld = at - happenedAt(cause) >= settings.oldMs;
  const sign = isOld && !isCry ? signAfter(one, settings, home) : undefined;
  const severity = told === 'critical' || !sign ? 'critical' : 'urgent';
  const why: Reason = {
    ...reason,
    ...(confidencePercent !== undefined && { confidencePercent }),
    ...(sign && { sign: sign.kind, signAt: sign.at }),
    ...(isOld && !sign && !isCry && { lainSinceAt: happenedAt(cause) }),
  };
  const next: Fall = { ...one, ...change, told: severity };
  if (told !== undefined) {
    return [next, [{ type: 'strengthen', alertId: alertIdOf('fall', cause), at, severity, reason: why }]];
  }
  const subject = personSubject(cause.where);
  return [next, [raise(cause, { rule: 'fall', condition: 'fall', severity, at, subject, reason: why })]];
}

/** The device did not speak of the movement: the desk hears of it, and the person is asked where that is possible. */
export function doubted(one: Fall, { at, settings, home }: Moment): [Fall, AlertChange[]] {
  const { cause, confidencePercent = 0 } = one;
  const { where } = cause;
  const reason = { transition: 'none to movement', confidencePercent, likenessPercent: settings.likenessPercent };
  const words = { rule: 'fall', condition: 'fall-suspected', severity: 'urgent', reason } as const;
  const raised = raise(cause, { ...words, alertId: doubtIdOf(one), at, subject: personSubject(where) });
  const isAsked = at - happenedAt(cause) < settings.oldMs && home.canAsk(where.personId, at);
  const until = isAsked ? at + settings.promptMs : Math.max(at, happenedAt(cause) + settings.stillMs);
  const next: Fall = { ...one, phase: 'seemed', until, isDoubted: true };
  if (!isAsked) return [next, [raised]];
  const person = where.personId === undefined ? {} : { personId: where.personId };
  const prompt = {
    promptId: doubtIdOf(one),
    rule: 'fall',
    at,
    ...person,
    where,
    about: 'fall-suspected',
    until,
  } as const;
  return [{ ...next, askedAt: at }, [raised, { type: 'prompt', prompt }]];
}

/** Takes back what was told of it. */
export function takenBack({ cause, told, isDoubted }: Fall, at: number, reason: Reason): AlertChange[] {
  const ids = [...(isDoubted ? [doubtIdOf({ cause })] : []), ...(told ? [alertIdOf('fall', cause)] : [])];
  return ids.map((alertId) => ({ type: 'clear', alertId, at, reason }));
}

/** The name of the alert `fall-suspected`, and of the question that goes with it. */
export const doubtIdOf = ({ cause }: Pick<Fall, 'cause'>): string => alertIdOf(doubt, cause);
export const isDoubtId = (id: string): boolean => id.startsWith(`${doubt}:`);
const doubt = 'fall-suspected';

/**
 * A fall more, the newest last. One that the person pressed for help after is none to wait for. Past the bound what is judged is forgotten
 * first; a suspicion that is pushed out counts as a fall, and a movement is told to the desk.
 */
export function withFall(state: Falls, one: Fall, moment: Moment): [Falls, AlertChange[]] {
  const { falls, pressed } = state;
  const isOver = (each: Fall) => !isOpen(each) || each.phase === 'stirred';
  const out = falls.length < mostFalls ? undefined : (falls.find(isOver) ?? falls[0]);
  const pushedOut = out ? lastWords(out, moment) : [];
  const isPressed = pressed !== undefined && pressed.at >= happenedAt(one.cause) && isOpen(one);
  const [added, changes] = isPressed ? presumed(one, 'press', moment) : [one, []];
  const kept = falls.filter((each) => each !== out);
  return [{ ...state, falls: [...kept, added] }, [...pushedOut, ...changes]];
}

/** What is not waited for any longer. A movement that the desk knows stays with the desk. */
function lastWords(one: Fall, moment: Moment): AlertChange[] {
  if (one.phase === 'suspected') return presumed(one, 'no verdict', moment)[1];
  return one.phase === 'moved' ? doubted(one, moment)[1] : [];
}

/** More falls at once than a person can have. */
const mostFalls = 8;

/** Nobody has judged it, and nobody was called for it. */
export const isOpen = ({ phase }: Fall): boolean => phase === 'suspected' || isMovement(phase);

/** Calls people for what the device did not judge. */
export function presumed(one: Fall, because: 'press' | 'no verdict', moment: Moment): [Fall, AlertChange[]] {
  const { verdictMs, rememberMs } = moment.settings;
  const before = isMovement(one.phase) ? 'movement' : one.phase;
  const reason = {
    transition: `${before} to ${because}`,
    ...(before === 'suspected' && { verdictWithinMs: verdictMs }),
  };
  const isCry = because === 'press';
  return withPeople(one, { phase: 'presumed', until: moment.at + rememberMs }, reason, { ...moment, isCry });
}

/** Whoever went about after a fall did not stay down. */
export function signAfter(one: Fall, { gettingUpMs }: FallSettings, home: Home): LifeSign | undefined {
  return signSince(one, happenedAt(one.cause) + gettingUpMs, home);
}

/**
 * What proves that this person was about: a sign that bears their name, as every sign in the home of one does, or a visit. What a room shows that
 * others live in, too, proves nobody; nor does a press, which is a call for help.
 */
export function signSince({ cause }: Fall, since: number, home: Home): LifeSign | undefined {
  const { personId } = cause.where;
  if (personId === undefined) return undefined;
  const latest = home.life().latest.filter(({ kind }) => kind !== 'press');
  return newestSign({ latest }, { since, strength: goingAbout, personId });
}

/** From movement before a sensor on; that it is worn, a watch says on a still wrist, too. */
const goingAbout = 0.6;
