import { expect, test } from 'vitest';
import { journalDamaged, journalFailed } from '../platform/errors.ts';
import { exitCodeOf, exitCodes } from './exit.ts';

test('what ended a process is told from its cause, however it was wrapped', () => {
  const damaged = journalDamaged({}, 'journal/0000000000000001.segment', 72);
  const died = new Error('the alarm follower died at record 5', { cause: damaged });
  expect(exitCodeOf(damaged)).toBe(exitCodes.damaged);
  expect(exitCodeOf(died)).toBe(exitCodes.damaged);
});

test('a failure that recovery mends is started again, whatever was behind it', () => {
  const refused = Object.assign(new Error('EROFS: read-only file system, fdatasync'), { code: 'EROFS' });
  expect(exitCodeOf(journalFailed({ cause: refused }, 'the disk could not write or sync'))).toBe(exitCodes.failed);
  expect(exitCodeOf(new TypeError('undefined is not a function'))).toBe(exitCodes.failed);
});
