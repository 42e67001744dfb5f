import { expect, test } from 'vitest';
import { runContractsCli } from './contracts-cli.ts';

function ask(argv: string[], content = '{"v":1,"boot":1,"seq":2,"age":0,"call":"care"}') {
  const lines: string[] = [];
  const read = (file: string) => {
    if (file === 'gone.json') throw new Error('no such file');
    return new TextEncoder().encode(content);
  };
  const written: string[] = [];
  const write = (name: string) => void written.push(name);
  const code = runContractsCli({ argv, read, write, print: (line) => lines.push(line) });
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

test('what is published is written anew', () => {
  const { code, written } = ask(['write']);
  expect(code).toBe(0);
  expect(written).toEqual(
    expect.arrayContaining(['v1/vectors.json', 'v1/reports/alarm.schema.json', 'v1/c/steppewatch.h']),
  );
});
