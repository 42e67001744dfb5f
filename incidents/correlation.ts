import type { Alert, Condition, Subject, Whereabouts } from '../records/alert.ts';
import { lifeSafetyConditions } from '../records/alert.ts';
import type { Incident, IncidentAlert, IncidentCategory, Week } from '../records/incident.ts';
import { awaitedTransfers } from '../records/transfer.ts';
import type { LocalTime } from '../rules/local-time.ts';

/** What an alert belongs to: the open incident with the same key, if there is one. Never are two open with one key. */
export type Correlation = { category: IncidentCategory; subject: Subject; key: string; week?: Week };

/**
 * Falls and emergency calls are the cry of one person, else of a place; fire is a matter of the whole site; what can be
 * read no further stays by itself. Care and service calls are queues of their own and drown in no emergency. Work on
 * devices gathers by village, except where it is urgent; so do people whom no device watches over any more. Source: docs/decisions/0009-incidents.md.
 */
export function correlationOf(alert: AlertWords & { at: number }, local: (at: number) => LocalTime): Correlation {
  const { condition, where, severity, at } = alert;
  const category = categoryOf(condition);
  const subject = subjectOf(alert, category, where);
  const isOnList = category === 'supervision' || category === 'reading';
  const isWork = isOnList && severity === 'service' && subject.type === 'area';
  const week = isWork ? weekOf(at, local(at)) : undefined;
  return { category, subject, key: keyOf(alert, subject, week), ...(week && { week }) };
}

/** The ISO week of that moment in the county: work of a village is planned, done and counted by the week. */
function weekOf(at: number, { day, weekday, minuteOfDay }: LocalTime): Week {
  const minutesLeft = (8 - weekday) * 1440 - minuteOfDay;
  return { monday: day - weekday + 1, endsAt: (Math.floor(at / 60_000) + minutesLeft) * 60_000 };
}

/** The key of an incident, which is that of its first alert. */
export function keyOf({ condition }: Pick<Alert, 'condition'>, { type, id }: Subject, week?: Week): string {
  const key = `${groups[condition] ?? categoryOf(condition)}/${type}:${id}`;
  return week ? `${key}/${week.monday}` : key;
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
 * Kept apart from the rest of the work: these end by themselves when all their alerts are cleared, life safety never. So does the doubt
 * about a fall that the person answered, and an outing that nobody had to be called about: they are home again.
 */
export function mayEndByItself(incident: Incident): boolean {
  const { category, severity, alerts, moreAlerts = 0 } = incident;
  if (awaitedTransfers(incident).length > 0) return false;
  const isWork =
    category === 'supervision' || category === 'system' || (category === 'reading' && severity === 'service');
  const isDoubt = alerts.every(({ condition }) => condition === 'fall-suspected');
  const isOuting = category === 'wandering' && severity !== 'critical';
  if (!isWork && !isDoubt && !isOuting) return false;
  return moreAlerts === 0 && alerts.every(({ clearedAt }) => clearedAt !== undefined);
}

/** A press within 2 hours of a fall belongs to it; anything else within 15 minutes of the last alert. */
const pressAfterFallMs = 2 * 3_600_000;
export const sameCryMs = 15 * 60_000;

type AlertWords = Pick<Alert | IncidentAlert, 'condition' | 'severity' | 'subject' | 'where'>;

const groups: { [C in Condition]?: string } = {
  fall: 'cry',
  'fall-suspected': 'cry',
  'call-emergency': 'cry',
  'call-care': 'care',
  'call-service': 'errand',
  blind: 'blind',
  'village-outage': 'outage',
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
    case 'fall-suspected':
      return 'fall';
    case 'call-emergency':
    case 'call-care':
    case 'call-service':
      return 'call';
    case 'unreadable':
      return 'unreadable';
    case 'inactivity':
      return 'inactivity';
    case 'wandering':
    case 'position-unknown':
      return 'wandering';
    case 'cold':
    case 'hot':
    case 'vitals':
    case 'threshold':
      return 'reading';
    case 'readings-stopped':
    case 'camp-moved':
    case 'device-silent':
    case 'battery-low':
    case 'counter-reused':
    case 'blind':
    case 'battery-forecast':
    case 'signal-weak':
    case 'clock-wrong':
    case 'device-fault':
    case 'tamper':
    case 'test-overdue':
    case 'visit-overdue':
    case 'contacts-unproved':
    case 'village-outage':
      return 'supervision';
    case 'uplink-lost':
    case 'probe-unanswered':
    case 'record-quarantined':
    case 'journal-reserve':
    case 'keys-unwritten':
    case 'desk-empty':
    case 'drill-failed':
    case 'hand-over-open':
    case 'channel-trouble':
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
    case 'inactivity':
    case 'wandering':
      return firstOf(where, ['person', 'place', 'device']) ?? subject;
    case 'reading':
      return firstOf(where, severity === 'service' ? ['area', 'device'] : ['person', 'place', 'device']) ?? subject;
    case 'supervision':
      return (
        firstOf(where, severity === 'service' || condition === 'blind' ? ['area', 'device'] : ['device']) ?? subject
      );
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
