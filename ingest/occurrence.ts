import type { Report } from '../firmware-contracts/report.ts';
import type { ClockTrust } from '../records/alert.ts';

/** How far a device's clock is ahead of journal time, in ms, learned in that boot. */
export type DeviceClock = { readonly boot: number; readonly aheadMs: number };

/** When a report happened. Units: `occurredAt` epoch ms, `lateMs` ms; without `lateMs` the lateness is unknown. */
export type Occurrence = { occurredAt: number; clock: ClockTrust; lateMs?: number };

/**
 * By the device's running `age` first; by its clock when an earlier report of this boot showed how far that is off;
 * else it counts as now. A time in the future, or from before the devices were, is not believed.
 */
export function occurrenceOf(report: Report, receivedAt: number, known: DeviceClock | undefined): Occurrence {
  const { age, at, boot } = report;
  if (age !== undefined) return late(receivedAt, Math.round(age * 1000));
  if (at === undefined) return { occurredAt: receivedAt, clock: 'absent' };
  const lateMs = known && known.boot === boot ? receivedAt - (at - known.aheadMs) : undefined;
  if (lateMs === undefined || lateMs < -toleranceMs || lateMs > oldestMs)
    return { occurredAt: receivedAt, clock: 'untrusted' };
  return late(receivedAt, Math.max(0, lateMs));
}

/** What a report teaches about its device's clock: only one whose age is known does. */
export function clockOf({ age, at, boot }: Report, receivedAt: number): DeviceClock | undefined {
  if (age === undefined || at === undefined || boot === undefined) return undefined;
  return { boot, aheadMs: Math.round(at - (receivedAt - age * 1000)) };
}

const late = (receivedAt: number, lateMs: number): Occurrence => ({
  occurredAt: receivedAt - lateMs,
  clock: 'trusted',
  lateMs,
});

// The network itself delays by seconds to minutes, unequally for each report.
const toleranceMs = 5 * 60_000;
const oldestMs = 400 * 86_400_000;
