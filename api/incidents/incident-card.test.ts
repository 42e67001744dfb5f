import { expect, test } from 'vitest';
import { localTimeIn } from '../../platform/local-time.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Incident } from '../../records/incident.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { glassVault } from '../../simulators/glass-vault.ts';
import { createCards } from './incident-card.ts';

test('the round of an outage names the homes in their order, and when somebody there last gave a sign', () => {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const { unseal } = glassVault();
  const cards = createCards({ registry, unseal, local: localTimeIn('Asia/Shanghai') });
  const at = 1_800_000_000_000;
  const reason = { round: ['alone', 'couple', 'gone'], signAts: [String(at - 60_000), 'never', 'never'] };
  const where = { areaId: 'east' };
  const subject = { type: 'area', id: 'east' } as const;
  const words = { rule: 'village-outage', condition: 'village-outage', severity: 'urgent' } as const;
  const alert = { alertId: 'out', ...words, at, occurredAt: at, clock: 'trusted', subject, where, reason } as const;
  const incident: Incident = {
    ...{ incidentId: 'i:out', version: 1, code: 'AAAA', category: 'supervision', severity: 'urgent', subject, where },
    ...{ openedAt: at, lastAlertAt: at, alerts: [alert], state: { phase: 'open', since: at }, told: [] },
    ladder: { phase: 'ended' },
  };
  const [shown] = cards.card({ incident, attempts: {}, revision: 1 }, false).alerts;
  expect(shown?.round).toEqual([
    { householdId: 'alone', place: 'house at the end', area: 'East Well', signAt: at - 60_000 },
    { householdId: 'couple', place: 'house by the well', area: 'East Well' },
    { householdId: 'gone' },
  ]);
});
