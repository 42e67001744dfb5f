import { expect, test } from 'vitest';
import type { Notice } from '../../records/notice.ts';
import { Chronicle, hourMs, minuteMs } from './chronicle.test-support.ts';
import type { Evidence } from './evidence.ts';
import { type End, endsOf } from './notice-ends.ts';
import { decisionsOf, issuedIn } from './reading.ts';
import { li, wang } from './two-days.test-support.ts';

const notReached = { type: 'resolve', outcome: 'no-help-needed', contact: 'not-reached' } as const;
const longStop = { kind: 'started', version: 'present', downMs: 3 * hourMs } as const;

test('that it is held ends what was sent before, and not that a second person is asked while it is held', () => {
  const chronicle = heldCall();
  chronicle.at(5 * hourMs).ask({ ...notReached, by: li });
  chronicle.at(5 * hourMs + minuteMs).ask({ type: 'claim', by: wang });
  const before = endsByPurpose(chronicle.end());
  expect(before.get('escalation')).toContainEqual({ how: 'over', atMs: 4 * hourMs });
  expect(before.get('agree')).toEqual([undefined, undefined]);
  chronicle.at(5 * hourMs + 2 * minuteMs).ask({ ...notReached, by: wang });
  // By word to them that it is over, in the same step.
  const atMs = 5 * hourMs + 2 * minuteMs;
  expect(endsByPurpose(chronicle.end()).get('agree')).toEqual([
    { how: 'overtaken', atMs },
    { how: 'overtaken', atMs },
  ]);
});

test('that what is held is dropped ends that a second person is asked', () => {
  const chronicle = heldCall();
  chronicle.at(5 * hourMs).ask({ ...notReached, by: li });
  chronicle.at(6 * hourMs).ask({ type: 'let-go', choice: 'drop', by: li });
  const over = { how: 'over', atMs: 6 * hourMs };
  expect(endsByPurpose(chronicle.end()).get('agree')).toEqual([over, over]);
});

/** A call one hour after the start, for which nobody had come when the system had stood still, four hours after the start. */
function heldCall(): Chronicle {
  const chronicle = new Chronicle();
  chronicle.at(hourMs).report(chronicle.device('002-button'), 'press', { call: 'emergency' });
  chronicle.at(4 * hourMs).append(longStop);
  return chronicle;
}

/** As if nothing of it had been sent. */
function endsByPurpose({ journal, ...evidence }: Evidence): Map<Notice['purpose'], (End | undefined)[]> {
  const unsent = {
    ...evidence,
    journal: journal.filter(({ record: { kind } }) => kind !== 'attempting' && kind !== 'outcome'),
  };
  const decisions = decisionsOf(unsent);
  const ends = endsOf(unsent, decisions);
  const byPurpose = Map.groupBy(issuedIn(decisions), ({ notice }) => notice.purpose);
  return new Map([...byPurpose].map(([purpose, all]) => [purpose, all.map(({ notice }) => ends.get(notice.noticeId))]));
}
