import type { FallReport } from '../../firmware-contracts/wearable.ts';
import type { Severity } from '../../records/alert.ts';
import { type Cause, earliest, happenedAt } from '../cause.ts';
import type { ReportEvent } from '../event.ts';
import type { PartedWindow } from './motion-parts.ts';

/**
 * What is known of one person's falls. `windows`: movements that still miss a part. `pressed`: when the person last pressed for help, for a
 * fall that is reported after it, and until when that is remembered.
 */
export type Falls = {
  readonly falls: readonly Fall[];
  readonly windows?: readonly PartedWindow[];
  readonly pressed?: { readonly at: number; readonly until: number };
};

/**
 * moved: a movement looked like a fall, and the device has not spoken. seemed: it did not speak; the desk knows, and the person is asked or
 * awaited. stirred: nobody answered, and nothing says that somebody lies there: the desk keeps it. suspected: the device will judge. presumed:
 * it did not. confirmed, cancelled: it did.
 */
export type Fall = {
  readonly phase: 'moved' | 'seemed' | 'stirred' | 'suspected' | 'presumed' | 'confirmed' | 'cancelled';
  readonly cause: Cause;
  readonly name: string;
  /** When its phase ends by itself: a verdict is due, or it is forgotten. */
  readonly until: number;
  /** Only its verdict is known, which is its cause. */
  readonly isUnheralded?: true;
  /** Its movement is its cause: the device's own suspicion is not known yet. */
  readonly isMoved?: true;
  /** The cause of that suspicion, once it is known. */
  readonly suspicionId?: string;
  /** When the device judged, on the journal's clock: what it said before that is older news. */
  readonly judgedAt?: number;
  /** How much its movement looked like a fall. */
  readonly confidencePercent?: number;
  /** The desk has an alert `fall-suspected`. */
  readonly isDoubted?: true;
  /** When the person was asked, on the journal's clock. */
  readonly askedAt?: number;
  /** How urgent the alert `fall` is that stands. */
  readonly told?: Severity;
};

export const noFalls: Falls = { falls: [] };

/** With how urgent the alerts are that stand from a release that did not note it: whatever it told was critical. */
export function withTold(state: Falls): Falls {
  const isUnnoted = ({ phase, told }: Fall) => told === undefined && (phase === 'presumed' || phase === 'confirmed');
  if (!state.falls.some(isUnnoted)) return state;
  return { ...state, falls: state.falls.map((one) => (isUnnoted(one) ? { ...one, told: 'critical' } : one)) };
}

/** Forgotten as a whole when nothing is left of it. */
export function settled({ windows = [], ...state }: Falls): Falls {
  if (windows.length > 0) return { ...state, windows };
  return state.falls.length === 0 && state.pressed === undefined ? noFalls : state;
}

export function dueAt({ falls, windows = [], pressed }: Falls): number | undefined {
  return earliest([...falls.map(({ until }) => until), ...windows.map(({ until }) => until), pressed?.until]);
}

export function replaced(state: Falls, one: Fall, by: Fall): Falls {
  return { ...state, falls: state.falls.map((each) => (each === one ? by : each)) };
}

/** What the device calls the report: `of` names a suspicion by its `seq` in the same boot. */
export function nameOf({ where, report, causeId }: ReportEvent, seq = report.seq): string {
  return seq === undefined ? causeId : `${where.deviceId}:${report.boot}:${seq}`;
}

/**
 * The fall that a verdict is about: the one it names, else the same device's latest that it can belong to. A verdict
 * comes within the window; twice that is allowed for, and what is further away is another fall.
 */
export function meantBy(
  { falls }: Falls,
  event: ReportEvent,
  report: FallReport,
  { verdictMs }: { verdictMs: number },
): Fall | undefined {
  const own = nameOf(event);
  const named = report.of === undefined ? own : nameOf(event, report.of);
  const verdictAt = happenedAt(event);
  // A counter that starts again gives old names to new falls, which must not pass for judged.
  const isThen = ({ cause }: Fall) => Math.abs(verdictAt - happenedAt(cause)) <= sameFallMs;
  const byName = falls.findLast((one) => (one.name === named || one.name === own) && isThen(one));
  if (byName) return byName;
  return falls.findLast(({ cause, phase }) => {
    const afterMs = verdictAt - happenedAt(cause);
    const isUnnamed = report.of === undefined || isMovement(phase);
    return isUnnamed && cause.where.deviceId === event.where.deviceId && afterMs >= 0 && afterMs <= 2 * verdictMs;
  });
}

/** Longer than a verdict takes, and than the road may hold up what carries no age. */
export const sameFallMs = 10 * 60_000;

/** What its movement alone says of it. */
export const isMovement = (phase: Fall['phase']): boolean =>
  phase === 'moved' || phase === 'seemed' || phase === 'stirred';

/** The fall that a movement is of, or the movement that a suspicion is about: one trigger of one device, by its name or by its time. */
export function sameTrigger(
  { falls }: Falls,
  name: string,
  cause: Cause,
  isMeant: (one: Fall) => boolean = () => true,
): Fall | undefined {
  const apartMs = (one: Fall) => Math.abs(happenedAt(one.cause) - happenedAt(cause));
  const meant = falls.filter((one) => one.cause.where.deviceId === cause.where.deviceId && isMeant(one));
  return (
    meant.findLast((one) => one.name === name && apartMs(one) <= sameFallMs) ??
    meant.findLast((one) => apartMs(one) <= sameTriggerMs)
  );
}

/** A device reports within seconds; what it does a minute later is about another movement. */
const sameTriggerMs = 30_000;
