import { afterEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { put } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { permissions } from '../../records/rights.ts';
import { ask, deskRegistry, openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, ofCounty, staff, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

let api: Api | undefined;
afterEach(() => api?.close());

async function desk(changes: RegistryChange[] = staffedCounty, more: Parameters<typeof standInAlarm>[0] = {}) {
  const alarm = standInAlarm({ ...more, changes });
  const opened = await openDesk(alarm);
  api = opened;
  return {
    alarm,
    as: (account: string) => signedIn(opened, account),
    ask: (method: string, path: string, asked: Parameters<typeof ask>[3]) => ask(opened, method, path, asked),
  };
}

const admin = ofCounty('data-admin');
const eastAdmin = eastern('data-admin');
let count = 0;
const command = (expectedVersion: number) => ({ commandId: `change-${++count}`, expectedVersion });
type Shown = { id: string; version: number } & Record<string, unknown>;
const body = async (response: Response) => (await response.json()) as Shown;

test('a household is made, looked at, changed under the version that was seen, and retired', async () => {
  const { as, alarm } = await desk();
  const { ask } = await as(admin);
  const home = { areaId: 'east', currentPlaceId: 'house-2', note: 'the gate sticks' };
  const made = await ask('PUT', '/households/new-home', { ...home, ...command(0) });
  expect([made.status, made.headers.get('etag')]).toEqual([201, expect.stringMatching(/^"\d+"$/)]);
  const { version } = await body(made);
  const seen = await body(await ask('GET', '/households/new-home'));
  expect(seen).toEqual({ id: 'new-home', ...home, version });

  const changed = await ask('PUT', '/households/new-home', { ...home, currentPlaceId: 'house-1', ...command(version) });
  expect(changed.status).toBe(200);
  const now = await body(changed);
  expect(now).toMatchObject({ currentPlaceId: 'house-1', note: 'the gate sticks' });
  expect(now.version).not.toBe(version);

  expect((await ask('DELETE', '/households/new-home', command(now.version))).status).toBe(204);
  expect((await ask('GET', '/households/new-home')).status).toBe(404);
  expect(alarm.registry.household('new-home')).toBeUndefined();
});

test('versions and ids of commands may stand in the headers that HTTP has for them', async () => {
  const { as, ask } = await desk();
  const { cookie } = await as(admin);
  const home = { areaId: 'east', currentPlaceId: 'house-2' };
  const key = (id: string) => ({ 'idempotency-key': id });
  const made = await ask('PUT', '/households/h9', {
    cookie,
    body: home,
    headers: { ...key('make-h9-1'), 'if-none-match': '*' },
  });
  expect(made.status).toBe(201);
  const etag = made.headers.get('etag') ?? '';
  const again = await ask('PUT', '/households/h9', {
    cookie,
    body: home,
    headers: { ...key('make-h9-1'), 'if-none-match': '*' },
  });
  expect([again.status, again.headers.get('etag')]).toEqual([200, etag]);
  expect((await ask('PUT', '/households/h9', { cookie, body: home, headers: key('no-version') })).status).toBe(428);
  expect((await ask('PUT', '/households/h9', { cookie, body: home, headers: { 'if-match': etag } })).status).toBe(400);
  const foreign = await ask('PUT', '/places/room-1', {
    ...{ cookie: (await as(eastAdmin)).cookie, headers: { ...key('make-h9-1'), 'if-none-match': '*' } },
    body: { areaId: 'east', kind: 'house', name: 'mine' },
  });
  expect(foreign.status).toBe(404);
  const gone = await ask('DELETE', '/households/h9', { cookie, headers: { ...key('retire-h9'), 'if-match': etag } });
  expect(gone.status).toBe(204);
});

test('of two who change one household at once one has it, and the other hears what is true now', async () => {
  const { as } = await desk();
  const [first, second] = [await as(admin), await as(eastAdmin)];
  const { version } = await body(await first.ask('GET', '/households/couple'));
  const home = { areaId: 'east', currentPlaceId: 'house-1' };
  const answers = await Promise.all([
    first.ask('PUT', '/households/couple', { ...home, note: 'first', ...command(version) }),
    second.ask('PUT', '/households/couple', { ...home, note: 'second', ...command(version) }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const [won, lost] = answers[0]?.status === 200 ? answers : answers.toReversed();
  const truth = won && (await body(won));
  expect(await lost?.json()).toMatchObject({ code: 'version-conflict', entity: truth });
});

test('what is wrong is named by its field, in both languages', async () => {
  const { as } = await desk();
  const { ask } = await as(admin);
  const wrong = await ask('PUT', '/households/h9', { areaId: 'north', currentPlaceId: 'house-9', ...command(0) });
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({
    problems: [
      {
        field: 'areaId',
        problem: expect.stringContaining('no area "north"'),
        zh: expect.stringContaining('没有编号为“north”的区域'),
      },
      { field: 'currentPlaceId', problem: expect.stringContaining('no place "house-9"') },
    ],
  });
  const setting = { rule: 'device-silent', scope: { type: 'area', id: 'east' }, settings: { missedReports: 99 } };
  const outside = await ask('PUT', '/rule-settings/s1', { ...setting, ...command(0) });
  expect(await outside.json()).toMatchObject({
    problems: [
      {
        ...{ field: 'settings', problem: 'device-silent: missedReports is a number from 1 to 10, not 99' },
        zh: expect.stringContaining('missedReports 1–10'),
      },
    ],
  });
  const referred = await body(await ask('GET', '/places/house-1'));
  const kept = await ask('DELETE', '/places/house-1', command(referred.version));
  expect([kept.status, (await body(kept)).detail]).toEqual([409, expect.stringContaining('household "couple"')]);
});

test('a household moves to its summer camp when both ends are within reach', async () => {
  const { as } = await desk();
  const [county, east] = [await as(admin), await as(eastAdmin)];
  const { version } = await body(await east.ask('GET', '/households/couple'));
  const foreign = await east.ask('POST', '/households/couple/move', { currentPlaceId: 'camp-1', ...command(version) });
  expect([foreign.status, (await body(foreign)).detail]).toEqual([
    400,
    expect.stringContaining('there is no place "camp-1"'),
  ]);
  const moved = await county.ask('POST', '/households/couple/move', { currentPlaceId: 'camp-1', ...command(version) });
  expect([moved.status, await body(moved)]).toEqual([
    200,
    expect.objectContaining({ areaId: 'east', currentPlaceId: 'camp-1' }),
  ]);
});

test('what lies in a foreign area is answered like what does not exist, to look at and to change', async () => {
  const { as, alarm } = await desk();
  const { ask } = await as(eastAdmin);
  for (const path of [
    '/places/room-1',
    '/people/bed-1',
    '/sites/care',
    '/contacts/night',
    '/areas/west',
    '/areas/county',
  ]) {
    const [there, nowhere] = [await ask('GET', path), await ask('GET', path.replace(/[^/]+$/, 'nowhere'))];
    expect([there.status, nowhere.status], path).toEqual([404, 404]);
    expect((await body(there)).title).toBe((await body(nowhere)).title);
    expect((await ask('DELETE', path, command(1))).status, path).toBe(404);
  }
  const person = { householdId: 'resident-1', name: 'Tuya' };
  expect((await ask('PUT', '/people/new', { ...person, ...command(0) })).status).toBe(400);
  expect((await ask('PUT', '/people/bed-1', { ...person, householdId: 'couple', ...command(0) })).status).toBe(409);
  expect(alarm.registry.person('bed-1')?.householdId).toBe('resident-1');
  const refused = alarm.commands.filter((sent) => sent.type === 'look' && sent.how === 'refused');
  expect(refused.map((sent) => sent.type === 'look' && sent.of.id)).toContain('bed-1');
});

test('a village cannot make a county, settings for everybody, or an area beside itself', async () => {
  const { as } = await desk();
  const [east, county, whole] = [await as(eastAdmin), await as(admin), await as('li')];
  const everybody = { rule: 'device-silent', scope: { type: 'all' }, settings: { missedReports: 3 } };
  expect((await east.ask('PUT', '/rule-settings/s1', { ...everybody, ...command(0) })).status).toBe(403);
  expect((await county.ask('PUT', '/rule-settings/s1', { ...everybody, ...command(0) })).status).toBe(201);
  const beside = { level: 'village', parentId: 'township', name: 'North Well' };
  expect((await east.ask('PUT', '/areas/north', { ...beside, ...command(0) })).status).toBe(400);
  expect((await county.ask('PUT', '/areas/north', { ...beside, ...command(0) })).status).toBe(201);
  expect((await county.ask('PUT', '/areas/other', { level: 'county', name: 'Other', ...command(0) })).status).toBe(403);
  expect((await whole.ask('PUT', '/areas/other', { level: 'county', name: 'Other', ...command(0) })).status).toBe(201);
  const { version } = await body(await whole.ask('GET', '/rule-settings/s1'));
  expect((await county.ask('DELETE', '/rule-settings/s1', command(version))).status).toBe(403);
});

test('lists are masked for everybody; an entry is open to whom it may be, and who looked is on record', async () => {
  const { as, alarm } = await desk();
  const [east, taker] = [await as(eastAdmin), await as(eastern('quality-monitor'))];
  const list = (await (await east.ask('GET', '/people')).json()) as { items: Shown[] };
  expect(list.items.map(({ id, name }) => [id, name])).toEqual([
    ['her', 'S**'],
    ['him', 'B**'],
    ['widow', 'N**'],
  ]);
  expect(await body(await taker.ask('GET', '/people/widow'))).toMatchObject({ name: 'N**', callName: 'G**' });
  expect(await body(await east.ask('GET', '/people/widow'))).toMatchObject({ name: 'Narantuya' });
  const looks = alarm.commands.filter((sent) => sent.type === 'look');
  expect(looks).toMatchObject([{ by: { id: eastAdmin }, of: { type: 'person', id: 'widow' }, how: 'shown' }]);
  expect((await taker.ask('PUT', '/people/widow', { householdId: 'alone', name: 'N', ...command(0) })).status).toBe(
    403,
  );
});

test('a village goes to another township with the right in both', async () => {
  const other = put('area', { id: 'other', level: 'township', parentId: 'county', name: 'Other' });
  const both = staff('both', { role: 'data-admin', areaId: 'east' }, { role: 'data-admin', areaId: 'other' });
  const { as, alarm } = await desk([...staffedCounty, other, both]);
  const { version } = await body(await (await as('both')).ask('GET', '/areas/east'));
  const moved = { level: 'village', parentId: 'other', name: 'East Well' };
  expect((await (await as('both')).ask('PUT', '/areas/east', { ...moved, ...command(version) })).status).toBe(400);
  expect((await (await as(admin)).ask('PUT', '/areas/east', { ...moved, ...command(version) })).status).toBe(200);
  expect(alarm.registry.area('east')?.parentId).toBe('other');
});

test('a masked value that is sent back is refused, not kept', async () => {
  const { as, alarm } = await desk();
  const { ask } = await as(admin);
  const { version } = await body(await ask('GET', '/people/widow'));
  const back = await ask('PUT', '/people/widow', { householdId: 'alone', name: 'N**', ...command(version) });
  expect([back.status, (await body(back)).detail]).toEqual([400, expect.stringContaining('**')]);
  expect(alarm.registry.person('widow')?.name).toBe('Narantuya');
});

test('a page ends where the next begins, and a search finds ids, places and, with the right, names', async () => {
  const many = Array.from({ length: 130 }, (_, at) =>
    put('household', {
      id: `h${String(at).padStart(3, '0')}`,
      areaId: at % 2 ? 'east' : 'west',
      currentPlaceId: 'house-2',
    }),
  );
  const { as } = await desk([...staffedCounty, ...many]);
  const { get } = await as(admin);
  const ids: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page = (await (await get(`/households?limit=25&q=h&area=east${query}`)).json()) as {
      items: Shown[];
      next?: string;
    };
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  }
  expect(ids).toEqual([...ids].sort());
  expect(ids.filter((id) => /^h\d/.test(id))).toHaveLength(65);
  const found = async (path: string, as_ = get) =>
    ((await (await as_(path)).json()) as { items: Shown[] }).items.map(({ id }) => id);
  expect(await found('/people?q=narantuya')).toEqual(['widow']);
  expect(await found('/people?q=narantuya', (await as(ofCounty('quality-monitor'))).get)).toEqual([]);
  expect(await found('/people?q=by the well')).toEqual(['her', 'him']);
  expect(await found('/responders?area=east')).toEqual(['station-east']);
  expect(await found('/responders')).toContain('night');
  expect(await found('/contacts?area=west')).toEqual(['night']);
  const devices = async (query: string) =>
    ((await (await get(`/devices?${query}`)).json()) as { devices: Shown[] }).devices.map(({ id }) => id);
  expect(await devices('area=west')).toEqual(['smoke-r1']);
  expect(await devices('q=by the well')).toEqual(['smoke-1']);
});

test('a few search at a time, and whoever comes then is told to ask again', async () => {
  const many = Array.from({ length: 20_000 }, (_, at) =>
    put('person', { id: `n${at}`, householdId: 'couple', name: `N ${at}` }),
  );
  const { as } = await desk([...staffedCounty, ...many]);
  const { get } = await as(admin);
  const answers = await Promise.all(Array.from({ length: 6 }, () => get('/people?q=nobody at all')));
  const codes = answers.map(({ status }) => status);
  expect(codes).toContain(200);
  expect(codes).toContain(429);
  expect((await get('/people?q=nobody at all')).status).toBe(200);
});

test('a webhook keeps its secret when the contact is sent back as it was shown; a new one needs its own', async () => {
  const secret = `whsec_${'A'.repeat(40)}`;
  const channels = [{ type: 'webhook', url: 'https://example.org/a', secret }];
  const contact = { of: { type: 'place', id: 'house-1' }, role: 'neighbour', name: 'Bold' };
  const { as, alarm } = await desk([...staffedCounty, put('contact', { id: 'c1', ...contact, channels })]);
  const { ask } = await as(admin);
  const shown = await body(await ask('GET', '/contacts/c1'));
  expect(JSON.stringify(shown)).not.toContain('whsec_');
  const renamed = await ask('PUT', '/contacts/c1', { ...shown, name: 'Bold B.', commandId: 'renamed-1' });
  expect(renamed.status).toBe(200);
  expect(alarm.registry.contact('c1')).toMatchObject({ name: 'Bold B.', channels });
  const other = { ...contact, channels: [{ type: 'webhook', url: 'https://example.org/b' }] };
  const without = await ask('PUT', '/contacts/c2', { ...other, ...command(0) });
  expect(await without.json()).toMatchObject({ problems: [{ field: 'channels.0.secret', zh: '缺少回调密钥' }] });
});

test('positions that were read off a Chinese map are kept in WGS-84, of places and of zones', async () => {
  const { as } = await desk();
  const { ask } = await as(admin);
  const gcj = { lat: 39.91334545536069, lon: 116.38404722455657 };
  const wgs = { lat: 39.911954, lon: 116.377817 };
  const place = { areaId: 'east', kind: 'house', name: 'H', position: { ...gcj, datum: 'GCJ-02' } };
  expect(await body(await ask('PUT', '/places/p9', { ...place, ...command(0) }))).toMatchObject({
    position: { ...wgs, datum: 'WGS-84' },
  });
  const zone = { of: { type: 'place', id: 'house-1' }, name: 'pasture', datum: 'GCJ-02' };
  const circle = { type: 'circle', ...gcj, radiusMeters: 500 };
  expect(await body(await ask('PUT', '/zones/z1', { ...zone, shape: circle, ...command(0) }))).toMatchObject({
    ...{ datum: 'WGS-84', shape: { type: 'circle', ...wgs, radiusMeters: 500 } },
  });
  const polygon = { type: 'polygon', points: [gcj, gcj, gcj] };
  expect(await body(await ask('PUT', '/zones/z2', { ...zone, shape: polygon, ...command(0) }))).toMatchObject({
    shape: { type: 'polygon', points: [wgs, wgs, wgs] },
  });
});

test('consents are not touched by whoever changes the rest of a person', async () => {
  const consents = { location: { given: false, at: 1_790_000_000_000, by: 'li' } };
  const person = put('person', { id: 'p1', householdId: 'alone', name: 'Odval', consents });
  const { as, alarm } = await desk([...staffedCounty, person]);
  const { ask } = await as(admin);
  const { version } = await body(await ask('GET', '/people/p1'));
  const changed = await ask('PUT', '/people/p1', { householdId: 'couple', name: 'Odval', ...command(version) });
  expect(changed.status).toBe(200);
  expect(alarm.registry.person('p1')).toMatchObject({ householdId: 'couple', consents });
  const { version: next } = await body(changed);
  const forged = await ask('PUT', '/people/p1', {
    householdId: 'couple',
    name: 'Odval',
    consents: {},
    ...command(next),
  });
  expect(forged.status).toBe(400);
});

const north = { level: 'village', parentId: 'township', name: 'North Well' };

test('while the alarm process is away nothing is changed, and the same again is done once when it is back', async () => {
  const { as, alarm } = await desk();
  const { ask } = await as(admin);
  const asked = { ...north, ...command(0) };
  alarm.isAway = true;
  expect((await ask('PUT', '/areas/north', asked)).status).toBe(503);
  expect(alarm.registry.area('north')).toBeUndefined();
  alarm.isAway = false;
  expect((await ask('PUT', '/areas/north', asked)).status).toBe(201);
});

test('what was done, and whose news is late, is told as such', async () => {
  const alarm = standInAlarm({ changes: staffedCounty, newsAfterMs: 300 });
  // Whoever waits for the news waits in vain: every wait is over at once.
  const clock: Clock = {
    ...systemClock,
    after(_, then) {
      setImmediate(then);
      return () => {};
    },
  };
  const opened = await openDesk(alarm, { clock });
  api = opened;
  const { ask } = await signedIn(opened, admin);
  const late = await ask('PUT', '/areas/north', { ...north, ...command(0) });
  expect([late.status, await body(late)]).toMatchObject([202, { id: 'north', version: expect.any(Number) }]);
});

test('whoever may write the registry somewhere may read what is personal there', () => {
  for (const [role, held] of Object.entries(permissions))
    if (held.includes('registry:write')) expect(held, role).toContain('personal:registry');
});

test('an account of old, from before there were rights, changes everything', async () => {
  const { as } = await desk([...deskRegistry, staff('nobody')]);
  expect((await (await as('nobody')).ask('GET', '/areas')).status).toBe(403);
  const { ask } = await as('li');
  expect((await ask('PUT', '/areas/other', { level: 'county', name: 'Other', ...command(0) })).status).toBe(201);
});
