import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publishedFiles } from './published.ts';

const folder = join(import.meta.dirname, 'published');

// A difference is a change for everybody who has built on the contracts. While it is meant and breaks nobody:
// npm run contracts -- write
test.each([...publishedFiles()])('%s is published as the contracts say it', (name, text) => {
  expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
});

test('nothing else is published', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const names = files.map((one) => join(one.parentPath, one.name).slice(folder.length + 1));
  expect(names.sort()).toEqual([...publishedFiles().keys()].sort());
});
