import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The only block in that language of a page for receivers: what they copy. */
export function exampleIn(language: 'js' | 'python', page: 'webhooks' | 'events' = 'webhooks'): string {
  const text = readFileSync(join(import.meta.dirname, `../../docs/${page}.md`), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((block) => block[1] === language);
  if (blocks.length !== 1) throw new Error(`docs/${page}.md has ${blocks.length} blocks of ${language}`);
  return blocks[0]?.[2] ?? '';
}
