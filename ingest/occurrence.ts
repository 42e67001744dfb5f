import type { Report } from '../firmware-contracts/report.ts';
import type { ClockTrust } from '../records/alert.ts';

/**
 * How far a device's clock is ahead of journal time, in ms, learned in that boot; by which report, and what the clock said in it (absent in
 * what older releases remembered).
 */
export type DeviceClock = {
  readonly boot: number;
  readonly aheadMs: number;
  readonly seq?: number;
  readonly at?: number;
};

/** When a report happened. Units: `occurredAt` epoch ms, `lateMs` ms; without `lateMs` the lateness is unknown. */
export type Occurrence = { occurredAt: number; clock: ClockTrust; lateMs?: number };

/**
 * By the device's running `age` first; by its clock when an earlier report of this boot showed how far that is off;
 * else it counts as now. A time in the future, or from before the devices were, is not believed; nor is a clock that has hardly moved
 * since it was seen to be right: it may stand still, and a new fire must not pass for the one of that time.
 */
export function occurrenceOf(report: Report, receivedAt: number, known: DeviceClock | undefined): Occurrence {
  const { age, at, boot, seq } = report;
  if (age !== undefined) return late(receivedAt, Math.round(age * 1000));
  if (at === undefined) return { occurredAt: receivedAt, clock: 'absent' };
  const lateMs = known && known.boot === boot ? receivedAt - (at - known.aheadMs) : undefined;
  const isPlausible = lateMs !== undefined && lateMs >= -toleranceMs && lateMs <= oldestMs;
  if (!isPlausible || (lateMs > toleranceMs && mayStandStill({ at, seq }, known)))
    return { occurredAt: receivedAt, clock: 'untrusted' };
  return late(receivedAt, Math.max(0, lateMs));
}

/** A report that was made after the one by which the clock is known, and by that clock in the same minute. */
function mayStandStill({ at, seq }: { at: number; seq: number | undefined }, known: DeviceClock | undefined): boolean {
  if (known?.at === undefined || at - known.at >= standsMs) return false;
  return seq === undefined || known.seq === undefined || seq > known.seq;
}

/** What a report teaches about its device's clock: only one whose age is known does. */
export function clockOf({ age, at, boot, seq }: Report, receivedAt: number): DeviceClock | undefined {
  if (age === undefined || at === undefined || boot === undefined) return undefined;
  return { boot, aheadMs: Math.round(at - (receivedAt - age * 1000)), at, ...(seq !== undefined && { seq }) };
}

const late = (receivedAt: number, lateMs: number): Occurrence => ({
  occurredAt: receivedAt - lateMs,
  clock: 'trusted',
  lateMs,
});

const standsMs = 60_000;
// The network itself delays by seconds to minutes, unequally for each report.
const toleranceMs = 5 * 60_000;
const oldestMs = 400 * 86_400_000;
