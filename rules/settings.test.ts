import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allRules } from './all-rules.ts';
import { fall } from './fall/fall.ts';
import { settingProblems, settingsOf } from './settings.ts';

test('a narrower override wins over a wider one, and what neither names keeps its default', () => {
  expect(settingsOf(fall, [{ verdictMs: 30_000, rememberMs: 300_000 }, { verdictMs: 45_000 }])).toEqual({
    ...fall.settings,
    verdictMs: 45_000,
    rememberMs: 300_000,
  });
});

test('no entry switches a rule off by an impossible limit', () => {
  for (const verdictMs of [9999, 1e12, Number.NaN, '30', true]) {
    expect(settingsOf(fall, [{ verdictMs }])).toEqual(fall.settings);
  }
  expect(settingsOf(fall, [{ toString: 60_000 }])).toEqual(fall.settings);
});

test('what is wrong with an override is said, with what would be right', () => {
  expect(settingProblems(allRules, 'fall', { verdictMs: 30_000 })).toEqual([]);
  expect(settingProblems(allRules, 'fall', { verdictMs: '1', waitMs: 5 })).toEqual([
    'fall: verdictMs is a number from 10000 to 120000, not "1"',
    'fall has no setting "waitMs": use one of verdictMs, lateVerdictMs, rememberMs, partsMs, likenessPercent, promptMs, stillMs, oldMs, gettingUpMs',
  ]);
  expect(settingProblems(allRules, 'falls', {})).toEqual([
    `there is no rule "falls": use one of ${allRules.map(({ name }) => name).join(', ')}`,
  ]);
});

test('a limit of outages counts for the whole installation, and is refused for a village', () => {
  const entered = ['village-outage', { leastDevices: 10 }] as const;
  expect(settingProblems(allRules, ...entered, { type: 'all' })).toEqual([]);
  expect(settingProblems(allRules, ...entered, { type: 'area' })).toEqual([
    'village-outage looks at the whole installation: its scope is all, not area',
  ]);
  expect(settingProblems(allRules, 'fall', { verdictMs: 30_000 }, { type: 'area' })).toEqual([]);
});

test('every default lies in its own range', () => {
  for (const rule of allRules) expect(settingProblems(allRules, rule.name, rule.settings)).toEqual([]);
});

test('docs/thresholds.md lists every limit with its default and range', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/thresholds.md'), 'utf8');
  const listed = text.split('\n').filter((line) => line.startsWith('| `'));
  const cells = listed.map((line) =>
    line
      .split('|')
      .slice(1, 6)
      .map((cell) => cell.trim()),
  );
  const expected = allRules.flatMap((rule) =>
    Object.entries(rule.settings).map(([name, value]) => {
      const [lowest, highest] = rule.ranges[name] ?? [];
      return [`\`${rule.name}\``, `\`${name}\``, unitOf(name), String(value), `${lowest} - ${highest}`];
    }),
  );
  expect(cells).toEqual(expected);
  for (const line of listed) expect(line.split('|')[6]?.trim(), line).toMatch(/^.{20,}\.$/);
});

/** The unit is the last word of a name; a name without one is a count. */
function unitOf(name: string): string {
  const units = {
    MetersPerSecond: 'm/s',
    Meters: 'm',
    PerMin: '1/min',
    Celsius: '°C',
    MmHg: 'mmHg',
    Ms: 'ms',
    Minute: 'min',
    Percent: '%',
    Dbm: 'dBm',
    Db: 'dB',
    VoltsPerDegree: 'V/°C',
    Volts: 'V',
  };
  const unit = Object.entries(units).find(([ending]) => name.endsWith(ending));
  return unit ? unit[1] : '1';
}
