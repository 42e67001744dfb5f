import { expect, test } from 'vitest';
import { release } from '../../firmware-contracts/published.ts';
import { runContractsCli } from './contracts-cli.ts';

const guide = ['every', 'reports', 'commands', 'sizes', 'year']
  .map((name) => `<!-- made: ${name} -->\n<!-- end -->\n`)
  .join('');

function ask(
  argv: string[],
  content = '{"v":1,"boot":1,"seq":2,"age":0,"call":"care"}',
  there = new Map<string, string>(),
) {
  const lines: string[] = [];
  const read = (file: string) => {
    if (file === 'gone.json') throw new Error('no such file');
    return new TextEncoder().encode(content);
  };
  const readText = (path: string) => there.get(path) ?? (path === 'docs/firmware.md' ? guide : undefined);
  const written = new Map<string, string>();
  const write = (path: string, text: string) => void written.set(path, text);
  const code = runContractsCli({ argv, read, readText, write, print: (line) => lines.push(line) });
  return { code, lines, written };
}

test('a file is checked as what its name begins with, or as what it is said to be, and the answer is one line', () => {
  expect(ask(['check', 'captures/press-17.json'])).toMatchObject({
    code: 0,
    lines: [expect.stringMatching(/^press: right/)],
  });
  expect(ask(['check', '-', '--as', 'press'])).toMatchObject({ code: 0 });
  const wrong = ask(['check', 'press.json'], '{"v":1}');
  expect(wrong.code).toBe(1);
  expect(wrong.lines).toHaveLength(1);
});

test('what cannot be asked says how to ask', () => {
  expect(ask(['check'])).toMatchObject({ code: 64, lines: [expect.stringContaining('usage: npm run contracts')] });
  expect(ask(['check', 'capture.bin'])).toMatchObject({ code: 64, lines: [expect.stringContaining('say what it is')] });
  expect(ask(['check', 'press.json', '--loud'])).toMatchObject({ code: 64 });
  expect(ask(['check', 'gone.json', '--as', 'press'])).toMatchObject({
    code: 1,
    lines: ['gone.json cannot be read: no such file'],
  });
});

const folder = `firmware-contracts/published/${release}`;
const manifest = `${folder}/released.json`;

test('what is published is written anew, and the tables of the guide with it', () => {
  const { code, written } = ask(['write']);
  expect(code).toBe(0);
  const paths = [
    'asyncapi.json',
    'vectors.json',
    'reports/alarm.schema.json',
    'c/steppewatch.h',
    'webhooks/vectors.json',
  ];
  for (const path of paths) expect(written.has(`${folder}/${path}`), path).toBe(true);
  expect(written.get('docs/firmware.md')).toContain('| `battery`, may be left out | 10 |');
  expect(written.has(manifest)).toBe(false);
});

test('after its release nothing of it is written that is not the same', () => {
  const released = ask(['release']).written;
  expect(released.has(manifest)).toBe(true);
  expect(ask(['write'], '', released).code).toBe(0);
  expect(ask(['release'], '', released).written.get(manifest)).toBe(released.get(manifest));

  const text = released.get(manifest) ?? '';
  const another = new Map([[manifest, text.replace(/("reports\/fall.schema.json": ")./, '$1-')]]);
  for (const verb of ['write', 'release']) {
    const { code, lines, written } = ask([verb], '', another);
    expect({ code, written: written.size }).toEqual({ code: 1, written: 0 });
    expect(lines).toEqual([expect.stringMatching(/is released.* never changes.*: reports\/fall.schema.json\./)]);
  }
});
