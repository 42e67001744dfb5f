import type { MotionReport } from '../../firmware-contracts/wearable.ts';
import type { AlertChange } from '../../records/alert.ts';
import { type Cause, happenedAt } from '../cause.ts';
import type { PromptAnsweredEvent, ReportEvent } from '../event.ts';
import { classifyMotion } from './classify.ts';
import { type Fall, type Falls, replaced, sameTrigger } from './falls.ts';
import { type PartedWindow, windowOf, withPart } from './motion-parts.ts';
import { doubtIdOf, isDoubtId, type Moment, signAfter, signSince, takenBack, withFall, withPeople } from './telling.ts';

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
    if (isLaidAside(cause, moment)) return [state, []];
    const until = moment.at + moment.settings.lateVerdictMs;
    return withFall(state, { phase: 'moved', cause, name, until, confidencePercent, isMoved: true }, moment);
  }
  if (known.phase === 'cancelled' || (known.confidencePercent ?? 0) >= confidencePercent) return [state, []];
  const stronger = { ...known, confidencePercent };
  if (!known.told) return [replaced(state, known, stronger), []];
  const [next, changes] = withPeople(stronger, stronger, { transition: 'told to movement' }, moment);
  return [replaced(state, known, next), changes];
}

/** A watch on the table or on its charger knocks against things. One that came off in the fall itself was worn until then. */
function isLaidAside(cause: Cause, { home }: Moment): boolean {
  const { deviceId } = cause.where;
  const standing = deviceId === undefined ? undefined : home.standing(deviceId);
  const sinceAt = [standing?.worn === 'no' && standing.notWornSinceAt, standing?.charging && standing.chargingSinceAt];
  return sinceAt.some((at) => typeof at === 'number' && at < happenedAt(cause) - cameOffMs);
}

/** Longer than a fall, the window around it and a word about the strap take. */
const cameOffMs = 15_000;

/**
 * Nobody answered, or nobody could be asked. Where the person was asked, no answer and no sign of life since the question calls people; else it is
 * the stillness of a home that was lively right before. A home that shows nothing proves nothing: then the desk keeps it.
 */
export function unanswered(one: Fall, moment: Moment): [Fall, AlertChange[]] {
  const { at, settings, home } = moment;
  const { askedAt } = one;
  const wasLively = signSince(one, happenedAt(one.cause) - livelyMs, home) !== undefined;
  const sign = askedAt === undefined ? signAfter(one, settings, home) : signSince(one, askedAt, home);
  const isStill = sign === undefined && (askedAt !== undefined || wasLively);
  if (!isStill) return [{ ...one, phase: 'stirred', until: at + pressCountsMs }, []];
  const reason =
    askedAt === undefined
      ? { transition: 'movement to stillness', stillMs: settings.stillMs }
      : { transition: 'movement to no answer', answerWithinMs: settings.promptMs };
  return withPeople(one, { phase: 'presumed', until: at + settings.rememberMs }, reason, moment);
}

/** As long a press belongs to a fall. */
export const pressCountsMs = 2 * 3_600_000;
/** A sign of life so long before a fall says that the person was up. */
const livelyMs = 30 * 60_000;

/** A cry for help is never old news: what was taken back or forgotten since is a fall of now. */
export function onPromptAnswered(state: Falls, event: PromptAnsweredEvent, moment: Moment): Step {
  const { promptId, answer } = event;
  const one = state.falls.findLast((each) => doubtIdOf(each) === promptId || each.name === promptId);
  const isOver = !one || one.phase === 'cancelled';
  if (answer === 'fine') {
    if (isOver) return [state, []];
    const [next, changes] = fine(one, moment);
    return [replaced(state, one, next), changes];
  }
  const change = { phase: 'presumed', until: moment.at + moment.settings.rememberMs } as const;
  const cry = { ...moment, isCry: true };
  if (!isOver) {
    const [next, changes] = withPeople(one, change, { transition: 'movement to help' }, cry);
    return [replaced(state, one, next), changes];
  }
  if (!isDoubtId(promptId)) return [state, []];
  const { at, where } = event;
  const cause: Cause = { causeId: `${promptId}:${at}`, at, occurredAt: at, clock: 'absent', where };
  const [called, changes] = withPeople(
    { ...change, cause, name: promptId },
    change,
    { transition: 'asked to help' },
    cry,
  );
  const [next, more] = withFall(state, called, moment);
  return [next, [...more, ...changes]];
}

/** The person says that it was nothing. */
export function fine(one: Fall, { at, settings }: Moment): [Fall, AlertChange[]] {
  const next: Fall = { ...one, phase: 'cancelled', until: at + settings.rememberMs };
  return [next, takenBack(one, at, { transition: 'movement to fine' })];
}
