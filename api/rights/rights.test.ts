import { afterEach, expect, test } from 'vitest';
import { noRows } from '../../ingest/projection-rows.ts';
import { systemClock } from '../../platform/clock.ts';
import { claimCodeFrom, randomSymbols } from '../../records/claim-code.ts';
import { put } from '../../records/registry.test-support.ts';
import { MemoryStore } from '../../simulators/world/memory-store.ts';
import type { DeviceMade, DevicePage, IncidentDetail, IncidentPage } from '../answers.ts';
import { ask, glassKeys, openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import type { Api, ApiParts } from '../server.ts';
import { eastern, ofCounty, staffedCounty } from './rights.test-support.ts';
import { demandPermission } from './rights.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const HOUR_MS = 3_600_000;

async function county(more: Partial<ApiParts> = {}, changes = staffedCounty) {
  let now = Date.now();
  const alarm = standInAlarm({ changes, now: () => now });
  const api = await openDesk(alarm, { now: () => now, ...more });
  closing.push(api.close);
  return { alarm, api, pass: (ms: number) => (now += ms) };
}
const path = ({ incidentId }: { incidentId: string }) => `/incidents/${encodeURIComponent(incidentId)}`;
const detailFor = async (api: Api, account: string, incident: { incidentId: string }) =>
  (await (await (await signedIn(api, account)).get(path(incident))).json()) as IncidentDetail;

test('a route that does not say who may call it keeps the server from starting', () => {
  expect(() => demandPermission({ url: '/api/v1/new', method: 'GET' })).toThrow('GET /api/v1/new states no permission');
  expect(demandPermission({ url: '/x', method: 'GET', config: { permission: 'public' } })).toMatchObject({ url: '/x' });
});

test('names are open to who works on an incident, and for a day after its end; then they are masked', async () => {
  const { alarm, api, pass } = await county();
  const dispatcher = await signedIn(api, eastern('dispatcher'));
  const fall = alarm.raise('fall', 'watch-2');
  const words = { outcome: 'helped', contact: 'reached', note: 'her daughter Oyun came' };
  expect((await dispatcher.command(fall, 'resolve', words)).status).toBe(200);
  const detail = async () => (await (await dispatcher.get(path(fall))).json()) as IncidentDetail;
  pass(24 * HOUR_MS - 1);
  expect(await detail()).toMatchObject({
    ...{ masked: false, address: 'East Well 7', state: { note: words.note } },
    people: [{ name: 'Narantuya' }],
  });
  pass(1);
  const later = await detail();
  expect(later).toMatchObject({ masked: true, people: [{ name: 'N**', callName: 'G**' }] });
  const text = JSON.stringify(later);
  for (const personal of ['Narantuya', 'Grandmother', 'East Well 7', 'dog', 'Oyun', '138 0000'])
    expect(text).not.toContain(personal);
});

test('whoever judges the work sees what happened, and neither names nor what was written', async () => {
  const { alarm, api } = await county();
  const fall = alarm.raise('fall', 'watch-2');
  const taker = await signedIn(api, eastern('call-taker'));
  const { version } = (await (await taker.command(fall, 'claim')).json()) as { version: number };
  await taker.command({ ...fall, version }, 'act', { action: 'called Oyun, her daughter' });
  const seen = await detailFor(api, eastern('quality-monitor'), fall);
  expect(seen).toMatchObject({ masked: true, may: { act: false, resolve: false } });
  expect(seen.timeline.map(({ what }) => what)).toEqual(['opened', 'rung', 'claimed', 'acted']);
  // Staff sign what they do.
  expect(seen.state).toMatchObject({ by: { name: 'call-taker-east by name' } });
  expect(JSON.stringify(seen)).not.toMatch(/Oyun|Narantuya|Grandmother|138 0000/);
  const looks = alarm.commands.filter(({ type }) => type === 'look');
  expect(looks.map(({ by }) => by.id)).toEqual([eastern('call-taker')]);
});

test('whoever asks for what is refused has seen the incident, which is on record; what was written is in no list', async () => {
  const { alarm, api } = await county();
  const fall = alarm.raise('fall', 'watch-2');
  const taker = await signedIn(api, eastern('call-taker'));
  const refused = await taker.command({ ...fall, version: 0 }, 'claim');
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ incident: { where: { person: 'Grandmother N.' } } });
  expect(alarm.commands.filter(({ type }) => type === 'look')).toMatchObject([
    { how: 'shown', by: { id: eastern('call-taker') }, of: { type: 'incident', id: fall.incidentId } },
  ]);
  const dispatcher = await signedIn(api, eastern('dispatcher'));
  const words = { outcome: 'helped', contact: 'reached', note: 'her daughter Oyun came' };
  expect(await (await dispatcher.command(fall, 'resolve', words)).text()).not.toContain('Oyun');
  expect(await (await dispatcher.get('/incidents?state=all')).text()).toMatch(/^(?!.*Oyun).*Grandmother/s);
});

test('what may be done in one’s own area is in the answer, and may not be done elsewhere', async () => {
  const { alarm, api } = await county();
  const [near, far] = [alarm.raise('smoke', 'smoke-1'), alarm.raise('smoke', 'smoke-r1')];
  expect((await detailFor(api, eastern('dispatcher'), near)).may).toEqual({ act: true, resolve: true });
  expect((await detailFor(api, eastern('call-taker'), near)).may).toEqual({ act: true, resolve: false });
  const taker = await signedIn(api, eastern('call-taker'));
  expect((await taker.command(far, 'claim')).status).toBe(404);
  expect((await taker.command(near, 'resolve', { outcome: 'helped', contact: 'reached' })).status).toBe(403);
  expect((await taker.command(near, 'claim')).status).toBe(200);
  const unknown = await taker.command({ incidentId: 'i:nobody-knows', version: 1 }, 'claim');
  expect(unknown.status).toBe(404);
  expect(alarm.commands.filter(({ type }) => type !== 'look')).toMatchObject([
    { type: 'claim', incidentId: near.incidentId },
  ]);
});

test('lists come in whole pages of what is one’s own, with the next page behind them', async () => {
  const { alarm, api } = await county();
  const near: string[] = [];
  for (let count = 0; count < 6; count++) {
    // Each an incident of its own: falls of two people, half a day apart, would be one.
    alarm.raise('smoke', count % 2 === 0 ? 'smoke-r1' : 'nobody-knows-it');
    near.push(alarm.raise('call-service', 'button-2', { subject: { type: 'device', id: `b-${count}` } }).incidentId);
  }
  const helper = await signedIn(api, eastern('village-helper'));
  const own = new Set(near);
  const seen: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = (await (
      await helper.get(`/incidents?limit=1${cursor && `&cursor=${cursor}`}`)
    ).json()) as IncidentPage;
    expect(page.incidents.length).toBe(1);
    seen.push(...page.incidents.map(({ incidentId }) => incidentId));
    cursor = page.next;
  }
  expect(new Set(seen)).toEqual(own);
});

test('history holds one’s own areas in whole pages, and a foreign incident’s timeline is not there', async () => {
  const store = new MemoryStore();
  const statistics = { visitedMonth: async () => [] };
  const history = {
    ...statistics,
    incidentHistory: (query: Parameters<MemoryStore['incidentHistory']>[0]) => store.incidentHistory(query),
    incident: (id: string) => store.incident(id),
    incidentTimeline: (id: string) => store.incidentTimeline(id),
  };
  const { alarm, api } = await county({ store: history });
  const [near, far] = [alarm.raise('smoke', 'smoke-1'), alarm.raise('smoke', 'smoke-r1')];
  const old = [near, far, far, near, far, near].map((incident, at) => ({
    sequence: at + 1,
    change: { incident: { ...incident, incidentId: `old-${at}`, openedAt: at }, timeline: [] },
  }));
  const freshness = { headSequence: 6, trueUntil: 0, seenAt: 0 };
  await store.writeBatch({
    ...noRows(),
    journalId: 'j',
    after: 0,
    sequence: 6,
    receivedAt: 0,
    freshness,
    incidents: old,
  });
  const helper = await signedIn(api, eastern('village-helper'));
  const page = async (cursor = '') =>
    (await (await helper.get(`/history?limit=2${cursor && `&cursor=${cursor}`}`)).json()) as IncidentPage;
  const first = await page();
  expect(first.incidents.map(({ incidentId }) => incidentId)).toEqual(['old-5', 'old-3']);
  expect((await page(first.next)).incidents.map(({ incidentId }) => incidentId)).toEqual(['old-0']);
  expect((await helper.get('/history/old-0')).status).toBe(200);
  expect((await helper.get('/history/old-1')).status).toBe(404);
});

test('devices are those of one’s area; stock is the county’s; a label works for whoever holds it, into their own area alone', async () => {
  const { code, claim } = glassKeys.newCode('860000000000017');
  const stock = put('device', { id: '860000000000017', kind: 'smoke-detector', claim });
  const { alarm, api } = await county({}, [...staffedCounty, stock]);
  const idsFor = async (account: string) => {
    const { devices } = (await (await (await signedIn(api, account)).get('/devices')).json()) as DevicePage;
    return devices.map(({ id }) => id);
  };
  expect(await idsFor(eastern('call-taker'))).toEqual(['button-2', 'smoke-1', 'watch-2']);
  expect(await idsFor(ofCounty('call-taker'))).toContain('860000000000017');

  const helper = await signedIn(api, eastern('village-helper'));
  const install = (placeId: string, typed = code) =>
    helper.post('/devices/860000000000017/claim', { commandId: crypto.randomUUID(), code: typed, placeId });
  expect((await install('room-1')).status).toBe(400);
  expect((await install('house-2', claimCodeFrom(new Uint8Array(randomSymbols).fill(9)))).status).toBe(403);
  expect((await install('house-2')).status).toBe(200);
  expect(alarm.registry.device('860000000000017')?.placeId).toBe('house-2');

  const admin = await signedIn(api, eastern('data-admin'));
  const newDevice = { commandId: crypto.randomUUID(), id: 'smoke-9', kind: 'smoke-detector', anyId: true };
  expect((await admin.post('/devices', newDevice)).status).toBe(403);
  const made = (await (await admin.post('/devices', { ...newDevice, placeId: 'house-1' })).json()) as DeviceMade;
  const { version: expectedVersion } = made.device;
  const release = { commandId: crypto.randomUUID(), expectedVersion, release: true };
  expect((await admin.post('/devices/smoke-9/rotate-code', release)).status).toBe(403);
  const away = { commandId: crypto.randomUUID(), expectedVersion, placeId: 'room-1' };
  expect((await admin.ask('PATCH', '/devices/smoke-9', away)).status).toBe(400);
});

test('a program needs no header of the page, and a page without it changes nothing', async () => {
  const { api } = await county();
  const { cookie } = await signedIn(api, 'li');
  const post = (headers: Record<string, string>) =>
    fetch(`${api.address.url}/api/v1/glass`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
  expect(await codeOf(await post({ cookie }))).toBe('foreign-request');
  expect(await codeOf(await post({ cookie, authorization: 'Bearer swk_nobody' }))).toBe('signed-out');
  const foreign = { cookie, 'x-steppewatch': '1', origin: 'https://elsewhere.example' };
  expect(await codeOf(await post(foreign))).toBe('foreign-request');
  expect((await ask(api, 'GET', '/glass', { cookie })).status).toBe(200);
});

const masked = async (response: Response, id: string) =>
  [response.status, (await response.text()).replaceAll(id, '*')] as const;

test('a contact of elsewhere is named by nobody: it is not shown, not told, and answered like one that is not there', async () => {
  const { alarm, api } = await county();
  const fire = alarm.raise('smoke', 'smoke-1');
  const helper = await signedIn(api, eastern('village-helper'));
  const told = alarm.notices.length;
  for (const type of ['accept', 'decline']) {
    const name = async (contactId: string) => {
      const words = { contactId, ...(type === 'accept' && { expectedMinutes: 10 }) };
      return masked(await helper.command(fire, type, words), contactId);
    };
    const foreign = await name('night');
    expect(foreign[0], type).toBe(400);
    expect(foreign, type).toEqual(await name('nobody-of-all'));
  }
  expect(alarm.notices.length).toBe(told);
  expect(alarm.commands).toMatchObject([
    { type: 'look', how: 'refused', of: { type: 'contact', id: 'night' } },
    { type: 'look', how: 'shown' },
  ]);
  // Who answers for the place may be named also when they were not told yet.
  expect((await helper.command(fire, 'accept', { contactId: 'lead', expectedMinutes: 10 })).status).toBe(200);
});

test('a program cannot say alone that nobody was reached: that takes people', async () => {
  const { alarm, api } = await county();
  const li = await signedIn(api, 'li');
  const key = { commandId: crypto.randomUUID(), id: 'k1', name: 'other system', grants: [{ role: 'dispatcher' }] };
  const { token } = (await (await li.post('/api-keys', key)).json()) as { token: string };
  const resolve = async ({ incidentId, version }: { incidentId: string; version: number }, contact: string) => {
    const words = { commandId: crypto.randomUUID(), expectedVersion: version, outcome: 'no-help-needed', contact };
    const headers = { authorization: `Bearer ${token}` };
    return (await ask(api, 'POST', `${path({ incidentId })}/resolve`, { headers, body: words })).status;
  };
  const fall = alarm.raise('fall', 'watch-2');
  expect(await resolve(fall, 'not-reached')).toBe(409);
  expect(await resolve({ incidentId: 'i:unknown-here', version: 1 }, 'not-applicable')).toBe(409);
  expect(alarm.view.incident(fall.incidentId)?.incident.closing).toBeUndefined();
  expect(await resolve(fall, 'reached')).toBe(200);
  expect(await resolve(alarm.raise('call-service', 'button-2'), 'not-applicable')).toBe(200);
});

test('a claim that was done is never answered as if there were no such incident', async () => {
  const alarm = standInAlarm();
  const fire = alarm.raise('smoke', 'smoke-1');
  const api = await openDesk(alarm, { view: { ...alarm.view, incident: () => undefined }, clock: hurried });
  closing.push(api.close);
  const claimed = await (await signedIn(api, 'li')).command(fire, 'claim');
  expect(claimed.status).toBe(202);
  expect(await claimed.json()).toEqual({ incidentId: fire.incidentId, version: fire.version + 1 });
});

/** Whoever waits for news waits no time. */
const hurried = { ...systemClock, after: (_ms: number, then: () => void) => systemClock.after(0, then) };

test('a device of elsewhere is taken when somebody wants its id, and nobody is shown where it hangs', async () => {
  const { api } = await county();
  const admin = await signedIn(api, eastern('data-admin'));
  const make = async (commandId: string) =>
    admin.post('/devices', { commandId, id: 'smoke-r1', kind: 'smoke-detector', placeId: 'house-1', anyId: true });
  const refused = await make('make-it-1');
  expect(refused.status).toBe(409);
  expect(await refused.text()).not.toMatch(/room|care|Evening/);
  // Also with the name of a command that was done.
  const done = { commandId: 'make-it-2', id: 'smoke-9', kind: 'smoke-detector', placeId: 'house-1', anyId: true };
  expect((await admin.post('/devices', done)).status).toBe(201);
  expect(await (await make('make-it-2')).text()).not.toMatch(/room|care|Evening/);
});

test('of two who use one label, the second does not see where it hangs when that is elsewhere', async () => {
  const { code, claim } = glassKeys.newCode('860000000000017');
  const stock = put('device', { id: '860000000000017', kind: 'smoke-detector', claim });
  const alarm = standInAlarm({ changes: [...staffedCounty, stock] });
  const api = await openDesk(alarm, { commands: { apply: (command) => alarm.apply(command) } });
  closing.push(api.close);
  const li = await signedIn(api, 'li');
  const helper = await signedIn(api, eastern('village-helper'));
  const install = (program: typeof li, placeId: string) =>
    program.post('/devices/860000000000017/claim', { commandId: crypto.randomUUID(), code, placeId });
  const { apply } = alarm;
  alarm.apply = async (command) => {
    // The other is in front by a hair: this desk has not heard of it when it asks.
    if (command.type === 'registry-change' && command.by.id !== 'li') {
      alarm.apply = apply;
      expect((await install(li, 'room-1')).status).toBe(200);
    }
    return apply(command);
  };
  const late = await install(helper, 'house-2');
  expect(late.status).toBe(409);
  expect(await late.text()).not.toMatch(/room|care|Evening/);
});

test('where a device is to go is answered alike when it lies elsewhere and when it is nowhere', async () => {
  const { api } = await county();
  const admin = await signedIn(api, eastern('data-admin'));
  const { version } = (await (await admin.get('/devices/smoke-1')).json()) as { version: number };
  const move = async (device: string, expectedVersion: number, placeId: string) => {
    const body = { commandId: crypto.randomUUID(), expectedVersion, placeId };
    return masked(await admin.ask('PATCH', `/devices/${device}`, body), placeId);
  };
  for (const [device, expected] of [
    ['smoke-1', version],
    ['smoke-1', 0],
    ['smoke-r1', 0],
  ] as const)
    expect(await move(device, expected, 'room-1')).toEqual(await move(device, expected, 'nowhere-at-all'));
});
