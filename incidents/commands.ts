import type { Command, CommandResult } from '../records/command.ts';
import type { Actor, Incident, IncidentState, Told } from '../records/incident.ts';
import { awaitedTransfers } from '../records/transfer.ts';
import { plausibleFrom, pressConfirmedMs } from './arrival.ts';
import { claimMs } from './claims.ts';
import { lateArrivalMs, newestRung } from './climb.ts';
import { isLifeSafety } from './correlation.ts';
import { deskCommand } from './desk-commands.ts';
import { fieldReport } from './field-report.ts';
import { isOpen, keysOfIncident } from './incident-table.ts';
import { leadingAlert, parseNoticeId } from './notices.ts';
import { isPerson, isSame, phrase, problemOf, refused, transit } from './refusals.ts';
import type { Round } from './round.ts';
import { happen } from './transition.ts';
import {
  forgetWhoWent,
  nextVersion,
  soundDesk,
  type Turn,
  tellContact,
  tellTheEnd,
  tellWhoGoes,
  write,
} from './turn.ts';

/** What people ask of one incident. */
export type IncidentCommand = Extract<Command, { incidentId: string }>;

/**
 * Does what a person asked, or says why not and what is true now. A refusal leaves a trace only where that is a fact
 * worth keeping.
 */
export function stepCommand(round: Round, command: IncidentCommand): CommandResult {
  const named = round.table.get(command.incidentId);
  // Whoever was told of an incident that became part of another speaks of that one, and could not have seen its version.
  const incident = command.by.type === 'contact' ? round.table.wholeOf(named) : named;
  if (!incident) return { ok: false, problem: 'not-found', message: `there is no incident ${command.incidentId}` };
  const foreign = foreignProblem(incident, command);
  if (foreign !== undefined) return refuseReply(round, incident, command, foreign);
  if (command.expectedVersion !== incident.version && incident === named) {
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
    case 'report':
      return fieldReport(turn, command);
    default:
      return deskCommand(round, turn, command);
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
  return transit(turn, 'claim', { entering, what: 'claimed', by });
}

function release(turn: Turn, { by }: Of<'release'>): CommandResult | undefined {
  return notTheirClaim(turn, by) ?? transit(turn, 'release', { what: 'released', by });
}

function act(turn: Turn, { by, action }: Of<'act'>): CommandResult | undefined {
  const { state } = turn.incident;
  const entering = state.phase === 'claimed' ? { ...state, acted: true } : undefined;
  return notTheirClaim(turn, by) ?? transit(turn, 'act', { entering, what: 'acted', by, details: { action } });
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
  // Who reports a new time set out when they first said so.
  const since = state.phase === 'responding' && !another ? state.since : at;
  nextVersion(turn);
  happen(turn, 'accept', { entering: awaited ? undefined : { phase: 'responding', since, by: going, expectedAt } });
  write(turn, 'accepted', { contactId, expectedAt }, by);
  // Somebody whom the desk reached by telephone has it in writing too, and hears the end.
  if (!incident.told.some((one) => one.contactId === contactId)) tellContact(turn, contactId, 'information');
  answered(turn, contactId, { answer: 'going' });
  if (state.phase !== 'on-scene') tellWhoGoes(turn, contactId);
  return undefined;
}

function decline(turn: Turn, { by, contactId }: Of<'decline'>): CommandResult | undefined {
  const refusal = problemOf(turn, 'decline');
  if (refusal) return refusal;
  const { incident } = turn;
  const told = incident.told.find((one) => one.contactId === contactId);
  if (!told) return refused(incident, 'invalid', `contact ${contactId} was not told about incident ${incident.code}`);
  answered(turn, contactId, { answer: 'cannot' });
  nextVersion(turn);
  write(turn, 'declined', { contactId }, by);
  const { state } = incident;
  if (state.phase === 'responding' && state.by.id === contactId) happen(turn, 'turn back');
  else if (told.answer === undefined && !told.informed && isOnNewestRung(turn, told.noticeId)) happen(turn, 'decline');
  return undefined;
}

/** Whether a notice went to somebody on the rung that was told last, while there are rungs that were not told yet. */
export function isOnNewestRung(turn: Turn, noticeId: string): boolean {
  const rung = newestRung(turn);
  return rung !== undefined && parseNoticeId(noticeId)?.rung === rung;
}

/**
 * The desk may report it for the responder who was on the way. Somebody who cannot be there yet by any car is not believed: help goes on
 * coming, and the desk hears of it. Where the home's own button was pressed a moment before, that was them.
 */
function arrive(turn: Turn, { by }: Of<'arrive'>): CommandResult | undefined {
  const { at, incident } = turn;
  const { state } = incident;
  const refusal = problemOf(turn, 'arrive');
  if (refusal) return refusal;
  const who = by.type === 'contact' || state.phase !== 'responding' ? by : state.by;
  if (by.type === 'contact' && at < (plausibleFrom(turn, by.id) ?? at)) return doubt(turn, by);
  if (isOnlyInformed(incident, by)) return noteThere(turn, by);
  const isPressed =
    state.phase === 'responding' && state.by.id === who.id && at - (state.pressedAt ?? 0) <= pressConfirmedMs;
  if (who.type === 'contact') answered(turn, who.id, { answer: 'going', arrived: true });
  // Who comes second finds the first one there.
  const entering = state.phase === 'on-scene' ? undefined : ({ phase: 'on-scene', since: at, by: who } as const);
  return transit(turn, 'arrive', { entering, what: 'arrived', by, details: isPressed ? { pressed: true } : {} });
}

/** Somebody who was told for information, and never said that they go. */
function isOnlyInformed({ told }: Incident, { type, id }: Actor): boolean {
  return type === 'contact' && told.some((one) => one.contactId === id && one.informed && one.answer !== 'going');
}

/** Family that happens to be there is good to know, and no responder: who was asked to go goes on coming, and is called on. */
function noteThere(turn: Turn, by: Actor): undefined {
  answered(turn, by.id, { arrived: true });
  nextVersion(turn);
  write(turn, 'arrived', { informed: true }, by);
}

function doubt(turn: Turn, by: Actor): CommandResult {
  const { incident, registry } = turn;
  nextVersion(turn);
  write(turn, 'arrival-doubted', { contactId: by.id }, by);
  const about = leadingAlert(incident, registry);
  if (about) soundDesk(turn, about);
  const message = `${by.id} cannot be at incident ${incident.code} so soon: the desk may say that they are`;
  return refused(turn.incident, 'not-allowed', message);
}

function resolve(turn: Turn, command: Of<'resolve'>): CommandResult | undefined {
  const { by, outcome, contact, note } = command;
  const refusal = problemOf(turn, 'resolve');
  if (refusal) return refusal;
  const { incident, at } = turn;
  const { closing } = incident;
  const awaited = awaitedTransfers(incident).map(({ to }) => to);
  if (awaited.length > 0)
    return refused(incident, 'not-allowed', `${awaited.join(', ')} was told: say first what became of it there`);
  if (isLifeSafety(incident)) {
    if (by.type === 'system') return refused(incident, 'not-allowed', 'only a person ends a life-safety incident');
    if (contact !== 'reached' && !(closing && agrees(turn, by, closing.by))) return askSecondPerson(turn, command);
  }
  const there = incident.state.phase === 'on-scene' ? incident.state.by : undefined;
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
  tellTheEnd(turn, there, outcome);
  return undefined;
}

/** One person alone cannot end it as "nobody reached": it is on record, and rests until a second person agrees. */
function askSecondPerson(turn: Turn, { by, outcome, contact }: Of<'resolve'>): CommandResult {
  const { closing } = turn.incident;
  // A program is nobody with whom a person could agree.
  const isNew = !closing || !isPerson(closing.by);
  if (isNew) {
    happen(turn, 'ask second person', { entering: actedClaim(turn.incident.state) });
    const asked = turn.incident.severity === 'critical' ? seconds(turn, by) : [];
    const newly = { by, askedAt: turn.at, outcome, contact, ...(asked.length > 0 && { asked }) };
    turn.incident = { ...turn.incident, closing: newly };
    nextVersion(turn);
  }
  write(turn, 'second-person-asked', { outcome, contact }, by);
  if (isNew) for (const contactId of turn.incident.closing?.asked ?? []) tellContact(turn, contactId, 'agree');
  const message =
    'nobody was reached: a second person has to agree (another account, the township, the county, or a responder)';
  return refused(turn.incident, 'second-person-needed', message);
}

/** Whom the desk asks by telephone whether they agree: the leads of township and county, and who went there. */
function seconds({ incident, registry }: Turn, by: Actor): string[] {
  const contacts = registry.contactsFor(incident.where);
  const leads = (['township', 'county'] as const).flatMap(
    (role) => contacts.find((one) => one.role === role)?.id ?? [],
  );
  const went = incident.told.filter(({ answer }) => answer === 'going').map(({ contactId }) => contactId);
  return [...new Set([...leads, ...went])].filter((id) => by.type !== 'contact' || id !== by.id).slice(0, mostSeconds);
}
const mostSeconds = 5;

function reopen({ table }: Round, turn: Turn, { by, reason }: Of<'reopen'>): CommandResult | undefined {
  const { incident } = turn;
  const other = keysOfIncident(incident)
    .map((key) => table.openWithKey(key))
    .find((one) => one && one !== incident);
  if (other) return refused(incident, 'not-allowed', `incident ${other.code} is open for the same already`);
  if (incident.mergedInto !== undefined)
    return refused(incident, 'not-allowed', `incident ${incident.code} became part of another one: open that again`);
  const refusal = problemOf(turn, 'reopen');
  if (!refusal) forgetWhoWent(turn);
  return refusal ?? transit(turn, 'reopen', { what: 'reopened', by, details: { reason } });
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
  return transit(turn, happening, { what: choice === 'send' ? 'held-sent' : 'held-dropped', by });
}

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
  if (!ofContacts.has(type)) return `only the desk may ${type}`;
  return undefined;
}

const ofContacts: ReadonlySet<IncidentCommand['type']> = new Set(['accept', 'decline', 'arrive', 'report', 'resolve']);

function refuseReply(round: Round, incident: Incident, { by, type }: IncidentCommand, message: string): CommandResult {
  const turn = round.turnOf(incident);
  write(turn, 'refused-reply', { command: type, message }, by);
  return refused(incident, 'not-allowed', message);
}

/** Who was sent home, and goes all the same, hears the end. */
export function answered(turn: Turn, contactId: string, said: Pick<Told, 'answer' | 'arrived'>): void {
  const told = turn.incident.told.map((one) => {
    if (one.contactId !== contactId) return one;
    const { stoodDown, ...known } = one;
    return { ...known, ...said, ...(stoodDown && said.answer !== 'going' && { stoodDown }) };
  });
  turn.incident = { ...turn.incident, told };
}
