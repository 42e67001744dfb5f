import type { Condition, Severity } from '../records/alert.ts';
import type { CommandResult } from '../records/command.ts';
import type { CallKind, Incident, IncidentAlert, Level, Told } from '../records/incident.ts';
import type { Contact } from '../records/registry.ts';
import { claimMs, shortenedClaim } from './claims.ts';
import type { IncidentCommand } from './commands.ts';
import { isLifeSafety, keyOf } from './correlation.ts';
import { isOpen, keyOfIncident } from './incident-table.ts';
import type { Phase } from './lifecycle.ts';
import { leadingAlert, moreUrgent, mostTold, severities } from './notices.ts';
import { isSame, phrase, problemOf, refused, transit } from './refusals.ts';
import type { Round } from './round.ts';
import { transfer, transferOutcome, transfersOfBoth } from './transfers.ts';
import { happen } from './transition.ts';
import { nextVersion, standDown, type Turn, tellContact, write } from './turn.ts';

type DeskCommand = Extract<
  IncidentCommand,
  { type: 'take-over' | 'hand-up' | 'merge' | 'transfer' | 'transfer-outcome' | 'reclass' }
>;
type Of<T extends DeskCommand['type']> = Extract<DeskCommand, { type: T }>;

/**
 * What the desk alone asks of an incident beside claiming and ending it: who has it, at which level, as part of which, and what it is.
 * No clock that people see begins anew by any of it. `undefined`: done.
 */
export function deskCommand(round: Round, turn: Turn, command: DeskCommand): CommandResult | undefined {
  switch (command.type) {
    case 'take-over':
      return takeOver(turn, command);
    case 'hand-up':
      return handUp(turn, command);
    case 'merge':
      return merge(round, turn, command);
    case 'transfer':
      return transfer(turn, command);
    case 'transfer-outcome':
      return transferOutcome(turn, command);
    case 'reclass':
      return reclass(round, turn, command);
  }
}

/** The claim is another's from now on, with its time to act; the time in which somebody had to verify runs on. */
function takeOver(turn: Turn, { by, reason }: Of<'take-over'>): CommandResult | undefined {
  const { at, incident } = turn;
  const { state } = incident;
  if (state.phase !== 'claimed') return problemOf(turn, 'take over');
  if (isSame(state.by, by)) return refused(incident, 'not-allowed', `incident ${incident.code} is yours already`);
  const entering = { ...state, by, expiresAt: at + claimMs[incident.severity], acted: false };
  const details = { from: `${state.by.type}:${state.by.id}`, reason };
  return transit(turn, 'take over', { entering, what: 'taken-over', by, details });
}

/** Whoever had claimed it has it no more. The people of that level hear that it is theirs; whoever is on the way goes on. */
function handUp(turn: Turn, { by, to, reason }: Of<'hand-up'>): CommandResult | undefined {
  const { incident } = turn;
  const { state, level } = incident;
  if (level === to) return refused(incident, 'not-allowed', `incident ${incident.code} is with the ${to} already`);
  const entering = state.phase === 'claimed' ? ({ phase: 'open', since: state.since } as const) : undefined;
  const details = { to, reason, ...(level && { from: level }) };
  const refusal = transit(turn, 'hand up', { entering, what: 'handed-up', by, details });
  if (refusal) return refusal;
  turn.incident = { ...turn.incident, level: to };
  for (const { id } of peopleOf(turn, to)) tellContact(turn, id, 'alarm');
  return undefined;
}

function peopleOf({ incident, registry }: Turn, level: Level): Contact[] {
  const role = ({ village: 'station', township: 'township', county: 'county' } as const)[level];
  const isOf = (contact: Contact) => contact.role === role;
  return registry.contactsFor(incident.where).filter(isOf).slice(0, mostOfLevel);
}
const mostOfLevel = 3;

/**
 * Its alerts and the people who were told go on in the other incident; its own end is no news to anybody, and whom no message reached yet
 * is told of the other. The one that is further along stays: nobody who is on the way is lost.
 */
function merge(round: Round, turn: Turn, { by, into, reason }: Of<'merge'>): CommandResult | undefined {
  const { incident, at } = turn;
  const other = round.table.get(into);
  const refusal = problemOf(turn, 'merge') ?? mergeProblem(turn, other, into);
  if (refusal || !other) return refusal;
  const whole = round.turnOf(other);
  nextVersion(turn);
  const entering = { phase: 'resolved', since: at, by, outcome: 'merged', contact: 'not-applicable' } as const;
  happen(turn, 'merge', { entering });
  // Whom they telephoned is waited for there.
  const { closing: _, transferred: __, transfers: ___, ...ended } = turn.incident;
  turn.incident = { ...ended, mergedInto: into };
  write(turn, 'merged', { into: other.code, reason }, by);
  // From now on its alerts are found in the other one.
  round.keep(turn);
  takeIn(whole, incident);
  write(whole, 'merged-in', { code: incident.code, alerts: incident.alerts.length, reason }, by);
  const about = leadingAlert(incident, turn.registry);
  happen(whole, newsOf(incident, other), { about, entering: shortenedClaim(whole) });
  tellUnreached(whole, incident.told, about);
  round.keep(whole);
  return undefined;
}

function mergeProblem({ incident }: Turn, other: Incident | undefined, into: string): CommandResult | undefined {
  if (!other || other.incidentId === incident.incidentId)
    return refused(incident, 'invalid', `there is no other incident ${into}`);
  if (!isOpen(other)) return refused(incident, 'not-allowed', `incident ${other.code} is ${phrase(other.state)}`);
  if (other.week || incident.week)
    return refused(incident, 'not-allowed', 'work of a village is gathered by the week, and is part of nothing else');
  if (other.alerts.length + incident.alerts.length > mostAlerts)
    return refused(incident, 'not-allowed', 'both together have more alerts than one incident keeps');
  if (toldOfBoth(other.told, incident.told).length > mostTold)
    return refused(incident, 'not-allowed', 'of both together more people were told than hear the end of one incident');
  // What is wrong with devices, villages and the system has ladders of its own, which call nobody for a life.
  const isLesser = isLifeSafety(incident) && (other.category === 'supervision' || other.category === 'system');
  if (!isLesser && progress[incident.state.phase] <= progress[other.state.phase]) return undefined;
  const message = `incident ${incident.code} is ${phrase(incident.state)}: let ${other.code} become part of it instead`;
  return refused(incident, 'not-allowed', message);
}

const progress: Record<Phase, number> = { open: 0, claimed: 1, responding: 2, 'on-scene': 3, resolved: 4 };
const mostAlerts = 200;

/** What the part is to the people of the whole: another home in danger is news to all of them. */
function newsOf(part: Incident, whole: Incident): 'more urgent' | 'worse' | 'lesser alert' {
  if (severities.indexOf(part.severity) > severities.indexOf(whole.severity)) return 'more urgent';
  const known = new Set(whole.alerts.map(({ where }) => where.placeId));
  const isElsewhere = part.alerts.some(({ where }) => where.placeId !== undefined && !known.has(where.placeId));
  return isElsewhere && part.severity === 'critical' ? 'worse' : 'lesser alert';
}

function takeIn(whole: Turn, part: Incident): void {
  const { closing, ...other } = whole.incident;
  const merged = [
    ...(other.merged ?? []),
    { incidentId: part.incidentId, code: part.code, key: keyOfIncident(part) },
    ...(part.merged ?? []),
  ];
  const moreAlerts = (other.moreAlerts ?? 0) + (part.moreAlerts ?? 0);
  whole.incident = {
    ...other,
    openedAt: Math.min(other.openedAt, part.openedAt),
    lastAlertAt: Math.max(other.lastAlertAt, part.lastAlertAt),
    severity: moreUrgent(other.severity, part.severity),
    alerts: [...other.alerts, ...part.alerts],
    told: toldOfBoth(other.told, part.told),
    merged,
    ...(moreAlerts > 0 && { moreAlerts }),
    ...transfersOfBoth(other, part),
  };
  nextVersion(whole);
}

/** Each once. Whoever said that they go said it of both; who was sent home from one of them alone hears the end. */
function toldOfBoth(told: readonly Told[], others: readonly Told[]): Told[] {
  const both = new Map(told.map((one) => [one.contactId, one]));
  for (const one of others) {
    const { informed, stoodDown, answer = one.answer, ...known } = both.get(one.contactId) ?? one;
    const said = one.answer === 'going' ? one.answer : answer;
    const isInformed = informed && one.informed;
    const isHome = stoodDown && one.stoodDown;
    both.set(one.contactId, {
      ...known,
      ...(isInformed && { informed }),
      ...(isHome && { stoodDown }),
      ...(said && { answer: said }),
    });
  }
  return [...both.values()];
}

/** The end of the part overtakes its messages. */
function tellUnreached(whole: Turn, told: readonly Told[], about: IncidentAlert | undefined): void {
  const now = whole.notices.map(({ recipient }) => (recipient.type === 'contact' ? recipient.contactId : ''));
  for (const { contactId, reached, answer, informed, stoodDown } of told) {
    if (reached === 'delivered' || answer !== undefined || stoodDown || now.includes(contactId)) continue;
    tellContact(whole, contactId, informed ? 'information' : 'alarm', { ...(about && { about }) });
  }
}

/**
 * A call is more, or less, than was asked for. Its clocks run on. More: the ladder of what it is now starts; less: who was told of an
 * emergency and is not on the way hears that they need not come.
 */
function reclass(round: Round, turn: Turn, { by, to, reason }: Of<'reclass'>): CommandResult | undefined {
  const { incident } = turn;
  if (!incident.alerts.every(({ condition }) => condition.startsWith('call-')))
    return refused(incident, 'not-allowed', `incident ${incident.code} is more than a call`);
  const [first] = incident.alerts;
  const { condition, severity } = callClasses[to];
  const key = first && keyOf({ condition }, incident.subject);
  const other = key === undefined ? undefined : round.table.openWithKey(key);
  if (other && other.incidentId !== incident.incidentId)
    return refused(incident, 'not-allowed', `incident ${other.code} is open for that already: merge them`);
  const change = severities.indexOf(severity) - severities.indexOf(incident.severity);
  if (change === 0) return refused(incident, 'not-allowed', `incident ${incident.code} is that already`);
  const refusal = problemOf(turn, 'less urgent');
  if (refusal) return refusal;
  const alerts = incident.alerts.map((alert) => ({ ...alert, condition, severity }));
  turn.incident = { ...incident, severity, alerts, ...(incident.call && { call: { ...incident.call, kind: to } }) };
  nextVersion(turn);
  write(turn, 'reclassed', { from: incident.severity, to, reason }, by);
  if (change > 0) happen(turn, 'more urgent', { about: turn.incident.alerts[0], entering: shortenedClaim(turn) });
  else {
    sendBack(turn);
    happen(turn, 'less urgent');
  }
  return undefined;
}

export const callClasses: Record<CallKind, { condition: Condition; severity: Severity }> = {
  rescue: { condition: 'call-emergency', severity: 'critical' },
  care: { condition: 'call-care', severity: 'urgent' },
  service: { condition: 'call-service', severity: 'service' },
};

function sendBack(turn: Turn): void {
  const before = turn.incident.told.filter(({ answer, stoodDown }) => answer === undefined && !stoodDown);
  for (const one of before) {
    if (one.informed) tellContact(turn, one.contactId, 'all-clear', { detail: 'no-help-needed' });
    else standDown(turn, one, 'no-help-needed');
  }
  const ids = new Set(before.map(({ contactId }) => contactId));
  const told = turn.incident.told.map((one) => (ids.has(one.contactId) ? { ...one, stoodDown: true as const } : one));
  turn.incident = { ...turn.incident, told };
}
