import { afterEach, expect, test } from 'vitest';
import { alarmAway } from '../../platform/errors.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { put } from '../../records/registry.test-support.ts';
import { deskRegistry, openDesk, signedIn, staffHash, standInAlarm } from '../desk.test-support.ts';
import type { Api } from '../server.ts';

let api: Api;
afterEach(() => api.close());

test('consent is taken back with who said so and when, and nothing else of the person changes', async () => {
  const { admin, alarm } = await desk();
  const before = alarm.registry.person('widow');
  const asked = { commandId: 'consent-1', given: false, at: 1_793_000_000_000 };
  const answer = await admin.ask('PUT', '/people/widow/consents/location', asked);
  expect(answer.status).toBe(200);
  const location = { given: false, at: 1_793_000_000_000, by: 'account:admin' };
  expect(await answer.json()).toMatchObject({ id: 'widow', consents: { location } });
  expect(alarm.registry.person('widow')).toEqual({ ...before, consents: { location } });
  const again = await admin.ask('PUT', '/people/widow/consents/health', { commandId: 'consent-2', given: true });
  expect(await again.json()).toMatchObject({ consents: { location, health: { given: true } } });
});

test('who takes it back from the family hears who is left to be told', async () => {
  const { admin } = await desk();
  const put = async (purpose: string, given: boolean) => {
    const answer = await admin.ask('PUT', `/people/her/consents/${purpose}`, {
      commandId: `${purpose}-${given}`,
      given,
    });
    return (await answer.json()) as object;
  };
  // Her daughter, two neighbours, and then the station, the township, the county and the desk.
  expect(await put('family-view', true)).toMatchObject({ told: { near: 3, inArea: 4 } });
  expect(await put('family-view', false)).toMatchObject({ told: { near: 2, inArea: 4 } });
});

test('an id that was used before takes back no consent and forgets nobody, and says so', async () => {
  const { admin, alarm } = await desk();
  const put = (commandId: string, given: boolean) =>
    admin.ask('PUT', '/people/widow/consents/location', { commandId, given });
  expect((await put('consent-1', true)).status).toBe(200);
  expect((await put('consent-1', true)).status).toBe(200);
  expect((await put('consent-1', false)).status).toBe(409);
  expect(alarm.registry.person('widow')?.consents?.location?.given).toBe(true);
  const erasure = await admin.ask('POST', '/people/widow/erasure', { commandId: 'consent-1', reason: 'she asked' });
  expect(erasure.status).toBe(409);
  expect(alarm.registry.person('widow')).toBeDefined();
});

test.for(['away', 'full'])('what cannot be put on record is not handed out: alarm is %s', async (how) => {
  const { admin, alarm } = await desk();
  const { apply } = alarm;
  alarm.apply = async (command) => {
    if (command.type !== 'look') return apply(command);
    if (how === 'away') throw alarmAway({});
    return { ok: false, problem: 'not-allowed', message: 'too many wait' };
  };
  for (const path of ['/people/widow/export', '/registry/export']) expect((await admin.get(path)).status).toBe(503);
});

test('two who change a person at once: the second is told to look again', async () => {
  const { admin, alarm } = await desk();
  const apply = alarm.apply;
  const renamed = put('person', { ...alarm.registry.person('widow'), name: 'Somebody else' });
  alarm.apply = async (command) => {
    alarm.apply = apply;
    await apply({ type: 'registry-change', commandId: 'other-12', by: { type: 'account', id: 'li' }, change: renamed });
    return apply(command);
  };
  const answer = await admin.ask('PUT', '/people/widow/consents/voice', { commandId: 'consent-1', given: true });
  expect(answer.status).toBe(409);
  expect(alarm.registry.person('widow')?.consents).toBeUndefined();
});

test('everything of a person is handed out to who may export, and the export is on record', async () => {
  const { admin, alarm } = await desk();
  const answer = await admin.get('/people/widow/export');
  expect(await answer.json()).toEqual({ everything: 'widow' });
  const looks = alarm.commands.filter(({ type }) => type === 'look');
  expect(looks).toMatchObject([{ how: 'exported', of: { type: 'person', id: 'widow' }, by: { id: 'admin' } }]);
});

test('somebody is forgotten with a reason: the watch is stock with a new label, and nobody of that id is there any more', async () => {
  const { admin, alarm } = await desk();
  const asked = { commandId: 'erase-12', reason: 'she asked for it' };
  const answer = await admin.ask('POST', '/people/widow/erasure', asked);
  expect(answer.status).toBe(200);
  const { stock, labels } = (await answer.json()) as { stock: string[]; labels: { id: string; claimCode: string }[] };
  expect([stock, labels.map(({ id }) => id)]).toEqual([['watch-2'], ['watch-2']]);
  expect(labels[0]?.claimCode).toMatch(/.{8,}/);
  expect(alarm.registry.person('widow')).toBeUndefined();
  expect(alarm.registry.device('watch-2')?.personId).toBeUndefined();
  expect(alarm.commands.find(({ type }) => type === 'registry-commit')).toMatchObject({ reason: 'she asked for it' });
  expect((await admin.get('/people/widow/export')).status).toBe(404);
});

test('nobody is forgotten in the middle of an emergency of theirs', async () => {
  const { admin, alarm } = await desk();
  const { code, incidentId } = alarm.raise('fall', 'watch-2');
  const asked = { commandId: 'erase-12', reason: 'she asked for it' };
  const answer = await admin.ask('POST', '/people/widow/erasure', asked);
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ code: 'not-allowed', detail: expect.stringContaining(code) });
  expect(alarm.registry.person('widow')).toBeDefined();
  const over = { type: 'resolve', commandId: 'resolve-1', by: { type: 'account', id: 'li' }, incidentId } as const;
  await alarm.apply({ ...over, expectedVersion: 1, outcome: 'helped', contact: 'reached' });
  expect((await admin.ask('POST', '/people/widow/erasure', asked)).status).toBe(200);
});

test('nobody leaves the registry in the middle of an emergency of theirs', async () => {
  const { admin, alarm } = await desk();
  const { code } = alarm.raise('fall', 'watch-2');
  const asked = { commandId: 'remove-12', expectedVersion: entityVersion(alarm.registry.person('widow')) };
  const answer = await admin.ask('DELETE', '/people/widow', asked);
  expect([answer.status, await answer.text()]).toEqual([
    409,
    expect.stringContaining(`incident ${code} is critical, theirs, and not over: end it first`),
  ]);
  expect(alarm.registry.person('widow')).toBeDefined();
});

test.for([
  ['GET', '/people/widow/export', undefined],
  ['POST', '/people/widow/erasure', { commandId: 'erase-12', reason: 'why' }],
  ['PUT', '/people/widow/consents/location', { commandId: 'consent-1', given: false }],
] as const)('in a foreign area there is nobody: %s %s', async ([method, path, body]) => {
  const { foreign, dispatcher, alarm } = await desk();
  const refused = await foreign.ask(method, path, body);
  const nobody = await foreign.ask(method, path.replace('widow', 'nobody'), body);
  expect([refused.status, nobody.status]).toEqual([404, 404]);
  expect((await refused.text()).replace('widow', 'nobody')).toBe(await nobody.text());
  expect((await dispatcher.ask(method, path, body)).status).toBe(403);
  expect(alarm.registry.person('widow')).toBeDefined();
  expect(alarm.commands.filter(({ type }) => type !== 'look')).toEqual([]);
});

async function desk() {
  const staff = (id: string, grants: object[]) => put('account', { id, name: id, hash: staffHash, grants });
  const alarm = standInAlarm({
    changes: [
      ...deskRegistry,
      staff('admin', [{ role: 'data-admin', areaId: 'east' }]),
      staff('foreign', [{ role: 'data-admin', areaId: 'west' }]),
      staff('dispatcher', [{ role: 'dispatcher' }]),
    ],
  });
  const people = { everythingOf: async (personId: string) => ({ everything: personId }) };
  api = await openDesk(alarm, { people, commands: { apply: (command) => alarm.apply(command) } });
  const [admin, foreign, dispatcher] = await Promise.all(
    ['admin', 'foreign', 'dispatcher'].map((account) => signedIn(api, account)),
  );
  if (!admin || !foreign || !dispatcher) throw new Error('nobody signed in');
  return { alarm, admin, foreign, dispatcher };
}
