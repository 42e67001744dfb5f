import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createMetrics } from '../platform/metrics.ts';
import type { IncidentCard } from './answers.ts';
import { ask, openDesk, signedIn, standInAlarm } from './desk.test-support.ts';
import { watchEvents } from './incidents/watching.test-support.ts';
import type { Api } from './server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A desk at which somebody works, and what it counts. */
async function duty() {
  const metrics = createMetrics();
  const alarm = standInAlarm();
  const api = await openDesk(alarm, { metrics });
  closing.push(api.close);
  const li = await signedIn(api);
  const page = await watchEvents(api, closing, { cookie: li.cookie });
  await page.next('snapshot');
  const denied = async (reason: string) => {
    const { values } = await metrics.requestsDenied.get();
    return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
  };
  const homes = ['smoke-1', 'smoke-r1'];
  /** A fire is on the page that watched all the time, and a claim is taken. */
  async function goesOn(): Promise<void> {
    const fire = alarm.raise('smoke', homes.shift() ?? '');
    const heard = async () => ((await page.next('incident')).body as IncidentCard).incidentId;
    while ((await heard()) !== fire.incidentId);
    expect((await li.command(fire, 'claim')).status).toBe(200);
  }
  return { api, li, denied, goesOn };
}

/** A connection from an address of its own on this machine; what it hears until it ends. */
function open({ address: { port } }: Api, localAddress = '127.0.0.1') {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  closing.push(() => socket.destroy());
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  socket.on('error', () => {});
  const ended = new Promise<string>((done) => socket.on('close', () => done(heard)));
  return { socket, ended, heard: () => heard };
}

test('what is wrong in every way is refused with a reason, and counted', async () => {
  const { api, li, denied, goesOn } = await duty();
  const fire = '/incidents/i%3Ax/claim';
  const json = { 'content-type': 'application/json' };
  const send = (body: string, headers: Record<string, string> = json, path = fire) =>
    fetch(`${api.address.url}/api/v1${path}`, {
      ...{ method: 'POST', body },
      headers: { 'x-steppewatch': '1', cookie: li.cookie, ...headers },
    });
  const claim = (words: string) => `{"commandId":"command-1","expectedVersion":${words}}`;
  const wrong: [what: string, status: number, answer: Promise<Response>][] = [
    ['too large', 413, send(`{"commandId":"${'x'.repeat(20_000)}"}`)],
    ['cut', 400, send('{"commandId":"comm')],
    ['nested', 400, send(`${'['.repeat(8_000)}${']'.repeat(8_000)}`)],
    ['of another type', 400, send(claim('"one"'))],
    ['no number', 400, send(claim('NaN'))],
    ['no whole number', 400, send(claim('1e400'))],
    ['a prototype', 400, send('{"__proto__":{"by":"li"},"commandId":"command-1","expectedVersion":1}')],
    ['a constructor', 400, send('{"constructor":{"prototype":{}},"commandId":"command-1","expectedVersion":1}')],
    [
      'more than is asked',
      400,
      send('{"commandId":"command-1","expectedVersion":1,"by":{"type":"account","id":"wang"}}'),
    ],
    ['a list', 400, send('[]')],
    ['nothing', 400, send('')],
    ['of another kind', 415, send('<claim/>', { 'content-type': 'text/xml' })],
    ['an address that is none', 400, send(claim('1'), json, '/incidents/%E0%A4%A/claim')],
    ['an address without end', 414, send(claim('1'), json, `/incidents/${'x'.repeat(5_000)}/claim`)],
    ['an address upward', 404, ask(api, 'GET', '/../../../etc/passwd', { cookie: li.cookie })],
    ['a query twice', 400, ask(api, 'GET', '/incidents?limit=1&limit=2', { cookie: li.cookie })],
    ['a query without bound', 400, ask(api, 'GET', '/incidents?limit=1e9', { cookie: li.cookie })],
    ['nobody', 401, ask(api, 'GET', '/incidents')],
    ['a cookie of their own', 401, ask(api, 'GET', '/incidents', { cookie: `steppewatch_session=${'A'.repeat(43)}` })],
    ['a key of their own', 401, ask(api, 'GET', '/incidents', { headers: { authorization: 'Bearer swk_x' } })],
  ];
  for (const [what, status, answer] of wrong) {
    const response = await answer;
    expect(response.status, what).toBe(status);
    expect(await response.json(), what).toMatchObject({ status, detail: expect.stringMatching(/.{10}/) });
  }
  expect((await denied('invalid')) + (await denied('not-found')) + (await denied('signed-out'))).toBe(wrong.length);
  await goesOn();
});

test('bytes that are no HTTP, or too many of them, end their own connection and nothing else', async () => {
  const { api, denied, goesOn } = await duty();
  const wrong = [
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
    Buffer.from('GET / HTTP/9.9\r\n\r\n'),
    Buffer.from('GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
    Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`),
    Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(20_000)}\r\n`),
    Buffer.alloc(100_000, 0xff),
  ];
  for (const bytes of wrong) {
    const { socket, ended } = open(api);
    socket.write(bytes);
    expect(await ended).toMatch(/^(HTTP\/1.1 4\d\d |$)/);
  }
  expect((await denied('malformed')) + (await denied('too-large'))).toBeGreaterThanOrEqual(wrong.length - 1);
  await goesOn();
});

test('three thousand connections that say nothing hold neither the page nor a claim up', async () => {
  const { api, denied, goesOn } = await duty();
  const silent: Socket[] = [];
  for (let host = 2; host <= 7; host++) {
    const crowd = Array.from({ length: 500 }, () => open(api, `127.0.0.${host}`).socket);
    silent.push(...crowd);
    // Whoever is refused hears it at once; nobody is asked to wait for the others.
    await Promise.all(
      crowd.map((socket) =>
        socket.closed ? undefined : Promise.race([once(socket, 'connect'), once(socket, 'close')]),
      ),
    );
  }
  await goesOn();
  const staying = () => silent.filter(({ closed }) => !closed).length;
  while (staying() > 1_000) await new Promise((next) => setTimeout(next, 10));
  // One too many of its host, or gone when somebody else came, or silent for too long.
  const reasons = await Promise.all(['address', 'gave-way', 'too-slow'].map(denied));
  expect(reasons.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(2_000);
  expect(await denied('full')).toBe(0);
}, 60_000);

test('who sends a letter a second is cut, and meanwhile everybody else is served', async () => {
  const { api, denied, goesOn } = await duty();
  const slow = Array.from({ length: 50 }, () => open(api, '127.0.0.2'));
  let count = 0;
  const dripping = setInterval(() => {
    count += 1;
    for (const { socket } of slow) if (socket.writable) socket.write(count === 1 ? 'GET / HTTP/1.1\r\nx: ' : 'x');
  }, 250);
  closing.push(() => clearInterval(dripping));
  await goesOn();
  const heard = await Promise.all(slow.map(({ ended }) => ended));
  expect(heard.every((text) => text.startsWith('HTTP/1.1 408 '))).toBe(true);
  expect(await denied('too-slow')).toBe(50);
  await goesOn();
}, 30_000);

test('four hundred sign-ins behind a proxy that come to no end keep nobody else behind it out, and end after 5 s', async () => {
  const { api, denied, goesOn } = await duty();
  const head = `POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\nx-steppewatch: 1\r\nx-forwarded-for: 203.0.113.5\r\n`;
  const began = performance.now();
  const slow = Array.from({ length: 400 }, () => {
    const connection = open(api);
    connection.socket.write(`${head}content-type: application/json\r\ncontent-length: 60\r\n\r\n{`);
    return connection;
  });
  await goesOn();
  const heard = await Promise.all(slow.map(({ ended }) => ended));
  expect(performance.now() - began).toBeLessThan(12_000);
  const count = (status: string) => heard.filter((text) => text.startsWith(`HTTP/1.1 ${status} `)).length;
  expect([count('408'), count('429')]).toEqual([300, 100]);
  expect(await denied('address')).toBe(0);
  await goesOn();
}, 30_000);

test('a request that is not whole yet gives way when all places are taken', async () => {
  const { api, denied, goesOn } = await duty();
  const head = 'POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\nx-steppewatch: 1\r\n';
  const slow = Array.from({ length: 1_200 }, () => {
    const { socket } = open(api);
    socket.write(`${head}content-type: application/json\r\ncontent-length: 60\r\n\r\n{`);
    return once(socket, 'connect');
  });
  await Promise.all(slow);
  while ((await denied('gave-way')) + (await denied('full')) < 200) await new Promise((next) => setTimeout(next, 10));
  await goesOn();
  expect(await denied('full')).toBe(0);
}, 30_000);
