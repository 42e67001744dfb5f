import type { Command, OpenCall } from './command.ts';
import type { DecidedRecord } from './journal-record.ts';
import type { Entity, Grant, RegistryChange } from './registry.ts';
import { idOf } from './registry-check.ts';
import { changesIn } from './registry-commands.ts';

/**
 * What the account tells of: looks at what is personal, what silences, what changes rules, rights and people, how incidents ended, and
 * what was asked of devices. `journal`: the account went on in another journal. `gap`: what the journal held there was gone before it
 * could be told.
 */
export const auditKinds = [
  ...(['shown', 'refused', 'glass', 'exported'] as const),
  ...(['muted', 'device-command', 'device-command-cancelled'] as const),
  ...(['unmuted', 'called', 'taken-over', 'handed-up', 'merged', 'transferred', 'reclassed'] as const),
  ...(['resolved', 'second-person-asked', 'reopened', 'let-go'] as const),
  ...([
    'rule-set',
    'account-set',
    'key-set',
    'consent',
    'absence',
    'changed',
    'removed',
    'erased',
    'imported',
  ] as const),
  ...(['journal', 'gap'] as const),
];
export type AuditKind = (typeof auditKinds)[number];

/**
 * One entry, before it has its place in the chain. Nothing in it is personal but `reason`, which is sealed: ids, codes and numbers.
 * `at` (epoch ms) and `sequence` are of the record that decided it; `refusal`: it was asked, and refused for that.
 */
export type AuditDraft = {
  at: number;
  journal: string;
  sequence: number;
  by: string;
  what: AuditKind;
  of: { type: string; id: string };
  areaId?: string;
  reason?: string;
  refusal?: string;
  details?: AuditDetails;
};
export type AuditDetails = { [name: string]: string | number | boolean };

/** What a command is told as, if it comes true; undefined for what the account does not tell of. */
export type Audited = Pick<AuditDraft, 'what' | 'of' | 'reason' | 'details'>;

export function auditedOf(command: Command): Audited | undefined {
  switch (command.type) {
    case 'look':
      return { what: command.how, of: command.of, ...reasonOf(command) };
    case 'test-window':
      return { what: 'muted', of: device(command), ...reasonOf(command), details: { until: command.until } };
    case 'device-command': {
      const { name } = command.ask;
      const what = name === 'hush' ? 'muted' : 'device-command';
      return { what, of: device(command), ...reasonOf(command), details: { name } };
    }
    case 'cancel-device-command': {
      const details = { cancels: command.cancels };
      return { what: 'device-command-cancelled', of: device(command), ...reasonOf(command), details };
    }
    case 'resolve': {
      const { outcome, contact, note } = command;
      return { what: 'resolved', of: incident(command), ...reasonOf({ reason: note }), details: { outcome, contact } };
    }
    case 'reopen':
      return { what: 'reopened', of: incident(command), ...reasonOf(command) };
    case 'let-go':
      return { what: 'let-go', of: incident(command), details: { choice: command.choice } };
    case 'take-over':
      return { what: 'taken-over', of: incident(command), ...reasonOf(command) };
    case 'hand-up':
      return { what: 'handed-up', of: incident(command), ...reasonOf(command), details: { to: command.to } };
    case 'merge':
      return { what: 'merged', of: incident(command), ...reasonOf(command), details: { into: command.into } };
    case 'transfer':
      return { what: 'transferred', of: incident(command), details: { to: command.to } };
    case 'transfer-outcome': {
      const { to, result, note } = command;
      const details = { ...(to && { to }), result };
      return { what: 'transferred', of: incident(command), ...reasonOf({ reason: note }), details };
    }
    case 'reclass':
      return { what: 'reclassed', of: incident(command), ...reasonOf(command), details: { to: command.to } };
    case 'open-call':
      return callTold(command);
    case 'suppress': {
      const { scope, conditions, until, owner } = command;
      const details = { conditions: short(conditions.join(', ')), until, owner };
      return { what: 'muted', of: scope, ...reasonOf(command), details };
    }
    case 'unsuppress':
      return { what: 'unmuted', of: { type: 'suppression', id: command.ends }, ...reasonOf(command) };
    case 'registry-change':
      return changeTold(command.change);
    case 'registry-commit':
      return { what: 'imported', of: { type: 'registry', id: command.importId }, ...reasonOf(command) };
    default:
      return undefined;
  }
}

/** What one part of an import is told as when its commit comes true: what matters by itself, and how many of everything else. */
export function partTold(command: Command): { told: Audited[]; counts: { [what: string]: number } } {
  const told: Audited[] = [];
  const counts: { [what: string]: number } = {};
  for (const change of changesIn(command)) {
    const one = changeTold(change);
    if (one.what !== 'changed') told.push(one);
    else counts[change.entity] = (counts[change.entity] ?? 0) + 1;
  }
  return { told, counts };
}

/** How the command ended is part of what is told of it. */
export function settledBy(audited: Audited, decided: DecidedRecord): Audited & Pick<AuditDraft, 'refusal'> {
  const result = decided.result?.result;
  if (result?.ok === false) {
    if (result.problem === 'second-person-needed') return { ...audited, what: 'second-person-asked' };
    return { ...audited, refusal: result.problem };
  }
  const details: AuditDetails = { ...audited.details };
  const lines = (decided.incidents ?? []).flatMap(({ timeline }) => timeline);
  const agreedWith = lines.find(({ what }) => what === 'resolved')?.details.agreedWith;
  if (typeof agreedWith === 'string') details.agreedWith = agreedWith;
  const withoutConsent = decided.downlinks?.find((row) => row.id === decided.result?.commandId)?.withoutConsent;
  if (withoutConsent !== undefined) details.emergencyUseWithoutConsent = withoutConsent;
  return Object.keys(details).length === 0 ? audited : { ...audited, details };
}

const device = ({ deviceId: id }: { deviceId: string }) => ({ type: 'device', id });
const incident = ({ incidentId: id }: { incidentId: string }) => ({ type: 'incident', id });
const reasonOf = ({ reason }: { reason?: string | undefined }) => (reason === undefined ? {} : { reason });

/** By whom it was taken, and about whom. */
function callTold({ kind, topic, caller, personId, householdId, placeId, areaId }: OpenCall): Audited {
  const named = { person: personId, household: householdId, place: placeId, area: areaId };
  const [type = 'installation', id = ''] = Object.entries(named).find(([, one]) => one !== undefined) ?? [];
  return { what: 'called', of: { type, id }, details: { kind, topic, caller } };
}

const scopeText = (scope: Entity<'ruleSetting'>['scope'] | Entity<'policy'>['scope']): string =>
  scope.type === 'all' ? 'all' : `${scope.type}:${scope.id}`;

function changeTold(change: RegistryChange): Audited {
  const of = { type: change.entity, id: idOf(change) };
  if (change.type === 'remove') return { what: change.entity === 'person' ? 'erased' : 'removed', of };
  switch (change.entity) {
    case 'ruleSetting': {
      const { rule, scope, settings, mode } = change.value;
      return {
        what: 'rule-set',
        of,
        details: { rule, ...(mode && { mode }), scope: scopeText(scope), settings: short(JSON.stringify(settings)) },
      };
    }
    case 'threshold': {
      const { id: _, name: __, scope, ...limit } = change.value;
      return {
        what: 'rule-set',
        of,
        details: { rule: 'threshold', scope: scopeText(scope), settings: short(JSON.stringify(limit)) },
      };
    }
    case 'policy': {
      const { scope, severity, rungs } = change.value;
      const settings = short(JSON.stringify({ severity, rungs }));
      return { what: 'rule-set', of, details: { rule: 'policy', scope: scopeText(scope), settings } };
    }
    case 'account':
      return { what: 'account-set', of, details: { grants: grantsIn(change.value.grants) } };
    case 'apiKey': {
      const { grants, expiresAt } = change.value;
      return {
        what: 'key-set',
        of,
        details: { grants: grantsIn(grants), ...(expiresAt !== undefined && { expiresAt }) },
      };
    }
    case 'person': {
      const { consents = {}, absence } = change.value;
      const agreed = Object.entries(consents).map(([name, { given }]) => [name, given ? 'given' : 'withdrawn']);
      const away = absence && { absentSince: absence.since, ...(absence.until && { absentUntil: absence.until }) };
      if (agreed.length === 0) return away ? { what: 'absence', of, details: away } : { what: 'changed', of };
      return { what: 'consent', of, details: { ...Object.fromEntries(agreed), ...away } };
    }
    default:
      return { what: 'changed', of };
  }
}

/** Roles with their areas: `dispatcher@east, auditor`. Without any list an account is older than rights, and holds them all. */
const grantsIn = (grants: readonly Grant[] | undefined): string =>
  grants === undefined
    ? 'everything'
    : short(grants.map(({ role, areaId }) => (areaId === undefined ? role : `${role}@${areaId}`)).join(', '));

const short = (text: string): string => (text.length <= 1_000 ? text : `${text.slice(0, 999)}…`);
