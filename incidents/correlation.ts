import type { Alert, Condition, Subject, Whereabouts } from '../records/alert.ts';
import { lifeSafetyConditions } from '../records/alert.ts';
import type { Incident, IncidentAlert, IncidentCategory } from '../records/incident.ts';

/** What an alert belongs to: the open incident with the same key, if there is one. Never are two open with one key. */
export type Correlation = { category: IncidentCategory; subject: Subject; key: string };

/**
 * Falls and emergency calls are the cry of one person, else of a place; fire is a matter of the whole site; what can be
 * read no further stays by itself. Care and service calls are queues of their own and drown in no emergency. Work on
 * devices gathers by village, except where it is urgent. Source: docs/decisions/0009-incidents.md.
 */
export function correlationOf(alert: AlertWords): Correlation {
  const { condition, where } = alert;
  const category = categoryOf(condition);
  const subject = subjectOf(alert, category, where);
  return { category, subject, key: keyOf(alert, subject) };
}

/** The key of an incident, which is that of its first alert. */
export function keyOf({ condition }: Pick<Alert, 'condition'>, { type, id }: Subject): string {
  return `${groups[condition] ?? categoryOf(condition)}/${type}:${id}`;
}

/** Whether an alert of someone at this place may belong to an incident that was opened under another key there. */
export function isSameCry(alert: AlertWords & { at: number }, incident: Incident): boolean {
  if (incident.state.phase === 'resolved') return false;
  // Two people who are both known are two cries; a button on the wall knows nobody.
  if (alert.where.personId !== undefined && incident.where.personId !== undefined) return false;
  if (alert.at - incident.lastAlertAt <= sameCryMs) return true;
  if (alert.condition !== 'call-emergency') return false;
  return incident.alerts.some(({ condition, at }) => condition === 'fall' && alert.at - at <= pressAfterFallMs);
}

/** Alerts that are matched by place as well as by their key. */
export function isCry(condition: Condition): boolean {
  return groups[condition] === 'cry';
}

export function isLifeSafety({ alerts }: Pick<Incident, 'alerts'>): boolean {
  return alerts.some(({ condition }) => lifeSafetyConditions.has(condition));
}

/**
 * Kept apart from the rest of the work: these end by themselves when all their alerts are cleared, life safety never.
 */
export function mayEndByItself(incident: Incident): boolean {
  const { category, alerts, moreAlerts = 0 } = incident;
  if (category !== 'supervision' && category !== 'system') return false;
  return moreAlerts === 0 && alerts.every(({ clearedAt }) => clearedAt !== undefined);
}

/** A press within 2 hours of a fall belongs to it; anything else within 15 minutes of the last alert. */
const pressAfterFallMs = 2 * 3_600_000;
export const sameCryMs = 15 * 60_000;

type AlertWords = Pick<Alert | IncidentAlert, 'condition' | 'severity' | 'subject' | 'where'>;

const groups: { [C in Condition]?: string } = {
  fall: 'cry',
  'call-emergency': 'cry',
  'call-care': 'care',
  'call-service': 'errand',
};

function categoryOf(condition: Condition): IncidentCategory {
  switch (condition) {
    case 'smoke':
    case 'heat':
    case 'co':
    case 'gas':
    case 'water':
      return 'fire';
    case 'fall':
      return 'fall';
    case 'call-emergency':
    case 'call-care':
    case 'call-service':
      return 'call';
    case 'unreadable':
      return 'unreadable';
    case 'device-silent':
    case 'battery-low':
    case 'counter-reused':
      return 'supervision';
    case 'record-quarantined':
    case 'journal-reserve':
    case 'ladder-empty':
    case 'notice-undelivered':
    case 'emergency-left-open':
      return 'system';
  }
}

function subjectOf(
  { condition, severity, subject }: AlertWords,
  category: IncidentCategory,
  where: Whereabouts,
): Subject {
  switch (category) {
    case 'fire':
      return firstOf(where, ['site', 'place', 'device']) ?? subject;
    case 'fall':
    case 'call':
    case 'unreadable':
      return firstOf(where, ['person', 'place', 'device']) ?? subject;
    case 'supervision':
      return firstOf(where, severity === 'service' ? ['area', 'device'] : ['device']) ?? subject;
    case 'system':
      return { type: 'system', id: condition };
  }
}

function firstOf(where: Whereabouts, types: Exclude<Subject['type'], 'system'>[]): Subject | undefined {
  for (const type of types) {
    const id = where[`${type}Id`];
    if (id !== undefined) return { type, id };
  }
  return undefined;
}
