import { afterEach, expect, test } from 'vitest';
import { createMetrics } from '../../platform/metrics.ts';
import type { DeviceMade, DevicePage, DeviceShown, Problem } from '../answers.ts';
import { ask as askApi, deskRegistry, glassKeys, openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import type { Api } from '../server.ts';

const open: Api[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.close();
});

async function desk(alarm = standInAlarm()) {
  const metrics = createMetrics();
  const api = await openDesk(alarm, { metrics });
  open.push(api);
  const li = await signedIn(api, 'li');
  const ask = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object = {}) =>
    li.ask(method, path, { commandId: crypto.randomUUID(), ...body });
  return {
    ...{ api, alarm, li, ask },
    show: async (id: string) => (await (await li.get(`/devices/${id}`)).json()) as DeviceShown,
    made: async (method: 'POST', path: string, body: object) =>
      (await (await ask(method, path, body)).json()) as DeviceMade,
    page: async (query = '') => (await (await li.get(`/devices${query}`)).json()) as DevicePage,
    refusals: async () =>
      Object.fromEntries((await metrics.claimsRefused.get()).values.map(({ labels, value }) => [labels.reason, value])),
  };
}
const problemIn = async (response: Response) => (await response.json()) as Problem;
const detector = { id: '860000000000017', kind: 'smoke-detector' };

test('a device that was made in stock answers its secret and its code once, and never again', async () => {
  const { ask, li, show } = await desk();
  const response = await ask('POST', '/devices', detector);
  expect(response.status).toBe(201);
  const { device, secret, claimCode, label } = (await response.json()) as DeviceMade;
  expect(device).toMatchObject({ ...detector, state: 'stock', hasSecret: true, label: { phase: 'open' } });
  expect(secret).toMatch(/^secret-number/);
  expect(label).toBe(`steppewatch:claim/${detector.id}/${claimCode}`);
  expect(await show(detector.id)).toEqual(device);
  const later = await (await li.get('/devices?state=stock')).text();
  for (const hidden of [secret ?? '', claimCode ?? '', 'glass', 'hmac']) expect(later).not.toContain(hidden);
  const again = await ask('POST', '/devices', detector);
  expect([again.status, (await problemIn(again)).code]).toEqual([409, 'version-conflict']);
});

test('when the answer was lost, the same request makes nothing and shows no secret that would be wrong', async () => {
  const { li, alarm } = await desk();
  const body = { commandId: 'the-same-command', ...detector };
  expect((await li.ask('POST', '/devices', body)).status).toBe(201);
  const credential = alarm.registry.device(detector.id)?.credential;
  const again = await li.ask('POST', '/devices', body);
  expect(again.status).toBe(409);
  expect((await problemIn(again)).detail).toContain('shown then, once');
  expect(alarm.registry.device(detector.id)?.credential).toEqual(credential);
});

test('of the same request twice at once one shows a secret, and it is the right one', async () => {
  const { li, alarm } = await desk(standInAlarm({ newsAfterMs: 40 }));
  const body = { commandId: 'the-same-command', ...detector };
  const answers = await Promise.all([1, 2].map(() => li.ask('POST', '/devices', body)));
  expect(answers.map(({ status }) => status)).toEqual([201, 409]);
  const [{ secret = '' } = {}] = (await Promise.all(answers.map((answer) => answer.json()))) as Partial<DeviceMade>[];
  expect(glassKeys.isSecret(secret, alarm.registry.device(detector.id)?.credential)).toBe(true);
});

test('a device made for a home needs no label; one for a home that is not there is refused', async () => {
  const { ask, made } = await desk();
  const there = await made('POST', '/devices', { ...detector, placeId: 'house-2', room: 'kitchen' });
  expect(there).toMatchObject({ device: { state: 'installed', place: 'house at the end', label: { phase: 'none' } } });
  expect(there).not.toHaveProperty('claimCode');
  const nowhere = await ask('POST', '/devices', { ...detector, id: 'other', placeId: 'nowhere' });
  expect([nowhere.status, (await problemIn(nowhere)).detail]).toEqual([
    400,
    expect.stringContaining('no place "nowhere"'),
  ]);
  const wrong = await ask('POST', '/devices', { ...detector, id: 'a device' });
  expect((await problemIn(wrong)).detail).toContain('an id is 1-32 letters');
  const mistyped = { ...detector, id: '860000000000018' };
  expect((await problemIn(await ask('POST', '/devices', mistyped))).detail).toContain('the last would be 7');
  expect((await ask('POST', '/devices', { ...mistyped, anyId: true })).status).toBe(201);
  expect((await ask('POST', '/devices', { ...detector, id: 'other', credential: 'mine' })).status).toBe(400);
});

test('pages of devices follow each other by id, and can be asked for stock or for one home', async () => {
  const { page, made } = await desk();
  for (const id of ['z9', 'a1']) await made('POST', '/devices', { id, kind: 'call-button' });
  const ids = async (query?: string) => (await page(query)).devices.map(({ id }) => id);
  expect(await ids()).toEqual(['a1', 'button-2', 'smoke-1', 'smoke-r1', 'watch-2', 'z9']);
  expect(await ids('?state=stock')).toEqual(['a1', 'z9']);
  expect(await ids('?placeId=house-1')).toEqual(['smoke-1']);
  expect(await ids('?personId=widow')).toEqual(['watch-2']);
  const first = await page('?limit=4');
  expect(first.next).toBe('smoke-r1');
  expect(await page(`?limit=4&cursor=${first.next}`)).toMatchObject({ devices: [{ id: 'watch-2' }, { id: 'z9' }] });
});

test('a move names what was seen: of two only the first is true, and the second is told what is', async () => {
  const { ask, show } = await desk();
  const { version } = await show('smoke-1');
  const moved = await ask('PATCH', '/devices/smoke-1', { expectedVersion: version, placeId: 'house-2' });
  expect([moved.status, await moved.json()]).toEqual([200, expect.objectContaining({ placeId: 'house-2' })]);
  const late = await ask('PATCH', '/devices/smoke-1', { expectedVersion: version, placeId: 'room-1' });
  expect([late.status, await problemIn(late)]).toEqual([409, expect.objectContaining({ code: 'version-conflict' })]);
  const now = await show('smoke-1');
  expect(now).toMatchObject({ placeId: 'house-2', state: 'installed' });
  // The kitchen was that of the other house.
  expect(now).not.toHaveProperty('room');
  const wearable = await show('watch-2');
  const wrong = await ask('PATCH', '/devices/watch-2', { expectedVersion: wearable.version, placeId: 'house-1' });
  expect((await problemIn(wrong)).detail).toContain('a wearable belongs to a person');
});

test('a move that was sent again is answered with what is true now', async () => {
  const { li, show } = await desk();
  const body = { commandId: 'the-same-command', expectedVersion: (await show('smoke-1')).version, placeId: 'house-2' };
  for (let count = 0; count < 2; count++) {
    const answer = await li.ask('PATCH', '/devices/smoke-1', body);
    expect([answer.status, await answer.json()]).toEqual([200, await show('smoke-1')]);
  }
});

test('what changes a room or an interval leaves the device where it is', async () => {
  const { ask, show } = await desk();
  const before = await show('smoke-1');
  await ask('PATCH', '/devices/smoke-1', { expectedVersion: before.version, room: 'hall', intervalMinutes: 720 });
  expect(await show('smoke-1')).toMatchObject({ placeId: 'house-1', room: 'hall', intervalMinutes: 720 });
});

test('a new secret takes the place of the old one, which is told to nobody', async () => {
  const { alarm, ask, made, show } = await desk();
  const { secret: old = '', device } = await made('POST', '/devices', detector);
  const fresh = await made('POST', `/devices/${detector.id}/rotate-secret`, { expectedVersion: device.version });
  const { credential } = alarm.registry.device(detector.id) ?? {};
  expect(glassKeys.isSecret(fresh.secret ?? '', credential)).toBe(true);
  expect(glassKeys.isSecret(old, credential)).toBe(false);
  expect((await show(detector.id)).version).not.toBe(device.version);
  const late = await ask('POST', `/devices/${detector.id}/rotate-secret`, { expectedVersion: device.version });
  expect(late.status).toBe(409);
});

test('a device that is retired is gone, and a second time there is nothing to retire', async () => {
  const { li, show } = await desk();
  const { version } = await show('smoke-1');
  const retire = (commandId: string) => li.ask('DELETE', '/devices/smoke-1', { commandId, expectedVersion: version });
  expect((await retire('retire-it-1')).status).toBe(204);
  expect((await li.get('/devices/smoke-1')).status).toBe(404);
  expect((await retire('retire-it-1')).status).toBe(204);
  expect((await retire('retire-it-2')).status).toBe(404);
});

test('nobody sees or changes a device without signing in', async () => {
  const { api, alarm } = await desk();
  const url = `${api.address.url}/api/v1/devices`;
  expect((await fetch(url)).status).toBe(401);
  const headers = { 'x-steppewatch': '1', 'content-type': 'application/json' };
  expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(detector) })).status).toBe(401);
  expect((await fetch(`${url}/smoke-1/claim`, { method: 'POST', headers, body: '{}' })).status).toBe(401);
  expect(alarm.commands).toEqual([]);
});

test('whoever holds the label binds the device, once; the second is told by whom and where', async () => {
  const now = () => Date.parse('2026-11-23T01:12:00Z');
  const { made, ask, show, api } = await desk(standInAlarm({ changes: deskRegistry, now }));
  const { claimCode = '', label } = await made('POST', '/devices', detector);
  const path = `/devices/${detector.id}/claim`;
  const claimed = await ask('POST', path, { code: label, placeId: 'house-1', room: 'hall' });
  expect([claimed.status, await claimed.json()]).toEqual([
    200,
    expect.objectContaining({ placeId: 'house-1', room: 'hall', state: 'installed' }),
  ]);
  expect((await show(detector.id)).label).toMatchObject({ phase: 'used', by: { id: 'li', name: 'Li Na' } });
  const again = await ask('POST', path, { code: claimCode, placeId: 'house-1' });
  expect(again.status).toBe(200);
  const wang = await signedIn(api, 'wang');
  const second = await wang.ask('POST', path, { commandId: crypto.randomUUID(), code: claimCode, placeId: 'house-2' });
  const { code, detail, device } = await problemIn(second);
  expect([second.status, code, device?.placeId]).toEqual([409, 'claimed', 'house-1']);
  expect(detail).toMatch(
    /^Li Na used this label at 20\d\d-\d\d-\d\d \d\d:\d\d; the device is registered at: house by the well, hall\. Ask the duty desk/,
  );
});

test('a label that a program used is known to be used by it, not by an account of that name', async () => {
  const { made, ask, show, api, alarm } = await desk();
  const { claimCode: code = '' } = await made('POST', '/devices', detector);
  const key = { id: 'installers', name: 'The installers’ app', grants: [{ role: 'village-helper' }] };
  const { token } = (await (await ask('POST', '/api-keys', key)).json()) as { token: string };
  const path = `/devices/${detector.id}/claim`;
  const body = { commandId: 'claim-by-key', code, placeId: 'house-1' };
  const headers = { authorization: `Bearer ${token}` };
  for (let times = 0; times < 2; times++) expect((await askApi(api, 'POST', path, { headers, body })).status).toBe(200);
  expect(alarm.registry.device(detector.id)?.claim?.used).toMatchObject({ by: 'installers', type: 'api-key' });
  const by = { id: 'installers', name: 'The installers’ app', type: 'api-key' };
  expect((await show(detector.id)).label).toMatchObject({ phase: 'used', by });
  const second = await ask('POST', path, { code, placeId: 'house-1' });
  expect([second.status, (await problemIn(second)).detail]).toEqual([
    409,
    expect.stringContaining('installers’ app used'),
  ]);
});

test('a wrong code is refused, counted, and after some the device waits; a mistyped one costs nothing', async () => {
  const { made, ask, refusals, show, alarm } = await desk();
  const { claimCode = '' } = await made('POST', '/devices', detector);
  const sent = alarm.commands.length;
  const path = `/devices/${detector.id}/claim`;
  const wrong = glassKeys.newCode('another').code;
  const mistyped = await ask('POST', path, {
    code: `${claimCode.slice(0, -1)}${claimCode.endsWith('0') ? '1' : '0'}`,
    placeId: 'house-1',
  });
  expect([mistyped.status, (await problemIn(mistyped)).detail]).toEqual([
    400,
    expect.stringContaining('compare with the label'),
  ]);
  for (let count = 0; count < 10; count++) {
    const answer = await ask('POST', path, { code: wrong, placeId: 'house-1' });
    expect([answer.status, (await problemIn(answer)).code]).toEqual([403, 'wrong-code']);
  }
  const late = await ask('POST', path, { code: claimCode, placeId: 'house-1' });
  expect(late.status).toBe(429);
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(25);
  expect(await refusals()).toEqual({ mistyped: 1, 'wrong-code': 10, 'too-many': 1 });
  expect(alarm.commands.length).toBe(sent);
  expect((await show(detector.id)).state).toBe('stock');
});

test('who tries codes on one device after the other has to wait as well; whoever has a label does not', async () => {
  const { api, made, ask } = await desk();
  const { claimCode } = await made('POST', '/devices', detector);
  const { code } = glassKeys.newCode('another');
  const tried = [];
  for (let count = 0; count < 31; count++)
    tried.push((await ask('POST', `/devices/d${count}/claim`, { code, placeId: 'house-1' })).status);
  expect([tried.slice(0, 30).every((status) => status === 403), tried[30]]).toEqual([true, 429]);
  const wang = await signedIn(api, 'wang');
  const claim = { commandId: crypto.randomUUID(), code: claimCode, placeId: 'house-1' };
  expect((await wang.ask('POST', `/devices/${detector.id}/claim`, claim)).status).toBe(200);
});

test('an unknown device, one without a label, and a wrong code get the same answer', async () => {
  const { ask } = await desk();
  const { code } = glassKeys.newCode('smoke-1');
  const answers = await Promise.all(
    ['nobody', 'smoke-1'].map((id) => ask('POST', `/devices/${id}/claim`, { code, placeId: 'house-1' })),
  );
  const [one, other] = await Promise.all(answers.map(problemIn));
  expect(one).toEqual(other);
  expect(one?.code).toBe('wrong-code');
});

test('of two who claim in the same instant one has it', async () => {
  const { api, made, alarm } = await desk(standInAlarm({ newsAfterMs: 30 }));
  const { claimCode } = await made('POST', '/devices', detector);
  const [li, wang] = [await signedIn(api, 'li'), await signedIn(api, 'wang')];
  const claim = (who: typeof li, placeId: string) =>
    who.ask('POST', `/devices/${detector.id}/claim`, { commandId: crypto.randomUUID(), code: claimCode, placeId });
  const answers = await Promise.all([claim(li, 'house-1'), claim(wang, 'house-2')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const winner = answers[0]?.status === 200 ? 'house-1' : 'house-2';
  expect(alarm.registry.device(detector.id)?.placeId).toBe(winner);
});

test('a new code makes the old label void; the device stays where it is, or goes back into stock', async () => {
  const { made, ask, show } = await desk();
  const { claimCode: old, device } = await made('POST', '/devices', detector);
  const path = `/devices/${detector.id}`;
  const { claimCode: lost } = await made('POST', `${path}/rotate-code`, { expectedVersion: device.version });
  expect((await ask('POST', `${path}/claim`, { code: old, placeId: 'house-1' })).status).toBe(403);
  expect((await ask('POST', `${path}/claim`, { code: lost, placeId: 'house-1' })).status).toBe(200);

  const hanging = await show(detector.id);
  const moving = await made('POST', `${path}/rotate-code`, { expectedVersion: hanging.version });
  expect(moving).not.toHaveProperty('secret');
  expect(await show(detector.id)).toMatchObject({ placeId: 'house-1', label: { phase: 'open' } });
  await ask('POST', `${path}/claim`, { code: moving.claimCode, placeId: 'house-2' });

  const { version } = await show(detector.id);
  const released = await made('POST', `${path}/rotate-code`, {
    expectedVersion: version,
    release: true,
    newSecret: true,
  });
  expect(released.device).toMatchObject({ state: 'stock', label: { phase: 'open' } });
  expect(released.secret).toMatch(/^secret-number/);
  expect(released.device).not.toHaveProperty('placeId');
});

test('whom the desk gives a device by hand has used its label up', async () => {
  const { made, ask, show } = await desk();
  const { claimCode, device } = await made('POST', '/devices', detector);
  await ask('PATCH', `/devices/${detector.id}`, { expectedVersion: device.version, placeId: 'house-1' });
  expect((await show(detector.id)).label).toMatchObject({ phase: 'used' });
  const second = await ask('POST', `/devices/${detector.id}/claim`, { code: claimCode, placeId: 'house-2' });
  expect((await problemIn(second)).code).toBe('claimed');
});
