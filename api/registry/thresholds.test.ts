import { afterEach, expect, test } from 'vitest';
import type { RegistryChange } from '../../records/registry.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, ofCounty, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

let api: Api | undefined;
afterEach(() => api?.close());

async function desk(changes: RegistryChange[] = staffedCounty) {
  const opened = await openDesk(standInAlarm({ changes }));
  api = opened;
  return (account: string) => signedIn(opened, account);
}

const eastAdmin = eastern('data-admin');
const body = async (response: Response) => (await response.json()) as { version: number } & Record<string, unknown>;
const coldNight = {
  ...{ name: 'cold night', scope: { type: 'area', id: 'east' }, quantity: 'status.temperature', below: 5 },
  ...{ holdMinutes: 120, maxGapMinutes: 30, severity: 'urgent', hours: { from: '22:00', to: '07:00' } },
};

test('whoever enters a limit reads what it will do, and may send back what was shown', async () => {
  const { ask } = await (await desk())(eastAdmin);
  const made = await ask('PUT', '/thresholds/cold', { ...coldNight, commandId: 'limit-made-1', expectedVersion: 0 });
  expect(made.status).toBe(201);
  const shown = await body(made);
  expect(shown).toMatchObject({
    says: {
      en:
        'When the temperature at the device is below 5 °C for 2 h, readings at most 30 min apart, between 22:00 and 07:00, ' +
        'the desk is told, and the station when nobody answers (urgent). It is over at 5 °C or more. When no reading comes ' +
        'for 30 min meanwhile, it is unknown, and that joins the list of work. It counts in the area east.',
      'zh-CN': expect.stringMatching(/^当设备处温度低于5 °C持续2小时，/),
    },
  });
  const again = await ask('PUT', '/thresholds/cold', { ...shown, below: 6, commandId: 'limit-changed' });
  expect([again.status, await body(again)]).toMatchObject([200, { below: 6 }]);
  const { items } = (await (await ask('GET', '/thresholds')).json()) as { items: object[] };
  expect(items).toMatchObject([{ id: 'cold', says: { en: expect.stringContaining('below 6 °C') } }]);
});

test('a limit that could do nothing, or too much, is refused with what would be right', async () => {
  const { ask } = await (await desk())(eastAdmin);
  const put = async (change: object) => {
    const refused = await ask('PUT', '/thresholds/x', {
      ...coldNight,
      ...change,
      commandId: 'limit-refused',
      expectedVersion: 0,
    });
    return [refused.status, (await body(refused)).problems];
  };
  expect(await put({ below: undefined })).toMatchObject([
    400,
    [{ field: 'below', zh: '请填写下限、上限，或两者都填' }],
  ]);
  expect(await put({ severity: 'critical' })).toMatchObject([400, [{ field: 'severity' }]]);
  expect(await put({ quantity: 'status.heat' })).toMatchObject([400, undefined]);
});

test('a limit for everybody takes the right everywhere', async () => {
  const as = await desk();
  const everywhere = { ...coldNight, scope: { type: 'all' }, expectedVersion: 0 };
  const village = await (await as(eastAdmin)).ask('PUT', '/thresholds/x', {
    ...everywhere,
    commandId: 'limit-village',
  });
  const county = await (await as(ofCounty('data-admin'))).ask('PUT', '/thresholds/x', {
    ...everywhere,
    commandId: 'limit-county',
  });
  expect([village.status, county.status]).toEqual([403, 201]);
});

test('a limit of the pulse of one person is for those who may know whom it is about', async () => {
  const as = await desk();
  const admin = await as(eastAdmin);
  const pulse = {
    ...{
      name: 'Tuya has a racing heart',
      scope: { type: 'person', id: 'widow' },
      quantity: 'vitals.pulse',
      above: 150,
    },
    ...{ holdMinutes: 10, maxGapMinutes: 70, severity: 'urgent', commandId: 'limit-of-one', expectedVersion: 0 },
  };
  const made = await admin.ask('PUT', '/thresholds/one', pulse);
  expect([made.status, await body(made)]).toMatchObject([201, { above: 150, says: {} }]);
  const caller = await as(eastern('call-taker'));
  for (const path of ['/thresholds/one', '/thresholds', '/thresholds?q=one']) {
    const text = await (await caller.get(path)).text();
    expect(text).toContain('"one"');
    expect(text, path).not.toMatch(/pulse|150|heart|心率|脉/);
  }
  expect(await (await caller.get('/thresholds?q=heart')).json()).toEqual({ items: [] });
  expect(await body(await admin.get('/thresholds/one'))).toMatchObject({ above: 150 });
  const back = { ...pulse, name: 'T**', expectedVersion: undefined, commandId: 'limit-masked' };
  const version = (await body(await admin.get('/thresholds/one'))).version;
  expect((await admin.ask('PUT', '/thresholds/one', { ...back, expectedVersion: version })).status).toBe(400);
});
