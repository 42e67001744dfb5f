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

test("what would have been raised is counted by setting and week of the county's zone", async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog, timeZone: 'Asia/Shanghai' });
  const raised = (sequence: number, at: string, householdId: string, severity: 'urgent' | 'service') => {
    const alert = { ...alertAt(sequence), severity, where: { householdId, areaId: 'a1' } };
    const change = { type: 'raise' as const, alert };
    return {
      sequence,
      change: { type: 'shadow' as const, rule: alert.rule, settingId: 's1', at: Date.parse(at), change },
    };
  };
  const [first] = [raised(1, '2026-11-15T15:59Z', 'h1', 'urgent')];
  const ended = { ...first.change, change: { type: 'clear' as const, alertId: 'x', at: 0, reason: {} } };
  const alerts = [
    first,
    { sequence: 2, change: ended },
    // Monday has begun in Shanghai.
    raised(3, '2026-11-15T16:01Z', 'h1', 'service'),
    raised(4, '2026-11-20T00:00Z', 'h1', 'urgent'),
    raised(5, '2026-11-20T00:00Z', 'h2', 'urgent'),
  ];
  const village = { id: 'a1', level: 'village' as const, name: '白音' };
  const entities = [{ sequence: 1, change: { entity: 'area' as const, id: 'a1', value: village } }];
  await store.writeBatch(batchOf({ sequence: 5, entities, alerts }));
  await store.close();
  await query(url, 'insert into dashboard_access values (current_user, null)');
  const weeks = await query(
    url,
    `select to_char(week, 'YYYY-MM-DD') as week, setting_id, rule, condition, area, raised::int4, critical::int4, urgent::int4, households::int4
     from dashboards.shadow_week order by week`,
  );
  const words = { setting_id: 's1', rule: 'device-silent', condition: 'device-silent', area: '白音', critical: 0 };
  expect(weeks).toEqual([
    { ...words, week: '2026-11-09', raised: 1, urgent: 1, households: 1 },
    { ...words, week: '2026-11-16', raised: 3, urgent: 2, households: 2 },
  ]);
});
