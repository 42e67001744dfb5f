import { expect, test } from 'vitest';
import type { Reply } from '../../records/command.ts';
import type { TimelineEntry } from '../../records/incident.ts';
import { givenTwice } from './breaches-of-telephones.test-support.ts';
import { hourMs, minuteMs } from './chronicle.test-support.ts';
import type { Entry, Evidence } from './evidence.ts';
import type { Violation } from './invariant.ts';
import { telephoneInvariants } from './invariants-telephones.ts';
import { decisionsOf } from './reading.ts';
import { twoDays } from './two-days.test-support.ts';

const whole = twoDays();

test('who is told by a rung that was due may answer in the same step, and not before it', () => {
  const rung: TimelineEntry = { at: 0, what: 'rung', details: { rung: 2, told: ['late'], informed: [] } };
  const by = { type: 'contact', id: 'late' } as const;
  const word: TimelineEntry = { at: 0, what: 'declined', by, details: { contactId: 'late' } };
  const name = 'an answer changes an incident once, for somebody who was told of it';
  const taken = expect.objectContaining({ says: 'an answer was taken for the word of late' });
  expect(holds(name, answeredBy('late', [rung, word]))).not.toContainEqual(taken);
  expect(holds(name, answeredBy('late', [word, rung]))).toContainEqual(taken);
  expect(holds(name, answeredBy('late', [word]))).toContainEqual(taken);
});

test('a window of a provider may be shorter where the clock that counts it is set forward, be it when all is healed', () => {
  const stormMs = 36 * hourMs;
  const steps = (byMs: number) => [{ atMs: 20 * hourMs, byMs }];
  const givenAt = (atMs: number, clockSteps: ReturnType<typeof steps>) => {
    const twice = givenTwice({ ...whole, faults: { ...whole.faults, clockSteps, stormMs } }, atMs);
    return holds('no provider is given more than its windows allow', twice);
  };
  const before = 30_000;
  expect(givenAt(20 * hourMs - before, steps(4 * hourMs))).toEqual([]);
  expect(givenAt(stormMs - before, steps(-4 * hourMs))).toEqual([]);
  expect(givenAt(stormMs - before, steps(4 * hourMs))).toHaveLength(1);
  expect(givenAt(stormMs - 5 * minuteMs, steps(-4 * hourMs))).toHaveLength(1);
  expect(givenAt(20 * hourMs - before, steps(-4 * hourMs))).toHaveLength(1);
});

/** As if the first command about an incident had been the word of that contact, and had led to this. */
function answeredBy(contactId: string, timeline: TimelineEntry[]): Evidence {
  const decision = decisionsOf(whole).find(({ cause, record }) => cause.record.kind === 'command' && record.incidents);
  if (!decision) throw new Error('nobody asked anything');
  const by = { type: 'contact', id: contactId } as const;
  const command: Reply = {
    ...{ type: 'reply', commandId: 'reply-1', by, phoneKey: 'of-late', text: '2', answer: 'cannot', via: 'sms:first' },
  };
  const incidents = decision.record.incidents?.map(({ incident }) => ({ incident, timeline }));
  const journal = whole.journal.map((entry): Entry => {
    if (entry === decision.cause) return { ...entry, record: { kind: 'command', command } };
    return entry === decision.entry
      ? { ...entry, record: { ...decision.record, ...(incidents && { incidents }) } }
      : entry;
  });
  return { ...whole, journal };
}

function holds(wanted: string, evidence: Evidence): Violation[] {
  return telephoneInvariants.find(({ name }) => name === wanted)?.holds(evidence) ?? [];
}
