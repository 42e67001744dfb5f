import { carrierOf } from '../../records/channel-names.ts';
import type { Notice } from '../../records/notice.ts';
import type { Evidence } from './evidence.ts';
import type { Window } from './faults.ts';
import {
  type Attempt,
  addressesOf,
  attemptsOf,
  decisionsOf,
  hindrances,
  isClosing,
  issuedIn,
  merged,
  once,
} from './reading.ts';

/**
 * What may hold up an attempt of a message, in order and without overlaps: the system was down, or its disk did not answer; whoever
 * it goes to was busy with two others; the carrier of `channel`, where that is given, was busy with sixty-four; somebody who is to hear
 * that it is over was still being called about it.
 */
export const heldUp = once((evidence): ((notice: Notice, channel?: string) => readonly Window[]) => {
  const away = hindrances(evidence, 'alarm', 'disk');
  const addresses = addressesOf(evidence);
  const calls = callsIn(evidence);
  const receiverOf = ({ contactId, channel }: Pick<Call, 'contactId' | 'channel'>): string =>
    `${mediumOf(channel)} ${(mediumOf(channel) === 'webhook' && addresses.get(contactId)) || contactId}`;
  const messages = calls.filter(({ isPart }) => !isPart);
  const receivers = busy(messages, receiverOf, 2);
  const carriers = busy(messages, ({ channel }) => carrierOf(channel), 64);
  const alarms = Map.groupBy(
    calls.filter(({ notice }) => !isClosing(notice)),
    ({ notice, contactId }) => `${notice.incidentId} ${contactId}`,
  );
  const media = [...new Set(calls.map(({ channel }) => mediumOf(channel)))];
  return (notice, channel) => {
    const { recipient, incidentId } = notice;
    if (recipient.type !== 'contact') return away;
    const { contactId } = recipient;
    const ways = channel === undefined ? media : [channel];
    const windows = [
      ...ways.flatMap((way) => receivers.get(receiverOf({ contactId, channel: way })) ?? []),
      ...((channel !== undefined && carriers.get(carrierOf(channel))) || []),
      ...((isClosing(notice) && alarms.get(`${incidentId} ${contactId}`)) || []),
    ];
    return windows.length > 0 ? merged([...away, ...windows]) : away;
  };
});

/** An attempt to tell somebody, from its beginning until its outcome. `isPart`: in a message that is another's attempt already. */
type Call = Window & { notice: Notice; contactId: string; channel: string; isPart: boolean };

function callsIn(evidence: Evidence): Call[] {
  const attempts = attemptsOf(evidence.journal);
  return issuedIn(decisionsOf(evidence)).flatMap(({ notice }) => {
    const { noticeId, recipient } = notice;
    if (recipient.type !== 'contact') return [];
    const { contactId } = recipient;
    const own = attempts.get(noticeId) ?? [];
    return own.flatMap((one) => {
      const { record, atMs } = one;
      if (record.kind !== 'attempting') return [];
      const { channel, digestOf } = record;
      return { notice, contactId, channel, isPart: digestOf !== undefined, fromMs: atMs, toMs: endOf(one, own) };
    });
  });
}

/** Of what a crash cut off there may be no outcome. */
function endOf({ record, sequence, atMs }: Attempt, own: readonly Attempt[]): number {
  const outcome = own.find(
    (other) =>
      other.sequence > sequence &&
      other.record.kind === 'outcome' &&
      other.record.channel === record.channel &&
      other.record.attempt === record.attempt,
  );
  return outcome?.atMs ?? atMs + timeLimitMs(record.channel);
}

/** A receiver that has not answered by then does not answer; a call rings for longer. */
export const timeLimitMs = (channel: string): number => (channel.startsWith('voice') ? 60_000 : 15_000);

const mediumOf = (channel: string): string => channel.split(/[:-]/, 1)[0] ?? channel;

/** Where at least so many of one kind were under way at once. */
function busy(calls: readonly Call[], keyOf: (call: Call) => string, count: number): Map<string, Window[]> {
  return new Map([...Map.groupBy(calls, keyOf)].map(([key, own]) => [key, overlaps(own, count)] as const));
}

function overlaps(windows: readonly Window[], count: number): Window[] {
  const edges = windows.flatMap(({ fromMs, toMs }) => [
    { atMs: fromMs, by: 1 },
    { atMs: toMs, by: -1 },
  ]);
  const found: Window[] = [];
  let underWay = 0;
  let sinceMs = 0;
  for (const { atMs, by } of edges.sort((a, b) => a.atMs - b.atMs || a.by - b.by)) {
    if (by === 1 && underWay === count - 1) sinceMs = atMs;
    if (by === -1 && underWay === count) found.push({ fromMs: sinceMs, toMs: atMs });
    underWay += by;
  }
  return found;
}
