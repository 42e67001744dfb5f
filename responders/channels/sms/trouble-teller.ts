import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { Trouble } from '../../../records/journal-record.ts';
import type { Inbound } from '../../channel.ts';

/** How a line stands: it can be used, or why not. */
export type LineState = { phase: 'ready' } | { phase: 'away'; reason: string; trouble: Trouble };

/**
 * Tells the operator what keeps a line from being used: at once what only a person can mend, after a minute what may pass by itself (a plug
 * that is moved, a centre that restarts), and when it works again. Told once for each trouble.
 */
export function troubleTeller({ name, inbound, clock, log }: TellerParts): {
  state(state: LineState): void;
  close(): void;
} {
  let told: Trouble | 'none' = 'none';
  let cancel: (() => void) | undefined;
  const tell = (trouble: Trouble | 'none', reason: string) => {
    cancel?.();
    cancel = undefined;
    if (told === trouble) return;
    const before = told;
    told = trouble;
    inbound.trouble(name, trouble, reason).catch((err) => {
      log.warn({ channel: name, err }, 'trouble of a line is not on record');
      // The next look tells it again.
      if (told === trouble) told = before;
    });
  };
  return {
    state(state) {
      if (state.phase === 'ready') tell('none', 'it can be used again');
      else if (state.trouble !== 'unreachable') tell(state.trouble, state.reason);
      else cancel ??= clock.after(patienceMs, () => tell(state.trouble, state.reason));
    },
    close: () => cancel?.(),
  };
}
type TellerParts = { name: string; inbound: Inbound; clock: Clock; log: Log };

const patienceMs = 60_000;
