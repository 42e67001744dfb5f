import type { AlertChange } from '../../records/alert.ts';
import { deviceSubject } from '../cause.ts';
import type { TickEvent } from '../event.ts';
import type { Rule } from '../rule.ts';

/**
 * unwatched -> watched (the registry gained the device) -> silent (nothing for `missedReports` intervals and `graceMs`)
 * -> watched (it speaks again). Whatever arrives from it counts as a word, stored or live: it speaks now. Its words are
 * noted no finer than `resolutionMs`, so that a device that speaks every second costs no more than one that speaks
 * every minute. Silence is noticed on the minute: a village that falls silent together is judged together, and its
 * incident is written once a minute and not once a device.
 */
export const deviceSilent: Rule<DeviceSilent, DeviceSilentSettings> = {
  name: 'device-silent',
  conditions: true,
  initial: { phase: 'unwatched' },
  settings: { missedReports: 2, graceMs: 15 * 60_000, resolutionMs: 60_000 },
  ranges: { missedReports: [1, 10], graceMs: [5 * 60_000, 24 * 3_600_000], resolutionMs: [0, 5 * 60_000] },
  subject: ({ type, where }) => (type === 'test-window' ? undefined : where.deviceId),
  deadline(state, { missedReports, graceMs }) {
    if (state.phase !== 'watched') return undefined;
    const dueAt = state.lastAt + missedReports * state.intervalMinutes * minuteMs + graceMs;
    return Math.ceil(dueAt / minuteMs) * minuteMs;
  },
  rebase: (state, byMs) => (state.phase === 'watched' ? { ...state, lastAt: state.lastAt + byMs } : state),
  step(state, event, { missedReports, resolutionMs }) {
    switch (event.type) {
      case 'tick':
        return state.phase === 'watched' ? fallsSilent(state, event, missedReports) : [state, []];
      case 'device-added':
        if (state.phase !== 'unwatched' && state.intervalMinutes === event.intervalMinutes) return [state, []];
        if (state.phase === 'silent') return [{ ...state, intervalMinutes: event.intervalMinutes }, []];
        return [{ phase: 'watched', lastAt: event.at, intervalMinutes: event.intervalMinutes }, []];
      case 'device-removed':
        return [deviceSilent.initial, state.phase === 'silent' ? [clear(state, event.at, 'silent to removed')] : []];
      default:
        if (state.phase === 'unwatched' || (state.phase === 'watched' && event.at - state.lastAt < resolutionMs))
          return [state, []];
        return [
          { phase: 'watched', lastAt: event.at, intervalMinutes: state.intervalMinutes },
          state.phase === 'silent' ? [clear(state, event.at, 'silent to watched')] : [],
        ];
    }
  },
};

export type DeviceSilent = { phase: 'unwatched' } | Watched | Silent;
export type DeviceSilentSettings = {
  /** Promised reports that may stay out. */
  missedReports: number;
  /** On top of them, for radio that retries and devices that sleep. */
  graceMs: number;
  /** How finely a device's last word is noted. */
  resolutionMs: number;
};

const minuteMs = 60_000;

/** `lastAt`: when it was last heard, or promised its interval. */
type Watched = { phase: 'watched'; lastAt: number; intervalMinutes: number };
type Silent = { phase: 'silent'; alertId: string; intervalMinutes: number };

function fallsSilent(state: Watched, { at, where }: TickEvent, missedReports: number): [DeviceSilent, AlertChange[]] {
  const { lastAt, intervalMinutes } = state;
  const subject = deviceSubject(where);
  const alertId = `${deviceSilent.name}:${subject.id}:${lastAt}`;
  const reason = { silentSinceAt: lastAt, intervalMinutes, missedReports, transition: 'watched to silent' };
  const words = { rule: deviceSilent.name, condition: 'device-silent', severity: 'service' } as const;
  const times = { at, occurredAt: at, clock: 'trusted' } as const;
  return [
    { phase: 'silent', alertId, intervalMinutes },
    [{ type: 'raise', alert: { alertId, ...words, ...times, subject, where, reason } }],
  ];
}

function clear({ alertId }: Silent, at: number, transition: string): AlertChange {
  return { type: 'clear', alertId, at, reason: { transition } };
}
