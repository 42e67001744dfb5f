import { afterEach, expect, test } from 'vitest';
import type { Alert, AlertChange } from '../../records/alert.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

test('what a trial would have raised is listed, the newest first, and of other areas nothing', async () => {
  const { caller, said } = await desk([
    raised('s1', 'a', 'east'),
    raised('s2', 'b', 'east'),
    raised('s1', 'c', 'west'),
  ]);
  expect(await said('/shadow-alerts')).toMatchObject([
    { settingId: 's2', alertId: 'b', rule: 'inactivity', householdId: 'couple', at: 5 },
    { settingId: 's1', alertId: 'a' },
  ]);
  expect(await said('/shadow-alerts?settingId=s1')).toMatchObject([{ alertId: 'a' }]);
  expect(await (await caller.get('/incidents')).text()).not.toContain('inactivity');
});

test('the latest thousand are remembered, each once', async () => {
  const many = Array.from({ length: 1_001 }, (_, index) => raised('s1', `alert-${index}`, 'east'));
  const { said } = await desk([...many, raised('s1', 'alert-1000', 'east')]);
  const alerts = await said('/shadow-alerts');
  expect(alerts).toHaveLength(1_000);
  expect(alerts[0]).toMatchObject({ alertId: 'alert-1000' });
  expect(alerts.at(-1)).toMatchObject({ alertId: 'alert-1' });
});

function raised(settingId: string, alertId: string, areaId: string): AlertChange {
  const alert: Alert = {
    ...{
      alertId,
      rule: 'inactivity',
      condition: 'inactivity',
      severity: 'urgent',
      at: 5,
      occurredAt: 5,
      clock: 'trusted',
    },
    ...{ subject: { type: 'person', id: 'her' }, where: { householdId: 'couple', areaId }, reason: {} },
  };
  return { type: 'shadow', rule: 'inactivity', settingId, at: 5, change: { type: 'raise', alert } };
}

async function desk(alerts: AlertChange[]) {
  const alarm = standInAlarm({ changes: staffedCounty });
  api = await openDesk(alarm);
  alarm.record({ kind: 'decided', cause: 1, version: '1', alerts });
  const caller = await signedIn(api, eastern('data-admin'));
  const said = async (path: string) => ((await (await caller.get(path)).json()) as { alerts: object[] }).alerts;
  return { caller, said };
}
