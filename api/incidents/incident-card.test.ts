import { expect, test } from 'vitest';
import { localTimeIn } from '../../platform/local-time.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Incident, IncidentAlert } from '../../records/incident.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { glassVault } from '../../simulators/glass-vault.ts';
import { createCards } from './incident-card.ts';

/** At 04:00 in the county. */
const at = Date.UTC(2026, 10, 2, 20);

/** An alert of the small county, as its card shows it. */
function shownAlert(alert: Pick<IncidentAlert, 'condition' | 'severity' | 'where' | 'reason'>, isOpen = false) {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const cards = createCards({ registry, unseal: glassVault().unseal, local: localTimeIn('Asia/Shanghai') });
  const subject = { type: 'area', id: 'east' } as const;
  const { condition: rule, severity, where } = alert;
  const incident: Incident = {
    ...{ incidentId: 'i:a', version: 1, code: 'AAAA', category: 'supervision', severity, subject, where },
    ...{ openedAt: at, lastAlertAt: at, state: { phase: 'open', since: at }, told: [], ladder: { phase: 'ended' } },
    alerts: [{ alertId: 'a', rule, at, occurredAt: at, clock: 'trusted', subject, ...alert }],
  };
  return cards.card({ incident, attempts: {}, revision: 1 }, isOpen).alerts[0];
}

test('the round of an outage names the homes in their order, and when somebody there last gave a sign', () => {
  const reason = { round: ['alone', 'couple', 'gone'], signAts: [String(at - 60_000), 'never', 'never'] };
  const where = { areaId: 'east' };
  expect(shownAlert({ condition: 'village-outage', severity: 'urgent', where, reason })?.round).toEqual([
    { householdId: 'alone', place: 'house at the end', area: 'East Well', signAt: at - 60_000 },
    { householdId: 'couple', place: 'house by the well', area: 'East Well' },
    { householdId: 'gone' },
  ]);
});

test('an alert says why it stands, in both languages and by the county’s clock', () => {
  const reason = { silentSinceAt: at - 7_200_000, intervalMinutes: 60, missedReports: 2 };
  const where = { deviceId: 'smoke-1', placeId: 'house-1', areaId: 'east' };
  expect(shownAlert({ condition: 'device-silent', severity: 'service', where, reason })?.why).toEqual({
    en: 'Device is silent: nothing heard since 02:00; promised to report every 1 h; 2 reports are missing.',
    'zh-CN': '设备失联：02:00起没有任何上报；应每1小时上报一次；已缺2次上报。',
  });
});

test('what was measured of a body is for those who work on it', () => {
  const measured = {
    quantity: 'vitals.pulse',
    observed: 142,
    unit: '1/min',
    side: 'above',
    limit: 130,
    thresholdId: 'pulse-of-nara',
  };
  const reason = { ...measured, sinceAt: at - 600_000, readings: 3, holdMinutes: 10, transition: 'pending to beyond' };
  const where = { deviceId: 'watch-2', personId: 'widow', areaId: 'east' };
  const shownTo = (isOpen: boolean) => shownAlert({ condition: 'vitals', severity: 'urgent', where, reason }, isOpen);
  expect(shownTo(true)?.why.en).toContain('pulse 142 a minute; above the limit of 130 a minute');
  expect(shownTo(false)?.why.en).toBe(
    'Reading of a worn device beyond its limit: since 03:50; in 3 readings; told after 10 min.',
  );
  expect(JSON.stringify(shownTo(false))).not.toMatch(/142|pulse/);
});
