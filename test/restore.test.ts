import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { HoldingPage } from '../api/answers.ts';
import { findBackup } from '../app/backup/backup-manifest.ts';
import { type System, startSystem, until } from '../bench/system.ts';
import { deviceId, registerVillage } from '../bench/village.ts';
import { machineForEachTest } from './own-machine.test-support.ts';
import {
  type Desk,
  postmaster,
  press,
  printedAccount,
  publish,
  query,
  run,
  signal,
  signIn,
  webhookSecret,
  withChildren,
} from './running-system.test-support.ts';

// A system under load is backed up, dies with its disk, and is put back on an empty machine.

const machine = machineForEachTest('restore');
const { inFolder, toldOf } = machine;
const detector = deviceId(0);
const statusOf = (seq: number) => `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.4}`;

/** A detector reports 1, 2, 3 and so on until it is told to stop; answers the last number that was acknowledged so far. */
function reporting(of: System) {
  let isWanted = true;
  let acknowledged = 0;
  const done = (async () => {
    while (isWanted) {
      const payload = statusOf(acknowledged + 1);
      if (await publish(of, { id: detector, topic: 'status', payload }).catch(() => false)) acknowledged += 1;
    }
  })();
  return {
    acknowledged: () => acknowledged,
    async stop() {
      isWanted = false;
      await done;
    },
  };
}

const rowsOf = (sql: string) => query<{ rows: number }>(inFolder('b'), sql).then(([row]) => row?.rows ?? 0);

/** Somebody presses, and is helped: what it came to is for the account of outcomes. */
async function helpFor(running: System, desk: Desk, home: number): Promise<void> {
  await until('the broker', () => press(running, home * 4 + 3));
  const about = await until('the incident', async () =>
    (await desk.incidents()).find(({ where }) => where.deviceId === deviceId(home * 4 + 3)),
  );
  const ended = { commandId: 'helped-well', expectedVersion: about.version, outcome: 'helped', contact: 'reached' };
  const answer = await desk.ask('POST', `/incidents/${encodeURIComponent(about.incidentId)}/resolve`, ended);
  expect(answer.status).toBe(200);
}

test('a system that was backed up under load, and lost with its disk, goes on elsewhere from there, and asks about what was open', async () => {
  const a = await startSystem({ dataFolder: inFolder('a') });
  machine.system = a;
  await registerVillage(a, 40, { url: machine.receiver.url, secret: webhookSecret });
  const account = await until('the account', async () => printedAccount(a.output()));
  await press(a, 3 * 4 + 3);
  await until('the station', async () => toldOf(3).length > 0, 10_000);
  const load = reporting(a);
  await until('some reports', async () => load.acknowledged() > 20);
  // History that is older than the journal: the database alone has it.
  await until('the copy', async () => (await query(inFolder('a'), 'select from report')).length > 20);
  await query(
    inFolder('a'),
    `insert into report (occurred_at, journal_position, part, device_key, received_at, kind, clock)
     select occurred_at - interval '20 days', 0, 0, device_key, received_at - interval '20 days', kind, clock from report limit 1`,
  );

  const atDesk = await until('the page', () => signIn(a, account));
  await helpFor(a, atDesk, 7);
  await until(
    'the account of it',
    async () => existsSync(inFolder('a/audit')) && readdirSync(inFolder('a/audit')).length > 0,
  );

  const acknowledged = load.acknowledged();
  const backup = ['--to', inFolder('kept/system'), '--keys-to', inFolder('kept/keys')];
  const taken = await run('app/backup/backup-cli.ts', backup, { STEPPEWATCH_DATA: inFolder('a') });
  expect(taken).toMatchObject({ code: 0, output: expect.stringContaining('history of the database is in it') });
  await load.stop();
  // Everything after the backup is lost with the disk; the person was helped meanwhile, which it does not know.
  const database = postmaster(inFolder('a')) ?? 0;
  await a.killAll();
  signal(withChildren(database), 'SIGKILL');
  const verified = await run('app/backup/backup-cli.ts', ['verify', inFolder('kept/system')], {});
  expect(verified).toMatchObject({ code: 0, output: expect.stringContaining('whole') });

  const restored = await run(
    'app/backup/restore-cli.ts',
    ['--from', inFolder('kept/system'), '--keys-from', inFolder('kept/keys')],
    {
      STEPPEWATCH_DATA: inFolder('b'),
    },
  );
  expect(restored).toMatchObject({ code: 0, output: expect.stringContaining('the page asks about everything else') });
  const arrivedBefore = machine.receiver.arrivals.length;
  const b = await startSystem({ dataFolder: inFolder('b') });
  machine.system = b;
  const desk = await until('the page', () => signIn(b, account));
  await until('the copy', async () => (await rowsOf('select count(*)::int as rows from report')) > acknowledged);
  expect(
    await rowsOf(`select count(*)::int as rows from report join device using (device_key)
    where device_id = '${detector}' and seq between 1 and ${acknowledged}`),
  ).toBe(acknowledged);
  expect(await rowsOf("select count(*)::int as rows from report where received_at < now() - interval '19 days'")).toBe(
    1,
  );
  expect(await rowsOf('select count(*)::int as rows from projection_gap')).toBe(0);
  expect(existsSync(inFolder('b/database'))).toBe(false);
  expect(existsSync(inFolder('b/restored.json'))).toBe(false);

  const audited = await run('app/cli/audit-cli.ts', ['verify'], { STEPPEWATCH_DATA: inFolder('b') });
  expect(audited).toMatchObject({ code: 0 });
  // The press is a minute old: it is told on, under ids that its receiver knows, or as the ladder's next rung.
  const call = (await desk.incidents()).find(({ state }) => state.phase === 'open');
  expect(call).toMatchObject({ category: 'call', state: { phase: 'open' }, ladder: { phase: 'running' } });
  const held = (await (await desk.ask('GET', '/holding')).json()) as HoldingPage;
  expect(held).toMatchObject({ held: [], more: 0 });
  await until('the broker', () => press(b, 5 * 4 + 3));
  await until('the station, about what is new', async () => toldOf(5).length > 0, 10_000);
  expect(machine.receiver.arrivals.length).toBeGreaterThan(arrivedBefore);
}, 180_000);

test('a backup of a system that does not run has its database, too, and a second one links what did not change', async () => {
  const a = await startSystem({ dataFolder: inFolder('a') });
  machine.system = a;
  await registerVillage(a, 40, { url: machine.receiver.url, secret: webhookSecret });
  await until('the copy', async () => (await query(inFolder('a'), 'select from place')).length === 10);
  await a.stop();
  const backup = ['--to', inFolder('kept/system'), '--keys-to', inFolder('kept/keys')];
  for (let night = 0; night < 2; night++)
    expect(await run('app/backup/backup-cli.ts', backup, { STEPPEWATCH_DATA: inFolder('a') })).toMatchObject({
      code: 0,
    });
  expect(readdirSync(inFolder('kept/system')).filter((name) => /^\d+T\d+Z$/.test(name)).length).toBe(2);
  const { manifest } = await findBackup('backup', inFolder('kept/system'));
  expect(manifest.database).toBe('kept');
  expect(manifest.files.map(({ name }) => name)).toContain('database/place.ndjson.gz');
}, 120_000);
