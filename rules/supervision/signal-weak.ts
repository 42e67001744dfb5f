import type { StatusReport } from '../../firmware-contracts/every-device.ts';
import type { AlertChange, Reason } from '../../records/alert.ts';
import { happenedAt } from '../cause.ts';
import type { Rule } from '../rule.ts';
import { clearWork, isOvertaken, isStatus, raiseWork, type StatusEvent, statusSubject } from './device-word.ts';

/**
 * strong -> weakening (power or signal to noise at or below the weak limit) -> weak (every status for `holdMs`, and at least
 * `readings` of them) -> strong (as many in a row at or above the higher limits). Readings further apart than `maxGapMs` prove
 * nothing between them, and the count begins anew.
 */
export const signalWeak: Rule<SignalWeak, SignalWeakSettings> = {
  name: 'signal-weak',
  initial: { phase: 'strong' },
  conditions: true,
  settings: {
    weakDbm: -125,
    strongDbm: -118,
    weakSnrDb: -8,
    strongSnrDb: -4,
    holdMs: 6 * 3_600_000,
    readings: 3,
    maxGapMs: 3 * 86_400_000,
  },
  ranges: {
    weakDbm: [-140, -90],
    strongDbm: [-140, -80],
    weakSnrDb: [-20, 10],
    strongSnrDb: [-20, 20],
    holdMs: [3_600_000, 7 * 86_400_000],
    readings: [2, 20],
    maxGapMs: [3_600_000, 14 * 86_400_000],
  },
  hears: ['status', 'device-removed'],
  subject: (event) => statusSubject(event, 'rsrp', 'snr'),
  deadline: () => undefined,
  rebase: (state) => state,
  step(state, event, settings, home) {
    if (event.type === 'device-removed') {
      const over =
        state.phase === 'weak' ? [clearWork(state.alertId, event.at, { transition: 'weak to removed' })] : [];
      return [signalWeak.initial, over];
    }
    if (!isStatus(event) || isOvertaken(event, home)) return [state, []];
    const { rsrp, snr } = event.report;
    if (rsrp === undefined && snr === undefined) return [state, []];
    if (state.phase === 'weak') return stronger(state, event, settings);
    if (!isWeak(event.report, settings)) return [signalWeak.initial, []];
    return weaker(state, event, settings);
  },
};

/** `since`, `lastAt`: when the readings are of, epoch ms. `strong`: good readings in a row. */
export type SignalWeak =
  | { phase: 'strong' }
  | { phase: 'weakening'; since: number; lastAt: number; count: number }
  | { phase: 'weak'; alertId: string; strong: number };
export type SignalWeakSettings = {
  weakDbm: number;
  strongDbm: number;
  weakSnrDb: number;
  strongSnrDb: number;
  /** For so long every reading has to be weak. */
  holdMs: number;
  /** And so many of them; as many strong ones end it. */
  readings: number;
  /** Readings further apart prove nothing between them. */
  maxGapMs: number;
};

const isWeak = ({ rsrp, snr }: StatusReport, limits: SignalWeakSettings): boolean =>
  (rsrp !== undefined && rsrp <= limits.weakDbm) || (snr !== undefined && snr <= limits.weakSnrDb);

const isStrong = (report: StatusReport, limits: SignalWeakSettings): boolean =>
  !isWeak(report, limits) && (report.rsrp ?? 0) >= limits.strongDbm && (report.snr ?? 0) >= limits.strongSnrDb;

type Before = Exclude<SignalWeak, { phase: 'weak' }>;

function weaker(state: Before, event: StatusEvent, settings: SignalWeakSettings): [SignalWeak, AlertChange[]] {
  const lastAt = happenedAt(event);
  const goesOn = state.phase === 'weakening' && lastAt - state.lastAt <= settings.maxGapMs;
  const since = goesOn ? state.since : lastAt;
  const count = goesOn ? state.count + 1 : 1;
  if (count < settings.readings || lastAt - since < settings.holdMs)
    return [{ phase: 'weakening', since, lastAt, count }, []];
  const reason = { ...measured(event.report), ...limits(settings), weakSinceAt: since, readings: count };
  const { alertId, change } = raiseWork(event, signalWeak.name, 'signal-weak', {
    ...reason,
    transition: 'strong to weak',
  });
  return [{ phase: 'weak', alertId, strong: 0 }, [change]];
}

function stronger(
  state: Extract<SignalWeak, { phase: 'weak' }>,
  event: StatusEvent,
  settings: SignalWeakSettings,
): [SignalWeak, AlertChange[]] {
  const strong = isStrong(event.report, settings) ? state.strong + 1 : 0;
  if (strong < settings.readings) return [strong === state.strong ? state : { ...state, strong }, []];
  const reason = { ...measured(event.report), transition: 'weak to strong' };
  return [signalWeak.initial, [clearWork(state.alertId, event.at, reason)]];
}

const measured = ({ rsrp, snr }: StatusReport): Reason => ({
  ...(rsrp !== undefined && { rsrpDbm: rsrp }),
  ...(snr !== undefined && { snrDb: snr }),
});

const limits = ({ weakDbm, weakSnrDb }: SignalWeakSettings): Reason => ({ weakDbm, weakSnrDb });
