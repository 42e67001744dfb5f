import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, placeId, registerVillage } from '../bench/village.ts';
import { press, printedAccount, publish, query, run, signIn, webhookSecret } from './running-system.test-support.ts';
import { type SlowReceiver, startSlowReceiver } from './slow-receiver.ts';
import { judge } from './torture-verdict.ts';

// Case 33: journal and database of different times, one of them from a backup.

let temporary: ReturnType<typeof temporaryFolder>;
let receiver: SlowReceiver;
let system: System;
let account: ReturnType<typeof printedAccount>;

beforeEach(async () => {
  temporary = temporaryFolder('restored');
  receiver = await startSlowReceiver({ answerAfterMs: () => 5 });
  system = await startSystem({ dataFolder: temporary.folder });
  await registerVillage(system, 40, { url: receiver.url, secret: webhookSecret });
  account = await until('the account', async () => printedAccount(system.output()));
});
afterEach(async () => {
  await system.stop();
  await receiver.close();
  temporary.remove();
});

const inFolder = (name: string) => join(temporary.folder, name);
const detectors = [0, 4, 8].map(deviceId);
const emergencyOf = (home: number) => ({ home, call: 'emergency' }) as const;

/** Three detectors report, each with those numbers. */
async function report({ from, to }: { from: number; to: number }): Promise<void> {
  for (let seq = from; seq <= to; seq++) {
    const payload = `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.4}`;
    for (const id of detectors) await until('a report', () => publish(system, { id, topic: 'status', payload }));
  }
}

async function helpIsCalledTo(home: number): Promise<void> {
  await until('the broker', () => press(system, home * 4 + 3));
  const arrived = async () => receiver.arrivals.some(({ placeIds }) => placeIds.includes(placeId(home * 4)));
  await until('the neighbour', arrived, 10_000);
}

/** Everything of the journal is in the database once, and nothing else. */
async function expectWhole({ reports, homes }: { reports: number; homes: number[] }): Promise<void> {
  const places = homes.map((home) => placeId(home * 4));
  const verdict = await judge({
    ...{ dataFolder: temporary.folder, calls: homes.map(emergencyOf), struck: [] },
    acknowledged: new Map(detectors.map((id) => [id, reports])),
    arrivals: receiver.arrivals.filter(({ placeIds }) => placeIds.some((place) => places.includes(place))),
  });
  expect(verdict.problems).toEqual([]);
}

/** Stops the system; `between` is done to its folders before it starts again. */
async function restart(between: () => void): Promise<void> {
  await system.stop();
  between();
  system = await startSystem({ dataFolder: temporary.folder });
}

/** With the owners of the files: the embedded database's are its account's. */
const keepCopy = (name: string) => void execFileSync('cp', ['-a', inFolder(name), inFolder(`${name}.yesterday`)]);

function putBack(name: string): void {
  rmSync(inFolder(name), { recursive: true });
  renameSync(inFolder(`${name}.yesterday`), inFolder(name));
}

test("yesterday's database behind today's journal is filled again from where it stands, and no row is there twice", async () => {
  await report({ from: 1, to: 5 });
  await helpIsCalledTo(3);
  await expectWhole({ reports: 5, homes: [3] });
  await restart(() => keepCopy('postgres'));
  await report({ from: 6, to: 10 });
  await helpIsCalledTo(4);
  await expectWhole({ reports: 10, homes: [3, 4] });
  await restart(() => putBack('postgres'));
  await report({ from: 11, to: 12 });
  await helpIsCalledTo(5);
  await expectWhole({ reports: 12, homes: [3, 4, 5] });
  expect(system.output()).toContain('the database is older than what was copied into it');
}, 120_000);

test("yesterday's journal under today's database: it is named, people are called, no row is touched, and a person rebuilds it", async () => {
  const environment = { STEPPEWATCH_DATA: temporary.folder };
  await report({ from: 1, to: 5 });
  await helpIsCalledTo(3);
  await restart(() => ['journal', 'checkpoints'].forEach(keepCopy));
  await report({ from: 6, to: 10 });
  await helpIsCalledTo(4);
  await expectWhole({ reports: 10, homes: [3, 4] });
  await restart(() => ['journal', 'checkpoints'].forEach(putBack));

  await helpIsCalledTo(5);
  const desk = await until('the page', () => signIn(system, account));
  const health = await until('a look at the copy', async () => {
    const { parts } = (await (await desk.ask('GET', '/health')).json()) as { parts: { projection: { why?: string } } };
    return parts.projection.why === 'stopped' && parts.projection;
  });
  expect(health).toMatchObject({ state: 'failing' });
  expect(system.output()).toMatch(/is not in this journal: .*`npm run projection -- rebuild`/);
  expect((await desk.incidents()).map(({ where }) => where.deviceId).sort()).toEqual([15, 23].map(deviceId));
  const status = await run('app/cli/projection-cli.ts', ['status'], environment);
  expect(status).toMatchObject({ code: 1, output: expect.stringContaining('is not in this journal') });
  // 10 reports of three detectors and two presses: what the journal lost is still there, what it has since is not.
  expect(await query(temporary.folder, 'select count(*)::int as rows from report')).toEqual([{ rows: 32 }]);

  const rebuild = await run('app/cli/projection-cli.ts', ['rebuild'], environment);
  expect(rebuild).toMatchObject({ code: 0, output: expect.stringContaining('32 reports and 2 incidents') });
  await expectWhole({ reports: 5, homes: [3, 5] });
  await helpIsCalledTo(6);
  await expectWhole({ reports: 5, homes: [3, 5, 6] });
}, 120_000);
