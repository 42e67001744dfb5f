import type { Whereabouts } from '../records/alert.ts';
import { isDrill, isSimulated } from '../records/drill.ts';
import type { Climb, Incident, IncidentAlert, Ladder, Told } from '../records/incident.ts';
import type { NoticePurpose } from '../records/notice.ts';
import type { Contact, RegistryView } from '../records/registry.ts';
import { defaultOf, type Ladders, ladderOf, type People, peopleOn, type Scene, waitAfter } from './ladder.ts';
import type { LadderMove } from './lifecycle.ts';
import { alertCount, leadingAlert } from './notices.ts';
import { deskOf, issue, nextVersion, type Turn, write } from './turn.ts';

/** Moves the ladder as the table says. `about` is the alert that messages of a first rung speak of. */
export function moveLadder(turn: Turn, move: LadderMove, about?: IncidentAlert): void {
  const { state } = turn.incident;
  const { rung, startedAt, cause, by } = climbOf(turn);
  const climb = { rung, startedAt, cause, ...(by !== undefined && { by }) };
  const { ladder } = turn.incident;
  const isHeld = ladder.phase === 'held';
  switch (move) {
    case 'unchanged':
      return;
    case 'starts':
      start(turn, about);
      return;
    case 'first rung':
      if (isHeld || isAnother(turn, ladderNow(turn))) start(turn, about);
      else tellFirstRungAgain(turn, about);
      return;
    case 'next rung':
      if (isHeld) start(turn);
      else climbOn(turn, about && { purpose: 'worse', about });
      return;
    case 'goes on':
      if (!isHeld) climbOn(turn);
      return;
    case 'resumes':
      setLadder(turn, { phase: 'running', ...climb });
      climbOn(turn);
      waitForHands(turn);
      return;
    case 'pauses':
      if (!isHeld) setLadder(turn, { phase: 'paused', ...climb });
      return;
    case 'waits':
      if (state.phase !== 'responding') throw new Error(`nobody is on the way to ${turn.incident.incidentId}`);
      setLadder(turn, { phase: 'waiting', ...climb, nextAt: awaitedUntil(turn, state.expectedAt) + lateArrivalMs });
      return;
    case 'rests':
      if (!isHeld) setLadder(turn, { phase: 'waiting', ...climb, nextAt: turn.at + restMs });
      return;
    case 'holds':
      if (isHeld && ladder.dropped) return;
      setLadder(turn, { phase: 'held', ...climb, heldAt: turn.at });
      if (turn.incident.severity === 'critical') alarm(turn, 'emergency-left-open');
      return;
    case 'drops':
      setLadder(turn, { phase: 'held', ...climb, heldAt: turn.at, dropped: true });
      return;
    case 'ends':
      setLadder(turn, { phase: 'ended' });
      return;
  }
}

/**
 * The rung that was told last, in the ladder's first pass; undefined past it. Only there does a failure hurry the next.
 */
export function newestRung(turn: Turn): number | undefined {
  const { ladder } = turn.incident;
  if (ladder.phase === 'ended' || ladder.phase === 'held') return undefined;
  return ladder.rung < ladderNow(turn).rungs.length ? ladder.rung : undefined;
}

/** The ladder that counts since it began to climb: neither midnight nor the end of a night changes it on the way. */
const ladderNow = (turn: Turn): Ladders => ladderOf(turn.incident, turn.registry, turn.crew, climbOf(turn).startedAt);

/** What joined the incident, or was entered meanwhile, made another ladder of it: its rungs are not those that were told. */
function isAnother(turn: Turn, ladder: Ladders): boolean {
  const { rung, by } = climbOf(turn);
  return rung > 0 && by !== makerOf(ladder);
}

const makerOf = ({ policyId, profileId }: Ladders): string | undefined =>
  policyId === undefined && profileId === undefined ? undefined : `${policyId ?? ''}/${profileId ?? ''}`;

const sceneOf = (turn: Turn): Scene => ({ ...turn, beganAt: climbOf(turn).startedAt });

/** Whoever says that they are hours away goes all the same; where a life is at stake nearer ones are asked after an hour. */
function awaitedUntil({ incident, at }: Turn, expectedAt: number): number {
  return incident.severity === 'critical' ? Math.min(expectedAt, at + longestWayMs) : expectedAt;
}
const longestWayMs = 60 * 60_000;

/** A responder who is late by this much is not waited for. */
export const lateArrivalMs = 5 * 60_000;
/** How long an incident rests while a second person is asked to agree that nobody was reached. */
export const restMs = 30 * 60_000;
/** Past so many alerts in one incident its people know; further ones are on record and on the page. Who is left without a watch is somebody else each time. */
export const mostFirstRungs = 20;

function setLadder(turn: Turn, ladder: Ladder): void {
  turn.incident = { ...turn.incident, ladder };
}

function climbOf({ incident, at }: Turn): Climb {
  const { ladder, version } = incident;
  return ladder.phase === 'ended' ? { rung: 0, startedAt: at, cause: version } : ladder;
}

/** From the first rung, under the name of now; then it holds again where somebody has the incident in hand. */
function start(turn: Turn, about?: IncidentAlert): void {
  const { version, ladder, lastAlertAt } = turn.incident;
  const late = ladder.phase === 'held' && !about && { heldMs: Math.max(0, turn.at - lastAlertAt) };
  setLadder(turn, { phase: 'running', rung: 0, startedAt: turn.at, cause: version });
  climbOn(turn, { purpose: about ? 'worse' : 'alarm', about, ...late });
  waitForHands(turn);
}

function waitForHands(turn: Turn): void {
  const { state } = turn.incident;
  if (state.phase === 'claimed') moveLadder(turn, 'pauses');
  if (state.phase === 'responding') moveLadder(turn, 'waits');
  if (state.phase === 'on-scene') moveLadder(turn, 'ends');
}

/** It became worse: the first rung hears it under a new name, and the ladder is neither delayed nor hurried by it. */
function tellFirstRungAgain(turn: Turn, about?: IncidentAlert): void {
  const { incident } = turn;
  const ladder = ladderNow(turn);
  const isKnown = alertCount(incident) > mostFirstRungs && about?.condition !== 'blind';
  if (isKnown || ladder.rungs.length === 0) return;
  tellRung(turn, peopleOn(1, ladder, sceneOf(turn)), { cause: incident.version, rung: 1, purpose: 'worse', about });
}

/** Tells the next rung that has somebody on it; empty ones before it are skipped at once. */
function climbOn(turn: Turn, words: RungWords = {}): void {
  const { at, dueAt } = turn;
  const ladder = ladderNow(turn);
  const isStillAwaited = isExpectedLater(turn);
  const backups = takeBackups(turn);
  if (isAnother(turn, ladder)) {
    // Under a name of its own, because the same people may stand on other rungs of it.
    nextVersion(turn);
    setLadder(turn, { phase: 'running', rung: 0, startedAt: climbOf(turn).startedAt, cause: turn.incident.version });
  }
  const climb = climbOf(turn);
  const { startedAt, cause, rung: before } = climb;
  const by = makerOf(ladder);
  const named = { startedAt, cause, ...(by !== undefined && { by }) };
  const inFirstPass = before < ladder.rungs.length;
  if (!inFirstPass && (!ladder.repeat || ladder.rungs.length === 0)) {
    setLadder(turn, { phase: 'running', rung: before, ...named });
    return;
  }
  if (before === ladder.rungs.length) reportNobodyReached(turn);
  const rung = inFirstPass ? passOn(turn, ladder, climb, words) : repeatOn(turn, ladder, climb);
  tellBackups(turn, backups, { cause, rung });
  if (inFirstPass && rung === ladder.rungs.length) reportNobodyTold(turn, ladder, { cause, rung });
  const waitMs = waitAfter(rung, ladder);
  // A tick that comes a little late delays nobody. After a long silence the pace begins anew: rungs do not pile up.
  const nextAt = waitMs === undefined ? {} : { nextAt: waitMs + (at - dueAt < waitMs ? dueAt : at) };
  setLadder(turn, { phase: 'running', rung, ...named, ...nextAt });
  if (!isStillAwaited) return;
  if (rung < ladder.rungs.length) climbRest(turn, ladder);
  moveLadder(turn, 'waits');
}

/** Whoever was waited for as long as anybody is, and has said that it takes longer. */
function isExpectedLater({ incident: { state, ladder }, at, dueAt }: Turn): boolean {
  const isDue = ladder.phase === 'waiting' && ladder.nextAt <= dueAt;
  return isDue && state.phase === 'responding' && state.expectedAt > at;
}

/** Then everybody else on the ladder hears of it at once, and the wait goes on: they may be nearer. */
function climbRest(turn: Turn, { rungs }: Ladders): void {
  while (climbOf(turn).rung < rungs.length) climbOn(turn);
}

/**
 * Whoever heard that somebody is going was asked to stay reachable. When nobody came after all they are asked again, beside the next rung, and
 * hear again when somebody else goes.
 */
function takeBackups(turn: Turn): readonly Told[] {
  const { ladder, told } = turn.incident;
  if (ladder.phase !== 'waiting') return [];
  const isBackup = ({ updated, answer, informed, stoodDown }: Told) =>
    updated && answer === undefined && !informed && !stoodDown;
  turn.incident = {
    ...turn.incident,
    told: told.map((one) => {
      const { updated: _, ...again } = one;
      return isBackup(one) ? again : one;
    }),
  };
  return told.filter(isBackup);
}

function tellBackups(turn: Turn, backups: readonly Told[], name: { cause: number; rung: number }): void {
  const isStillWaiting = ({ contactId, noticeId }: Told) =>
    turn.incident.told.some((one) => one.contactId === contactId && one.noticeId === noticeId);
  const tell = backups.filter(isStillWaiting).flatMap(({ contactId }) => turn.registry.contact(contactId) ?? []);
  tellRung(turn, { tell, inform: [], desk: false, asks: false }, name);
}

function passOn(turn: Turn, ladder: Ladders, { rung: before, cause }: Climb, words: RungWords): number {
  for (let rung = before + 1; ; rung++) {
    const people = peopleOn(rung, ladder, sceneOf(turn));
    tellRung(turn, people, { ...words, ...byWhich(ladder), cause, rung });
    if (people.tell.length > 0 || !people.asks) return rung;
    write(turn, 'rung-empty', { rung });
    if (rung === ladder.rungs.length) return rung;
  }
}

/** Goes round until it finds somebody, once at most; with nobody at all the desk still sounds. */
function repeatOn(turn: Turn, ladder: Ladders, { rung: before, cause }: Climb): number {
  for (let rung = before + 1; ; rung++) {
    const people = peopleOn(rung, ladder, sceneOf(turn));
    if (people.tell.length === 0 && rung < before + ladder.rungs.length) continue;
    tellRung(turn, people, { ...byWhich(ladder), cause, rung });
    return rung;
  }
}

type RungWords = { purpose?: NoticePurpose; about?: IncidentAlert | undefined; heldMs?: number } & ByWhich;
/** What of the registry made the ladder; absent: it is a default. */
type ByWhich = { policyId?: string; profileId?: string };
const byWhich = ({ policyId, profileId }: Ladders): ByWhich => ({
  ...(policyId !== undefined && { policyId }),
  ...(profileId !== undefined && { profileId }),
});

function tellRung(
  turn: Turn,
  people: People,
  { cause, rung, about, heldMs, purpose: wanted, ...made }: RungWords & { cause: number; rung: number },
): void {
  const wasAsked = turn.incident.told.some(({ informed }) => !informed);
  const purpose = wanted ?? (wasAsked ? 'escalation' : 'alarm');
  const { channels } = people;
  const { state } = turn.incident;
  // Who is asked beside somebody that is late hears of them: nobody is to think that nobody set out.
  const isAwaited = purpose === 'escalation' && state.phase === 'responding' && state.by.type === 'contact';
  const name = {
    ...{ cause, rung },
    ...(isAwaited && { goingId: state.by.id }),
    ...(about && { about }),
    ...(heldMs !== undefined && { heldMs }),
    ...(channels && { channels }),
  };
  if (people.desk) issue(turn, { ...name, recipient: deskOf(turn.incident), purpose });
  const tell = (contacts: Contact[], why: NoticePurpose) =>
    contacts
      .map(({ id }) => id)
      .filter((contactId) => issue(turn, { ...name, recipient: { type: 'contact', contactId }, purpose: why }));
  const told = tell(people.tell, purpose);
  const informed = tell(people.inform, 'information');
  if (told.length + informed.length === 0 && !people.desk) return;
  for (const contactId of told) turn.crew.noteCalled(contactId, turn.incident.incidentId, turn.at);
  write(turn, 'rung', { rung, purpose, told, informed, desk: people.desk, ...made });
}

/** The whole ladder went by, and no message to anybody who could go is known to have arrived. */
function reportNobodyReached(turn: Turn): void {
  const asked = turn.incident.told.filter(({ informed }) => !informed);
  if (asked.length === 0 || asked.some(({ reached, answer }) => reached === 'delivered' || answer !== undefined))
    return;
  write(turn, 'undelivered', { everyone: true, told: asked.map(({ contactId }) => contactId) });
  alarm(turn, 'notice-undelivered');
}

/** Where it was a policy that has nobody there, whoever a default ladder would have called is called now, all of them. */
function reportNobodyTold(turn: Turn, { policyId }: Ladders, name: { cause: number; rung: number }): void {
  const { severity, told } = turn.incident;
  if (severity !== 'critical' || told.some(({ informed }) => !informed)) return;
  alarm(turn, 'ladder-empty');
  if (policyId === undefined) return;
  const ladder = defaultOf(turn.incident, turn.registry);
  const tell = ladder.rungs.flatMap((_, at) => peopleOn(at + 1, ladder, sceneOf(turn)).tell);
  tellRung(turn, { tell: [...new Set(tell)], inform: [], desk: false, asks: false }, name);
}

/** The system's own alarm about this incident. About an incident of the system itself it would go round in circles. */
function alarm({ incident, registry, at, alarms }: Turn, condition: SystemCondition): void {
  const { incidentId, code, category, version } = incident;
  if (category === 'system') return;
  alarms.push({
    alertId: `${condition}:${incidentId}/v${version}`,
    rule: 'ladder',
    condition,
    severity: 'critical',
    at,
    occurredAt: at,
    clock: 'trusted',
    subject: { type: 'system', id: condition },
    where: whereOf(incident, registry),
    reason: { incidentId, incidentCode: code, about: leadingAlert(incident, registry)?.condition ?? category },
  });
}

type SystemCondition = 'notice-undelivered' | 'ladder-empty' | 'emergency-left-open';

/** A simulated device that opened it does not make a drill of what is said about real ones. */
function whereOf(incident: Incident, registry: RegistryView): Whereabouts {
  if (!isSimulated(incident, registry) || isDrill(incident, registry)) return incident.where;
  const { deviceId: _, ...where } = incident.where;
  return where;
}
