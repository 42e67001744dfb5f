import { expect, test } from 'vitest';
import type { Incident } from '../../records/incident.ts';
import { hourMs } from './chronicle.test-support.ts';
import type { Evidence } from './evidence.ts';
import { peopleInvariants } from './invariants-people.ts';
import { decisionsOf } from './reading.ts';
import { twoDays } from './two-days.test-support.ts';

const whole = twoDays();

test('what nobody has to end may open and end in one step, where a clock is set forward over both; a call for help may not', () => {
  expect(saysOf(bornOver({ category: 'system' }))).toEqual([]);
  expect(saysOf(bornOver({ category: 'call' }))).toEqual([expect.stringContaining('nobody had said so')]);
});

/** As if the first incident of the two days had come and gone in the step that opened it, and had been of that kind. */
function bornOver(kind: Pick<Incident, 'category'>): Evidence {
  const opening = decisionsOf(whole).find(({ record }) => record.incidents);
  const change = opening?.record.incidents?.[0];
  if (!opening || !change) throw new Error('nothing was opened');
  const { incident } = change;
  const by = { type: 'system', id: 'incidents' } as const;
  const over: Incident = {
    ...{ ...incident, ...kind },
    alerts: incident.alerts.map((one) => ({ ...one, condition: 'desk-empty' as const, clearedAt: hourMs })),
    state: { phase: 'resolved', since: hourMs, by, outcome: 'equipment', contact: 'not-applicable' },
  };
  const journal = whole.journal.flatMap((entry) => {
    if (entry.sequence > opening.entry.sequence) return [];
    const isIt = entry.record.kind === 'decided' && entry.sequence === opening.entry.sequence;
    return [isIt ? { ...entry, record: { ...opening.record, incidents: [{ ...change, incident: over }] } } : entry];
  });
  return { ...whole, journal };
}

function saysOf(evidence: Evidence): string[] {
  const meant = peopleInvariants.find(({ name }) => name === 'only a person ends an incident');
  return meant?.holds(evidence).map(({ says }) => says) ?? [];
}
