import { carrierOf } from '../records/channel-names.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { saidNothing } from '../records/providers.ts';
import { isClosing, nextAttemptAt, noticeClass } from './retry-schedule.ts';

/** `isFirst`: when it was issued nobody else was about to be told of its incident. */
export type OpenNotice = { notice: Notice; channels: Progress[]; activeAt: number; isFirst?: true };

/** Of one channel. `idle`: not its turn yet. `attempt`: the number of the next attempt, or of the one under way. */
export type Progress = { name: string } & (
  | { phase: 'idle' }
  | { phase: 'waiting'; attempt: number; nextAt: number }
  | { phase: 'trying'; attempt: number; since: number }
  /** `attempt` is absent in what older releases kept. */
  | { phase: 'accepted'; attempt?: number }
  | { phase: 'ended' }
);

/** First attempts do not compare with any clock: nothing that happens to a clock may hold them up. */
export const atOnce = 0;

/** How long a provider's word that it took a critical message is enough before the next channel is tried too, ms. */
const acceptedPatienceMs = 60_000;

export function afterAttempting(entry: OpenNotice, { channel, attempt }: AttemptingRecord, at: number): OpenNotice {
  const activeAt = Math.max(entry.activeAt, at);
  return {
    ...withChannel(entry, channel, (one) => ({ name: one.name, phase: 'trying', attempt, since: at })),
    activeAt,
  };
}

/** The notice after an outcome, or nothing when it is done with. */
export function afterOutcome(entry: OpenNotice, record: OutcomeRecord, at: number): OpenNotice | undefined {
  if (record.result === 'delivered' || record.final) return undefined;
  const before = entry.channels.find(({ name }) => name === record.channel);
  // Of a channel that this notice does not use, or of an attempt before the last: it changes nothing.
  if (!before || before.phase === 'ended' || ('attempt' in before && record.attempt < (before.attempt ?? 0)))
    return entry;
  if (record.result === 'accepted') {
    // A text that was accepted is enough where nobody escalates. A call is not: nobody may have picked it up, or it says nothing at all.
    if (!isAwaited(entry.notice) && !carrierOf(record.channel).startsWith('voice')) return undefined;
    const { channel, attempt, detail } = record;
    const accepted = withChannel(entry, channel, ({ name }) => ({ name, phase: 'accepted', attempt }));
    return unlessDone(withNextChannel(accepted, detail === saidNothing ? atOnce : at + acceptedPatienceMs));
  }
  const startedAt = before.phase === 'trying' ? before.since : at;
  const { attempt, retryAfterMs, trouble } = record;
  const nextAt =
    record.result === 'failed'
      ? nextAttemptAt(entry.notice, { attempt, startedAt, failedAt: at, retryAfterMs, trouble })
      : undefined;
  const after = withChannel(entry, record.channel, ({ name }) =>
    nextAt === undefined ? { name, phase: 'ended' } : { name, phase: 'waiting', attempt: attempt + 1, nextAt },
  );
  return unlessDone(withNextChannel(after, atOnce));
}

/** A critical alarm waits for its receipt, whatever else was tried. */
function unlessDone(entry: OpenNotice): OpenNotice | undefined {
  const isOver = ({ phase }: Progress) => phase === 'ended' || (phase === 'accepted' && !isAwaited(entry.notice));
  return entry.channels.every(isOver) ? undefined : entry;
}

const isAwaited = (notice: Notice): boolean => noticeClass(notice) === 'life-safety' && !isClosing(notice);

/**
 * The notice by the ways that its contact has now: what was begun goes on, what nobody carries any more is left, and as many are open as
 * before.
 */
export function readdressed({ channels: before, ...entry }: OpenNotice, names: readonly string[]): OpenNotice {
  const open = before.filter(({ phase }) => phase !== 'idle').length;
  const channels = names.map((name, index): Progress => {
    const known = before.find((one) => one.name === name) ?? { name, phase: 'idle' };
    return known.phase === 'idle' && index < open ? { name, phase: 'waiting', attempt: 1, nextAt: atOnce } : known;
  });
  return { ...entry, channels };
}

function withChannel(entry: OpenNotice, name: string, change: (channel: Progress) => Progress): OpenNotice {
  return { ...entry, channels: entry.channels.map((channel) => (channel.name === name ? change(channel) : channel)) };
}

/** A failure opens one channel more, once for each channel that failed. */
function withNextChannel(entry: OpenNotice, nextAt: number): OpenNotice {
  const failed = entry.channels.filter((one) => one.phase !== 'idle' && !isUntried(one)).length;
  return {
    ...entry,
    channels: entry.channels.map((channel, index) => {
      // One that was to wait for a receipt waits no longer than what is known now allows.
      const isLater = channel.phase === 'waiting' && channel.attempt === 1 && channel.nextAt > nextAt;
      return index <= failed && (channel.phase === 'idle' || isLater)
        ? { name: channel.name, phase: 'waiting', attempt: 1, nextAt }
        : channel;
    }),
  };
}

export function isUntried(channel: Progress): boolean {
  return (channel.phase === 'waiting' || channel.phase === 'trying') && channel.attempt === 1;
}
