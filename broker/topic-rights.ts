import { isLifeSafety, lifeSafetyNamedIn } from '../firmware-contracts/report.ts';
import { parseDownlink, parseUplink } from '../firmware-contracts/topics.ts';
import type { Standing } from './credentials.ts';

/** Whom a connection speaks for. */
export type Sender = { deviceId: string; standing: Standing };
/** The report that a publish carries, and whether a life may hang on it; or why it is dropped. */
export type Uplink = { report: string; lifeSafety: boolean } | { refused: 'topic' | 'another-device' | 'enrolment' };

/** A batch counts as the worst that its bytes name. A report that is not in the contracts passes: newer firmware may send it, and the decoder says what it cannot read. */
export function judgeUplink(sender: Sender, topic: string, payload: Uint8Array): Uplink {
  const uplink = parseUplink(topic);
  if (uplink === undefined) return { refused: 'topic' };
  const { deviceId, report } = uplink;
  if (deviceId !== sender.deviceId) return { refused: 'another-device' };
  const lifeSafety = isLifeSafety(report) || (report === 'batch' && lifeSafetyNamedIn(payload) !== undefined);
  if (sender.standing === 'enrolment' && !lifeSafety) return { refused: 'enrolment' };
  return { report, lifeSafety };
}

/** A device hears its own commands and nothing else: one by name, or all of them. An enrolment hears nothing. */
export function maySubscribe(sender: Sender, filter: string): boolean {
  return sender.standing === 'registered' && parseDownlink(filter)?.deviceId === sender.deviceId;
}
