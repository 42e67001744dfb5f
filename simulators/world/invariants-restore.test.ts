import { expect, test } from 'vitest';
import { hourMs } from './chronicle.test-support.ts';
import type { Heard } from './evidence.ts';
import { restoreInvariants } from './invariants-restore.ts';
import { isClosing } from './reading.ts';
import { twoDays } from './two-days.test-support.ts';

const whole = twoDays();
const first = whole.messages.find(({ notice }) => !isClosing(notice));
if (!first) throw new Error('nobody was told of anything');
const held = { ...first.notice, text: { ...first.notice.text, heldMs: hourMs } };

test('a message that says several late alarms says so beside each of them, and one of them is not enough', () => {
  const together = { others: [held], notice: held };
  expect(says({ ...together, body: 'K7QM smoke (1 h ago)\nFNDD a fall (2 h ago)' })).toEqual([]);
  expect(says({ ...together, body: 'K7QM烟雾报警（1小时前）\nFNDD跌倒（2小时前）' })).toEqual([]);
  expect(says({ ...together, body: 'K7QM smoke\nFNDD a fall (2 h ago)' })).toHaveLength(1);
  expect(says({ others: [held], body: 'K7QM smoke\nFNDD a fall (1 h ago)' })).toEqual([]);
  expect(says({ notice: held, body: 'Smoke (1 h ago)' })).toHaveLength(1);
});

function says(changes: Partial<Heard>): string[] {
  const meant = restoreInvariants.find(({ name }) => name === 'a message that is late says so');
  const message = { ...(first as Heard), ...changes };
  return meant?.holds({ ...whole, messages: [message] }).map((one) => one.says) ?? [];
}
