import type { Whereabouts } from '../records/alert.ts';
import { isDrill, isSimulated } from '../records/drill.ts';
import type { Climb, Incident, IncidentAlert, Ladder } from '../records/incident.ts';
import type { NoticePurpose } from '../records/notice.ts';
import type { Contact, RegistryView } from '../records/registry.ts';
import { type Ladders, ladderOf, type People, peopleOn, waitAfter } from './ladder.ts';
import type { LadderMove } from './lifecycle.ts';
import { alertCount, leadingAlert } from './notices.ts';
import { deskOf, issue, type Turn, write } from './turn.ts';

/** Moves the ladder as the table says. `about` is the alert that messages of a first rung speak of. */
export function moveLadder(turn: Turn, move: LadderMove, about?: IncidentAlert): void {
  const { state } = turn.incident;
  const { rung, startedAt, cause } = climbOf(turn);
  const climb = { rung, startedAt, cause };
  const { ladder } = turn.incident;
  const isHeld = ladder.phase === 'held';
  switch (move) {
    case 'unchanged':
      return;
    case 'starts':
      start(turn, about);
      return;
    case 'first rung':
      if (isHeld) start(turn, about);
      else tellFirstRungAgain(turn, about);
      return;
    case 'next rung':
      if (isHeld) start(turn);
      else climbOn(turn);
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
      setLadder(turn, { phase: 'waiting', ...climb, nextAt: state.expectedAt + lateArrivalMs });
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
export function newestRung({ incident, registry }: Turn): number | undefined {
  const { ladder } = incident;
  if (ladder.phase === 'ended' || ladder.phase === 'held') return undefined;
  return ladder.rung < ladderOf(incident, registry).rungs.length ? ladder.rung : undefined;
}

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
  const { incident, registry } = turn;
  const ladder = ladderOf(incident, registry);
  const isKnown = alertCount(incident) > mostFirstRungs && about?.condition !== 'blind';
  if (isKnown || ladder.rungs.length === 0) return;
  tellRung(turn, peopleOn(1, ladder, incident, registry), {
    cause: incident.version,
    rung: 1,
    purpose: 'worse',
    about,
  });
}

/** Tells the next rung that has somebody on it; empty ones before it are skipped at once. */
function climbOn(turn: Turn, words: RungWords = {}): void {
  const { incident, registry, at, dueAt } = turn;
  const ladder = ladderOf(incident, registry);
  const climb = climbOf(turn);
  const { startedAt, cause, rung: before } = climb;
  const inFirstPass = before < ladder.rungs.length;
  if (!inFirstPass && (!ladder.repeat || ladder.rungs.length === 0)) {
    setLadder(turn, { phase: 'running', rung: before, startedAt, cause });
    return;
  }
  if (before === ladder.rungs.length) reportNobodyReached(turn);
  const rung = inFirstPass ? passOn(turn, ladder, climb, words) : repeatOn(turn, ladder, climb);
  if (inFirstPass && rung === ladder.rungs.length) reportNobodyTold(turn);
  const waitMs = waitAfter(rung, ladder);
  // A tick that comes a little late delays nobody. After a long silence the pace begins anew: rungs do not pile up.
  const nextAt = waitMs === undefined ? {} : { nextAt: waitMs + (at - dueAt < waitMs ? dueAt : at) };
  setLadder(turn, { phase: 'running', rung, startedAt, cause, ...nextAt });
}

function passOn(turn: Turn, ladder: Ladders, { rung: before, cause }: Climb, words: RungWords): number {
  for (let rung = before + 1; ; rung++) {
    const people = peopleOn(rung, ladder, turn.incident, turn.registry);
    tellRung(turn, people, { ...words, cause, rung });
    if (people.tell.length > 0 || !people.asks) return rung;
    write(turn, 'rung-empty', { rung });
    if (rung === ladder.rungs.length) return rung;
  }
}

/** Goes round until it finds somebody, once at most; with nobody at all the desk still sounds. */
function repeatOn(turn: Turn, ladder: Ladders, { rung: before, cause }: Climb): number {
  for (let rung = before + 1; ; rung++) {
    const people = peopleOn(rung, ladder, turn.incident, turn.registry);
    if (people.tell.length === 0 && rung < before + ladder.rungs.length) continue;
    tellRung(turn, people, { cause, rung });
    return rung;
  }
}

type RungWords = { purpose?: NoticePurpose; about?: IncidentAlert | undefined; heldMs?: number };

function tellRung(
  turn: Turn,
  people: People,
  { cause, rung, about, heldMs, ...words }: RungWords & { cause: number; rung: number },
): void {
  const wasAsked = turn.incident.told.some(({ informed }) => !informed);
  const purpose = words.purpose ?? (wasAsked ? 'escalation' : 'alarm');
  const name = { cause, rung, ...(about && { about }), ...(heldMs !== undefined && { heldMs }) };
  if (people.desk) issue(turn, { ...name, recipient: deskOf(turn.incident), purpose });
  const tell = (contacts: Contact[], why: NoticePurpose) =>
    contacts
      .map(({ id }) => id)
      .filter((contactId) => issue(turn, { ...name, recipient: { type: 'contact', contactId }, purpose: why }));
  const told = tell(people.tell, purpose);
  const informed = tell(people.inform, 'information');
  if (told.length + informed.length === 0 && !people.desk) return;
  write(turn, 'rung', { rung, purpose, told, informed, desk: people.desk });
}

/** The whole ladder went by, and no message to anybody who could go is known to have arrived. */
function reportNobodyReached(turn: Turn): void {
  const asked = turn.incident.told.filter(({ informed }) => !informed);
  if (asked.length === 0 || asked.some(({ reached, answer }) => reached === 'delivered' || answer !== undefined))
    return;
  write(turn, 'undelivered', { everyone: true, told: asked.map(({ contactId }) => contactId) });
  alarm(turn, 'notice-undelivered');
}

function reportNobodyTold(turn: Turn): void {
  const { severity, told } = turn.incident;
  if (severity === 'critical' && told.every(({ informed }) => informed)) alarm(turn, 'ladder-empty');
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
