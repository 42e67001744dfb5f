import type { FallReport } from '../../firmware-contracts/wearable.ts';
import type { AlertChange } from '../../records/alert.ts';
import { causeOf, happenedAt, keyOf, note, personSubject, unreadReason } from '../cause.ts';
import type { ReportEvent, RuleEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import {
  dueAt,
  type Fall,
  type Falls,
  isMovement,
  meantBy,
  nameOf,
  noFalls,
  replaced,
  sameFallMs,
  sameTrigger,
  settled,
  withTold,
} from './falls.ts';
import { fine, onMotion, onPartsOverdue, onPromptAnswered, pressCountsMs, unanswered } from './movement.ts';
import {
  doubted,
  type FallSettings,
  isOpen,
  type Moment,
  presumed,
  takenBack,
  withFall,
  withPeople,
} from './telling.ts';

/**
 * Each fall of a person, as their device judges it: suspected -> cancelled (on record, nobody is called) or confirmed
 * (critical), or presumed (critical) when the person presses for help or no verdict comes in time. A confirmation
 * without a suspicion is a fall. A verdict after people were called is told as what it is: the alert is strengthened,
 * or its condition cleared, and a person ends the incident. The connection plays no part: silence after a suspicion is
 * no verdict.
 *
 * A movement that looks like a fall is evidence for what the device says. Where the device says nothing, it goes to the desk alone (urgent,
 * `fall-suspected`) and the person is asked: neither an answer nor a sign of life, a press, or stillness of a home that was lively make it a fall.
 *
 * The window counts from when the fall happened. One that arrives late still waits `lateVerdictMs` for the verdict that
 * was stored behind it, and is critical unless the person went about since. Source: docs/decisions/0027-falls-in-a-movement.md.
 */
export const fall: Rule<Falls, FallSettings> = {
  name: 'fall',
  initial: noFalls,
  settings: {
    ...{ verdictMs: 60_000, lateVerdictMs: 10_000, rememberMs: 24 * 3_600_000, partsMs: 30_000, likenessPercent: 50 },
    ...{ promptMs: 60_000, stillMs: 10 * 60_000, oldMs: 10 * 60_000, gettingUpMs: 60_000 },
  },
  ranges: {
    ...{ verdictMs: [10_000, 120_000], lateVerdictMs: [0, 60_000], rememberMs: [2 * 60_000, 7 * 24 * 3_600_000] },
    ...{ partsMs: [5_000, 5 * 60_000], likenessPercent: [30, 95], promptMs: [30_000, 5 * 60_000] },
    ...{ stillMs: [2 * 60_000, 60 * 60_000], oldMs: [3 * 60_000, 60 * 60_000], gettingUpMs: [10_000, 10 * 60_000] },
  },
  hears: ['fall', 'press', 'motion', 'prompt-answered'],
  subject(event) {
    if (event.type === 'prompt-answered') return keyOf(personSubject(personOf(event)));
    const concerns = event.type === 'report' && reportNames.has(event.report.name);
    return concerns ? keyOf(personSubject(event.where)) : undefined;
  },
  deadline: dueAt,
  step(state, event, settings, home) {
    const [next, changes] = stepped(withTold(state), event, settings, home);
    return [next === state ? state : settled(next), changes];
  },
};

const reportNames: ReadonlySet<string> = new Set(['fall', 'press', 'motion']);
type Step = [Falls, AlertChange[]];

/** Who was asked, where the home is another's. */
const personOf = ({ where, personId }: Extract<RuleEvent, { type: 'prompt-answered' }>) =>
  personId === undefined ? where : { ...where, personId };

function stepped(state: Falls, event: RuleEvent, settings: FallSettings, home: Home): Step {
  const moment = { at: event.at, settings, home };
  if (event.type === 'tick') return onTick(state, moment);
  if (event.type === 'prompt-answered') return onPromptAnswered(state, event, moment);
  if (event.type !== 'report') return [state, []];
  const { report } = event;
  switch (report.name) {
    case 'press':
      if (report.call === 'cancel') return onNoHelp(state, event, moment);
      return report.call === 'test' ? [state, []] : onPress(state, event, moment);
    case 'motion':
      return onMotion(state, event, report, moment);
    case 'fall':
      if (report.state === 'suspected') return onSuspected(state, event, moment);
      return report.state === 'cancelled'
        ? onCancelled(state, event, report, moment)
        : onConfirmed(state, event, report, moment);
    default:
      return [state, []];
  }
}

function onSuspected(state: Falls, event: ReportEvent, moment: Moment): Step {
  const { settings } = moment;
  const name = nameOf(event);
  // A counter that starts again may give the name of a judged fall to a new one, which is then judged anew.
  // A verdict that overtook its suspicion on the road is of the same minutes; how long the road took is in neither age.
  const isKnown = (one: Fall) =>
    one.cause.causeId === event.causeId ||
    one.suspicionId === event.causeId ||
    (one.name === name && (one.phase === 'suspected' || isVerdictOn(one, event, settings)));
  if (state.falls.some(isKnown)) return [state, []];
  const cause = causeOf(event);
  const until = Math.max(happenedAt(event) + settings.verdictMs, event.at + settings.lateVerdictMs);
  const moved = sameTrigger(state, name, cause, ({ isMoved }) => isMoved === true);
  if (!moved) return withFall(state, { phase: 'suspected', cause, name, until }, moment);
  const { isMoved: _, ...rest } = moved;
  const known = { ...rest, name, suspicionId: event.causeId };
  if (!isMovement(known.phase)) return [replaced(state, moved, known), []];
  // What the desk was told keeps its name.
  const judged = { phase: 'suspected', until, cause: known.isDoubted ? known.cause : cause } as const;
  return [replaced(state, moved, { ...known, ...judged }), []];
}

function isVerdictOn({ cause, isUnheralded }: Fall, suspicion: ReportEvent, { verdictMs }: FallSettings): boolean {
  return isUnheralded === true && Math.abs(happenedAt(cause) - happenedAt(suspicion)) <= 2 * verdictMs;
}

function onConfirmed(state: Falls, event: ReportEvent, report: FallReport, moment: Moment): Step {
  const one = meantBy(state, event, report, moment.settings);
  const judgedAt = happenedAt(event);
  const until = event.at + moment.settings.rememberMs;
  const unread = unreadReason(event.unread);
  // What it said before it took the fall back is no news.
  if (one?.phase === 'confirmed' || (one?.phase === 'cancelled' && (one.judgedAt ?? judgedAt) > judgedAt))
    return [state, []];
  const change = { phase: 'confirmed', until, judgedAt } as const;
  if (!one || one.phase === 'cancelled') {
    const heralded: Fall = {
      ...change,
      cause: causeOf(event),
      name: nameOf(event, report.of ?? report.seq),
      isUnheralded: true,
    };
    const reason = { transition: `${one?.phase ?? 'none'} to confirmed`, ...unread };
    const [next, changes] = withPeople(heralded, heralded, reason, moment);
    const [added, more] = withFall(state, next, moment);
    return [added, [...more, ...changes]];
  }
  const before = isMovement(one.phase) ? 'movement' : one.phase;
  const [next, changes] = withPeople(one, change, { transition: `${before} to confirmed`, ...unread }, moment);
  return [replaced(state, one, next), changes];
}

function onCancelled(state: Falls, event: ReportEvent, report: FallReport, moment: Moment): Step {
  const one = meantBy(state, event, report, moment.settings);
  const judgedAt = happenedAt(event);
  if (one?.phase === 'cancelled' || (one?.judgedAt ?? judgedAt) > judgedAt) return [state, []];
  const afterMs = one && { afterMs: judgedAt - happenedAt(one.cause) };
  const reason = { transition: `${one?.phase ?? 'none'} to cancelled`, ...afterMs, ...unreadReason(event.unread) };
  const subject = personSubject(event.where);
  const onRecord = note(causeOf(event), { rule: fall.name, what: 'fall-cancelled', subject, reason });
  const change = { phase: 'cancelled', until: event.at + moment.settings.rememberMs, judgedAt } as const;
  if (one) return [replaced(state, one, { ...one, ...change }), [onRecord, ...takenBack(one, event.at, reason)]];
  const name = nameOf(event, report.of ?? report.seq);
  const [added, more] = withFall(state, { ...change, cause: causeOf(event), name, isUnheralded: true }, moment);
  return [added, [onRecord, ...more]];
}

/** It is about every fall before it that nobody has called people for, or that was told in the last two hours as one to check in on. */
function onPress(state: Falls, event: ReportEvent, moment: Moment): Step {
  const pressed = { at: Math.max(happenedAt(event), state.pressed?.at ?? 0), until: event.at + sameFallMs };
  const isToBeCheckedOn = ({ told, cause }: Fall) => told === 'urgent' && event.at <= cause.at + pressCountsMs;
  const isMeant = (one: Fall) =>
    (isOpen(one) || isToBeCheckedOn(one)) && one.phase !== 'cancelled' && happenedAt(one.cause) <= happenedAt(event);
  return each({ ...state, pressed }, isMeant, (one) => presumed(one, 'press', moment));
}

/** Whoever is asked and presses that no help is needed has answered. */
function onNoHelp(state: Falls, event: ReportEvent, moment: Moment): Step {
  const isAnswered = ({ phase, askedAt, cause }: Fall) =>
    phase === 'seemed' && askedAt !== undefined && happenedAt(cause) <= happenedAt(event);
  return each(state, isAnswered, (one) => fine(one, moment));
}

function onTick(state: Falls, moment: Moment): Step {
  const { at } = moment;
  const [judged, changes] = onPartsOverdue(state, moment);
  const [passed, more] = each(
    judged,
    ({ until }) => until <= at,
    (one) => overdue(one, moment),
  );
  const { pressed, ...rest } = passed;
  const falls = rest.falls.filter(({ until }) => until > at);
  const next = pressed && pressed.until > at ? { ...rest, falls, pressed } : { ...rest, falls };
  return [next, [...changes, ...more]];
}

/** What has waited long enough; one of long ago has waited for everything at once. */
function overdue(one: Fall, moment: Moment): [Fall, AlertChange[]] {
  switch (one.phase) {
    case 'moved': {
      const [next, changes] = doubted(one, moment);
      if (next.until > moment.at) return [next, changes];
      const [last, more] = unanswered(next, moment);
      return [last, [...changes, ...more]];
    }
    case 'seemed':
      return unanswered(one, moment);
    case 'suspected':
      return presumed(one, 'no verdict', moment);
    default:
      return [one, []];
  }
}

function each(state: Falls, isMeant: (one: Fall) => boolean, change: (one: Fall) => [Fall, AlertChange[]]): Step {
  const changes: AlertChange[] = [];
  const falls = state.falls.map((one) => {
    if (!isMeant(one)) return one;
    const [next, more] = change(one);
    changes.push(...more);
    return next;
  });
  return [{ ...state, falls }, changes];
}
