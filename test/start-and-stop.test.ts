import { afterAll, beforeAll, expect, test } from 'vitest';
import { childPids, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { placeId, registerVillage } from '../bench/village.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../simulators/webhook-receiver.ts';
import {
  isAlive,
  postmaster,
  press,
  printedAccount,
  query,
  run,
  signIn,
  webhookSecret,
} from './running-system.test-support.ts';

/** Homes by the number of their button. */
const [sarna, bator] = [3, 7];

const temporary = temporaryFolder('start');
const dataFolder = temporary.folder;
const told = new Set<string>();
let receiver: WebhookReceiver;
let system: System;

beforeAll(async () => {
  receiver = await startWebhookReceiver({
    secret: webhookSecret,
    onMessage: ({ data }) => {
      for (const place of data.placeIds) told.add(place);
    },
  });
  system = await startSystem({ dataFolder });
  await registerVillage(system, 8, { url: receiver.url, secret: webhookSecret });
  await until('the page', () => signIn(system));
  await until('the database', () => query(dataFolder, 'select from projection_position'));
});
afterAll(async () => {
  await system.stop();
  await receiver.close();
  temporary.remove();
});

/** Everything that runs for this data folder but the supervisor. */
const allBelow = () => [...childPids(system), postmaster(dataFolder) ?? 0];

test('a second start on the same data folder names the one that runs, ends, and disturbs nobody', async () => {
  const second = await startSystem({ dataFolder });
  try {
    await until('its end', async () => second.process.exitCode !== null, 15_000);
    expect(second.process.exitCode).toBe(75);
    expect(second.output()).toMatch(new RegExp(`process ${childPids(system)[0]} on \\S+, started 20`));
  } finally {
    await second.killAll();
  }
  await press(system, sarna);
  await until('the neighbour', async () => told.has(placeId(sarna)));
});

test('everything that is wrong with the configuration is said at once, with what would be right', async () => {
  const { code, complaints } = await run('app/supervisor.ts', [], {
    STEPPEWATCH_DATA: dataFolder,
    STEPPEWATCH_MQTT_PORT: '70000',
    STEPPEWATCH_CLOCK: 'fast',
    STEPPEWATCH_HTPP_PORT: '8080',
    STEPPEWATCH_ENROLMENT_PASSWORD_FILE: '/nowhere',
    DATABASE_URL: 'mysql://here',
  });
  expect(code).toBe(78);
  for (const said of [
    'STEPPEWATCH_MQTT_PORT: a port is 1-65535',
    'STEPPEWATCH_CLOCK: is "system" or "simulated:FACTOR"',
    'STEPPEWATCH_HTPP_PORT is not a setting',
    'STEPPEWATCH_ENROLMENT_PASSWORD_FILE: cannot read /nowhere',
    'DATABASE_URL: is a PostgreSQL address',
  ]) {
    expect(complaints).toContain(said);
  }
  expect(complaints).not.toMatch(/\n\s+at /);
});

test('SIGTERM ends every process in good order, and the next start finds its data', async () => {
  const account = printedAccount(system.output());
  const processes = allBelow();
  expect(processes.filter(isAlive)).toHaveLength(3);
  await system.stop();
  expect(system.process.exitCode).toBe(0);
  expect(processes.filter(isAlive)).toEqual([]);
  expect(system.output()).not.toMatch(/"level":"?(error|50)/);

  system = await startSystem({ dataFolder });
  const desk = await until('the page', () => signIn(system, account));
  const [incident] = await until('the incident', async () => (await desk.incidents()).length === 1 && desk.incidents());
  expect(incident).toMatchObject({ severity: 'critical', state: { phase: 'open' } });
  // The database of before is there again, with the rows of before.
  await until('the row', async () => (await query(dataFolder, 'select from report')).length === 1);
  expect(printedAccount(system.output())).toBeUndefined();
});

test('when only the supervisor is killed the others end by themselves, and the next start goes on', async () => {
  await until('all processes', async () => allBelow().filter(isAlive).length === 3);
  const processes = allBelow();
  system.process.kill('SIGKILL');
  await until('the end of all', async () => processes.filter(isAlive).length === 0, 20_000);
  system.control.close();

  system = await startSystem({ dataFolder });
  await until('the broker', () => press(system, bator));
  await until('the neighbour', async () => told.has(placeId(bator)));
});
