import { expect, test } from 'vitest';
import { createProjectionFold } from '../../ingest/projection-fold.ts';
import { noRows } from '../../ingest/projection-rows.ts';
import { databaseAway } from '../../platform/errors.ts';
import { put, smallCounty } from '../../records/registry.test-support.ts';
import { HOUR_MS, MINUTE_MS, START_AT } from '../../rules/watch.test-support.ts';
import type { DatabaseHistory } from '../backtest/database-history.ts';
import { type RecordedVillage, readerOf, recordedVillage } from '../backtest/recorded-village.test-support.ts';
import { isOfHomes } from '../backtest/rejudged.ts';
import { runBacktestCli } from './backtest-cli.ts';

const higherLimit =
  'ruleSettings:\n- {id: s1, rule: battery-low, scope: {type: all}, settings: {lowCellVolts: 2.75}}\n';

test('a higher limit for batteries finds the detector that runs low, and names its home', async () => {
  const { code, said } = await run(weekOfBatteries());
  expect(code).toBe(0);
  // In force it is found at 2.5 V, under the trial two days before at 2.7 V.
  expect(rowOf(said, 'battery-low')).toMatch(/^battery-low +1\.\d\d +1\.\d\d +0 +0 +0 +- +1 +1$/);
  expect(said).toContain('household couple  battery-low');
  expect(said).toMatch(/new +2026-11-\S+ +household couple +battery-low +battery-low +service/);
});

test('what is found on the same day is the same, moved by how long', async () => {
  const village = recordedVillage();
  village.say('smoke-1', { name: 'status', battery: 2.7 });
  village.wait(30 * MINUTE_MS);
  village.say('smoke-1', { name: 'status', battery: 2.5 });
  village.wait(24 * HOUR_MS);
  const { said } = await run(village);
  expect(rowOf(said, 'battery-low')).toMatch(/ 0 +1 +0 +-30\.00 min +0 +0$/);
  expect(said).toContain('nothing is new, and nothing is gone');
});

test('a rule about people is tried beside the one engine, and the other rules say what they said', async () => {
  const village = recordedVillage();
  village.say('button-2', { name: 'press', call: 'care' });
  village.wait(30_000);
  village.say('button-2', { name: 'press', call: 'care' });
  village.say('smoke-1', { name: 'status', battery: 2.5 });
  village.wait(12 * HOUR_MS);
  village.say('smoke-1', { name: 'status', battery: 2.5 });
  const text =
    'ruleSettings:\n- {id: s1, rule: call, scope: {type: household, id: alone}, settings: {sameCallMs: 10000}}\n';
  const { said } = await run(village, [], { text });
  expect(rowOf(said, 'call')).toMatch(/ 1 +0 +0 +- +1 +0$/);
  expect(rowOf(said, 'battery-low')).toMatch(/ 1 +0 +0 +- +0 +0$/);
  const elsewhere = await run(village, [], { text: text.replace('alone', 'couple') });
  expect(rowOf(elsewhere.said, 'call')).toMatch(/ 1 +0 +0 +- +0 +0$/);
});

test('the same journal and settings give the same answer', async () => {
  const village = weekOfBatteries();
  expect(await run(village)).toEqual(await run(village));
});

test('what was before the time that is asked about is learned from, and not counted', async () => {
  const { said } = await run(weekOfBatteries(), ['--from', '2026-11-05']);
  expect(rowOf(said, 'battery-low')).toMatch(/ 0 +0 +0 +- +0 +1$/);
});

test('a setting that is in force today lost its effect when the file has its id', async () => {
  const village = recordedVillage();
  const settings = { lowCellVolts: 2.75 };
  village.change(put('ruleSetting', { id: 's1', rule: 'battery-low', scope: { type: 'all' }, settings }));
  village.say('smoke-1', { name: 'status', battery: 2.7 });
  village.wait(24 * HOUR_MS);
  village.say('smoke-1', { name: 'status', battery: 2.7 });
  const without = higherLimit.replace('{lowCellVolts: 2.75}', '{}');
  const { said } = await run(village, [], { text: without });
  expect(rowOf(said, 'battery-low')).toMatch(/ 0 +0 +0 +- +0 +1$/);
});

test('the history of the database says what the journal says', async () => {
  const village = weekOfBatteries();
  const [ofJournal, ofDatabase] = [await run(village), await run(village, ['--source', 'database'])];
  expect(ofDatabase.code).toBe(0);
  expect(rowOf(ofDatabase.said, 'battery-low')).toBe(rowOf(ofJournal.said, 'battery-low'));
});

test('a journal that lost its beginning takes the homes from what is known now, and says so', async () => {
  const village = weekOfBatteries();
  const { code, said } = await run(village, [], { from: smallCounty.length * 2 + 1 });
  expect(code).toBe(0);
  expect(said).toContain('homes that did not change since are taken as they are now');
  expect(said).toContain('household couple  battery-low');
});

test('a trial that runs beside the rule is told, and called nobody', async () => {
  const village = recordedVillage();
  const trial = { id: 't1', rule: 'battery-low', mode: 'shadow', scope: { type: 'area', id: 'east' } };
  village.change(put('ruleSetting', { ...trial, settings: { lowCellVolts: 2.75 } }));
  village.wait(HOUR_MS);
  village.say('smoke-1', { name: 'status', battery: 2.7 });
  village.say('smoke-r1', { name: 'status', battery: 2.5 });
  village.wait(12 * HOUR_MS);
  const words = village.decided.filter(({ alerts = [] }) => alerts.some(({ type }) => type === 'shadow'));
  expect(words.flatMap(({ alerts = [] }) => alerts.filter(({ type }) => type === 'shadow'))).toHaveLength(1);
  expect(words[0]).not.toHaveProperty('incidents');
  expect(words[0]).not.toHaveProperty('notices');
  const { code, said } = await run(village, ['shadow']);
  expect(code).toBe(0);
  expect(said).toContain('t1 (battery-low: {"lowCellVolts":2.75})');
  // The detector of the other village is none of its business.
  expect(rowOf(said, 'battery-low')).toMatch(/ 0 +0 +0 +- +1 +0$/);
});

test('without trials there is nothing to tell', async () => {
  expect((await run(recordedVillage(), ['shadow'])).said).toContain('no setting of the mode "shadow"');
});

test('what is wrong with the settings is said with its line', async () => {
  const village = recordedVillage();
  const text = `${higherLimit}- {id: s2, rule: no-such, scope: {type: all}, settings: {}}\nplaces: []\nremove: {zones: [z]}\n`;
  const { code, said } = await run(village, [], { text });
  expect(code).toBe(65);
  expect(said).toContain('trial.yaml:3: there is no rule "no-such"');
  expect(said).toContain('nothing is removed here');
  expect((await run(village, [], { text: 'ruleSettings: []\n' })).said).toContain('there is nothing to try');
});

test('what cannot be asked is refused with the usage', async () => {
  const village = recordedVillage();
  for (const argv of [
    ['--from', 'yesterday'],
    ['--to', '2026-13-77'],
    ['--from', '2026-11-03', '--to', '2026-11-03'],
    ['--source', 'paper'],
    ['--list', '0'],
    ['--learn-days', 'all'],
    ['shadow'],
    ['--nonsense'],
  ]) {
    const { code, said } = await run(village, argv, { withSettings: true });
    expect(said).toContain('usage: npm run backtest');
    expect(code).toBe(64);
  }
  expect((await run(village, [], { withSettings: false })).said).toContain('--settings is missing');
});

test('where there is nothing to look at the command says what is missing', async () => {
  const village = weekOfBatteries();
  expect(await run(village, ['--from', '2027-01-01'])).toMatchObject({ code: 66 });
  expect(await run(village, ['--source', 'database'], { away: true })).toMatchObject({ code: 69 });
  expect(await run(undefined)).toMatchObject({ code: 66, said: expect.stringContaining('STEPPEWATCH_DATA') });
});

/** The couple's detector says 2.7 V on the second day and 2.5 V on the fourth. */
function weekOfBatteries(): RecordedVillage {
  const village = recordedVillage();
  for (const battery of [3, 2.7, 2.7, 2.5, 2.5, 2.5]) {
    for (const device of ['smoke-1', 'smoke-r1', 'button-2', 'watch-2'])
      village.say(device, { name: 'status', battery: device === 'smoke-1' ? battery : 4 });
    village.wait(24 * HOUR_MS);
  }
  return village;
}

async function run(village: RecordedVillage | undefined, argv: string[] = [], other: Other = {}) {
  const { text = higherLimit, from = 1, away = false, withSettings = argv[0] !== 'shadow' } = other;
  const said: string[] = [];
  const code = await runBacktestCli({
    argv: withSettings ? ['--settings', 'trial.yaml', ...argv] : argv,
    timeZone: 'Asia/Shanghai',
    readText: async () => text,
    journal: village && readerOf(village.journal, from),
    homes: async () => (village ? [...village.state.entries()].filter(isOfHomes) : []),
    async openDatabase() {
      if (away || !village) throw databaseAway({}, 'it was never started');
      return databaseOf(village);
    },
    print: (more) => void said.push(more),
    complain: (more) => void said.push(`${more}\n`),
  });
  return { code, said: said.join('') };
}
type Other = { text?: string; from?: number; away?: boolean; withSettings?: boolean };

/** The rows that the projection makes of a journal. */
function databaseOf(village: RecordedVillage): DatabaseHistory {
  const fold = createProjectionFold();
  const rows = noRows();
  for (const stored of village.journal) fold.step(stored, rows);
  return {
    span: async () => ({ from: START_AT, to: village.now }),
    async *read({ from, to }) {
      const within = rows.reports.filter(({ receivedAt }) => receivedAt >= from && receivedAt < to);
      yield within.map((row) => ({ type: 'report' as const, row }));
    },
    close: async () => {},
  };
}

/** The line of a table that begins with a name. */
const rowOf = (text: string, name: string): string =>
  text.split('\n').find((line) => line.startsWith(`${name} `)) ?? `there is no ${name} in:\n${text}`;
