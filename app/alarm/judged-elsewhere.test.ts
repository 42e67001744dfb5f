import { expect, test } from 'vitest';
import { encodeReport } from '../../firmware-contracts/contracts.ts';
import type { Alert, AlertChange } from '../../records/alert.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import type { AnyRule, Rule } from '../../rules/rule.ts';
import { HOUR_MS, START_AT } from '../../rules/watch.test-support.ts';
import { createFold } from './alarm-core.ts';

test('while the release before ran nobody was missed by rules that it has not; at the next upgrade nobody is called for that', () => {
  const home = heardOnce('inactivity', 'device-silent');
  // What the release before judged itself is of now, and its word counts.
  home.append({ kind: 'started', version: '2', downMs: 5_000 }, 29 * HOUR_MS);
  expect(home.raised).toEqual(['device-silent:smoke-1']);
  home.wait(52 * HOUR_MS);
  expect(home.raised).toEqual(['device-silent:smoke-1']);
  home.wait(54 * HOUR_MS);
  expect(home.raised).toEqual(['device-silent:smoke-1', 'inactivity:smoke-1']);
});

test('after a stop of this release it is missed later by the stop, and by nothing else', () => {
  const home = heardOnce('inactivity');
  for (let at = 0; at <= 20 * HOUR_MS; at += 50_000) home.append({ kind: 'tick' }, at);
  home.append({ kind: 'started', version: '1', downMs: HOUR_MS }, 21 * HOUR_MS);
  const dueAfterMs = (home.nextDeadline() ?? 0) - START_AT;
  expect(dueAfterMs).toBe(25 * HOUR_MS);
});

/** A detector is heard once, by rules of these names. Times are since then, ms. */
function heardOnce(...names: string[]) {
  const fold = createFold('1', names.map(missing));
  fold.registry.apply(smallCounty);
  const raised: string[] = [];
  let sequence = 0;
  function append(record: JournalRecord, afterMs: number): void {
    sequence += 1;
    const { followUps } = fold.judge.step({ sequence, receivedAt: START_AT + afterMs, body: encodeRecord(record) });
    for (const followUp of followUps) {
      if (followUp.kind === 'decided') raised.push(...(followUp.alerts ?? []).map(alertIdOf));
      append(followUp, afterMs);
    }
  }
  const report = { v: 1, boot: 1, seq: 1, age: 0, name: 'status', battery: 3 } as const;
  const payload = encodeReport(report, 'json');
  const deviceId = 'smoke-1';
  append({ kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report: 'status', payload }, 0);
  return {
    ...{ raised, append },
    nextDeadline: () => fold.engine.nextDeadline(),
    wait(afterMs: number): void {
      const due = fold.engine.nextDeadline() ?? Number.POSITIVE_INFINITY;
      append({ kind: 'tick' }, Math.min(due - START_AT, afterMs));
    },
  };
}

const alertIdOf = (change: AlertChange): string => (change.type === 'raise' ? change.alert.alertId : change.type);

/** A rule that misses a device after a day. */
function missing(name: string): AnyRule {
  const rule: Rule<{ dueAt?: number }, Record<string, never>> = {
    ...{ name, initial: {}, settings: {}, ranges: {} },
    subject: ({ type, where }) => (type === 'report' ? where.deviceId : undefined),
    deadline: ({ dueAt }) => dueAt,
    rebase: (state, byMs) => (state.dueAt === undefined ? state : { dueAt: state.dueAt + byMs }),
    step(state, event) {
      if (event.type === 'report') return [{ dueAt: event.at + 24 * HOUR_MS }, []];
      if (event.type !== 'tick') return [state, []];
      const { at, where } = event;
      const deviceId = where.deviceId ?? '';
      const alert: Alert = {
        ...{ alertId: `${name}:${deviceId}`, rule: name, condition: 'device-silent', severity: 'service' },
        ...{ subject: { type: 'device', id: deviceId }, where, reason: {}, at, occurredAt: at, clock: 'trusted' },
      };
      return [{}, [{ type: 'raise', alert }]];
    },
  };
  return rule as unknown as AnyRule;
}
