import type { IncidentAnswer } from '../incidents/incidents.ts';
import { promptName } from '../incidents/prompts.ts';
import type { Whereabouts } from '../records/alert.ts';
import type { Command, CommandResult } from '../records/command.ts';
import { createCommandAnswers } from '../records/command-answers.ts';
import type { Contact } from '../records/registry.ts';
import { carryOut } from '../records/registry-commands.ts';
import type { Applied } from '../records/registry-fold.ts';
import { visitResult } from '../records/visit.ts';
import { toldTroubles } from './channel-troubles.ts';
import {
  addDownlinks,
  addIncident,
  type Collection,
  collectHandOvers,
  collectIncidents,
  type JudgeParts,
  stepAlerts,
  stepEvent,
} from './collection.ts';
import { deskChanges } from './desk-watch.ts';
import type { DownlinkAnswer } from './downlinks.ts';
import { registryEvents } from './registry-events.ts';
import { keysChanges } from './system-alerts.ts';

/** Incidents remember the answers to their own commands, in the same table. A look changes nothing, and takes nobody's place there. */
export function commandOnce(parts: JudgeParts, command: Command, at: number, into: Collection): CommandResult {
  if ('incidentId' in command || command.type === 'look') return stepCommand(parts, command, at, into);
  return createCommandAnswers(parts.state).once(command, () => stepCommand(parts, command, at, into));
}

function stepCommand(parts: JudgeParts, command: Command, at: number, into: Collection): CommandResult {
  switch (command.type) {
    case 'registry-part':
    case 'registry-commit':
    case 'registry-change': {
      const { result, applied } = carryOut(parts.registry, command);
      if (!applied) return result;
      into.removed = into.removed.concat(applied.removed, applied.bared);
      into.devices = into.devices.concat(applied.reauthenticate);
      parts.engine.followShadows(at);
      for (const { id } of applied.devicesRemoved) for (const part of [parts.decoder, parts.downlinks]) part.forget(id);
      for (const event of registryEvents(parts.registry, applied, at)) stepEvent(parts, event, at, into);
      if (rostersIn(applied)) collectHandOvers(parts, parts.incidents.handOvers.follow(at), at, into);
      stepAlerts(parts, parts.incidents.proofs.forget(applied.removed, at), at, into);
      return result;
    }
    case 'test-window': {
      const { deviceId, until, by } = command;
      const where = parts.registry.whereabouts(deviceId);
      const problem = testWindowProblem(where, until, at);
      if (problem) return problem;
      stepEvent(parts, { type: 'test-window', at, where, deviceId, until, by: `${by.type}:${by.id}` }, at, into);
      return { ok: true };
    }
    case 'device-command':
      return collectAsked(parts.downlinks.ask(command, at), into);
    case 'cancel-device-command':
      return collectAsked(parts.downlinks.cancel(command, at), into);
    case 'look':
    case 'audit-mark':
      return { ok: true };
    case 'desk-presence':
      stepAlerts(parts, deskChanges(parts, command, at), at, into);
      return { ok: true };
    case 'drill-plan': {
      const { result, alerts } = parts.incidents.drills.plan(command, at);
      stepAlerts(parts, alerts, at, into);
      return result;
    }
    case 'keys-disk':
      stepAlerts(parts, keysChanges(parts.state, command, at), at, into);
      return { ok: true };
    case 'channel-trouble':
      stepAlerts(parts, toldTroubles(parts.state, command, at), at, into);
      return { ok: true };
    case 'reply': {
      const { prompt, handOver, ...answer } = parts.incidents.reply(command, at);
      for (const contact of parts.registry.contactsByPhone(command.phoneKey)) prove(parts, contact, at, into);
      const result = collectAnswer(parts, answer, at, into);
      if (prompt) stepCommand(parts, prompt, at, into);
      if (handOver) stepCommand(parts, handOver, at, into);
      return result;
    }
    case 'hand-over': {
      const { result, ...answer } = parts.incidents.handOvers.step(command, at);
      collectHandOvers(parts, answer, at, into);
      return result;
    }
    case 'contact-proof': {
      const { result, alerts } = parts.incidents.proofs.step(command, at);
      stepAlerts(parts, alerts, at, into);
      return result;
    }
    case 'visit': {
      const result = visitResult(parts.registry, command, at);
      const { householdId, visitedAt, result: found } = command;
      const where = parts.registry.whereaboutsOf({ type: 'household', id: householdId });
      if (result.ok) stepEvent(parts, { type: 'visit', at, where, householdId, visitedAt, result: found }, at, into);
      return result;
    }
    case 'open-call':
      return collectAnswer(parts, parts.incidents.step({ type: 'call', at, command }), at, into);
    case 'call-log':
      return collectAnswer(parts, parts.incidents.step({ type: 'call-log', at, command }), at, into);
    case 'suppress':
    case 'unsuppress':
      return collectAnswer(parts, parts.incidents.step({ type: 'suppression', at, command }), at, into);
    case 'prompt-answer': {
      const answer = parts.incidents.answerPrompt(command, at);
      const { result, event } = answer;
      if (!event) return result;
      collectIncidents(parts, answer, at, into);
      parts.outbox.withdrawAll(promptName(command.promptId));
      stepEvent(parts, event, at, into);
      return result;
    }
    default: {
      const answer = parts.incidents.step({ type: 'command', at, command });
      collectIncidents(parts, answer, at, into);
      const answering = answer.result?.ok ? whoAnswers(command) : undefined;
      if (answering !== undefined) parts.outbox.answered(command.incidentId, answering);
      if (command.type === 'resolve' && answer.result?.ok) hearReached(parts, command, at, into);
      if (command.by.type === 'contact' && answer.result?.ok)
        prove(parts, parts.registry.contact(command.by.id), at, into);
      return answer.result ?? { ok: false, problem: 'not-found', message: `no incident ${command.incidentId}` };
    }
  }
}

/** Also by word of the desk. */
function whoAnswers(command: Command): string | undefined {
  if (command.type === 'accept' || command.type === 'decline') return command.contactId;
  return command.type === 'arrive' && command.by.type === 'contact' ? command.by.id : undefined;
}

const rostersIn = ({ added, changed, removed }: Applied): boolean =>
  [...added, ...changed, ...removed].some((key) => key.startsWith('roster:'));

/** Whoever answers can be reached. */
function prove(parts: JudgeParts, contact: Contact | undefined, at: number, into: Collection): void {
  if (contact) stepAlerts(parts, parts.incidents.proofs.prove(contact, 'reply', at), at, into);
}

function collectAnswer(parts: JudgeParts, answer: IncidentAnswer, at: number, into: Collection): CommandResult {
  collectIncidents(parts, answer, at, into);
  return answer.result ?? { ok: true };
}

/** Who was reached and is well has answered what the system doubted: nobody is called for that movement any more. */
function hearReached(parts: JudgeParts, command: Extract<Command, { type: 'resolve' }>, at: number, into: Collection) {
  const { incidentId, outcome, contact, by } = command;
  if (contact !== 'reached' || (outcome !== 'false-alarm' && outcome !== 'no-help-needed')) return;
  for (const { condition, alertId, where } of parts.incidents.get(incidentId)?.alerts ?? []) {
    if (condition !== 'fall-suspected') continue;
    const person = where.personId === undefined ? {} : { personId: where.personId };
    const said = { promptId: alertId, answer: 'fine', by: `${by.type}:${by.id}`, ...person } as const;
    stepEvent(parts, { type: 'prompt-answered', at, where, ...said }, at, into);
  }
}

function collectAsked({ result, changed, incidents = [] }: DownlinkAnswer, into: Collection): CommandResult {
  addDownlinks(into, changed);
  for (const change of incidents) addIncident(into, change);
  return result;
}

const longestTestWindowMs = 2 * 3_600_000;

function testWindowProblem(where: Whereabouts, until: number, at: number): CommandResult | undefined {
  if (where.unregistered) return { ok: false, problem: 'not-found', message: `no device ${where.deviceId}` };
  if (until > at && until <= at + longestTestWindowMs) return undefined;
  return { ok: false, problem: 'invalid', message: 'a test window ends within the next two hours' };
}
