import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { Notice } from '../../records/notice.ts';
import { idempotencyId } from '../channel.ts';
import { notice, registry } from '../home.test-support.ts';
import { countyTime } from '../texts/county-time.ts';
import { messageText } from '../texts/message.ts';
import { createWebhookChannel, type WebhookParts } from './webhook.ts';

const key = Buffer.from('a key of thirty-two bytes, no more');
const secret = `whsec_${key.toString('base64')}`;
const time = countyTime('Asia/Shanghai');

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

/** A receiver on loopback that notes what it got, and a channel that may reach it. */
async function receiver(answer: Answer, parts: Partial<WebhookParts> = {}) {
  const got: { headers: IncomingMessage['headers']; body: string; path: string }[] = [];
  const sockets = new Set<unknown>();
  const server = createServer((request, response) => {
    let body = '';
    sockets.add(request.socket);
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body, path: request.url ?? '' });
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const channel = createWebhookChannel({ clock: systemClock, timeZone: 'Asia/Shanghai', allowPrivate: true, ...parts });
  ending.push(
    () => server.closeAllConnections(),
    () => server.close(),
    channel.close,
  );
  return { server, got, sockets, port, channel, url: `http://127.0.0.1:${port}/neighbour` };
}

function send(
  { channel, url }: { channel: ReturnType<typeof createWebhookChannel>; url: string },
  { of = notice('n1'), to = url, secrets = secret, signal = new AbortController().signal }: Sending = {},
) {
  const text = messageText(of, { language: 'en', registry, time, now: of.at, provisional: false });
  const address = { type: 'webhook', url: to, secret: secrets } as const;
  return channel.send({ idempotencyId: idempotencyId(of.noticeId, 'webhook'), notice: of, text, address, signal });
}
type Sending = { of?: Notice; to?: string; secrets?: string; signal?: AbortSignal };

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code, headers).end();

test('a receiver can check who sent it, and reads place and code, no names', async () => {
  const there = await receiver(status(204));
  expect(await send(there)).toEqual({ type: 'delivered' });
  const { headers, body } = there.got[0] ?? { headers: {} as IncomingMessage['headers'], body: '' };
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  expect(id).toMatch(/^msg_[A-Za-z0-9_-]{43}$/);
  expect(Math.abs(Date.now() / 1_000 - Number(timestamp))).toBeLessThan(300);
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  const given = Buffer.from(String(headers['webhook-signature']).replace(/^v1,/, ''), 'base64');
  expect(given.length === expected.length && timingSafeEqual(given, expected)).toBe(true);
  expect(JSON.parse(body)).toMatchObject({
    type: 'incident.alarm',
    timestamp: '2026-11-03T03:12:05+08:00',
    data: { incidentId: 'i:smoke-1', code: 'K7QM', placeIds: ['well'], where: 'Narin, west of the well, kitchen' },
  });
  expect(body).not.toMatch(/tuya|Bao/);
  expect(headers['content-type']).toContain('application/json');
});

test('during a rotation both secrets sign', async () => {
  const there = await receiver(status(200));
  const other = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  await send(there, { secrets: `${other} ${secret}` });
  expect(String(there.got[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2);
});

test('two attempts carry one id, and one connection serves both', async () => {
  const there = await receiver(status(204));
  await send(there);
  await send(there);
  expect(there.got[0]?.headers['webhook-id']).toBe(there.got[1]?.headers['webhook-id']);
  expect(there.sockets.size).toBe(1);
});

test.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [301, 'later'],
  [307, 'later'],
  [410, 'refused'],
  [408, 'later'],
  [429, 'later'],
  [500, 'later'],
  [503, 'later'],
])('an answer of %i is %s', async (code, type) => {
  const there = await receiver(status(code, { location: '/elsewhere' }));
  expect(await send(there)).toMatchObject({ type });
  expect(there.got.map(({ path }) => path)).toEqual(['/neighbour']);
});

test.each([400, 401, 404])(
  'an answer of %i needs a person: refused, and for life safety tried on every minute',
  async (code) => {
    const there = await receiver(status(code));
    const reason = `HTTP ${code}`;
    expect(await send(there)).toEqual({ type: 'later', reason, retryAfterMs: 60_000 });
    expect(await send(there, { of: notice('n2', { severity: 'urgent' }) })).toEqual({ type: 'refused', reason });
  },
);

test('a receiver that wants rest says how long: in seconds, or until when', async () => {
  const seconds = await receiver(status(429, { 'retry-after': '7' }));
  expect(await send(seconds)).toEqual({ type: 'later', reason: 'HTTP 429', retryAfterMs: 7_000 });
  const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 1, 0, 0, 0) };
  const until = await receiver(status(503, { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }), { clock });
  expect(await send(until)).toEqual({ type: 'later', reason: 'HTTP 503', retryAfterMs: 30_000 });
  const nonsense = await receiver(status(502, { 'retry-after': 'soon' }));
  expect(await send(nonsense)).toEqual({ type: 'later', reason: 'HTTP 502' });
});

test('a receiver that hangs is let go when the attempt is over', async () => {
  const there = await receiver(() => {});
  const attempt = new AbortController();
  const sent = send(there, { signal: attempt.signal });
  await expect.poll(() => there.got.length).toBe(1);
  attempt.abort();
  expect(await sent).toMatchObject({ type: 'later' });
  const open = () => new Promise((resolve) => there.server.getConnections((_error, count) => resolve(count)));
  await expect.poll(open).toBe(0);
});

test('a receiver that closes in the middle, or answers what is no HTTP, is tried later', async () => {
  const closes = await receiver((request) => void request.socket.destroy());
  expect(await send(closes)).toEqual({ type: 'later', reason: 'ECONNRESET' });
  const talks = await receiver((request) => void request.socket.end('hello\r\n\r\n'));
  expect(await send(talks)).toMatchObject({ type: 'later', reason: expect.stringContaining('HPE_') });
});

test('an idle connection that the receiver just closed costs no attempt', async () => {
  let requests = 0;
  const there = await receiver((request, response) => {
    requests += 1;
    if (requests === 2) request.socket.destroy();
    else response.writeHead(204).end();
  });
  expect(await send(there)).toEqual({ type: 'delivered' });
  expect(await send(there)).toEqual({ type: 'delivered' });
  expect(requests).toBe(3);
});

test('an answer without an end is taken at its first word, and its connection closed', async () => {
  let closed = false;
  const there = await receiver((_request, response) => {
    response.writeHead(200).write('x'.repeat(100_000));
    response.on('close', () => {
      closed = true;
    });
  });
  expect(await send(there)).toEqual({ type: 'delivered' });
  await expect.poll(() => closed).toBe(true);
});

test('a receiver may be called localhost, and https is spoken where the address says so', async () => {
  const there = await receiver(status(204));
  expect(await send(there, { to: `http://localhost:${there.port}/` })).toEqual({ type: 'delivered' });
  const plainSpeaking = await send(there, { to: `https://localhost:${there.port}/` });
  expect(plainSpeaking).toMatchObject({ type: 'later', reason: 'EPROTO' });
});

test('a receiver that does not exist is tried later', async () => {
  const there = await receiver(status(204));
  await new Promise((resolve) => there.server.close(resolve));
  expect(await send(there)).toEqual({ type: 'later', reason: 'ECONNREFUSED' });
});

test.each(['not-a-secret', 'whsec_c2hvcnQ=', 'whsec_***', ''])('the secret "%s" sends nothing', async (secrets) => {
  const there = await receiver(status(204));
  expect(await send(there, { secrets, of: notice('n1', { severity: 'service' }) })).toMatchObject({ type: 'refused' });
  expect(there.got).toEqual([]);
});

test.each(['ftp://example.org/', 'file:///etc/passwd', 'neighbour', ''])(
  'the address "%s" is no webhook',
  async (to) => {
    const there = await receiver(status(204));
    expect(await send(there, { to, of: notice('n1', { severity: 'service' }) })).toMatchObject({ type: 'refused' });
  },
);

test('without permission nothing on this machine or in the local network is reached, by any of its names', async () => {
  const there = await receiver(status(204), {
    allowPrivate: false,
    resolve: async () => ['127.0.0.1', '::1', '10.1.2.3'],
  });
  const hosts = [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    'neighbour.example',
  ];
  for (const host of hosts) {
    const sent = await send(there, { to: `http://${host}:${there.port}/`, of: notice('n1', { severity: 'service' }) });
    expect(sent, host).toEqual({
      type: 'refused',
      reason: 'not a public address, and private ones are not allowed here',
    });
  }
  expect(there.got).toEqual([]);
});

test('a name is asked once for a connection, and the connection goes where the check said', async () => {
  const asked: string[] = [];
  const resolve = async (host: string) => {
    asked.push(host);
    return asked.length === 1 ? ['127.0.0.1'] : ['10.9.9.9'];
  };
  const there = await receiver(status(204), { resolve });
  expect(await send(there, { to: `http://neighbour.example:${there.port}/` })).toEqual({ type: 'delivered' });
  expect(asked).toEqual(['neighbour.example']);
});

test('a name whose server does not answer holds up its own message alone', async () => {
  const resolve = (host: string, signal: AbortSignal) =>
    new Promise<string[]>((found, failed) => {
      if (host === 'good.example') found(['127.0.0.1']);
      signal.addEventListener('abort', () => failed(Object.assign(new Error('gave up'), { code: 'ECANCELLED' })));
    });
  const there = await receiver(status(204), { resolve });
  const attempt = new AbortController();
  const stuck = Array.from({ length: 20 }, () => send(there, { to: 'http://bad.example/', signal: attempt.signal }));
  expect(await send(there, { to: `http://good.example:${there.port}/` })).toEqual({ type: 'delivered' });
  attempt.abort();
  for (const sent of await Promise.all(stuck)) expect(sent).toMatchObject({ type: 'later' });
});

test('the longest message that can be is below 20 kB', async () => {
  const there = await receiver(status(204));
  const { text, ...others } = notice('n1');
  const long = { ...text, detail: '错'.repeat(5_000), placeIds: Array.from({ length: 80 }, (_, n) => `room-${n}`) };
  expect(await send(there, { of: { ...others, text: long } })).toEqual({ type: 'delivered' });
  expect(Buffer.byteLength(there.got[0]?.body ?? '')).toBeLessThan(20_000);
});

test('the link to the page of whoever it is for stands in the body, where there is one', async () => {
  const one = await receiver(status(204));
  const text = messageText(notice('n1'), { language: 'en', registry, time, now: notice('n1').at, provisional: false });
  const address = { type: 'webhook', url: one.url, secret } as const;
  const sending = { notice: notice('n1'), address, signal: new AbortController().signal };
  const link = 'https://duty.example.org/r/x.y';
  await one.channel.send({ ...sending, idempotencyId: 'msg_1', text: { ...text, link } });
  await one.channel.send({ ...sending, idempotencyId: 'msg_2', text });
  expect(one.got.map(({ body }) => JSON.parse(body).data.link)).toEqual([link, undefined]);
});
