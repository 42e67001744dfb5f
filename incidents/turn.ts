import type { Alert } from '../records/alert.ts';
import type { Actor, Incident, IncidentAlert, TimelineEntry, Told } from '../records/incident.ts';
import type { Notice, NoticePurpose, Recipient } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
import type { Crew } from './crew.ts';
import { createNotice, type NoticeWords, withTold } from './notices.ts';

/**
 * What one step does to one incident: the incident as it is becoming, and what goes out. It lives for the step alone.
 * `at` is the journal's time; `dueAt` is when the deadline that is being stepped was due, else `at`. `alarms` are the
 * system's own alerts about this incident.
 */
export type Turn = {
  readonly at: number;
  readonly dueAt: number;
  readonly registry: RegistryView;
  readonly crew: Crew;
  incident: Incident;
  readonly timeline: TimelineEntry[];
  readonly notices: Notice[];
  readonly alarms: Alert[];
};

/** The next version: something that a person must have seen before acting. Notices of what follows are named by it. */
export function nextVersion(turn: Turn): void {
  turn.incident = { ...turn.incident, version: turn.incident.version + 1 };
}

export function write(
  turn: Turn,
  what: TimelineEntry['what'],
  details: TimelineEntry['details'] = {},
  by?: Actor,
): void {
  turn.timeline.push({ at: turn.at, what, details, ...(by && { by }) });
}

/** False: the list of those who are told is full. Nobody is told who would not hear the end. */
export function issue(turn: Turn, words: NoticeWords): boolean {
  const { incident, registry, at } = turn;
  const notice = createNotice(incident, registry, at, words);
  if (notice.recipient.type === 'contact') {
    const { contactId } = notice.recipient;
    const asked = askingPurposes.has(words.purpose);
    const { noticeId, purpose } = notice;
    const told = withTold(incident.told, { contactId, noticeId, at, asked, purpose });
    if (!told) return false;
    turn.incident = { ...incident, told };
  }
  turn.notices.push(notice);
  return true;
}

/** A message to one contact outside the ladder, named by the version of now. */
export function tellContact(turn: Turn, contactId: string, purpose: NoticePurpose, words: OutsideWords = {}): boolean {
  const recipient: Recipient = { type: 'contact', contactId };
  return issue(turn, { cause: turn.incident.version, rung: 0, recipient, purpose, ...words });
}
type OutsideWords = Pick<NoticeWords, 'about' | 'detail' | 'goingId' | 'prefer'>;

/** The desk sounds, outside the ladder. */
export function soundDesk(turn: Turn, about: IncidentAlert): void {
  issue(turn, { cause: turn.incident.version, rung: 0, recipient: deskOf(turn.incident), purpose: 'worse', about });
}

export function deskOf({ where }: Incident): Recipient {
  return { type: 'desk', areaId: where.areaId ?? '' };
}

/** Everyone who was told hears how it ended, once each; those who may be under way are told to turn back. `there`: who was. */
export function tellTheEnd(turn: Turn, there: Actor | undefined, outcome: string): void {
  const told = turn.incident.told.filter(({ stoodDown }) => !stoodDown);
  for (const one of told) {
    const { contactId, answer, informed, arrived } = one;
    const isOnTheRoad = answer === 'going' && !arrived && there?.id !== contactId;
    const mayBeUnderWay = isOnTheRoad || (answer === undefined && !informed && !there);
    if (mayBeUnderWay) standDown(turn, one, outcome);
    else tellContact(turn, contactId, 'all-clear', { detail: outcome });
  }
  if (told.length > 0) write(turn, 'notified', { contacts: told.map(({ contactId }) => contactId), outcome });
}

/** By voice first to who said that they go: they are on the road, and read no message. */
export function standDown(turn: Turn, { contactId, answer }: Told, outcome: string): void {
  tellContact(turn, contactId, 'stand-down', { detail: outcome, ...(answer === 'going' && { prefer: 'voice' }) });
}

/** Everyone who was told, and cannot know it, hears once that somebody is going: they stay reachable, and need not all set out. */
export function tellWhoGoes(turn: Turn, goingId: string): void {
  const waiting = turn.incident.told.filter(
    ({ contactId, answer, updated, stoodDown }) =>
      contactId !== goingId && answer === undefined && !updated && !stoodDown,
  );
  for (const { contactId } of waiting) tellContact(turn, contactId, 'update', { goingId });
  if (waiting.length > 0)
    write(turn, 'updated', { contactId: goingId, contacts: waiting.map(({ contactId }) => contactId) });
}

/** It is open again: who went, or was there, then is not on the way now, and says so anew, as does how it ended. Who cannot come still cannot. */
export function forgetWhoWent(turn: Turn): void {
  const told = turn.incident.told.map((one) => {
    const { answer, arrived: _, updated: __, ...known } = one;
    return answer === 'going' ? known : { ...known, ...(answer && { answer }) };
  });
  const { report: _, ...incident } = turn.incident;
  turn.incident = { ...incident, told };
}

/** Purposes by which somebody is asked to go. */
const askingPurposes: ReadonlySet<NoticePurpose> = new Set(['alarm', 'worse', 'escalation']);
