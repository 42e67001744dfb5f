import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HealthReport, IncidentCard } from '../api/answers.ts';
import { freePorts, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, placeId, registerVillage } from '../bench/village.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../simulators/webhook-receiver.ts';
import {
  type Desk,
  postmaster,
  press,
  publish,
  query,
  signal,
  signIn,
  webhookSecret,
  withChildren,
} from './running-system.test-support.ts';

// Case 21, with a database that dies, one that hangs, and one that never was.

const told = new Set<string>();
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await startWebhookReceiver({
    secret: webhookSecret,
    onMessage: ({ data }) => {
      for (const place of data.placeIds) told.add(place);
    },
  });
});
afterAll(() => receiver.close());

/** The button of the home with that number. */
const buttonOf = (home: number) => home * 4 + 3;

async function start(dataFolder: string, environment: Record<string, string> = {}) {
  const system = await startSystem({ dataFolder, environment });
  await registerVillage(system, 80, { url: receiver.url, secret: webhookSecret });
  return { system, desk: await until('the page', () => signIn(system)) };
}

/** A press reaches the neighbour and the open page, and can be claimed there. */
async function servesAlarm({ system, desk }: { system: System; desk: Desk }, home: number): Promise<void> {
  const [place, button] = [placeId(buttonOf(home)), deviceId(buttonOf(home))];
  const isThis = ({ where }: IncidentCard) => where.deviceId === button;
  const stream = await desk.watch();
  await press(system, buttonOf(home));
  await until('the neighbour', async () => told.has(place), patienceMs);
  const shown = await until('the page', async () => stream.incidents.find(isThis), patienceMs);
  expect((await desk.incidents()).find(isThis)).toMatchObject({ severity: 'critical', state: { phase: 'open' } });
  const path = `/incidents/${encodeURIComponent(shown.incidentId)}`;
  // What else happens to the incident meanwhile makes its version newer: whoever claims sees the newest.
  await until('the claim', async () => {
    const { version } = (await desk.incidents()).find(isThis) ?? {};
    const claim = { commandId: `claim-${home}-at-${version}`, expectedVersion: version };
    return (await desk.ask('POST', `${path}/claim`, claim)).status === 200;
  });
  const isClaimed = (card: IncidentCard) => isThis(card) && card.state.phase === 'claimed';
  await until('the claim on the page', async () => stream.incidents.some(isClaimed), patienceMs);
  stream.stop();
}

/** Detectors that report some twenty times a second altogether, until `stop`: which answers what was acknowledged. */
function startReports(system: System, numbers: number[]) {
  const acknowledged = new Set<string>();
  let isOver = false;
  const each = numbers.map(async (number) => {
    const id = deviceId(number);
    for (let seq = 1; !isOver; seq++) {
      const payload = `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.4}`;
      await publish(system, { id, topic: 'status', payload });
      acknowledged.add(`${id}:1:${seq}`);
      await new Promise((next) => setTimeout(next, 150));
    }
  });
  const all = Promise.all(each);
  // What goes wrong is said at the end, when somebody asks.
  all.catch(() => {});
  return {
    async stop(): Promise<Set<string>> {
      isOver = true;
      await all;
      return acknowledged;
    },
  };
}

/** Every report that was acknowledged is in the database once, and each home's call as one alert and one incident. */
async function copiedOnce(dataFolder: string, acknowledged: Set<string>, homes: number): Promise<void> {
  const copies = await until(
    'the copy',
    async () => {
      const rows = await query<{ name: string; copies: number }>(
        dataFolder,
        `select device_id || ':' || boot || ':' || seq as name, count(*)::int as copies
         from report join device using (device_key) group by 1`,
      );
      const names = new Set(rows.map(({ name }) => name));
      return [...acknowledged].every((name) => names.has(name)) && rows;
    },
    30_000,
  );
  expect(copies.filter((row) => row.copies > 1)).toEqual([]);
  const decided = `select (select count(*)::int from alert) as alerts, (select count(*)::int from incident) as incidents,
    (select count(*)::int from incident_timeline where body->>'what' = 'claimed') as claims,
    (select count(*)::int from projection_gap) as gaps`;
  const [counts] = await until('the claims', async () => {
    const rows = await query<{ claims: number }>(dataFolder, decided);
    return (rows[0]?.claims ?? 0) >= homes && rows;
  });
  expect(counts).toEqual({ alerts: homes, incidents: homes, claims: homes, gaps: 0 });
}

test('the database dies, and later hangs: people are told and the page is live, and no row is missing or doubled', async () => {
  const temporary = temporaryFolder('database');
  const dataFolder = temporary.folder;
  const running = await start(dataFolder);
  try {
    const reports = startReports(running.system, [0, 4, 8]);
    await until('the first rows', async () => (await query(dataFolder, 'select from report limit 1')).length === 1);
    const first = await until('the database', async () => postmaster(dataFolder));
    process.kill(first, 'SIGKILL');
    await servesAlarm(running, 1);
    await until('another database', async () => postmaster(dataFolder) !== first && query(dataFolder, 'select'));

    const hanging = withChildren(postmaster(dataFolder) ?? 0);
    try {
      signal(hanging, 'SIGSTOP');
      await servesAlarm(running, 2);
      await new Promise((next) => setTimeout(next, hangsMs));
      await servesAlarm(running, 3);
    } finally {
      signal(hanging, 'SIGCONT');
    }
    await copiedOnce(dataFolder, await reports.stop(), 3);
  } finally {
    await running.system.stop();
    temporary.remove();
  }
}, 90_000);

test('with a database address where nothing is, people are told and the page is live, and it says what is missing', async () => {
  const temporary = temporaryFolder('no-database');
  const [port] = await freePorts(1);
  const running = await start(temporary.folder, { DATABASE_URL: `postgresql://nobody@127.0.0.1:${port}/nothing` });
  try {
    await servesAlarm(running, 4);
    const health = await until('a look at the database', async () => {
      const report = (await (await running.desk.ask('GET', '/health')).json()) as HealthReport;
      return report.watching === 'well' && report.parts.database.state !== 'unknown' && report;
    });
    expect(health.parts.database).toMatchObject({ state: 'failing', why: 'database-away' });
    expect(health.overall).not.toBe('well');
    const history = await running.desk.ask('GET', '/history');
    expect(history.status).toBe(503);
    expect(await history.json()).toMatchObject({ code: 'unavailable' });
  } finally {
    await running.system.stop();
    temporary.remove();
  }
}, 60_000);

test('a database that cannot start holds up nobody, and starts by itself when what kept it from that is mended', async () => {
  const temporary = temporaryFolder('unfit-database');
  const cluster = join(temporary.folder, 'postgres');
  mkdirSync(cluster);
  writeFileSync(join(cluster, 'PG_VERSION'), '9\n');
  const running = await start(temporary.folder);
  try {
    await servesAlarm(running, 5);
    expect(running.system.output()).toContain('was made by PostgreSQL 9');
    renameSync(cluster, `${cluster}-of-before`);
    await copiedOnce(temporary.folder, new Set([`${deviceId(buttonOf(5))}:1:1`]), 1);
  } finally {
    await running.system.stop();
    temporary.remove();
  }
}, 60_000);

const patienceMs = 5_000;
const hangsMs = 3_000;
