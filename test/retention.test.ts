import { afterAll, beforeAll, expect, test } from 'vitest';
import { agedRows } from '../storage/retention.test-support.ts';
import { type ScratchPostgres, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { run } from './running-system.test-support.ts';

// The command as an operator gives it, against a real database that it brings to its own release.

let postgres: ScratchPostgres;
let url: string;
beforeAll(async () => {
  postgres = await startScratchPostgres();
  url = await postgres.createDatabase();
});
afterAll(() => postgres.stop());
const retention = (verb: string) => run('app/cli/retention-cli.ts', [verb], { DATABASE_URL: url });

test('what is there is shown, what would end is said, what is applied has ended', async () => {
  expect(await retention('show')).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^reports +report +90 days +0/m),
  });
  await agedRows(url);
  const dry = await retention('dry-run');
  expect(dry).toMatchObject({ code: 0, output: expect.stringMatching(/^minutes +received_minute +400 days +[12] /m) });
  const applied = await retention('apply');
  expect(applied).toMatchObject({
    code: 0,
    output: expect.stringContaining('rows of received_minute deleted'),
  });
  expect((await retention('dry-run')).output).toBe('nothing is older than it is kept\n');
});

test('a database that does not answer is named', async () => {
  await postgres.away(async () => {
    expect(await retention('show')).toMatchObject({ code: 69, complaints: expect.stringContaining('does not answer') });
  });
});
