import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { walkAway } from './lives.ts';
import { readTracks } from './recordings-wandering.ts';
import { score } from './score-wandering.ts';

const person = { person: 'nara', home: { lat: 43.947, lon: 116.045 } };
const noon = Date.UTC(2026, 5, 2, 4);
const fix = (minute: number, lat: number) => ({
  person: 'nara',
  t: noon + minute * 60_000,
  lat,
  lon: 116.045,
  accuracy: 8,
});

function file(name: string, lines: object[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
  return join(folder, name);
}

async function scored(...files: string[]) {
  const figures = new Map<string, number>();
  for await (const { figure, value } of score(files)) figures.set(figure, value);
  return Object.fromEntries(figures);
}

test('an exit that was told counts with its delay, and an alert beside every exit counts as false', async () => {
  const out = [fix(0, 43.947), fix(40, 43.965), fix(42, 43.9655), fix(80, 43.947)];
  const again = [fix(120, 43.965), fix(122, 43.965), fix(150, 43.947)];
  const exits = [{ from: noon + 35 * 60_000, until: '2026-06-02T05:20:00Z' }];
  expect(await scored(file('one.ndjson.gz', [{ ...person, exits }, ...out, ...again]))).toMatchObject({
    ...{ 'wandering-exits': 1, 'wandering-exits-found': 1, 'wandering-delay-worst': 7, 'wandering-false': 1 },
  });
});

test('an exit of which nothing was told counts as not found, and one without a fix not at all', async () => {
  const exits = [
    { from: noon + 60_000, until: noon + 11 * 60_000 },
    { from: noon + 20 * 60_000, until: noon + 21 * 60_000 },
  ];
  const lines = [{ ...person, exits }, fix(0, 43.947), fix(10, 43.965), fix(12, 43.947)];
  expect(await scored(file('two.ndjson', lines))).toMatchObject({ 'wandering-exits': 1, 'wandering-exits-found': 0 });
});

test('what a simulated life is written as is read as the same', async () => {
  const { fixes, ...header } = walkAway({ intervalMs: 30 * 60_000, seed: 3, index: 0 });
  const lines = fixes.map((one) => ({ person: header.person, ...one }));
  expect(await readTracks(file('life.ndjson', [header, ...lines]))).toEqual([{ ...header, fixes }]);
});

test('a file that is something else is refused with the number of the line', async () => {
  await expect(scored(file('bad.ndjson', [person, { person: 'nara', x: 1 }]))).rejects.toThrow(/line 2/);
  await expect(scored(file('who.ndjson', [fix(0, 43.9)]))).rejects.toThrow(/says where nara lives/);
});
