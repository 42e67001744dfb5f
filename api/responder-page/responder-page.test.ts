import { request as httpRequest } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { systemChance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Incident } from '../../records/incident.ts';
import { put } from '../../records/registry.test-support.ts';
import { createPageCodes } from '../../responders/page-code.ts';
import { toDoAbout } from '../../responders/texts/advice.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { deskRegistry, openDesk, standInAlarm } from '../desk.test-support.ts';
import type { Api } from '../server.ts';

const closing: Api[] = [];
afterEach(async () => {
  for (const api of closing.splice(0)) await api.close();
});

const codes = createPageCodes({ pepper: Buffer.alloc(32, 7) });
const page = { ...codes, toDo: toDoAbout };
const log = { type: 'log' };
const changes = [
  ...deskRegistry,
  put('place', {
    ...{ id: 'house-2', areaId: 'east', kind: 'house', name: 'house at the end' },
    address: 'East Well 7',
    directions: 'from the Baiyin road 3 km north, left at the well',
    hazards: ['gas-bottle', 'dog'],
    position: { lat: 44.1, lon: 116.2, datum: 'WGS-84' },
  }),
  put('person', {
    id: 'widow',
    householdId: 'alone',
    name: 'Narantuya',
    callName: 'Grandmother N.',
    rescueNeeds: ['deaf'],
  }),
  put('contact', {
    ...{ id: 'bao', of: { type: 'place', id: 'house-2' }, role: 'neighbour', name: 'Bao Gang', language: 'en' },
    ...{ phone: '138 1234 5678', channels: [log] },
  }),
  put('contact', {
    ...{
      id: 'narin',
      of: { type: 'place', id: 'house-2' },
      role: 'neighbour',
      order: 2,
      name: 'Narin',
      language: 'zh-CN',
    },
    ...{ phone: '139 0000 9999', channels: [log] },
  }),
  put('contact', {
    ...{ id: 'desk-1', of: { type: 'area', id: 'county' }, role: 'desk', name: 'Duty', phone: '0479 511 2349' },
    channels: [log],
  }),
];

async function home(registry = changes, instead: (command: Command) => CommandResult | undefined = () => undefined) {
  const clock = new VirtualClock({ startAt: Date.now() });
  const alarm = standInAlarm({ changes: registry, now: () => clock.now() });
  const apply = async (command: Command) => instead(command) ?? alarm.apply(command);
  const api = await openDesk(alarm, { page, clock, chance: systemChance, commands: { apply } });
  closing.push(api);
  const incident = alarm.raise('call-emergency', 'button-2');
  const now = () => alarm.view.incident(incident.incidentId)?.incident as Incident;
  const codeOf = (contactId: string) => codes.codeOf({ ...incident, incidentCode: incident.code, contactId });
  const linkOf = (contactId: string) =>
    codes.linkTo(now().told.find((told) => told.contactId === contactId)?.noticeId ?? '');
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${api.address.url}${path}`, { headers, redirect: 'manual' });
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${api.address.url}${path}`, {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) },
      headers,
    });
  /** Presses a button of the page as it is now, and answers with the page that follows. */
  async function press(contactId: string, what: string, fields: Record<string, string> = {}): Promise<string> {
    const path = linkOf(contactId);
    const [, id = ''] = /name="id" value="([^"]+)"/.exec(await (await get(path)).text()) ?? [];
    const answer = await post(path, { do: what, id, ...fields });
    expect(answer.status).toBe(303);
    return (await get(answer.headers.get('location') ?? '')).text();
  }
  const shown = async (contactId: string) => (await get(linkOf(contactId))).text();
  return { api, alarm, clock, incident, now, codeOf, linkOf, get, post, press, shown };
}

test('a neighbour types the code and the end of the number, and reads what and where, but nobody is named', async () => {
  const { post, get, codeOf, alarm } = await home();
  const form = await (await get('/r', { 'accept-language': 'en-GB' })).text();
  expect(form).toContain('Enter the code from your message');
  const typed = codeOf('bao')
    .toLowerCase()
    .replace(/^(...)/, '$1 ');
  const answer = await post('/r', { code: typed, digits: '5678' });
  expect(answer.status).toBe(303);
  const shown = await (await get(answer.headers.get('location') ?? '')).text();
  expect(shown).toContain('Emergency call');
  expect(shown).toContain('house at the end');
  expect(shown).toContain('East Well');
  expect(shown).toContain('I am going');
  expect(shown).toContain('tel:04795112349');
  for (const personal of ['Narantuya', 'Grandmother', 'Baiyin road', 'the dog bites', '44.1', 'Narin', '13900009999'])
    expect(shown, personal).not.toContain(personal);
  expect(alarm.commands.filter(({ type }) => type === 'look')).toEqual([]);
});

test('whoever says that they go reads whose home it is and how to get there, and the look is on record', async () => {
  const { press, now, alarm } = await home();
  const shown = await press('bao', 'accept', { minutes: '5' });
  expect(now().state).toMatchObject({ phase: 'responding', by: { type: 'contact', id: 'bao' } });
  for (const told of [
    'Recorded.',
    'Grandmother N.',
    'Baiyin road 3 km north',
    'the dog bites',
    'gas bottle, dog',
    'cannot hear',
    'GCJ-02',
    'I am there',
  ])
    expect(shown).toContain(told);
  expect(alarm.commands).toContainEqual(
    expect.objectContaining({ type: 'look', how: 'shown', by: { type: 'contact', id: 'bao' } }),
  );
  expect(await press('bao', 'arrive')).toContain('You are there.');
  expect(now().state).toMatchObject({ phase: 'on-scene', by: { id: 'bao' } });
});

test('whoever said that it takes an hour is not believed to be there in the next moment, and reads so', async () => {
  const { press, now } = await home();
  await press('bao', 'accept', { minutes: '60' });
  expect(await press('bao', 'arrive')).toContain('you cannot be there yet');
  expect(now().state.phase).toBe('responding');
});

test('a responder cannot end a call for help: the desk reads their word, and it stays open', async () => {
  const { press, now } = await home();
  await press('bao', 'accept', { minutes: '5' });
  await press('bao', 'arrive');
  const shown = await press('bao', 'done', { outcome: 'helped', contact: 'reached' });
  expect(shown).toContain('The duty desk sees it');
  expect(now().state.phase).toBe('on-scene');
  expect(now().report).toMatchObject({ contactId: 'bao', outcome: 'helped', contact: 'reached' });
});

test('whoever asks for more help says it about their own notice, in their own name', async () => {
  const said: Command[] = [];
  const { press, now } = await home(changes, (command) => {
    if (command.type !== 'reply') return undefined;
    said.push(command);
    return { ok: true };
  });
  await press('bao', 'accept', { minutes: '5' });
  expect(await press('bao', 'help')).toContain('the duty desk has heard it');
  const { noticeId } = now().told.find(({ contactId }) => contactId === 'bao') ?? {};
  expect(said).toMatchObject([{ answer: 'help', about: noticeId, via: 'page', by: { type: 'contact', id: 'bao' } }]);
});

test('whoever goes is asked whether it may end though nobody was reached, and their word ends it', async () => {
  const { press, shown, alarm, now } = await home();
  await press('bao', 'accept', { minutes: '5' });
  expect(await shown('bao')).not.toContain('I agree');
  await alarm.apply({
    ...{ type: 'resolve', commandId: 'resolve-1', by: { type: 'account', id: 'li' }, incidentId: now().incidentId },
    ...{ expectedVersion: now().version, outcome: 'no-help-needed', contact: 'not-reached' },
  });
  expect(now().state.phase).toBe('responding');
  expect(await shown('bao')).toContain('I agree');
  expect(await press('bao', 'agree')).toContain('It is over: No help needed.');
  expect(now().state).toMatchObject({ phase: 'resolved', by: { type: 'contact', id: 'bao' } });
});

test('the page of an incident that became part of another is that of the other, by the old code and the old link', async () => {
  const { alarm, incident, now, linkOf, codeOf, get, post } = await home();
  const [link, code] = [linkOf('bao'), codeOf('bao')];
  const other = alarm.raise('smoke', 'smoke-1');
  await alarm.apply({
    ...{ type: 'merge', commandId: 'merge-it-1', by: { type: 'account', id: 'li' }, incidentId: incident.incidentId },
    ...{ expectedVersion: now().version, into: other.incidentId, reason: 'the same' },
  });
  expect(now().mergedInto).toBe(other.incidentId);
  expect(await (await get(link)).text()).toContain(other.code);
  const typed = await post('/r', { code, digits: '5678' });
  expect(await (await get(typed.headers.get('location') ?? '')).text()).toContain(other.code);
});

test('a page that is sent twice, or pressed after news came, is one answer', async () => {
  const { linkOf, get, post, now, alarm } = await home();
  const path = linkOf('bao');
  const [, id = ''] = /name="id" value="([^"]+)"/.exec(await (await get(path)).text()) ?? [];
  // Meanwhile it changed.
  alarm.raise('call-emergency', 'button-2');
  for (const _ of [1, 2])
    expect((await post(path, { do: 'decline', id })).headers.get('location')).toContain('recorded');
  expect(alarm.view.timeline(now().incidentId).entries.filter(({ what }) => what === 'declined')).toHaveLength(1);
});

test('five wrong tries lock the code for a quarter of an hour, and nothing else', async () => {
  const { post, codeOf, linkOf, get, clock } = await home();
  const from = (address: string) => ({ 'x-forwarded-for': address, 'x-forwarded-proto': 'https' });
  for (let n = 0; n < 5; n++)
    expect((await post('/r', { code: codeOf('bao'), digits: `000${n}` }, from(`10.0.0.${n}`))).status).toBe(403);
  const locked = await post('/r', { code: codeOf('bao'), digits: '5678' }, from('10.0.0.9'));
  expect(locked.status).toBe(429);
  expect(locked.headers.get('retry-after')).toBe('900');
  expect((await get(linkOf('bao'))).status).toBe(200);
  await clock.advance(15 * 60_000);
  expect((await post('/r', { code: codeOf('bao'), digits: '5678' }, from('10.0.0.9'))).status).toBe(303);
});

test('five wrong tries of one address lock it for every code; a right one is not counted', async () => {
  const { post, codeOf } = await home();
  for (let n = 0; n < 6; n++) expect((await post('/r', { code: codeOf('bao'), digits: '5678' })).status).toBe(303);
  for (let n = 0; n < 5; n++) expect((await post('/r', { code: `XXX${n}AA`, digits: '5678' })).status).toBe(403);
  expect((await post('/r', { code: codeOf('bao'), digits: '5678' })).status).toBe(429);
});

test("another contact's digits, or the code of a neighbour with one's own, open nothing", async () => {
  const { post, codeOf, alarm, now } = await home();
  expect(now().told.map(({ contactId }) => contactId)).not.toContain('narin');
  expect((await post('/r', { code: codeOf('bao'), digits: '9999' })).status).toBe(403);
  // Nobody told Narin yet: the code that will be hers is worth nothing.
  expect((await post('/r', { code: codeOf('narin'), digits: '9999' })).status).toBe(403);
  expect((await post('/r', { code: 'K7', digits: '5678' })).status).toBe(400);
  expect(alarm.commands).toEqual([]);
});

test('when it is over nothing personal is left on the page, and a day later the link is worth nothing', async () => {
  const { linkOf, get, press, shown, alarm, now, clock } = await home();
  const link = linkOf('bao');
  expect(await press('bao', 'accept', { minutes: '5' })).toContain('Grandmother');
  await alarm.apply({
    ...{ type: 'resolve', commandId: 'resolve-1', by: { type: 'account', id: 'li' }, incidentId: now().incidentId },
    ...{ expectedVersion: now().version, outcome: 'helped', contact: 'reached' },
  });
  const after = await shown('bao');
  expect(after).toContain('It is over: Helped.');
  expect(after).not.toMatch(/<form|Grandmother/);
  expect((await get(link.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')))).status).toBe(404);
  await clock.advance(24 * 3_600_000 + 1);
  expect((await get(link)).status).toBe(404);
});

test('another site presses nothing, and a page of ours says where it is', async () => {
  const { linkOf, post, get, alarm } = await home();
  const path = linkOf('bao');
  for (const headers of [
    { origin: 'https://elsewhere.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    const answer = await post(path, { do: 'accept', minutes: '5', id: `page-${'A'.repeat(20)}` }, headers);
    expect(answer.status).toBe(403);
  }
  expect(alarm.commands).toEqual([]);
  const { headers } = await get(path);
  expect(headers.get('referrer-policy')).toBe('same-origin');
  expect(headers.get('content-security-policy')).toContain("form-action 'self'");
  expect(headers.get('content-security-policy')).not.toContain('unsafe');
});

test('what is personal crosses no open net', async () => {
  const { api, linkOf } = await home();
  const { port } = new URL(api.address.url);
  const status = await new Promise((resolve, reject) => {
    const headers = { host: 'desk.county.example' };
    const sent = httpRequest({ port, host: '127.0.0.1', path: linkOf('bao'), headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
  expect(status).toBe(403);
});

test('when the alarm process does not answer, the page says that it is not known', async () => {
  const { press, alarm } = await home();
  alarm.isAway = true;
  expect(await press('bao', 'accept', { minutes: '5' })).toContain('it is not known whether that was recorded');
});

test('the whole page is one answer of at most 20 KB, without a script, whatever the registry holds', async () => {
  const long = '<b>长&"'.repeat(8);
  const { alarm, press } = await home([
    ...changes,
    put('place', { id: 'house-2', areaId: 'east', kind: 'house', name: long.slice(0, 60), address: '路'.repeat(200) }),
    put('household', { id: 'alone', areaId: 'east', currentPlaceId: 'house-2', note: '狗'.repeat(500) }),
    ...Array.from({ length: 30 }, (_, n) =>
      put('person', { id: `p${n}`, householdId: 'alone', name: '名'.repeat(60), callName: long.slice(0, 40) }),
    ),
  ]);
  for (let n = 0; n < 40; n++) alarm.raise('fall', 'button-2', { reason: { why: 'x'.repeat(300) } });
  const html = await press('bao', 'accept', { minutes: '5' });
  expect(html).toContain('狗狗狗');
  expect(Buffer.byteLength(html)).toBeLessThan(20 * 1024);
  expect(html).not.toMatch(/<script|<b>长|<img|<link|src=|javascript:/);
});

test('what is no form of ours is refused with a reason, and the page is there afterwards', async () => {
  const { api, get, post, linkOf, codeOf, alarm } = await home();
  const path = linkOf('bao');
  const wrong: [what: string, status: number, answer: Promise<Response>][] = [
    [
      'another type',
      415,
      fetch(`${api.address.url}/r`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json; x' } }),
    ],
    ['too large', 413, post('/r', { code: 'x'.repeat(3_000), digits: '1234' })],
    ['no fields', 400, post('/r', {})],
    [
      'a list for a code',
      400,
      fetch(`${api.address.url}/r`, {
        method: 'POST',
        body: new URLSearchParams([
          ['code', 'A'],
          ['code', 'B'],
        ]),
      }),
    ],
    ['a token without end', 404, get(`/r/${'A'.repeat(900)}`)],
    ['zeros', 404, get('/r/%00.%00')],
    ['a path above', 404, get('/r/..%2f..%2fetc')],
  ];
  for (const [what, status, answer] of wrong) expect((await answer).status, what).toBe(status);
  const id = `page-${'A'.repeat(20)}`;
  for (const fields of [
    { do: 'accept', id, minutes: '0' },
    { do: 'accept', id, minutes: 'NaN' },
    { do: 'accept', id: 'x', minutes: '5' },
    { do: 'resolve', id },
    { do: 'done', id, outcome: 'transferred', contact: 'reached' },
    { __proto__: 'x', do: 'constructor', id },
  ])
    expect((await post(path, fields as Record<string, string>)).headers.get('location')).toContain('said=refused');
  expect(alarm.commands).toEqual([]);
  expect(await (await get(`${path}?said=%3Cscript%3E`)).text()).not.toContain('script');
  expect((await post('/r', { code: codeOf('bao'), digits: '5678' })).status).toBe(303);
});

test('another button on a page that the telephone shows once more is another word, and no repeat', async () => {
  const { post, linkOf, now } = await home();
  const [path, id] = [linkOf('bao'), `page-${'B'.repeat(20)}`];
  await post(path, { do: 'decline', id });
  expect(now().told.find(({ contactId }) => contactId === 'bao')?.answer).toBe('cannot');
  await post(path, { do: 'accept', minutes: '5', id });
  expect(now().state).toMatchObject({ phase: 'responding', by: { id: 'bao' } });
  const { version } = now();
  await post(path, { do: 'accept', minutes: '5', id });
  expect(now().version).toBe(version);
  await post(path, { do: 'accept', minutes: '15', id });
  expect(now().version).toBeGreaterThan(version);
});

test('whoever presses without end waits, and the next one is served', async () => {
  const { post, linkOf, now, alarm } = await home();
  const [path, station] = [linkOf('bao'), linkOf('station-east')];
  const idOf = (n: number) => `page-${String(n).padStart(20, '0')}`;
  for (let n = 0; n < 40; n++) await post(path, { do: n % 2 === 0 ? 'accept' : 'decline', minutes: '5', id: idOf(n) });
  expect((await post(path, { do: 'decline', id: idOf(41) })).headers.get('location')).toContain('said=often');
  expect(alarm.commands.length).toBeLessThanOrEqual(30);
  expect((await post(station, { do: 'accept', minutes: '5', id: idOf(42) })).headers.get('location')).toContain(
    'recorded',
  );
  expect(now().told.find(({ contactId }) => contactId === 'station-east')?.answer).toBe('going');
});
