import { expect, test } from 'vitest';
import { smallCounty } from '../../records/registry.test-support.ts';
import type { RuleSetting } from '../../records/registry.ts';
import { allRules } from '../../rules/all-rules.ts';
import { HOUR_MS, MINUTE_MS, START_AT } from '../../rules/watch.test-support.ts';
import { type Backtested, backtest } from './backtest.ts';
import { journalRecords } from './journal-history.ts';
import { type RecordedVillage, readerOf, recordedVillage } from './recorded-village.test-support.ts';
import { isOfHomes } from './rejudged.ts';
import { readTrials } from './trials.ts';

test('a trial of what is in force anyway finds nothing new, nothing gone and nothing moved, whichever rule it is of', async () => {
  const village = eventfulDays();
  for (const { name } of allRules) {
    const { compared } = await backtestOf(village, [{ id: 's', rule: name, scope: { type: 'all' }, settings: {} }]);
    expect(compared.differences, name).toEqual([]);
    for (const [rule, { live, tried, same }] of compared.ofRules) {
      expect({ rule, tried }, name).toEqual({ rule, tried: live });
      expect(same).toBe(live.alerts);
    }
  }
});

test('what is judged again is what was decided at first', async () => {
  const village = eventfulDays();
  const decided = village.decided.flatMap(({ alerts = [] }) => alerts.filter(({ type }) => type === 'raise'));
  const { compared } = await backtestOf(village, []);
  expect(decided.length).toBeGreaterThan(5);
  expect(compared.ofRules.reduce((sum, [, { live }]) => sum + live.alerts, 0)).toBe(decided.length);
});

test('a detector that counts as silent earlier leaves people blind to fire earlier, and both are told', async () => {
  const village = eventfulDays();
  const tried: RuleSetting[] = [
    { id: 's', rule: 'device-silent', scope: { type: 'all' }, settings: { missedReports: 1 } },
  ];
  const { compared } = await backtestOf(village, tried);
  for (const rule of ['device-silent', 'coverage']) {
    const [, tally] = compared.ofRules.find(([name]) => name === rule) ?? [];
    expect((tally?.earlier ?? 0) + (tally?.new ?? 0), rule).toBeGreaterThan(0);
  }
});

test('a journal whose beginning is gone still finds the detector that fell silent', async () => {
  const village = eventfulDays();
  const homes = [...village.state.entries()].filter(isOfHomes);
  const batches = journalRecords(readerOf(village.journal, smallCounty.length * 2 + 1));
  const always = { tried: [], timeZone: 'Asia/Shanghai', from: START_AT, to: Number.MAX_SAFE_INTEGER };
  const cut = await backtest({ source: 'journal', homes, batches }, always);
  const whole = await backtestOf(village, []);
  const silent = ({ compared }: Backtested) => compared.ofRules.filter(([rule]) => /silent|coverage/.test(rule));
  expect(silent(whole)).not.toEqual([]);
  expect(silent(cut)).toEqual(silent(whole));
});

test('what a newer release wrote is passed over and counted', async () => {
  const village = eventfulDays();
  const newer = { sequence: village.journal.length + 1, receivedAt: village.now, body: new Uint8Array([200, 1, 0, 0]) };
  const journal = [...village.journal, newer];
  const { compared } = await backtestOf(village, []);
  const batches = () => journalRecords(readerOf(journal));
  const always = { from: START_AT, to: Number.MAX_SAFE_INTEGER };
  const again = await backtest(
    { source: 'journal', homes: [], batches: batches() },
    { tried: [], timeZone: 'Asia/Shanghai', ...always },
  );
  expect(again).toMatchObject({ compared, unreadable: 1 });
  expect(await readTrials({ homes: [], batches: batches() }, always)).toMatchObject({ unreadable: 1 });
});

async function backtestOf(village: RecordedVillage, tried: RuleSetting[]): Promise<Backtested> {
  const batches = journalRecords(readerOf(village.journal));
  const always = { timeZone: 'Asia/Shanghai', from: START_AT, to: Number.MAX_SAFE_INTEGER };
  return backtest({ source: 'journal', homes: [], batches }, { tried, ...always });
}

/** Twelve days in which the couple's detector falls silent, the widow falls, calls and wears her watch, and a battery runs down. */
function eventfulDays(): RecordedVillage {
  const village = recordedVillage();
  for (let day = 0; day < 12; day++) {
    const battery = 3 - day / 20;
    if (day < 4) village.say('smoke-1', { name: 'status', battery });
    village.say('smoke-r1', { name: 'status', battery, temperature: day === 6 ? 2 : 19 });
    village.say('button-2', { name: 'status', battery: 3 });
    village.say('watch-2', { name: 'status', battery: 4, worn: 'yes' });
    village.wait(5 * HOUR_MS);
    if (day === 3) village.say('watch-2', { name: 'fall', state: 'confirmed' });
    if (day === 5) village.say('smoke-r1', { name: 'alarm', source: 'smoke', state: 'on' });
    if (day % 4 === 1) {
      village.say('button-2', { name: 'press', call: 'care' });
      village.wait(MINUTE_MS / 2);
      village.say('button-2', { name: 'press', call: 'emergency' });
    }
    village.wait(19 * HOUR_MS);
  }
  village.say('button-2', { name: 'status', battery: 3 });
  return village;
}
