import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMetrics } from '../platform/metrics.ts';

const docs = join(import.meta.dirname, '..', 'docs');
const pages = new Map(
  readdirSync(docs)
    .filter((name) => name.endsWith('.md'))
    .map((name) => [name, readFileSync(join(docs, name), 'utf8')]),
);

test('every figure of the system is explained to its operator, and none that it has not', () => {
  const names = createMetrics()
    .registry.getMetricsAsArray()
    .map(({ name }) => name);
  const text = [...pages.values()].join('\n');
  expect(names.filter((name) => !text.includes(name))).toEqual([]);
  const explained = new Set(pages.get('operation.md')?.match(/steppewatch_[a-z_]+_[a-z]+/g));
  expect([...explained].filter((name) => !names.includes(name))).toEqual([]);
});

test('a link of one page leads to a page, and to a heading that is there', () => {
  const broken: string[] = [];
  for (const [name, text] of pages) {
    for (const [, page = '', anchor] of text.matchAll(/\]\(([\w-]+\.md)?(#[\w-]+)?\)/g)) {
      const target = pages.get(page || name);
      if (target === undefined || (anchor !== undefined && !anchorsOf(target).has(anchor))) {
        broken.push(`${name}: ${page}${anchor ?? ''}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

/** As they are made from headings by those who show Markdown. */
function anchorsOf(text: string): Set<string> {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  return new Set(
    titles.map(
      (title) =>
        `#${title
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-')}`,
    ),
  );
}
