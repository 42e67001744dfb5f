import type { Alert, AlertChange } from '../../records/alert.ts';
import type { EngineAnswer } from '../../rules/engine.ts';
import type { HeardTwice } from './twin-engine.ts';

/**
 * Counts what two sides raise between `from` and `to` (epoch ms), by rule and by home, and finds for each alert what the other side
 * made of it: the same, at another time, or nothing. Two alerts are of one thing when they have one name, or are of the same rule, condition
 * and subject within `sameThingMs`.
 * Bounds: a tally a rule, and a home and rule; alerts of the last `sameThingMs`; `mostListed` of what is new and gone.
 */
export function createComparison({ from, to }: { from: number; to: number }) {
  const ofRules = new Map<string, Tally>();
  const ofHomes = new Map<string, Tally>();
  const failures = new Map<string, number>();
  const differences: Difference[] = [];
  const waiting: Record<Side, Map<string, Alert[]>> = { live: new Map(), tried: new Map() };
  /** Alerts that may still become critical, the newest last. */
  const standing: Record<Side, Map<string, Alert>> = { live: new Map(), tried: new Map() };
  let sweepAt = from;

  const talliesOf = ({ rule, where }: Alert): Tally[] => [
    tallyOf(ofRules, rule),
    tallyOf(ofHomes, `${homeOf(where)}\t${rule}`),
  ];

  function raised(side: Side, alert: Alert): void {
    const isCritical = alert.severity === 'critical';
    for (const tally of talliesOf(alert)) {
      tally[side].alerts += 1;
      if (isCritical) tally[side].critical += 1;
    }
    if (!isCritical) remember(standing[side], alert);
    const key = keyOf(alert);
    const others = waiting[otherSide[side]].get(key) ?? [];
    const near = others.filter(({ at }) => Math.abs(alert.at - at) <= sameThingMs);
    const other = near.find(({ alertId }) => alertId === alert.alertId) ?? near[0];
    if (other) {
      others.splice(others.indexOf(other), 1);
      met(side === 'live' ? alert : other, side === 'live' ? other : alert);
    } else {
      const own = waiting[side].get(key);
      if (own) own.push(alert);
      else waiting[side].set(key, [alert]);
    }
  }

  function met(live: Alert, tried: Alert): void {
    const byMs = tried.at - live.at;
    for (const tally of talliesOf(live)) {
      if (byMs === 0) tally.same += 1;
      else {
        tally[byMs < 0 ? 'earlier' : 'later'] += 1;
        tally.movedMs += byMs;
      }
    }
  }

  function alone(side: Side, alert: Alert): void {
    for (const tally of talliesOf(alert)) tally[side === 'live' ? 'gone' : 'new'] += 1;
    if (differences.length < mostListed) differences.push({ what: side === 'live' ? 'gone' : 'new', alert });
  }

  function settle(before: number): void {
    for (const side of ['live', 'tried'] as const) {
      for (const [key, alerts] of [...waiting[side]]) {
        const rest = alerts.filter(({ at }) => at >= before);
        for (const alert of alerts) if (alert.at < before) alone(side, alert);
        if (rest.length > 0) waiting[side].set(key, rest);
        else waiting[side].delete(key);
      }
    }
  }

  function hear(side: Side, change: AlertChange): void {
    if (change.type === 'raise' && change.alert.at >= from && change.alert.at < to) raised(side, change.alert);
    if (change.type !== 'strengthen' || change.severity !== 'critical') return;
    const alert = standing[side].get(change.alertId);
    if (!alert) return;
    standing[side].delete(change.alertId);
    for (const tally of talliesOf(alert)) tally[side].critical += 1;
  }

  function hearAll(side: Side, { changes, failures: failed }: EngineAnswer): void {
    for (const change of changes) hear(side, change);
    for (const { rule } of failed) failures.set(rule, (failures.get(rule) ?? 0) + 1);
  }

  return {
    heard({ at, live, tried }: HeardTwice): void {
      hearAll('live', live);
      hearAll('tried', tried);
      if (at < sweepAt) return;
      sweepAt = at + sameThingMs;
      settle(at - sameThingMs);
    },

    /** Nothing more comes: what is alone by now stays alone. Tallies by name, differences by time. */
    end(): Compared {
      settle(Number.POSITIVE_INFINITY);
      const byName = (tallies: Map<string, Tally>) => [...tallies].sort(([a], [b]) => (a < b ? -1 : 1));
      differences.sort((a, b) => a.alert.at - b.alert.at || (a.alert.alertId < b.alert.alertId ? -1 : 1));
      return { ofRules: byName(ofRules), ofHomes: byName(ofHomes), differences, failures: [...failures] };
    },
  };
}

export type Comparison = ReturnType<typeof createComparison>;
export type Compared = {
  ofRules: [rule: string, Tally][];
  /** The home and the rule, a tab between them. */
  ofHomes: [homeAndRule: string, Tally][];
  differences: Difference[];
  /** How often a rule threw. */
  failures: [rule: string, times: number][];
};
export type Difference = { what: 'new' | 'gone'; alert: Alert };
export type Side = 'live' | 'tried';
export type Tally = { [S in Side]: { alerts: number; critical: number } } & {
  same: number;
  earlier: number;
  later: number;
  /** The sum over those that moved, negative: earlier. */
  movedMs: number;
  new: number;
  gone: number;
};

/** As long as a person at the desk would take two alerts about somebody for one, ms. */
export const sameThingMs = 6 * 3_600_000;
export const mostListed = 10_000;
const mostStanding = 100_000;

const otherSide = { live: 'tried', tried: 'live' } as const;
const keyOf = ({ rule, condition, subject }: Alert): string => `${rule} ${condition} ${subject.type}:${subject.id}`;

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  const known = tallies.get(name);
  if (known) return known;
  const none = () => ({ alerts: 0, critical: 0 });
  const tally = { live: none(), tried: none(), same: 0, earlier: 0, later: 0, movedMs: 0, new: 0, gone: 0 };
  tallies.set(name, tally);
  return tally;
}

function remember(standing: Map<string, Alert>, alert: Alert): void {
  const [oldest] = standing.keys();
  if (standing.size >= mostStanding && oldest !== undefined) standing.delete(oldest);
  standing.set(alert.alertId, alert);
}

/** Whom an alert is about, as an operator looks for it. */
export function homeOf({ householdId, placeId, areaId, deviceId }: Alert['where']): string {
  if (householdId !== undefined) return `household ${householdId}`;
  if (placeId !== undefined) return `place ${placeId}`;
  if (areaId !== undefined) return `area ${areaId}`;
  return deviceId === undefined ? 'the system' : `device ${deviceId}`;
}
