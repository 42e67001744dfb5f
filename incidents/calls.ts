import type { Alert, Subject, Whereabouts } from '../records/alert.ts';
import type { CallLog, CommandResult, OpenCall } from '../records/command.ts';
import type { Incident } from '../records/incident.ts';
import type { RegistryView } from '../records/registry.ts';
import { stepAlerts } from './alerts.ts';
import { callClasses } from './desk-commands.ts';
import { isOpen } from './incident-table.ts';
import type { Round } from './round.ts';
import { write } from './turn.ts';

/**
 * A call by telephone is an alert like that of a button: it joins what is open for the same person, or opens an incident, with the same
 * clocks and the same ladder. What was said, and the number, stand in its timeline. `alert`: absent where the call was known already.
 */
export function openCall(round: Round, command: OpenCall): { result: CommandResult; alert?: Alert } {
  const found = alertOf(round, command);
  if ('problem' in found) return { result: { ok: false, problem: 'not-found', message: found.problem } };
  const named = found.alert;
  const known = round.table.ofAlert(named.alertId);
  if (known && isOpen(known) && isSameCall(known, named))
    return { result: { ok: true, version: known.version, incidentId: known.incidentId } };
  // Another line, or another day, counts its calls by the same numbers: nobody's call is lost in somebody else's.
  const alert = known ? { ...named, alertId: `${named.alertId}/${command.commandId}` } : named;
  stepAlerts(round, [{ type: 'raise', alert }]);
  const incident = round.table.ofAlert(alert.alertId);
  // Of an incident whose list of alerts is full.
  if (!incident) return { result: { ok: true }, alert };
  const { kind, topic, caller, phoneKey, by } = command;
  const turn = round.turnOf(incident);
  const call = { kind, topic, caller, ...(phoneKey !== undefined && { phoneKey }) };
  turn.incident = { ...turn.incident, call: turn.incident.call ?? call };
  write(turn, 'call-logged', { kind, topic, caller, ...said(command) }, by);
  round.keep(turn);
  const { version, incidentId } = turn.incident;
  return { result: { ok: true, version, incidentId }, alert };
}

function isSameCall({ alerts }: Incident, { alertId, where: { placeId, areaId } }: Alert): boolean {
  return alerts.some(
    ({ alertId: id, where }) => id === alertId && where.placeId === placeId && where.areaId === areaId,
  );
}

/** What is said about an incident that is kept stands in its timeline; anything else is on record alone. */
export function logCall(round: Round, command: CallLog): CommandResult {
  const { about, what, by } = command;
  if (about === undefined) return { ok: true };
  const incident = round.table.get(about);
  if (!incident) return { ok: false, problem: 'not-found', message: `there is no incident ${about}` };
  const turn = round.turnOf(incident);
  write(turn, 'call-logged', { what, ...said(command) }, by);
  round.keep(turn);
  return { ok: true, version: incident.version, incidentId: incident.incidentId };
}

const said = ({ number, words }: Pick<OpenCall, 'number' | 'words'>) => ({
  ...(number !== undefined && { number }),
  ...(words !== undefined && { words }),
});

function alertOf({ at, registry }: Round, command: OpenCall): { alert: Alert } | { problem: string } {
  const { commandId, callId = commandId, kind, topic, caller } = command;
  const found = whereOf(command, registry);
  if ('problem' in found) return found;
  const alertId = `telephone:${callId}`;
  const { where } = found;
  return {
    alert: {
      ...{ alertId, rule: 'telephone', ...callClasses[kind] },
      ...{ at, occurredAt: at, clock: 'trusted', subject: subjectOf(where, alertId), where },
      reason: { by: 'telephone', caller, ...(topic !== 'request' && { topic }) },
    },
  };
}

/** Of whom nothing is known nothing is the same: each such call is work of its own. */
function subjectOf({ personId, placeId }: Whereabouts, alertId: string): Subject {
  if (personId !== undefined) return { type: 'person', id: personId };
  return placeId === undefined ? { type: 'system', id: alertId } : { type: 'place', id: placeId };
}

function whereOf(
  { personId, householdId, placeId, areaId }: OpenCall,
  registry: RegistryView,
): { where: Whereabouts } | { problem: string } {
  const there = { person: personId, household: householdId, place: placeId };
  for (const type of ['person', 'household', 'place'] as const) {
    const id = there[type];
    if (id === undefined) continue;
    if (!registry[type](id)) return { problem: `there is no ${type} ${id}` };
    return { where: registry.whereaboutsOf({ type, id }) };
  }
  if (areaId !== undefined && !registry.area(areaId)) return { problem: `there is no area ${areaId}` };
  return { where: areaId === undefined ? {} : { areaId } };
}
