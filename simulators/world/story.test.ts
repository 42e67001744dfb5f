import { expect, test } from 'vitest';
import { minuteMs } from './chronicle.test-support.ts';
import { storyOf } from './story.ts';
import { twoDays } from './two-days.test-support.ts';

const evidence = twoDays();

test('a story is what happened to one household, in order, up to the moment that it is about', () => {
  const crashes = [{ atMs: 61 * minuteMs, who: 'alarm', at: 'append' }] as const;
  const [fire] = evidence.truth;
  const violation = { says: 'nobody came', homeId: fire?.homeId, atMs: 61 * minuteMs };
  const lines = storyOf(violation, { ...evidence, crashes }).split('\n');
  expect(lines[0]).toBe('sim1-001, up to 0 01:01:00: nobody came');
  expect(lines.slice(1).map((line) => line.slice(0, 10))).toEqual(
    lines
      .slice(1)
      .map((line) => line.slice(0, 10))
      .sort(),
  );
  const text = lines.join('\n');
  expect(text).toContain('0 01:00:00  === fire (sim1-001-kitchen)');
  expect(text).toMatch(/0 01:00:00 {2}sim1-001-kitchen sends alarm 1:0: acknowledged 0 01:00:00/);
  expect(text).toMatch(
    /decided for #6 by present: raises smoke .*; \w{4} is open, ladder running 1 \(opened, rung\); alarm v1/,
  );
  expect(text).toContain('sim1-001-n hears alarm v1/1/contact:sim1-001-n by log, answer delivered');
  expect(text).toContain('0 01:00:30  li asks claim (command-0): ok');
  expect(text).toContain('0 01:01:00  *** alarm dies at: append');
  expect(text).not.toContain('resolve');
});

test('a story finds its household by an incident or by a record, and has forty lines at most', () => {
  const { incidentId = '' } = evidence.messages[0]?.notice ?? {};
  expect(storyOf({ says: 'x', incidentId }, evidence)).toMatch(/^sim1-001, /);
  expect(storyOf({ says: 'x', sequence: 7 }, evidence)).toMatch(/^sim1-001, up to 0 01:00:00/);
  expect(storyOf({ says: 'x', homeId: 'sim1-002' }, evidence).split('\n')).toHaveLength(41);
});

test('without a household it is the story of the system', () => {
  const complaints = [{ atMs: 5_000, process: 'desk', message: 'the disk is full' }] as const;
  const text = storyOf({ says: 'it stands still' }, { ...evidence, complaints });
  expect(text).toContain('the system, up to');
  expect(text).toContain('0 00:00:05  desk says: the disk is full');
  expect(text).toContain('0 00:00:00  #1 started, version present, after 0 ms');
  expect(text).not.toContain('fire');
});
