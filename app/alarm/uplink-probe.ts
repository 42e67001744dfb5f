import { connect } from 'node:net';
import type { Clock } from '../../platform/clock.ts';

/**
 * Asks a host outside, again and again, whether the world can still be reached, and has it on record when that changes. Without a host
 * nobody asks, and what an earlier configuration had said is taken back.
 * Units: one question in 20 s, each given 5 s; lost after three in a row without an answer. Errors: `died`, when the journal refuses.
 */
export function watchUplink({ probe, answers, alarm, clock, died }: ProbeParts): { stop(): void } {
  let failures = 0;
  let isStopped = false;
  let cancel = () => {};

  const tell = (reachable: boolean, host: string): void => {
    if (alarm.isUplinkToldLost() === reachable) alarm.tellUplink(reachable, host).catch(died);
  };
  const ask = async (host: string): Promise<void> => {
    failures = (await answers(host, patienceMs)) ? 0 : failures + 1;
    if (isStopped) return;
    if (failures === 0) tell(true, host);
    else if (failures >= failuresUntilLost) tell(false, host);
    cancel = clock.after(everyMs, () => void ask(host));
  };

  if (probe === undefined) tell(true, 'none');
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
  alarm: { isUplinkToldLost(): boolean; tellUplink(reachable: boolean, probe: string): Promise<void> };
  clock: Clock;
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
const failuresUntilLost = 3;
