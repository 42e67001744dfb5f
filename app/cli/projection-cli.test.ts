import { expect, test } from 'vitest';
import { databaseAway } from '../../platform/errors.ts';
import type { JournalStart } from '../../storage/sql-rebuild.ts';
import type { StoredPosition } from '../../storage/store.ts';
import { runProjectionCli } from './projection-cli.ts';

const id = '5'.repeat(32);
const at = (sequence: number) => 1_000_000 + sequence;

/** A journal of records 4 to 9, and a database that stands somewhere. */
async function run(argv: string[], { stands, away, records = [4, 5, 6, 7, 8, 9] }: Case = {}) {
  const said: string[] = [];
  const starts: JournalStart[] = [];
  const journal = {
    ...{ id, firstSequence: records[0] ?? 1, headSequence: records.at(-1) ?? 0 },
    position: (sequence: number) => `${id}/0/${sequence}`,
    readBatch: async (from: number) =>
      records
        .filter((one) => one >= from)
        .map((sequence) => ({ sequence, receivedAt: at(sequence), body: new Uint8Array() })),
  };
  const code = await runProjectionCli({
    argv,
    journal,
    async openDatabase() {
      if (away) throw databaseAway({}, 'it was never started');
      return {
        position: async () => stands,
        async makeRoom(start) {
          starts.push(start);
          return { reports: 5, incidents: 2 };
        },
        async close() {},
      };
    },
    print: (text) => void said.push(text),
    complain: (text) => void said.push(text),
  });
  return { code, said: said.join('\n'), starts };
}
type Case = { stands?: StoredPosition; away?: boolean; records?: number[] };

test('status says how far the copy is, and that all is well', async () => {
  const { code, said } = await run(['status'], { stands: { journalId: id, sequence: 7, receivedAt: at(7) } });
  expect(code).toBe(0);
  expect(said).toContain('2 records are still to be copied');
  expect((await run(['status'])).code).toBe(0);
});

test('status names what does not belong together, and the way out', async () => {
  for (const stands of [
    { journalId: 'another', sequence: 7, receivedAt: at(7) },
    { journalId: id, sequence: 12, receivedAt: at(12) },
    { journalId: id, sequence: 7, receivedAt: 5 },
  ]) {
    const { code, said, starts } = await run(['status'], { stands });
    expect(code).toBe(1);
    expect(said).toContain(`${stands.journalId}/0/${stands.sequence} is not in this journal`);
    expect(said).toContain('npm run projection -- rebuild');
    expect(starts).toEqual([]);
  }
});

test('rebuild makes room for what the journal still holds, and says what that was', async () => {
  const { code, said, starts } = await run(['rebuild'], {
    stands: { journalId: 'another', sequence: 7, receivedAt: 5 },
  });
  expect(code).toBe(0);
  expect(starts).toEqual([{ journalId: id, firstSequence: 4, firstReceivedAt: at(4) }]);
  expect(said).toContain('5 reports and 2 incidents since 1970-01-01T00:16:40.004Z');
  expect(said).toContain('records 4 to 9');
});

test('what cannot be done changes nothing, and says what would help', async () => {
  expect(await run(['rebuild'], { away: true })).toMatchObject({ code: 69, starts: [] });
  expect(await run(['rebuild'], { records: [] })).toMatchObject({ code: 66, starts: [] });
  for (const argv of [[], ['fill'], ['rebuild', 'now']]) {
    const { code, said } = await run(argv);
    expect(code).toBe(64);
    expect(said).toContain('usage:');
  }
  const said: string[] = [];
  const parts = {
    argv: ['status'],
    journal: undefined,
    print: () => {},
    complain: (text: string) => void said.push(text),
  };
  expect(await runProjectionCli({ ...parts, openDatabase: () => Promise.reject(new Error('asked for')) })).toBe(66);
  expect(said.join()).toContain('STEPPEWATCH_DATA');
});
