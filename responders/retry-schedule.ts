import type { Trouble } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';

/**
 * How hard a notice is tried. Word that it is over (all-clear, stand-down) is life safety whatever the incident was:
 * somebody may be on the road in the cold for nothing.
 */
export type NoticeClass = 'life-safety' | 'urgent' | 'service';

export function noticeClass(notice: Notice): NoticeClass {
  if (notice.severity === 'critical' || isClosing(notice)) return 'life-safety';
  return notice.severity;
}

/** Says that the incident is over, and therefore outlives it. */
export function isClosing({ purpose }: Notice): boolean {
  return purpose === 'all-clear' || purpose === 'stand-down';
}

/** Calls somebody to a matter of life and death. */
export function isAlarm({ purpose, severity }: Notice): boolean {
  return severity === 'critical' && (purpose === 'alarm' || purpose === 'worse' || purpose === 'escalation');
}

/**
 * Rests between the starts of attempts, ms. Life safety is tried at 0, 5, 15, 45 s and then every `steadyMs`, without an
 * end; the others at 0, 15 s, 1, 3, 7, 14 min (urgent) and 0, 1, 5, 14 min (service), all of them before the cause is
 * too old to be sent at all. Source: docs/decisions/0008-delivery-follows-the-journal.md.
 */
const restsMs: Record<NoticeClass, readonly number[]> = {
  'life-safety': [5_000, 10_000, 30_000],
  urgent: [15_000, 45_000, 120_000, 240_000, 420_000],
  service: [60_000, 240_000, 540_000],
};
const steadyMs = 60_000;

/**
 * Older than this, a cause goes out no more by itself, ms: after a long stop or a restored journal a call for help of
 * yesterday would send people to homes where nothing is wrong. A critical one is worth a late visit for two hours; an
 * urgent or service one has by then been seen at the desk.
 */
export const oldestCauseMs: Record<NoticeClass, number> = {
  'life-safety': 2 * 3_600_000,
  urgent: 15 * 60_000,
  service: 15 * 60_000,
};

/**
 * When a channel is tried again after attempt number `attempt` (from 1) began at `startedAt` and failed at `failedAt`.
 * Undefined: no more. Units: epoch ms. A provider's wish for rest is kept, for life safety for 60 s at most; a limit that is reached
 * (`trouble`) is waited for as long as it lasts: to try before is to be counted, or frozen, once more.
 */
export function nextAttemptAt(
  notice: Notice,
  { attempt, startedAt, failedAt, retryAfterMs = 0, trouble }: Failure,
): number | undefined {
  const ofClass = noticeClass(notice);
  const restMs = restsMs[ofClass][attempt - 1] ?? (ofClass === 'life-safety' ? steadyMs : undefined);
  if (restMs === undefined) return undefined;
  const isImpatient = ofClass === 'life-safety' && trouble !== 'limit';
  const wishedMs = isImpatient ? Math.min(retryAfterMs, steadyMs) : retryAfterMs;
  const nextAt = Math.max(failedAt, startedAt + restMs, failedAt + wishedMs);
  if (notice.until !== undefined && nextAt >= notice.until) return undefined;
  // While its incident is open a critical notice has no end; everything else has its age.
  const endless = ofClass === 'life-safety' && !isClosing(notice);
  return endless || nextAt <= notice.at + oldestCauseMs[ofClass] ? nextAt : undefined;
}
type Failure = {
  attempt: number;
  startedAt: number;
  failedAt: number;
  retryAfterMs?: number | undefined;
  trouble?: Trouble | undefined;
};
