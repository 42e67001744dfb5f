import { isLifeSafety, lifeSafetyNamedIn } from '../firmware-contracts/report.ts';
import { isDeviceId, parseDownlink, parseUplink } from '../firmware-contracts/topics.ts';
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

/** What clients may do with topics, and what becomes of their messages. */
export type TopicRights = {
  /** A client id that is not accepted is answered with CONNACK code 2. */
  accepts(clientId: string): boolean;
  readonly takesWills: boolean;
  maySubscribe(sender: Sender, filter: string): boolean;
  /** A message goes to whoever subscribed. False: it is a report, and goes to the journal alone. */
  routes(topic: string): boolean;
  /** A message waits for a subscriber that is away, if its session does. */
  waits(topic: string): boolean;
};

/**
 * A device reports and hears its own commands, one by name or all of them. An enrolment hears nothing. A command that was sent
 * to a connection ends with it: later it could be wrong (a `hush` of yesterday's fire), and whoever sent it sends it again.
 */
export const deviceRights: TopicRights = {
  accepts: isDeviceId,
  takesWills: false,
  maySubscribe: (sender, filter) =>
    sender.standing === 'registered' && parseDownlink(filter)?.deviceId === sender.deviceId,
  routes: () => false,
  waits: (topic) => !topic.startsWith('down/'),
};
