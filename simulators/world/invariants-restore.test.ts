import { expect, test } from 'vitest';
import { hourMs } from './chronicle.test-support.ts';
import type { Entry, Evidence, Heard } from './evidence.ts';
import { restoreInvariants } from './invariants-restore.ts';
import { isClosing } from './reading.ts';
import { twoDays } from './two-days.test-support.ts';

const whole = twoDays();
const first = firstCall();
const held = { ...first.notice, text: { ...first.notice.text, heldMs: hourMs } };

test('a message that says several late alarms says so beside each of them, and one of them is not enough', () => {
  const together = { others: [held], notice: held };
  const lateness = (changes: Partial<Heard>) =>
    says({ ...whole, messages: [{ ...first, ...changes }] }, 'a message that is late says so');
  expect(lateness({ ...together, body: 'K7QM smoke (1 h ago)\nFNDD a fall (2 h ago)' })).toEqual([]);
  expect(lateness({ ...together, body: 'K7QM烟雾报警（1小时前）\nFNDD跌倒（2小时前）' })).toEqual([]);
  expect(lateness({ ...together, body: 'K7QM smoke\nFNDD a fall (2 h ago)' })).toHaveLength(1);
  expect(lateness({ others: [held], body: 'K7QM smoke\nFNDD a fall (1 h ago)' })).toEqual([]);
  expect(lateness({ notice: held, body: 'Smoke (1 h ago)' })).toHaveLength(1);
});

test('a name of what went out before it was on record, and never came there, is free; that of any other message is not', () => {
  const lastEntry = whole.journal.at(-1);
  if (!lastEntry) throw new Error('the journal is empty');
  const start: Entry = {
    ...{ ...lastEntry, sequence: lastEntry.sequence + 1, atMs: 30 * hourMs },
    record: { kind: 'started', version: 'present', downMs: 0, restored: { takenAt: 0 } },
  };
  const namesAgain = (noticeId: string, atMs: number) => {
    const notice = { ...first.notice, noticeId };
    const lost = { ...first, notice: { ...notice, at: notice.at + hourMs, purpose: 'worse' as const } };
    return says(
      {
        ...whole,
        journal: [...whole.journal, start],
        messages: [{ ...first, notice, atMs }],
        lostTime: { publishes: [], told: [], messages: [lost] },
      },
      'no name of a time that was lost stands for something else',
    );
  };
  expect(namesAgain('i:1/v10/1/desk:east', 29 * hourMs)).toEqual([]);
  expect(namesAgain('i:1/v10/1/desk:east', 31 * hourMs)).toHaveLength(1);
  expect(namesAgain(first.notice.noticeId, 29 * hourMs)).toHaveLength(1);
});

function says(evidence: Evidence, wanted: string): string[] {
  return (
    restoreInvariants
      .find(({ name }) => name === wanted)
      ?.holds(evidence)
      .map((one) => one.says) ?? []
  );
}

function firstCall(): Heard {
  const call = whole.messages.find(({ notice }) => !isClosing(notice));
  if (!call) throw new Error('nobody was told of anything');
  return call;
}
