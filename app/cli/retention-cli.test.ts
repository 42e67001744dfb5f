import { expect, test } from 'vitest';
import { databaseAway } from '../../platform/errors.ts';
import { defaultKeep, type Ended } from '../../storage/retention.ts';
import type { Surveyed } from '../../storage/retention-survey.ts';
import { runRetentionCli } from './retention-cli.ts';

const at = Date.parse('2026-11-23T08:15:00Z');
const rows: Surveyed = { class: 'reports', table: 'report', rows: 1_234_567, from: at, to: at, bytes: 2_500_000 };
const none: Surveyed = { ...rows, class: 'visits', table: 'visit', rows: 0, from: undefined, to: undefined, bytes: 0 };

async function run(argv: string[], { old = [rows], turns = [], isAway = false }: Case = {}) {
  const said: string[] = [];
  const left = [...turns];
  let asked = 0;
  const code = await runRetentionCli({
    argv,
    keep: defaultKeep,
    journalBudgetBytes: 20_000_000_000,
    async openDatabase() {
      if (isAway) throw databaseAway({}, 'it was never started');
      return {
        kept: async () => [rows, none],
        old: async () => old,
        async apply() {
          asked += 1;
          return left.shift() ?? [];
        },
        async close() {},
      };
    },
    print: (text) => said.push(text),
    complain: (text) => said.push(text),
  });
  return { code, said: said.join(''), asked };
}
type Case = { old?: Surveyed[]; turns?: Ended[][]; isAway?: boolean };

test('show says for how long each class is kept, what there is, and what ends by no clock', async () => {
  const { code, said } = await run(['show']);
  expect(code).toBe(0);
  expect(said).toMatch(/^reports +report +90 days +1,234,567 +2026-11-23T08:15 +2026-11-23T08:15 +2\.5$/m);
  expect(said).toMatch(/^visits +visit +1826 days +0 +- +- +0\.0$/m);
  expect(said).toContain('STEPPEWATCH_KEEP_…_DAYS');
  expect(said).toContain('the journal is kept up to 20000 MB');
  expect(said).toContain('the audit trail');
});

test('the dry run says what would end, and asks for nothing', async () => {
  const { code, said, asked } = await run(['dry-run']);
  expect([code, asked]).toEqual([0, 0]);
  expect(said).toContain('1,234,567 rows, about 2.5 MB; nothing was changed');
  expect((await run(['dry-run'], { old: [] })).said).toBe('nothing is older than it is kept\n');
});

test('apply goes on until all has ended', async () => {
  const many: Ended = { class: 'minutes', table: 'received_minute', rows: 200_000, parts: [] };
  const week: Ended = { class: 'reports', table: 'report', rows: 0, parts: ['report_2026_08_03'] };
  const { code, said, asked } = await run(['apply'], { turns: [[week, many], [many], [{ ...many, rows: 7 }]] });
  expect([code, asked]).toEqual([0, 3]);
  expect(said).toContain('reports: report_2026_08_03 dropped\n');
  expect(said.match(/rows of received_minute deleted/g)).toHaveLength(3);
  expect((await run(['apply'])).said).toBe('nothing is older than it is kept\n');
});

test('a database that is away, and a word that it does not know, change nothing', async () => {
  expect(await run(['apply'], { isAway: true })).toMatchObject({ code: 69, asked: 0 });
  for (const argv of [[], ['purge'], ['show', 'all'], ['toString']]) {
    expect(await run(argv)).toMatchObject({ code: 64, said: expect.stringContaining('usage: npm run retention') });
  }
});
