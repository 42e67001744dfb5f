import type { Alert } from '../records/alert.ts';
import type { Actor, Incident, IncidentAlert, TimelineEntry } from '../records/incident.ts';
import type { Notice, NoticePurpose, Recipient } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
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
    const told = withTold(incident.told, { contactId, noticeId: notice.noticeId, at, asked });
    if (!told) return false;
    turn.incident = { ...incident, told };
  }
  turn.notices.push(notice);
  return true;
}

/** A message to one contact outside the ladder, named by the version of now. */
export function tellContact(turn: Turn, contactId: string, purpose: NoticePurpose, detail?: string): void {
  const recipient: Recipient = { type: 'contact', contactId };
  issue(turn, { cause: turn.incident.version, rung: 0, recipient, purpose, ...(detail !== undefined && { detail }) });
}

/** The desk sounds, outside the ladder. */
export function soundDesk(turn: Turn, about: IncidentAlert): void {
  issue(turn, { cause: turn.incident.version, rung: 0, recipient: deskOf(turn.incident), purpose: 'worse', about });
}

export function deskOf({ where }: Incident): Recipient {
  return { type: 'desk', areaId: where.areaId ?? '' };
}

/** Everyone who was told hears how it ended, once each; those who may be under way are told to turn back. */
export function tellTheEnd(turn: Turn, somebodyWasThere: boolean, outcome: string): void {
  const { told } = turn.incident;
  for (const { contactId, informed, answer } of told) {
    const mayBeUnderWay = !somebodyWasThere && answer !== 'cannot' && (answer === 'going' || !informed);
    tellContact(turn, contactId, mayBeUnderWay ? 'stand-down' : 'all-clear', outcome);
  }
  if (told.length > 0) write(turn, 'notified', { contacts: told.map(({ contactId }) => contactId), outcome });
}

/** Purposes by which somebody is asked to go. */
const askingPurposes: ReadonlySet<NoticePurpose> = new Set(['alarm', 'worse', 'escalation']);
