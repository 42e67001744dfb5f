import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import pg from 'pg';
import { expect, test } from 'vitest';
import { type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, placeId, registerVillage, secretOf } from '../bench/village.ts';
import { startWebhookReceiver } from '../simulators/webhook-receiver.ts';

/** Three in every run of the tests; more by hand: `KILLS=20 npx vitest run test/kill`. */
const kills = Number(process.env.KILLS ?? 3);
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

test(
  `killed ${kills} times under load, nothing that was acknowledged is lost, doubled or left untold`,
  async () => {
    const temporary = temporaryFolder('kill');
    const told = new Map<string, Set<string>>();
    const receiver = await startWebhookReceiver({
      secret,
      onMessage: ({ id, data }) => {
        for (const place of (data as { placeIds: string[] }).placeIds)
          told.set(place, (told.get(place) ?? new Set()).add(id));
      },
    });
    const acknowledged = new Set<string>();
    const pressed: number[] = [];
    let system = await startSystem({ dataFolder: temporary.folder });
    try {
      await registerVillage(system, 200, { url: receiver.url, secret });
      for (let round = 1; round <= kills; round++) {
        const load = Array.from({ length: 20 }, (_, number) =>
          publishUntilCut(system, number * 4, round, acknowledged),
        );
        const before = acknowledged.size;
        await until('some load', async () => acknowledged.size > before + 300);
        // One press just before the kill, another at the first PUBACK after it.
        const [home, next] = [round * 4 + 3, 103 + round * 4];
        await press(system, home);
        pressed.push(home, next);
        await system.killAll();
        await Promise.all(load);
        system = await startSystem({ dataFolder: temporary.folder });
        await until('the broker', () => press(system, next));
      }
      for (const home of pressed) await until(`a notice for home ${home}`, async () => told.has(placeId(home)));
      const rows = await until('the copy in the database', () => allCopied(temporary.folder, acknowledged), 90_000);
      expect(rows.doubled).toEqual([]);
      expect(rows.alerts).toEqual(pressed.map((home) => ({ place: placeId(home), raised: 1 })).sort(byPlace));
    } finally {
      await system.stop();
      await receiver.close();
      temporary.remove();
    }
  },
  60_000 + kills * 30_000,
);

const byPlace = (a: { place: string }, b: { place: string }) => (a.place < b.place ? -1 : 1);

/** One report after the other, each when the one before was acknowledged, until the broker is gone. */
async function publishUntilCut(system: System, home: number, boot: number, acknowledged: Set<string>): Promise<void> {
  const id = deviceId(home);
  try {
    const client = await open(system, id);
    for (let seq = 1; client.connected; seq++) {
      await client.publishAsync(`up/${id}/status`, `{"v":1,"boot":${boot},"seq":${seq},"age":0,"battery":3.4}`, {
        qos: 1,
      });
      acknowledged.add(`${id}:${boot}:${seq}`);
    }
  } catch {
    // The kill ends every connection, which is what it is for.
  }
}

async function press(system: System, home: number): Promise<true> {
  const id = deviceId(home);
  const client = await open(system, id);
  await client.publishAsync(`up/${id}/press`, '{"v":1,"boot":1,"seq":1,"age":0,"call":"emergency"}', { qos: 1 });
  await client.endAsync(true);
  return true;
}

async function open(system: System, id: string) {
  const options = { clientId: id, username: id, password: secretOf(id), reconnectPeriod: 0, connectTimeout: 5_000 };
  const client = await connectAsync(`mqtt://127.0.0.1:${system.ports.mqtt}`, options, false);
  client.on('error', () => client.end(true));
  // An answer that never comes would otherwise be waited for for ever.
  client.on('close', () => client.end(true));
  return client;
}

/** Undefined until every acknowledged report is in the database. */
async function allCopied(dataFolder: string, acknowledged: Set<string>) {
  const password = readFileSync(join(dataFolder, 'keys', 'postgres'), 'utf8').trim();
  const port = Number(readFileSync(join(dataFolder, 'postgres.port'), 'utf8'));
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'steppewatch', password, database: 'steppewatch' });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; copies: number }>(
      `select device_id || ':' || boot || ':' || seq as name, count(*)::int as copies
       from report join device using (device_key) group by 1`,
    );
    const copied = new Set(rows.map(({ name }) => name));
    if (![...acknowledged].every((name) => copied.has(name))) return undefined;
    const { rows: alerts } = await client.query<{ place: string; raised: number }>(
      `select body->'where'->>'placeId' as place, count(*)::int as raised from alert
       where body->>'condition' = 'call-emergency' group by 1`,
    );
    return { doubled: rows.filter(({ copies }) => copies > 1), alerts: alerts.sort(byPlace) };
  } finally {
    await client.end();
  }
}
