import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as errors from './errors.ts';

test('docs/errors.md lists every error with what the code says', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8');
  const listed = [...page.matchAll(/^\| ([A-Z_]+) \| (\w+) \| (\d+) \|/gm)].map(([, code, retry, status]) => ({
    code,
    retry,
    status: Number(status),
  }));
  const defined = Object.values(errors)
    .filter((one) => typeof one === 'function' && 'code' in one)
    .map((one) => {
      const { code, retry, status } = one as typeof errors.journalFull;
      return { code, retry, status };
    })
    .sort((a, b) => a.code.localeCompare(b.code));
  expect(listed).toEqual(defined);
});

test('an error keeps its cause and says whether to try again', () => {
  const cause = new Error('ENOSPC');
  const error = errors.journalFull({ cause }, 4096);
  expect(error).toMatchObject({ code: 'JOURNAL_FULL', retry: 'later', status: 503, cause });
  expect(error.message).toContain('4096 bytes');
});
