import { expect, test } from 'vitest';
import type { Alert } from '../../records/alert.ts';
import { HOUR_MS, START_AT } from '../../rules/watch.test-support.ts';
import { createComparison } from './comparison.ts';

const alert = (alertId: string, at: number): Alert => ({
  ...{ alertId, rule: 'device-silent', condition: 'device-silent', severity: 'service' },
  ...{ subject: { type: 'device', id: 'smoke-1' }, where: { deviceId: 'smoke-1' } },
  ...{ at, occurredAt: at, clock: 'trusted', reason: {} },
});
const said = (...alerts: Alert[]) => ({
  changes: alerts.map((one) => ({ type: 'raise', alert: one }) as const),
  failures: [],
});

test('of two alerts of a device the one of the same hours is the same thing, and not the one of yesterday', () => {
  const comparison = createComparison({ from: START_AT, to: Number.MAX_SAFE_INTEGER });
  const silence = said();
  comparison.heard({ at: START_AT, live: silence, tried: said(alert('first', START_AT)) });
  const at = START_AT + 5 * HOUR_MS;
  comparison.heard({ at, live: silence, tried: said(alert('second', at)) });
  const later = START_AT + 7 * HOUR_MS;
  comparison.heard({ at: later, live: said(alert('in-force', later)), tried: silence });
  const { ofRules, differences } = comparison.end();
  expect(ofRules).toMatchObject([['device-silent', { earlier: 1, new: 1, gone: 0, movedMs: -2 * HOUR_MS }]]);
  expect(differences.map(({ alert: { alertId } }) => alertId)).toEqual(['first']);
});
