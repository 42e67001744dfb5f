import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { recorded, tumble, walking } from '../../rules/fall/motion.test-support.ts';
import { boostedPoints, type Example, type Group } from './falls-boosting.ts';
import { impactsOf } from './falls-examples.ts';
import { cropped, degraded, fallTrials } from './recordings-falls.ts';
import { score } from './score-falls.ts';

const folder = mkdtempSync(join(tmpdir(), 'falls-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Line = Record<string, unknown>;
const trial = (motion: typeof tumble, said: Line): Line => {
  const { x, y, z } = recorded(motion, { seconds: 12 });
  return { ds: 'made-up', subj: 'one', age_group: 'elderly', place: 'waist', unit: 'g', hz: 50, x, y, z, ...said };
};
const file = (name: string, lines: Line[]): string => {
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const path = join(folder, name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
};
async function figures(path: string, options = {}): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for await (const { figure, value } of score([path], options)) found[figure] = value;
  return found;
}

test('falls and activities of a recording are counted one decision a trial, packed or not', async () => {
  const lines = [trial(tumble, { id: 'a', fall: true }), trial(walking, { id: 'b', fall: false })];
  for (const name of ['trials.ndjson', 'trials.ndjson.gz'])
    expect(await figures(file(name, lines))).toEqual({
      ...{ sensitivity: 1, specificity: 1, 'elderly-specificity': 1, 'elderly-false-alarms': 0 },
      ...{ trials: 2, 'unusable-trials': 0 },
    });
});

test('a false alarm is counted against the hours of the elderly, a trial that cannot be judged as no fall', async () => {
  const { x } = recorded(tumble);
  const still = x.map(() => 0.6);
  const lines = [
    trial(tumble, { id: 'a', fall: false }),
    trial(walking, { id: 'b', fall: false, age_group: 'young' }),
    trial(tumble, { id: 'c', fall: true, x: still, y: still, z: still }),
  ];
  const found = await figures(file('wrong.ndjson', lines));
  expect(found).toMatchObject({ sensitivity: 0, specificity: 0.5, 'elderly-specificity': 0, 'unusable-trials': 1 });
  expect(found['elderly-false-alarms']).toBeCloseTo(300, 0);
});

test('units, instants and what is missing are read as a file says them; what it does not say is an option', async () => {
  const { atMs, x, y, z } = recorded(tumble, { seconds: 12 });
  const times = (factor: number) => ({
    x: x.map((g) => g * factor),
    y: y.map((g) => g * factor),
    z: z.map((g) => g * factor),
  });
  const { hz: _, ...unsaid } = trial(tumble, { fall: 1 });
  const lines = [
    trial(tumble, { fall: 1, unit: 'm/s2', ...times(9.80665) }),
    trial(tumble, { fall: 1, unit: 'mg', ...times(1000) }),
    { ...unsaid, t: atMs, range: 4, place: 'thigh' },
    trial(tumble, { fall: 1, x: x.map((g, index) => (index % 50 === 0 ? null : g)) }),
  ];
  expect(await figures(file('units.ndjson', lines))).toMatchObject({ sensitivity: 1, 'unusable-trials': 0 });
  const path = file('no-rate.ndjson', [unsaid]);
  await expect(figures(path)).rejects.toThrow('says no rate');
  expect(await figures(path, { hz: 50, placement: 'wrist', rangeG: 8 })).toMatchObject({ sensitivity: 1 });
});

test('a line that is no trial is named', async () => {
  const path = file('bad.ndjson', [trial(tumble, { fall: true }), { x: [1], y: [1] }]);
  const readAll = async () => {
    for await (const { id } of fallTrials(path)) expect(id).toBe('');
  };
  await expect(readAll()).rejects.toThrow('line 2');
});

test('a poor sensor gives 20 moments a second within its range, a short recording what is near the blow', () => {
  const window = recorded(tumble, { seconds: 12 });
  const poor = degraded(window, { hz: 20, rangeG: 2 });
  expect(poor.atMs.length).toBe(241);
  expect(Math.max(...Array.from(poor.x))).toBe(2);
  const piece = cropped(window, { beforeMs: 1000, afterMs: 2000 });
  const times = Array.from(piece.atMs);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBe(3000);
  expect(times.some((ms) => ms === 140)).toBe(true);
});

test('a fit finds the steps that tell falls from walking, and finds the same ones again', () => {
  const examples: Example[] = [];
  const groups: Group[] = [];
  for (let number = 0; number < 60; number++) {
    const isFall = number % 2 === 0;
    const weight = 0.8 + number / 150;
    const motion = (second: number) => {
      const [x, y, z] = (isFall ? tumble : walking)(second);
      return [x * weight, y * weight, z] as const;
    };
    for (const { features } of impactsOf(recorded(motion, { seconds: 10 }), 16))
      examples.push({ group: number, features });
    groups.push({ isFall, source: 'waist' });
  }
  const points = boostedPoints(examples, groups);
  expect(boostedPoints(structuredClone(examples), groups)).toEqual(points);
  const tilt = points.tiltDegrees?.map(([, own]) => own) ?? [];
  expect(tilt).toEqual(tilt.toSorted((a, b) => a - b));
  expect(Object.values(points).some((steps) => steps.length > 1)).toBe(true);
});
