import type { Command, CommandProblem, CommandResult } from '../records/command.ts';
import type { Actor, Incident, IncidentState, TimelineEntry } from '../records/incident.ts';
import { claimMs } from './claims.ts';
import { lateArrivalMs, newestRung } from './climb.ts';
import { isLifeSafety } from './correlation.ts';
import { isOpen, keyOfIncident } from './incident-table.ts';
import type { Happening, Refusal } from './lifecycle.ts';
import { parseNoticeId } from './notices.ts';
import type { Round } from './round.ts';
import { happen, refusalOf } from './transition.ts';
import { nextVersion, type Turn, tellContact, tellTheEnd, write } from './turn.ts';

/** What people ask of one incident. */
export type IncidentCommand = Extract<Command, { incidentId: string }>;

/**
 * Does what a person asked, or says why not and what is true now. A refusal leaves a trace only where that is a fact
 * worth keeping.
 */
export function stepCommand(round: Round, command: IncidentCommand): CommandResult {
  const incident = round.table.get(command.incidentId);
  if (!incident) return { ok: false, problem: 'not-found', message: `there is no incident ${command.incidentId}` };
  const foreign = foreignProblem(incident, command);
  if (foreign !== undefined) return refuseReply(round, incident, command, foreign);
  if (command.expectedVersion !== incident.version) {
    return refused(
      incident,
      'version-conflict',
      `incident ${incident.code} has changed: it is ${phrase(incident.state)}`,
    );
  }
  const turn = round.turnOf(incident);
  const result = carryOut(round, turn, command);
  round.keep(turn);
  return result ?? { ok: true, version: turn.incident.version };
}

type Of<T extends IncidentCommand['type']> = Extract<IncidentCommand, { type: T }>;

/** `undefined`: done. */
function carryOut(round: Round, turn: Turn, command: IncidentCommand): CommandResult | undefined {
  switch (command.type) {
    case 'claim':
      return claim(turn, command);
    case 'release':
      return release(turn, command);
    case 'act':
      return act(turn, command);
    case 'accept':
      return accept(turn, command);
    case 'decline':
      return decline(turn, command);
    case 'arrive':
      return arrive(turn, command);
    case 'resolve':
      return resolve(turn, command);
    case 'reopen':
      return reopen(round, turn, command);
    case 'let-go':
      return letGo(turn, command);
  }
}

function claim(turn: Turn, { by }: Of<'claim'>): CommandResult | undefined {
  const { at, incident } = turn;
  const entering = {
    phase: 'claimed' as const,
    since: at,
    by,
    expiresAt: at + claimMs[incident.severity],
    acted: false,
  };
  return transit(turn, 'claim', entering, 'claimed', by);
}

function release(turn: Turn, { by }: Of<'release'>): CommandResult | undefined {
  return notTheirClaim(turn, by) ?? transit(turn, 'release', undefined, 'released', by);
}

function act(turn: Turn, { by, action }: Of<'act'>): CommandResult | undefined {
  const { state } = turn.incident;
  const entering = state.phase === 'claimed' ? { ...state, acted: true } : undefined;
  return notTheirClaim(turn, by) ?? transit(turn, 'act', entering, 'acted', by, { action });
}

/** Somebody goes. The earliest of several is waited for, unless they are overdue or report a new time themselves. */
function accept(turn: Turn, { by, contactId, expectedMinutes }: Of<'accept'>): CommandResult | undefined {
  const refusal = problemOf(turn, 'accept');
  if (refusal) return refusal;
  const { at, registry, incident } = turn;
  if (!registry.contact(contactId)) return refused(incident, 'invalid', `there is no contact ${contactId}`);
  const { state } = incident;
  const expectedAt = at + expectedMinutes * 60_000;
  const going: Actor = { type: 'contact', id: contactId };
  const another = state.phase === 'responding' && state.by.id !== contactId;
  const awaited = another && state.expectedAt <= expectedAt && at < state.expectedAt + lateArrivalMs;
  nextVersion(turn);
  happen(turn, 'accept', { entering: awaited ? undefined : { phase: 'responding', since: at, by: going, expectedAt } });
  write(turn, 'accepted', { contactId, expectedAt }, by);
  // Somebody whom the desk reached by telephone has it in writing too, and hears the end.
  if (!incident.told.some((one) => one.contactId === contactId)) tellContact(turn, contactId, 'information');
  answered(turn, contactId, 'going');
  return undefined;
}

function decline(turn: Turn, { by, contactId }: Of<'decline'>): CommandResult | undefined {
  const refusal = problemOf(turn, 'decline');
  if (refusal) return refusal;
  const { incident } = turn;
  const told = incident.told.find((one) => one.contactId === contactId);
  if (!told) return refused(incident, 'invalid', `contact ${contactId} was not told about incident ${incident.code}`);
  answered(turn, contactId, 'cannot');
  nextVersion(turn);
  write(turn, 'declined', { contactId }, by);
  const { state } = incident;
  if (state.phase === 'responding' && state.by.id === contactId) happen(turn, 'turn back');
  else if (told.answer === undefined && isOnNewestRung(turn, told.noticeId)) happen(turn, 'decline');
  return undefined;
}

/** Whether a notice went to somebody on the rung that was told last, while there are rungs that were not told yet. */
export function isOnNewestRung(turn: Turn, noticeId: string): boolean {
  const rung = newestRung(turn);
  return rung !== undefined && parseNoticeId(noticeId)?.rung === rung;
}

/** The desk may report it for the responder who was on the way. */
function arrive(turn: Turn, { by }: Of<'arrive'>): CommandResult | undefined {
  const { state } = turn.incident;
  const who = by.type === 'contact' || state.phase !== 'responding' ? by : state.by;
  if (by.type === 'contact' && !problemOf(turn, 'arrive')) answered(turn, by.id, 'going');
  return transit(turn, 'arrive', { phase: 'on-scene', since: turn.at, by: who }, 'arrived', by);
}

function resolve(turn: Turn, command: Of<'resolve'>): CommandResult | undefined {
  const { by, outcome, contact, note } = command;
  const refusal = problemOf(turn, 'resolve');
  if (refusal) return refusal;
  const { incident, at } = turn;
  const { closing } = incident;
  if (isLifeSafety(incident)) {
    if (by.type === 'system') return refused(incident, 'not-allowed', 'only a person ends a life-safety incident');
    if (contact !== 'reached' && !(closing && agrees(turn, by, closing.by))) return askSecondPerson(turn, command);
  }
  const somebodyWasThere = incident.state.phase === 'on-scene';
  const said = note === undefined ? {} : { note };
  nextVersion(turn);
  happen(turn, 'resolve', { entering: { phase: 'resolved', since: at, by, outcome, contact, ...said } });
  const { closing: _, ...ended } = turn.incident;
  turn.incident = ended;
  write(
    turn,
    'resolved',
    { outcome, contact, ...said, ...(closing && { agreedWith: `${closing.by.type}:${closing.by.id}` }) },
    by,
  );
  tellTheEnd(turn, somebodyWasThere, outcome);
  return undefined;
}

/** One person alone cannot end it as "nobody reached": it is on record, and rests until a second person agrees. */
function askSecondPerson(turn: Turn, { by, outcome, contact }: Of<'resolve'>): CommandResult {
  const { closing } = turn.incident;
  // A program is nobody with whom a person could agree.
  if (!closing || !isPerson(closing.by)) {
    happen(turn, 'ask second person', { entering: actedClaim(turn.incident.state) });
    turn.incident = { ...turn.incident, closing: { by, askedAt: turn.at } };
    nextVersion(turn);
  }
  write(turn, 'second-person-asked', { outcome, contact }, by);
  const message =
    'nobody was reached: a second person has to agree (another account, the township, the county, or a responder)';
  return refused(turn.incident, 'second-person-needed', message);
}

function reopen({ table }: Round, turn: Turn, { by, reason }: Of<'reopen'>): CommandResult | undefined {
  const { incident } = turn;
  const other = table.openWithKey(keyOfIncident(incident));
  if (other && other !== incident)
    return refused(incident, 'not-allowed', `incident ${other.code} is open for the same already`);
  return transit(turn, 'reopen', undefined, 'reopened', by, { reason });
}

/** A person answers for what was held: it goes out now, from the first rung, or nobody is told of it any more. */
function letGo(turn: Turn, { by, choice }: Of<'let-go'>): CommandResult | undefined {
  const { incident } = turn;
  const { ladder } = incident;
  const happening = choice === 'send' ? 'send held' : 'drop held';
  if (isOpen(incident) && (ladder.phase !== 'held' || (choice === 'drop' && ladder.dropped)))
    return refused(
      incident,
      'not-allowed',
      `nothing is held of incident ${incident.code}: it is ${phrase(incident.state)}`,
    );
  return transit(turn, happening, undefined, choice === 'send' ? 'held-sent' : 'held-dropped', by);
}

/** A transition that is all there is to a command. */
function transit(
  turn: Turn,
  happening: Happening,
  entering: IncidentState | undefined,
  what: TimelineEntry['what'],
  by: Actor,
  details: TimelineEntry['details'] = {},
): CommandResult | undefined {
  const refusal = problemOf(turn, happening);
  if (refusal) return refusal;
  nextVersion(turn);
  write(turn, what, details, by);
  happen(turn, happening, { entering });
  return undefined;
}

function problemOf(turn: Turn, happening: Happening): CommandResult | undefined {
  const refusal = refusalOf(turn, happening);
  const { incident } = turn;
  return (
    refusal &&
    refused(incident, 'not-allowed', `${refusals[refusal]}: incident ${incident.code} is ${phrase(incident.state)}`)
  );
}

const refusals: Record<Refusal, string> = {
  taken: 'somebody has it already',
  'not claimed': 'claim it first',
  'on the way': 'a responder is on the way',
  'on scene': 'somebody is there',
  over: 'it is over',
  'not over': 'it is not over',
};

function notTheirClaim({ incident }: Turn, by: Actor): CommandResult | undefined {
  const { state } = incident;
  if (state.phase !== 'claimed' || isSame(state.by, by)) return undefined;
  return refused(incident, 'not-allowed', `incident ${incident.code} is ${phrase(state)}`);
}

const actedClaim = (state: IncidentState): IncidentState | undefined =>
  state.phase === 'claimed' ? { ...state, acted: true } : undefined;

/** A second person: another account, a lead of township or county, or a responder who went. */
function agrees({ incident, registry }: Turn, by: Actor, first: Actor): boolean {
  if (!isPerson(by) || !isPerson(first) || isSame(by, first)) return false;
  return by.type === 'account' || mayAgree(incident, registry.contact(by.id)?.role, by);
}

function mayAgree({ told }: Incident, role: string | undefined, by: Actor): boolean {
  return (
    role === 'township' ||
    role === 'county' ||
    told.some(({ contactId, answer }) => contactId === by.id && answer === 'going')
  );
}

/**
 * A contact speaks for itself alone, about what it was told of, and ends no life-safety incident unless it is asked to
 * agree.
 */
function foreignProblem(incident: Incident, command: IncidentCommand): string | undefined {
  const { by, type } = command;
  if (by.type !== 'contact') return undefined;
  if (!incident.told.some(({ contactId }) => contactId === by.id))
    return `contact ${by.id} is no responder of this incident`;
  if ('contactId' in command && command.contactId !== by.id)
    return `contact ${by.id} cannot answer for ${command.contactId}`;
  if (type === 'resolve' && isLifeSafety(incident) && !incident.closing)
    return 'a life-safety incident is not ended by a reply';
  if (['claim', 'release', 'act', 'reopen', 'let-go'].includes(type)) return `only the desk may ${type}`;
  return undefined;
}

function refuseReply(round: Round, incident: Incident, { by, type }: IncidentCommand, message: string): CommandResult {
  const turn = round.turnOf(incident);
  write(turn, 'refused-reply', { command: type, message }, by);
  return refused(incident, 'not-allowed', message);
}

function answered(turn: Turn, contactId: string, answer: 'going' | 'cannot'): void {
  const told = turn.incident.told.map((one) => (one.contactId === contactId ? { ...one, answer } : one));
  turn.incident = { ...turn.incident, told };
}

function refused({ version }: Incident, problem: CommandProblem, message: string): CommandResult {
  return { ok: false, problem, message, currentVersion: version };
}

/** What is true now, naming who: for the person who comes second. */
function phrase(state: IncidentState): string {
  switch (state.phase) {
    case 'open':
      return 'open';
    case 'claimed':
      return `claimed by ${state.by.type} ${state.by.id}`;
    case 'responding':
      return `in the hands of ${state.by.type} ${state.by.id}, who is on the way`;
    case 'on-scene':
      return `in the hands of ${state.by.type} ${state.by.id}, who is there`;
    case 'resolved':
      return `resolved by ${state.by.type} ${state.by.id}`;
  }
}

const isPerson = ({ type }: Actor): boolean => type === 'account' || type === 'contact';
const isSame = (a: Actor, b: Actor): boolean => a.type === b.type && a.id === b.id;
