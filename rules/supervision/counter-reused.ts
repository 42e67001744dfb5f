import type { AlertChange } from '../../records/alert.ts';
import { alertIdOf, causeOf, deviceSubject, raise } from '../cause.ts';
import type { Rule } from '../rule.ts';

/**
 * A device named two different reports alike: a factory reset, or a fault. fine -> reused (service, once) -> fine (not
 * seen again for `quietMs`). The reports themselves are judged all the same.
 */
export const counterReused: Rule<CounterReused, CounterReusedSettings> = {
  name: 'counter-reused',
  initial: { phase: 'fine' },
  settings: { quietMs: 24 * 3_600_000 },
  ranges: { quietMs: [3_600_000, 30 * 24 * 3_600_000] },
  hears: ['counter-reused', 'device-removed'],
  subject(event) {
    return event.type === 'counter-reused' || event.type === 'device-removed' ? event.where.deviceId : undefined;
  },
  deadline: (state) => (state.phase === 'reused' ? state.quietAt : undefined),
  rebase: (state, byMs) => (state.phase === 'reused' ? { ...state, quietAt: state.quietAt + byMs } : state),
  step(state, event, { quietMs }) {
    if (event.type === 'tick' || event.type === 'device-removed') {
      return [counterReused.initial, state.phase === 'reused' ? [clear(state.alertId, event.at)] : []];
    }
    if (event.type !== 'counter-reused') return [state, []];
    const quietAt = event.at + quietMs;
    if (state.phase === 'reused') return [{ ...state, quietAt }, []];
    const { at, boot, seq, where } = event;
    const cause = causeOf(event);
    const reason = { boot, seq, transition: 'fine to reused' };
    const words = { rule: counterReused.name, condition: 'counter-reused', severity: 'service', at, reason } as const;
    const alertId = alertIdOf(counterReused.name, cause);
    return [{ phase: 'reused', alertId, quietAt }, [raise(cause, { ...words, subject: deviceSubject(where) })]];
  },
};

export type CounterReused = { phase: 'fine' } | { phase: 'reused'; alertId: string; quietAt: number };
export type CounterReusedSettings = {
  /** A fault that is not seen for this long is over. */
  quietMs: number;
};

function clear(alertId: string, at: number): AlertChange {
  return { type: 'clear', alertId, at, reason: { transition: 'reused to fine' } };
}
