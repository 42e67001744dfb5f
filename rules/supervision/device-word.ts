import type { StatusReport } from '../../firmware-contracts/every-device.ts';
import type { AlertChange, Condition, Reason } from '../../records/alert.ts';
import { alertIdOf, causeOf, deviceSubject, happenedAt, raise } from '../cause.ts';
import type { ReportEvent, RuleEvent } from '../event.ts';
import type { Home } from '../home.ts';

/**
 * A status of a device that says something of `fields`, or its end in the registry: what rules over a device's word about itself step
 * on. Most words say nothing of most things, and cost nothing then.
 */
export function statusSubject(event: RuleEvent, ...fields: (keyof StatusReport)[]): string | undefined {
  if (event.type === 'device-removed') return event.deviceId;
  if (!isStatus(event)) return undefined;
  const { report, where } = event;
  return fields.some((field) => report[field] !== undefined) ? where.deviceId : undefined;
}

export function isStatus(event: RuleEvent): event is StatusEvent {
  return event.type === 'report' && event.report.name === 'status';
}
export type StatusEvent = ReportEvent & { report: StatusReport };

/** What was stored on the way and arrives after a newer word says nothing about now. */
export function isOvertaken(event: ReportEvent, home: Home): boolean {
  const { deviceId } = event.where;
  const saidAt = deviceId === undefined ? undefined : home.standing(deviceId)?.saidAt;
  return saidAt !== undefined && happenedAt(event) < saidAt;
}

/** Work on the device of that report, and the id by which it is cleared. */
export function raiseWork(event: ReportEvent, rule: string, condition: Condition, reason: Reason): Raised {
  const cause = causeOf(event);
  const words = { rule, condition, severity: 'service', at: event.at, subject: deviceSubject(event.where) } as const;
  return { alertId: alertIdOf(rule, cause), change: raise(cause, { ...words, reason }) };
}
type Raised = { alertId: string; change: AlertChange };

export function clearWork(alertId: string, at: number, reason: Reason): AlertChange {
  return { type: 'clear', alertId, at, reason };
}
