import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import type { ShadowWord } from '../records/alert.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import { alertAt, batchOf, minute } from './store-contract.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

test('what a trial said is kept apart from alerts, once, however often the batch comes', async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  const alert = alertAt(1);
  const said: ShadowWord['change'][] = [
    { type: 'raise', alert },
    { type: 'strengthen', alertId: alert.alertId, at: minute(1), severity: 'critical', reason: {} },
    { type: 'clear', alertId: alert.alertId, at: minute(1), reason: {} },
    { type: 'failed', subject: 'person:p1', error: 'Error: no' },
  ];
  const alerts = said.map((change) => ({
    ...{ sequence: 1, change: { type: 'shadow' as const, rule: alert.rule, settingId: 's1', at: minute(1), change } },
  }));
  const batch = batchOf({ sequence: 1, alerts });
  await store.writeBatch(batch);
  await store.writeBatch(batch);
  await store.close();
  expect(await query(url, 'select what, alert_id, severity, body from shadow_word order by ordinal')).toEqual([
    { what: 'raise', alert_id: alert.alertId, severity: alert.severity, body: said[0] },
    { what: 'strengthen', alert_id: alert.alertId, severity: 'critical', body: said[1] },
    { what: 'clear', alert_id: alert.alertId, severity: null, body: said[2] },
    { what: 'failed', alert_id: null, severity: null, body: said[3] },
  ]);
  expect(await query(url, 'select from alert')).toEqual([]);
});
