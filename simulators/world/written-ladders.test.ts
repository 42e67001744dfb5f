import { expect, test } from 'vitest';
import type { Condition } from '../../records/alert.ts';
import type { Incident } from '../../records/incident.ts';
import { rungsOf, waitAfterMs } from './written-ladders.ts';

const about = (words: Pick<Incident, 'category' | 'severity'>, condition: Condition): Incident =>
  ({ ...words, alerts: [{ condition }] }) as Incident;

test('a village that falls silent has a ladder of its own, and so has a home that lost its only device', () => {
  const outage = about({ category: 'supervision', severity: 'urgent' }, 'village-outage');
  expect([rungsOf(outage), waitAfterMs(outage, 1), waitAfterMs(outage, 2)]).toEqual([2, 300_000, undefined]);
  const still = about({ category: 'inactivity', severity: 'urgent' }, 'inactivity');
  expect([rungsOf(still), waitAfterMs(still, 2), waitAfterMs(still, 3)]).toEqual([3, 600_000, undefined]);
  const blind = about({ category: 'supervision', severity: 'critical' }, 'blind');
  expect([rungsOf(blind), waitAfterMs(blind, 1), waitAfterMs(blind, 3)]).toEqual([3, 600_000, undefined]);
  const fire = about({ category: 'fire', severity: 'critical' }, 'smoke');
  expect([rungsOf(fire), waitAfterMs(fire, 33), waitAfterMs(fire, 34)]).toEqual([4, 120_000, 900_000]);
});
