import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

/** `silent`: nothing has come for so long. `back`: it comes again, after people were called. */
export type Word = { type: 'silent'; minutes: number } | { type: 'back'; minutes: number };

/**
 * Counts the minutes since the first machine last said that all is well.
 * hearing -> calling (silent for `minutes`: people are told, and again after 10 min, six times, then each hour) -> hearing (they are told,
 * too). Somebody who answers is told no more of this silence than its end.
 * It begins with hearing: whoever starts it after the first machine died is told `minutes` later.
 */
export function keepVigil({ minutes, tell, clock, log }: VigilParts) {
  let lastAt = clock.monotonic();
  let calls = 0;
  let isAnswered = false;
  let cancel = () => {};

  const silentMinutes = () => Math.floor((clock.monotonic() - lastAt) / minuteMs);
  const say = (word: Word) => tell(word).catch((err) => log.error({ err, word }, 'nobody could be told'));

  function wait(ms: number): void {
    cancel();
    cancel = clock.after(ms, call);
  }
  function call(): void {
    // A timer may fire a moment early.
    const silent = Math.max(minutes, silentMinutes());
    calls += 1;
    if (!isAnswered) {
      log.error({ minutes: silent, calls }, 'the first machine is silent');
      void say({ type: 'silent', minutes: silent });
    }
    wait(calls <= quickCalls ? quickMs : slowMs);
  }
  wait(minutes * minuteMs);

  return {
    heard(): void {
      const [was, silent] = [calls, silentMinutes()];
      lastAt = clock.monotonic();
      calls = 0;
      isAnswered = false;
      wait(minutes * minuteMs);
      if (was === 0) return;
      log.info({ minutes: silent }, 'the first machine is heard again');
      void say({ type: 'back', minutes: silent });
    },
    /** Somebody who was told knows of it. */
    answered(): void {
      if (calls === 0) return;
      isAnswered = true;
      log.info({}, 'somebody has answered: nobody is called again for this silence');
    },
    isCalling: (): boolean => calls > 0,
    stop: (): void => cancel(),
  };
}

export type Vigil = ReturnType<typeof keepVigil>;
export type VigilParts = {
  minutes: number;
  /** Errors: nobody could be told. */
  tell: (word: Word) => Promise<void>;
  clock: Clock;
  log: Log;
};

const minuteMs = 60_000;
const quickCalls = 6;
const quickMs = 10 * minuteMs;
const slowMs = 60 * minuteMs;
