import type { MotionReport } from '../../firmware-contracts/wearable.ts';
import type { AlertChange } from '../../records/alert.ts';
import { happenedAt, personSubject, raise } from '../cause.ts';
import type { PromptAnsweredEvent, ReportEvent } from '../event.ts';
import { classifyMotion } from './classify.ts';
import { type Fall, type Falls, replaced, sameTrigger } from './falls.ts';
import { type PartedWindow, windowOf, withPart } from './motion-parts.ts';
import { doubtIdOf, type Moment, signAfter, signSince, takenBack, withFall, withPeople } from './telling.ts';

/** A window of movement, or a part of one. */
export function onMotion(state: Falls, event: ReportEvent, report: MotionReport, moment: Moment): Step {
  const { waiting, ready } = withPart(state.windows ?? [], event, report, moment.settings.partsMs);
  return judgedAll({ ...state, windows: waiting }, ready, moment);
}

/** Windows whose missing parts have not come are judged as they are. */
export function onPartsOverdue(state: Falls, moment: Moment): Step {
  const { windows = [] } = state;
  const overdue = windows.filter(({ until }) => until <= moment.at);
  if (overdue.length === 0) return [state, []];
  return judgedAll({ ...state, windows: windows.filter((one) => !overdue.includes(one)) }, overdue, moment);
}

type Step = [Falls, AlertChange[]];

function judgedAll(state: Falls, windows: readonly PartedWindow[], moment: Moment): Step {
  const changes: AlertChange[] = [];
  let next = state;
  for (const window of windows) {
    const [after, more] = judged(next, window, moment);
    next = after;
    changes.push(...more);
  }
  return [next, changes];
}

/**
 * Evidence for what the device said itself; where it said nothing, a fall of our own finding. What cannot be judged, or looks like none,
 * changes nothing: the device's own word stands.
 */
function judged(state: Falls, parted: PartedWindow, moment: Moment): Step {
  const { window, wearing } = windowOf(parted);
  const verdict = classifyMotion(window, wearing);
  const confidencePercent = verdict.type === 'judged' ? Math.round(100 * verdict.confidence) : 0;
  if (confidencePercent < moment.settings.likenessPercent) return [state, []];
  const { name, cause } = parted;
  const known = sameTrigger(state, name, cause);
  if (!known) {
    const until = moment.at + moment.settings.lateVerdictMs;
    return withFall(state, { phase: 'moved', cause, name, until, confidencePercent, isMoved: true }, moment);
  }
  if (known.phase === 'cancelled' || (known.confidencePercent ?? 0) >= confidencePercent) return [state, []];
  const stronger = { ...known, confidencePercent };
  if (!known.told) return [replaced(state, known, stronger), []];
  const [next, changes] = withPeople(stronger, stronger, { transition: 'told to movement' }, moment);
  return [replaced(state, known, next), changes];
}

/** The device did not speak of the movement: the desk hears of it, and the person is asked where that is possible. */
export function doubted(one: Fall, { at, settings, home }: Moment): [Fall, AlertChange[]] {
  const { cause, confidencePercent = 0 } = one;
  const { where } = cause;
  const reason = { transition: 'none to movement', confidencePercent, likenessPercent: settings.likenessPercent };
  const words = { rule: 'fall', condition: 'fall-suspected', severity: 'urgent', reason } as const;
  const raised = raise(cause, { ...words, alertId: doubtIdOf(one), at, subject: personSubject(where) });
  const isAsked = at - happenedAt(cause) < settings.oldMs && home.canAsk(where.personId);
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
  return [{ ...next, isAsked: true }, [raised, { type: 'prompt', prompt }]];
}

/**
 * Nobody answered, or nobody could be asked. Where the person was asked, no answer and no sign of life calls people; else it is the stillness of a
 * home that was lively right before. A home that shows nothing proves nothing: then the desk keeps it.
 */
export function unanswered(one: Fall, moment: Moment): [Fall, AlertChange[]] {
  const { at, settings, home } = moment;
  const wasLively = signSince(one, happenedAt(one.cause) - livelyMs, home) !== undefined;
  const isStill = signAfter(one, settings, home) === undefined && (one.isAsked || wasLively);
  if (!isStill) return [{ ...one, phase: 'stirred', until: at + pressCountsMs }, []];
  const reason = one.isAsked
    ? { transition: 'movement to no answer', answerWithinMs: settings.promptMs }
    : { transition: 'movement to stillness', stillMs: settings.stillMs };
  return withPeople(one, { phase: 'presumed', until: at + settings.rememberMs }, reason, moment);
}

/** As long a press belongs to a fall. */
const pressCountsMs = 2 * 3_600_000;
/** A sign of life so long before a fall says that the person was up. */
const livelyMs = 30 * 60_000;

export function onPromptAnswered(state: Falls, event: PromptAnsweredEvent, moment: Moment): Step {
  const one = state.falls.find((each) => doubtIdOf(each) === event.promptId);
  if (!one || one.phase === 'cancelled') return [state, []];
  const until = moment.at + moment.settings.rememberMs;
  if (event.answer === 'fine') {
    const changes = takenBack(one, moment.at, { transition: 'movement to fine' });
    return [replaced(state, one, { ...one, phase: 'cancelled', until }), changes];
  }
  const reason = { transition: 'movement to help' };
  const [next, changes] = withPeople(one, { phase: 'presumed', until }, reason, { ...moment, isCry: true });
  return [replaced(state, one, next), changes];
}
