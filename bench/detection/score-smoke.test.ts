import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { runScoreCli } from './score-cli.ts';
import { score } from './score-smoke.ts';

const folder = mkdtempSync(join(tmpdir(), 'score-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Clean air wavers by a few counts; `air`: [class, how far all three sensors are from it, how many samples]. */
function recordingOf(name: string, air: [label: string, away: number, samples: number][], header = ''): string {
  const lines = air.flatMap(([label, away, samples]) =>
    Array.from({ length: samples }, (_, index) => {
      const values = [500, 900, 1500].map((value, sensor) => value + away + ((index * (sensor + 3)) % 7) - 3);
      return [...(header ? ['2026-01-01T00:00:00'] : []), ...values, label].join(',');
    }),
  );
  const text = `${header}${lines.join('\n')}\n`;
  const file = join(folder, name);
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return file;
}

async function figuresOf(...files: string[]): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for await (const { figure, value } of score(files)) figures[figure] = value;
  return figures;
}

test('smoke is found in every episode, clean air is left alone, and cooking that looks like smoke is called a false alarm', async () => {
  const file = recordingOf('air.csv', [
    ...([
      ['1', 0, 200],
      ['3', 90, 40],
      ['1', 0, 30],
    ] as [string, number, number][]),
    ...([
      ['2', 90, 20],
      ['2', 0, 20],
      ['4', 0, 20],
    ] as [string, number, number][]),
  ]);
  expect(await figuresOf(file)).toMatchObject({
    // The first two of the forty are waited for: a single sample proves nothing.
    'smoke-air-sensitivity': 38 / 40,
    'smoke-air-episodes-found': 1,
    'smoke-air-alarms-in-clean': 0,
    'smoke-air-alarms-in-cooking': 18 / 40,
    'smoke-air-episodes-in-cooking': 1,
    'smoke-air-episodes-in-cleaning': 0,
    'smoke-air-alarms-without-alert': 0,
    'smoke-air-alerts-without-alarm': 0,
  });
});

test('a mixture counts neither for nor against, whatever is said of it', async () => {
  const clean: [string, number, number] = ['Clean', 0, 200];
  const header = 'timestamp,a,b,c,label\n';
  const figures = await figuresOf(
    recordingOf('with.csv.gz', [clean, ['Mixture', 90, 50], ['Gasoline', 0, 10]], header),
  );
  expect(figures).toMatchObject({ 'smoke-with-specificity': 1, 'smoke-with-alarms-in-mixture': 48 / 50 });
  expect(figures).not.toHaveProperty('smoke-with-sensitivity');
});

test('what cannot be scored says why, and how to ask', async () => {
  const little = recordingOf('little.csv', [
    ['1', 0, 20],
    ['3', 90, 20],
  ]);
  const strange = recordingOf('strange.csv', [
    ['1', 0, 60],
    ['fog', 0, 1],
  ]);
  expect(await run('smoke', little)).toMatchObject({ code: 65, said: expect.stringContaining('clean air') });
  expect(await run('smoke', strange)).toMatchObject({ code: 65, said: expect.stringContaining('line 61') });
  expect(await run('smoke', join(folder, 'nowhere.csv'))).toMatchObject({ code: 66 });
  for (const argv of [
    [],
    ['fire', little],
    ['smoke'],
    ['smoke', little, '--rate', '50'],
    ['falls', little, '--placement', 'ankle'],
    ['falls', little, '--range', '0'],
    ['inactivity', little, '--cuts', '1.5'],
    ['inactivity', little, '--cuts', ''],
    ['smoke', little, '--loud'],
  ]) {
    const { code, said } = await run(...argv);
    expect(said).toContain('usage: npm run score');
    expect(code).toBe(64);
  }
});

test('where nothing could be scored the end says so', async () => {
  const empty = join(folder, 'empty.ndjson');
  writeFileSync(empty, '');
  for (const kind of ['falls', 'wandering', 'inactivity', 'smoke']) {
    const { code, said } = await run(kind, empty);
    expect([kind, code]).toEqual([kind, 65]);
    expect(said).toContain('cannot be scored');
  }
});

test('figures are one a line, a name, a value and a unit', async () => {
  const file = recordingOf('lines.csv', [
    ['1', 0, 200],
    ['3', 90, 40],
  ]);
  const { code, said } = await run('smoke', file);
  expect(code).toBe(0);
  for (const line of said.trimEnd().split('\n')) expect(line).toMatch(/^smoke-lines-[a-z-]+ [\d.]+ \w+$/);
});

async function run(...argv: string[]) {
  let said = '';
  const print = (text: string) => {
    said += text;
  };
  const exists = (path: string) => !path.includes('nowhere');
  return { code: await runScoreCli({ argv, exists, print, complain: print }), said };
}
