import { request as httpRequest } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { databaseAway } from '../platform/errors.ts';
import type { Incident } from '../records/incident.ts';
import type { HealthReport, IncidentCard, IncidentDetail, IncidentPage, Problem } from './answers.ts';
import { ask, openDesk, password, signedIn, standInAlarm } from './desk.test-support.ts';
import type { Api, ApiParts } from './server.ts';

const open: Api[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.close();
});

async function desk(more: Partial<ApiParts> = {}, alarm = standInAlarm()) {
  const api = await openDesk(alarm, more);
  open.push(api);
  return { api, alarm };
}
const cardIn = async (response: Response) => (await response.json()) as IncidentCard;
const problemIn = async (response: Response) => (await response.json()) as Problem;
const path = ({ incidentId }: Incident) => `/incidents/${encodeURIComponent(incidentId)}`;

test('nobody sees an incident without signing in', async () => {
  const { api, alarm } = await desk();
  const fire = alarm.raise('smoke', 'smoke-1');
  for (const asked of ['/incidents', path(fire), '/events', '/session', '/history']) {
    const response = await ask(api, 'GET', asked);
    expect(response.status, asked).toBe(asked === '/history' ? 404 : 401);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.text()).not.toContain('smoke');
  }
  const claim = await ask(api, 'POST', `${path(fire)}/claim`, {
    body: { commandId: 'a'.repeat(8), expectedVersion: 1 },
  });
  expect(claim.status).toBe(401);
  expect(alarm.commands).toEqual([]);
});

test('a sign-in gives a cookie that scripts cannot read and other sites cannot send', async () => {
  const { api } = await desk();
  const response = await ask(api, 'POST', '/session', { body: { account: 'li', password } });
  expect(await response.json()).toMatchObject({
    account: { id: 'li', language: 'en', name: 'Li Na' },
    permissions: expect.arrayContaining(['incident:resolve', 'account:manage']),
    timeZone: 'Asia/Shanghai',
  });
  const [cookie = ''] = response.headers.getSetCookie();
  expect(cookie).toMatch(/^steppewatch_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const proxied = await ask(api, 'POST', '/session', {
    body: { account: 'li', password },
    headers: { 'x-forwarded-proto': 'https' },
  });
  const overHttps = proxied.headers.getSetCookie();
  expect(overHttps[0]).toMatch(/^__Host-steppewatch_session=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  expect(overHttps[1]).toMatch(/^__Host-steppewatch_device=/);
});

test('a password does not cross an open net', async () => {
  const { api } = await desk();
  const { port } = new URL(api.address.url);
  const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-steppewatch': '1', host: 'desk.county.example' };
    const sent = httpRequest(
      { port, host: '127.0.0.1', path: '/api/v1/session', method: 'POST', headers },
      (response) => {
        response.setEncoding('utf8').on('data', (text: string) => resolve({ status: response.statusCode, text }));
      },
    );
    sent.on('error', reject).end(JSON.stringify({ account: 'li', password }));
  });
  expect(answer.status).toBe(403);
  expect(JSON.parse(answer.text)).toMatchObject({ code: 'insecure' });
});

test('wrong passwords and unknown accounts get the same answer, and then have to wait', async () => {
  const { api } = await desk();
  const wrong = await ask(api, 'POST', '/session', { body: { account: 'li', password: 'guess' } });
  const nobody = await ask(api, 'POST', '/session', { body: { account: 'nobody', password: 'guess' } });
  expect(wrong.status).toBe(401);
  expect(await wrong.json()).toEqual(await nobody.json());
  for (let count = 0; count < 4; count++)
    await ask(api, 'POST', '/session', { body: { account: 'li', password: 'x' } });
  const late = await ask(api, 'POST', '/session', { body: { account: 'li', password } });
  expect(late.status).toBe(429);
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(25);
  expect((await ask(api, 'POST', '/session', { body: { account: 'wang', password } })).status).toBe(200);
});

test('signing out ends the session everywhere', async () => {
  const { api } = await desk();
  const li = await signedIn(api);
  expect((await li.get('/session')).status).toBe(200);
  const out = await ask(api, 'DELETE', '/session', { cookie: li.cookie });
  expect(out.status).toBe(204);
  expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
  expect((await li.get('/session')).status).toBe(401);
});

test('another site can make nobody claim or sign in', async () => {
  const { api, alarm } = await desk();
  const { cookie } = await signedIn(api);
  const fire = alarm.raise('smoke', 'smoke-1');
  const url = `${api.address.url}/api/v1${path(fire)}/claim`;
  const body = JSON.stringify({ commandId: 'a'.repeat(8), expectedVersion: fire.version });
  const plain = { 'content-type': 'application/json', cookie };
  const without = await fetch(url, { method: 'POST', body, headers: plain });
  const elsewhere = { ...plain, 'x-steppewatch': '1', origin: 'https://elsewhere.example' };
  const foreign = await fetch(url, { method: 'POST', body, headers: elsewhere });
  for (const response of [without, foreign]) {
    expect(response.status).toBe(403);
    expect((await problemIn(response)).code).toBe('foreign-request');
  }
  expect(alarm.commands).toEqual([]);
  const own = await fetch(url, { method: 'POST', body, headers: { ...elsewhere, origin: api.address.url } });
  expect(own.status).toBe(200);
});

test('a claim is answered with the incident as it is then', async () => {
  const { api, alarm } = await desk({}, standInAlarm({ newsAfterMs: 50 }));
  const li = await signedIn(api);
  const fire = alarm.raise('smoke', 'smoke-1', { reason: { obscurationDbPerM: 4 } });
  const response = await li.command(fire, 'claim');
  expect(response.status).toBe(200);
  expect(await cardIn(response)).toMatchObject({
    ...{ incidentId: fire.incidentId, version: 2, code: fire.code },
    state: { phase: 'claimed', by: { type: 'account', id: 'li', name: 'Li Na' }, acted: false },
    where: { place: 'house by the well', areas: ['East Well', 'Baiyin', 'Wulan'], room: 'kitchen' },
    alerts: [{ condition: 'smoke', reason: { obscurationDbPerM: 4 }, room: 'kitchen' }],
  });
  expect(alarm.commands.slice(0, 1)).toMatchObject([{ type: 'claim', by: { type: 'account', id: 'li' } }]);
});

test('when two claim in the same instant one has it, and the other is told who', async () => {
  const { api, alarm } = await desk();
  const [li, wang] = [await signedIn(api, 'li'), await signedIn(api, 'wang')];
  const fire = alarm.raise('smoke', 'smoke-1');
  const answers = await Promise.all([li.command(fire, 'claim'), wang.command(fire, 'claim')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const refused = answers.find(({ status }) => status === 409);
  if (!refused) throw new Error('nobody was refused');
  const problem = await problemIn(refused);
  expect(problem.code).toBe('version-conflict');
  const loser = refused === answers[0] ? 'Wang Gang' : 'Li Na';
  expect(problem.incident?.state).toMatchObject({ phase: 'claimed', by: { name: loser } });
  const again = await (loser === 'Li Na' ? wang : li).command({ ...fire, version: 2 }, 'claim');
  expect(await problemIn(again)).toMatchObject({ status: 409, code: 'not-allowed', incident: { version: 2 } });
});

test('the same command twice is done once and answered twice', async () => {
  const { api, alarm } = await desk();
  const li = await signedIn(api);
  const fire = alarm.raise('smoke', 'smoke-1');
  const words = { commandId: 'pressed-twice' };
  const [first, second] = [await li.command(fire, 'claim', words), await li.command(fire, 'claim', words)];
  expect([first.status, second.status]).toEqual([200, 200]);
  expect((await cardIn(second)).version).toBe(2);
});

test('everything that a person at the desk does about an incident has its address', async () => {
  const { api, alarm } = await desk();
  const [li, wang] = [await signedIn(api, 'li'), await signedIn(api, 'wang')];
  let now: Incident | IncidentCard = alarm.raise('fall', 'watch-2');
  const step = async (type: string, words: object, phase: string, who = li) => {
    const response = await who.command(now, type, words);
    expect(response.status, type).toBe(200);
    now = await cardIn(response);
    expect(now.state.phase, type).toBe(phase);
  };
  await step('claim', {}, 'claimed');
  await step('act', { action: 'on-it' }, 'claimed');
  await step('release', {}, 'open');
  await step('accept', { contactId: 'station-east', expectedMinutes: 20 }, 'responding');
  await step('decline', { contactId: 'station-east' }, 'open');
  await step('arrive', {}, 'on-scene');
  const alone = await li.command(now, 'resolve', { outcome: 'no-help-needed', contact: 'not-reached' });
  expect(alone.status).toBe(409);
  const asked = await problemIn(alone);
  expect(asked).toMatchObject({ code: 'second-person-needed', incident: { closing: { by: { id: 'li' } } } });
  now = asked.incident ?? now;
  await step('resolve', { outcome: 'no-help-needed', contact: 'not-reached', note: 'away' }, 'resolved', wang);
  await step('reopen', { reason: 'the wrong house' }, 'open');
});

test('what is not a command is refused with what would be right, and reaches nobody', async () => {
  const { api, alarm } = await desk();
  const li = await signedIn(api);
  const fire = alarm.raise('smoke', 'smoke-1');
  const version = { commandId: 'a'.repeat(8), expectedVersion: 1 };
  const cases: [string, object, string][] = [
    ['claim', { ...version, commandId: 'short' }, 'commandId'],
    ['claim', { ...version, by: { type: 'system', id: 'me' } }, 'by'],
    ['resolve', { ...version, outcome: 'shrug', contact: 'reached' }, 'outcome'],
    ['accept', { ...version, contactId: 'near', expectedMinutes: 0 }, 'expectedMinutes'],
  ];
  for (const [type, body, says] of cases) {
    const response = await li.post(`${path(fire)}/${type}`, body);
    expect(response.status, says).toBe(400);
    expect(await problemIn(response), says).toMatchObject({ code: 'invalid', detail: expect.stringContaining(says) });
  }
  const broken = await ask(api, 'POST', `${path(fire)}/claim`, {
    cookie: li.cookie,
    headers: { 'content-type': 'application/json' },
  });
  expect(broken.status).toBe(400);
  expect((await li.post(`${path(fire)}/claim`, { note: 'x'.repeat(20_000) })).status).toBe(413);
  expect((await li.post(`${path(fire)}/burn`, version)).status).toBe(404);
  expect(alarm.commands).toEqual([]);
});

test('an incident that nobody knows is not found', async () => {
  const { api } = await desk();
  const li = await signedIn(api);
  const unknown = { incidentId: 'i:smoke/of/nobody', version: 1 };
  expect((await li.get(`/incidents/${encodeURIComponent(unknown.incidentId)}`)).status).toBe(404);
  expect((await li.command(unknown, 'claim')).status).toBe(404);
});

test('with the alarm process away a claim is refused in words, and the page still shows what it knew', async () => {
  const { api, alarm } = await desk();
  const li = await signedIn(api);
  const fire = alarm.raise('smoke', 'smoke-1');
  alarm.isAway = true;
  const response = await li.command(fire, 'claim');
  expect(response.status).toBe(503);
  expect(await problemIn(response)).toMatchObject({ code: 'unavailable' });
  expect((await li.get(path(fire))).status).toBe(200);
});

test('a mistake of ours is in the log, and not in the answer', async () => {
  const errors: object[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => errors.push(fields), child: () => log };
  const alarm = standInAlarm();
  const { api } = await desk({ log, commands: { apply: () => Promise.reject(new Error('secret words')) } }, alarm);
  const li = await signedIn(api);
  const response = await li.command(alarm.raise('smoke', 'smoke-1'), 'claim');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret words');
  expect(errors).toMatchObject([{ err: { message: 'secret words' } }]);
});

test('only who opens an incident gets telephone numbers and addresses, and that is on record', async () => {
  const { api, alarm } = await desk();
  const li = await signedIn(api);
  const fall = alarm.raise('fall', 'watch-2');
  const list = await (await li.get('/incidents')).text();
  expect(list).toContain('Grandmother N.');
  for (const personal of ['138 0000', 'East Well 7', 'the dog bites', 'Narantuya'])
    expect(list).not.toContain(personal);
  const detail = (await (await li.get(path(fall))).json()) as IncidentDetail;
  expect(detail).toMatchObject({
    ...{ address: 'East Well 7', householdNote: 'the dog bites' },
    people: [{ name: 'Narantuya', callName: 'Grandmother N.' }],
    contacts: { 'station-east': { name: 'station-east by name', phone: '138 0000 0000', role: 'station' } },
    timeline: [{ what: 'opened' }, { what: 'rung' }],
  });
  const looks = () => alarm.commands.filter(({ type }) => type === 'look');
  const seen = { type: 'look', how: 'shown', by: { type: 'account', id: 'li' } };
  expect(looks()).toMatchObject([{ ...seen, of: { type: 'incident', id: fall.incidentId } }]);
  // A page asks again at every change: within a minute that is the same look.
  await li.get(path(fall));
  expect(looks()).toHaveLength(1);
});

test('what is sealed and cannot be opened is left out, and never shown as it is kept', async () => {
  const alarm = standInAlarm();
  const sealed = { sealed: 'AAAA' };
  const contact = alarm.registry.contact('station-east');
  const account = alarm.registry.account('li');
  if (!contact || !account) throw new Error('missing');
  alarm.registry.apply([
    { type: 'put', entity: 'contact', value: { ...contact, name: sealed, phone: sealed } },
    { type: 'put', entity: 'account', value: { ...account, name: sealed } },
  ]);
  const { api } = await desk({}, alarm);
  const li = await signedIn(api);
  const text = await (await li.get(path(alarm.raise('fall', 'watch-2')))).text();
  expect(text).not.toContain('sealed');
  expect(JSON.parse(text).contacts['station-east']).toEqual({ role: 'station' });
});

test('the list goes back page by page, open and recently resolved', async () => {
  const time = { at: 1_800_000_000_000 };
  const { api, alarm } = await desk({ now: () => time.at }, standInAlarm({ now: () => time.at }));
  const li = await signedIn(api);
  const raised = ['smoke-1', 'smoke-r1', 'nowhere-1', 'nowhere-2', 'nowhere-3'].map((deviceId) => {
    time.at += 1_000;
    return alarm.raise('smoke', deviceId).incidentId;
  });
  await li.command({ incidentId: raised[0] ?? '', version: 1 }, 'resolve', {
    outcome: 'test',
    contact: 'reached',
  });
  const seen: string[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const page = (await (await li.get(`/incidents?limit=2${next && `&cursor=${next}`}`)).json()) as IncidentPage;
    seen.push(...page.incidents.map(({ incidentId }) => incidentId));
    next = page.next;
  }
  expect(seen).toEqual(raised.toReversed());
  const resolved = (await (await li.get('/incidents?state=resolved')).json()) as IncidentPage;
  expect(resolved.incidents.map(({ incidentId }) => incidentId)).toEqual(raised.slice(0, 1));
  expect((await li.get('/incidents?cursor=nonsense')).status).toBe(400);
  expect((await li.get('/incidents?limit=5000')).status).toBe(400);
});

test('with the database away history says so, and nothing else changes', async () => {
  const away = async () => Promise.reject(databaseAway({}, 'connection refused'));
  const { api, alarm } = await desk({
    store: { incidentHistory: away, incident: away, incidentTimeline: away, visitedMonth: away },
  });
  const li = await signedIn(api);
  const fire = alarm.raise('smoke', 'smoke-1');
  const history = await li.get('/history');
  expect(history.status).toBe(503);
  expect(await problemIn(history)).toMatchObject({ code: 'unavailable', detail: expect.stringContaining('database') });
  expect((await li.command(fire, 'claim')).status).toBe(200);
});

test('history goes on where the page ends', async () => {
  const alarm = standInAlarm();
  const fire = alarm.raise('smoke', 'smoke-1');
  const queries: object[] = [];
  const old = (count: number) => ({ ...fire, incidentId: `old-${count}`, openedAt: 1_000 - count });
  const { api } = await desk(
    {
      store: {
        incidentHistory: async (query) => {
          queries.push(query);
          return [old(1), old(2), old(3)].slice(0, query.limit);
        },
        incident: async (incidentId) => (incidentId === 'old-1' ? old(1) : undefined),
        incidentTimeline: async () => [],
        visitedMonth: async () => [],
      },
    },
    alarm,
  );
  const li = await signedIn(api);
  const page = (await (await li.get('/history?limit=2')).json()) as IncidentPage;
  expect(page.incidents.map(({ incidentId }) => incidentId)).toEqual(['old-1', 'old-2']);
  await li.get(`/history?limit=2&cursor=${page.next}`);
  expect(queries).toEqual([{ limit: 3 }, { limit: 3, before: { openedAt: 998, incidentId: 'old-2' } }]);
  expect((await li.get('/history/old-1')).status).toBe(200);
  expect((await li.get('/history/old-9')).status).toBe(404);
});

test('health is for machines too, without sign-in, and never says well when blind', async () => {
  const { api, alarm } = await desk();
  expect((await ask(api, 'GET', '/health/live')).status).toBe(200);
  expect((await ask(api, 'GET', '/health/ready')).status).toBe(200);
  const health = (await (await ask(api, 'GET', '/health')).json()) as HealthReport;
  expect(health).toMatchObject({ overall: 'well', parts: { projection: { lagRecords: 0, lagMs: 0 } } });
  const { alarm: _, ...rest } = alarm.health;
  const blind = await desk({ health: async () => rest });
  const ready = await ask(blind.api, 'GET', '/health/ready');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ ready: false, parts: { alarm: { state: 'unknown' } } });
});

test('the page and its modules come from here alone, without types, and may load nothing else', async () => {
  const { api } = await desk();
  const page = await fetch(api.address.url);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
  const script = await fetch(`${api.address.url}/assets/console/main.ts`);
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  const code = await script.text();
  expect(code).not.toContain('import type');
  for (const [, address] of code.matchAll(/from\s*['"]([^'"]+)['"]/g)) {
    expect((await fetch(`${api.address.url}${address}`)).status, address).toBe(200);
  }
  const etag = script.headers.get('etag') ?? '';
  const again = await fetch(`${api.address.url}/assets/console/main.ts`, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
});

test('what the page does not use is not served', async () => {
  const { api } = await desk();
  const outside = [
    '/assets/api/server.ts',
    '/assets/../package.json',
    '/assets/console/%2e%2e/%2e%2e/package.json',
    '/assets/packages/fastify/fastify.js',
    '/assets/console/tsconfig.json',
    '/.git/config',
  ];
  for (const url of outside) expect((await fetch(`${api.address.url}${url}`)).status, url).toBe(404);
});

test('an address that is taken is said in words', async () => {
  const { api } = await desk();
  const { host, port } = api.address;
  await expect(openDesk(standInAlarm(), { listen: { host, port } })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
});
