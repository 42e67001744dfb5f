import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectAsync } from 'mqtt';
import type { Contact, RegistryChange } from '../records/registry.ts';
import type { Bench } from './run.ts';
import { register, startSystem, temporaryFolder, until } from './system.ts';
import { deviceId, placeId, registerVillage, secretOf } from './village.ts';

/**
 * Smoke in 1,000 homes as fast as the broker takes it, and five people of each who are told at once by webhooks that answer in 200 ms:
 * `mass-incidents` is from the first report to the last of those messages, `mass-incidents-p99` from a home's report to the first
 * message about it. `-hanging`: the same while one in five receivers never answers, without the messages to those.
 * `-reference`: as many posts by themselves, as many at once as are made to one host.
 */
export const run: Bench = async (report) => {
  const homes = Number(process.env.BENCH_HOMES ?? 1_000);
  report('mass-incidents-reference', await reference(homes * toldByHome), 's');
  for (const [suffix, hanging] of [
    ['', false],
    ['-hanging', true],
  ] as const) {
    const { lastMs, firstMs } = await storm(homes, hanging);
    report(`mass-incidents${suffix}`, lastMs / 1_000, 's');
    const sorted = firstMs.toSorted((a, b) => a - b);
    report(`mass-incidents${suffix}-p99`, (sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0) / 1_000, 's');
  }
};

const answerMs = 200;
const secret = `whsec_${'A'.repeat(32)}`;
/** A neighbour, the village's station, and three of the family. */
const toldByHome = 5;

async function storm(homes: number, hanging: boolean) {
  const temporary = temporaryFolder('mass');
  const receiver = await startReceiver();
  const system = await startSystem({ dataFolder: temporary.folder });
  try {
    await registerVillage(system, homes * 4, { url: `${receiver.url}station`, secret });
    await register(system.control, contactsOf(homes, receiver.url, hanging));
    const detectors = Array.from({ length: homes }, (_, home) => home * 4);
    const clients = [];
    for (const number of detectors) clients.push(await connected(system.ports.mqtt, number));
    const sentAt = new Map<string, number>();
    const startedAt = performance.now();
    const alarm = '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}';
    for (const [index, client] of clients.entries()) {
      const number = detectors[index] ?? 0;
      sentAt.set(placeId(number), performance.now());
      client.publish(`up/${deviceId(number)}/alarm`, alarm, { qos: 1 });
      if (index % 20 === 19) await new Promise((next) => setTimeout(next, 1));
    }
    const wanted = homes * (hanging ? toldByHome - 1 : toldByHome);
    await until('every message', async () => receiver.arrivals.length >= wanted, 120_000);
    await Promise.all(clients.map((client) => client.endAsync(true)));
    return judge(receiver.arrivals, { startedAt, sentAt, wanted });
  } finally {
    await system.stop();
    receiver.close();
    temporary.remove();
  }
}

type Arrival = { id: string; place: string; at: number };

/** Errors: a message that is missing, or came twice. */
function judge(arrivals: readonly Arrival[], { startedAt, sentAt, wanted }: Storm) {
  if (new Set(arrivals.map(({ id }) => id)).size !== arrivals.length) throw new Error('a message came twice');
  if (arrivals.length !== wanted) throw new Error(`${arrivals.length} messages came, not ${wanted}`);
  const byPlace = Map.groupBy(arrivals, ({ place }) => place);
  const firstMs = [...sentAt].map(([place, at]) => {
    const ofPlace = byPlace.get(place) ?? [];
    return Math.min(...ofPlace.map((one) => one.at)) - at;
  });
  return { lastMs: Math.max(...arrivals.map(({ at }) => at)) - startedAt, firstMs };
}
type Storm = { startedAt: number; sentAt: ReadonlyMap<string, number>; wanted: number };

function contactsOf(homes: number, url: string, hanging: boolean): RegistryChange[] {
  const contact = (value: Pick<Contact, 'id' | 'of' | 'role' | 'order' | 'name'>, path: string): RegistryChange => {
    const channels = [{ type: 'webhook' as const, url: `${url}${path}`, secret }];
    return { type: 'put', entity: 'contact', value: { ...value, language: 'en', channels } };
  };
  return Array.from({ length: homes }, (_, home) => {
    const near = { id: `near-${home}`, of: { type: 'place' as const, id: `p${home}` }, role: 'neighbour' as const };
    const family = [0, 1, 2].map((number) => {
      const child = { id: `family-${home}-${number}`, role: 'family' as const, order: number + 1, name: 'Child' };
      const of = { type: 'household' as const, id: `h${home}` };
      return contact({ ...child, of }, hanging && number === 2 ? 'hangs' : child.id);
    });
    return [contact({ ...near, order: 1, name: 'Neighbour' }, near.id), ...family];
  }).flat();
}

async function connected(port: number, number: number) {
  const id = deviceId(number);
  return connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: id, username: id, password: secretOf(id) });
}

/** Answers after 200 ms, and never on the path `hangs`. */
async function startReceiver() {
  const arrivals: Arrival[] = [];
  const take = (request: IncomingMessage, response: ServerResponse, body: Buffer) => {
    if (request.url === '/hangs') return;
    if (body.length > 0) {
      const { data } = JSON.parse(body.toString()) as { data: { placeIds: string[] } };
      const id = String(request.headers['webhook-id']);
      arrivals.push({ id, place: data.placeIds[0] ?? '', at: performance.now() });
    }
    setTimeout(() => response.end(), answerMs);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => take(request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    arrivals,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function reference(posts: number): Promise<number> {
  const receiver = await startReceiver();
  const startedAt = performance.now();
  let left = posts;
  const post = async () => {
    while (left-- > 0) await fetch(receiver.url, { method: 'POST' }).then((response) => response.text());
  };
  await Promise.all(Array.from({ length: 256 }, post));
  receiver.close();
  return (performance.now() - startedAt) / 1_000;
}
