import { expect, test } from 'vitest';
import type { Alert } from '../records/alert.ts';
import { FoldState } from '../records/fold-state.ts';
import { createSilences } from './silences.ts';

const hourMs = 3_600_000;

test('what becomes work is the same in whatever order the rows stand, as after a restart or a look ahead', () => {
  const alerts = [silence('west', 'd', 2), silence('east', 'b', 2), silence('east', 'c', 1), silence('east', 'a', 2)];
  const orders = [alerts, alerts.toReversed()].map((all) => {
    const silences = createSilences({ state: new FoldState() });
    for (const alert of all) silences.wait(alert, 0);
    return silences.take(hourMs, () => false).map(({ where, alertId }) => `${where.areaId} ${alertId}`);
  });
  expect(orders[0]).toEqual(['east c', 'east a', 'east b', 'west d']);
  expect(orders[1]).toEqual(orders[0]);
});

function silence(areaId: string, alertId: string, at: number): Alert {
  return {
    ...{ alertId, rule: 'device-silent', condition: 'device-silent', severity: 'service', at, occurredAt: at },
    ...{ clock: 'trusted', subject: { type: 'device', id: alertId }, where: { deviceId: alertId, areaId }, reason: {} },
  } as const;
}
