import type { Clock } from '../../platform/clock.ts';
import { listenFailed, OperationalError } from '../../platform/errors.ts';

/**
 * Tries until it works: what may wait must not keep the alarm process from its work. `failed` hears of each attempt.
 * Errors: what no waiting mends, except an address that is taken: another program may let it go.
 */
export async function inTheEnd<T>(attempt: () => Promise<T>, { clock, failed }: InTheEndParts): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      if (error.retry === 'never' && error.code !== listenFailed.code) throw error;
      failed(error);
      await new Promise<void>((resolve) => clock.after(againMs, resolve));
    }
  }
}
type InTheEndParts = { clock: Clock; failed: (error: OperationalError) => void };

const againMs = 10_000;
