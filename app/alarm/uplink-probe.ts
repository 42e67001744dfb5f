import { connect } from 'node:net';
import type { UplinkWord } from '../../ingest/uplink.ts';
import type { Clock } from '../../platform/clock.ts';
import { OperationalError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Alarm } from './alarm-core.ts';

/**
 * Asks a host outside, again and again, whether the world can still be reached, and has it on record when that changes. A host that
 * does not answer proves nothing while devices are heard. Without a host nobody asks, and what an earlier configuration had said is
 * taken back.
 * Units: one question in 20 s, each given 5 s; unanswered after three in a row, and lost when no device was heard for 5 min besides.
 * Errors: `died`, when the journal refuses for another reason than want of room; for that it is told with the next question.
 */
export function watchUplink({ probe, answers, alarm, clock, log, died }: ProbeParts): { stop(): void } {
  let failures = 0;
  let isStopped = false;
  let isTelling = false;
  let isRefused = false;
  let cancel = () => {};

  const tell = async (word: UplinkWord, host: string): Promise<void> => {
    if (isTelling || alarm.uplink() === word) return;
    isTelling = true;
    try {
      await alarm.tellUplink(word, host);
      isRefused = false;
    } catch (error) {
      if (!(error instanceof OperationalError && error.code === 'JOURNAL_FULL')) return died(error);
      if (!isRefused) log.error({ err: error, word }, 'the uplink is told of when there is room');
      isRefused = true;
    } finally {
      isTelling = false;
    }
  };
  const ask = async (host: string): Promise<void> => {
    failures = (await answers(host, patienceMs)) ? 0 : failures + 1;
    if (isStopped) return;
    if (failures === 0) void tell('answers', host);
    else if (failures >= failuresUntilTold) void tell(alarm.heardMsAgo() < heardMs ? 'unanswered' : 'lost', host);
    cancel = clock.after(everyMs, () => void ask(host));
  };

  if (probe === undefined) void tell('answers', 'none');
  else void ask(probe);
  return {
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

export type ProbeParts = {
  /** Host and port. */
  probe: string | undefined;
  /** Whether it takes a connection within that time; never rejects. */
  answers: (probe: string, withinMs: number) => Promise<boolean>;
  alarm: Pick<Alarm, 'uplink' | 'tellUplink' | 'heardMsAgo'>;
  clock: Clock;
  log: Log;
  died: (error: unknown) => void;
};

/** A connection that is taken is answer enough: nothing is said over it. */
export function answers(probe: string, withinMs: number): Promise<boolean> {
  const [host = '', port = ''] = probe.split(':');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port: Number(port), timeout: withinMs });
  const end = (isAnswered: boolean) => () => {
    socket.destroy();
    resolve(isAnswered);
  };
  socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false));
  return promise;
}

const everyMs = 20_000;
const patienceMs = 5_000;
const failuresUntilTold = 3;
/** Longer than a county in which most devices are well is ever quiet. */
const heardMs = 5 * 60_000;
