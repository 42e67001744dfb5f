import { expect, test } from 'vitest';
import type { Incident } from '../../records/incident.ts';
import type { Notice } from '../../records/notice.ts';
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

test('somebody who answered about what they were never told of reads that, and hears no end of it; of anything else they do', () => {
  const name = 'everyone who was told hears the end';
  expect(saysOf(answeredBack('not-yours'), name)).toEqual([]);
  expect(saysOf(answeredBack('going'), name)).toEqual([expect.stringMatching(/says so to stranger$/)]);
});

/** As if a stranger had answered about the first message that everybody heard, and had read that line. */
function answeredBack(detail: string): Evidence {
  const [heard] = whole.messages;
  const first = decisionsOf(whole).find(({ record }) => record.notices?.some((one) => one === heard?.notice));
  if (!heard || !first) throw new Error('nobody was told of anything');
  const line: Notice = {
    ...{ ...heard.notice, noticeId: `${heard.notice.incidentId}/reply:1`, purpose: 'reply' },
    ...{ recipient: { type: 'contact', contactId: 'stranger' }, text: { ...heard.notice.text, detail } },
  };
  const journal = whole.journal.map((entry) => {
    if (entry !== first.entry) return entry;
    return { ...entry, record: { ...first.record, notices: [...(first.record.notices ?? []), line] } };
  });
  return { ...whole, journal, messages: [...whole.messages, { ...heard, contactId: 'stranger', notice: line }] };
}

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

function saysOf(evidence: Evidence, wanted = 'only a person ends an incident'): string[] {
  const meant = peopleInvariants.find(({ name }) => name === wanted);
  return meant?.holds(evidence).map(({ says }) => says) ?? [];
}
