import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { RegistryChange } from '../../records/registry.ts';
import type { HoldingAnswer, HoldingPage } from '../answers.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, ofCounty, staff, staffedCounty } from '../rights/rights.test-support.ts';

let close = async () => {};
afterEach(() => close());

async function desk(changes?: RegistryChange[]) {
  let passedMs = 0;
  const now = () => systemClock.now() + passedMs;
  const alarm = standInAlarm({ now, ...(changes && { changes }) });
  const api = await openDesk(alarm, { now });
  close = api.close;
  const pass = (ms: number) => {
    passedMs += ms;
  };
  return { api, alarm, pass };
}

const threeHoursMs = 3 * 3_600_000;

async function holding() {
  const { api, alarm, pass } = await desk();
  const li = await signedIn(api);
  const [fall, fire] = [alarm.raise('fall', 'watch-2'), alarm.raise('smoke', 'smoke-1')];
  pass(threeHoursMs);
  alarm.stoodStill(threeHoursMs);
  const held = async () => (await (await li.get('/holding')).json()) as HoldingPage;
  return { api, alarm, li, fall, fire, held };
}

test('while nothing is held there is nothing to answer for', async () => {
  const { api, alarm } = await desk();
  const li = await signedIn(api);
  alarm.raise('fall', 'watch-2');
  expect(await (await li.get('/holding')).json()).toMatchObject({ held: [], more: 0 });
});

test('what is held is shown with its age, and who would be told by which way, without numbers and addresses', async () => {
  const { held, fall, fire } = await holding();
  const page = await held();
  expect(page.held.map(({ incident }) => incident.incidentId).sort()).toEqual(
    [fall, fire].map((one) => one.incidentId).sort(),
  );
  const ofFall = page.held.find(({ incident }) => incident.category === 'fall');
  expect(ofFall).toMatchObject({
    desk: true,
    would: expect.arrayContaining([
      { contactId: 'station-east', role: 'station', purpose: 'alarm', channels: ['log'] },
    ]),
  });
  expect(ofFall?.ageMs).toBeGreaterThanOrEqual(threeHoursMs);
  expect(JSON.stringify(page)).not.toContain('138 0000');
});

test('one is sent by its own address, and is held no more', async () => {
  const { alarm, li, held, fall } = await holding();
  const [item] = (await held()).held.filter(({ incident }) => incident.incidentId === fall.incidentId);
  const before = alarm.notices.length;
  const answer = await li.command(item?.incident ?? fall, 'let-go', { choice: 'send' });
  expect(answer.status).toBe(200);
  expect(alarm.notices.slice(before).map(({ purpose }) => purpose)).toContain('alarm');
  expect((await held()).held.map(({ incident }) => incident.category)).toEqual(['fire']);
});

test('all of it is dropped at once, on record, each under an id of its own; the same question again changes nothing', async () => {
  const { alarm, li, held } = await holding();
  const asked = { choice: 'drop', commandId: 'dropped-by-li' };
  const answer = (await (await li.post('/holding/all', asked)).json()) as HoldingAnswer;
  expect(answer).toEqual({ letGo: 2, refused: [] });
  const ids = alarm.commands.filter(({ type }) => type === 'let-go').map(({ commandId }) => commandId);
  expect(new Set(ids).size).toBe(2);
  expect(alarm.commands.at(-1)?.by).toEqual({ type: 'account', id: 'li' });
  expect((await held()).held).toEqual([]);
  expect(await (await li.post('/holding/all', asked)).json()).toEqual({ letGo: 0, refused: [] });
});

test('what is no choice is refused, and with the alarm process away nothing is said to be done', async () => {
  const { alarm, li, held } = await holding();
  expect((await li.post('/holding/all', { choice: 'burn', commandId: 'a'.repeat(8) })).status).toBe(400);
  alarm.isAway = true;
  expect((await li.post('/holding/all', { choice: 'send', commandId: 'a'.repeat(8) })).status).toBe(503);
  expect((await held()).held.length).toBe(2);
});

test('whoever answers for one village sees and lets go what is held there, and nobody without the right lets go anything', async () => {
  const west = staff('dispatcher-west', { role: 'dispatcher', areaId: 'west' });
  const { api, alarm, pass } = await desk([...staffedCounty, west]);
  alarm.raise('fall', 'watch-2');
  pass(threeHoursMs);
  alarm.stoodStill(threeHoursMs);
  const seenBy = async (account: string) =>
    ((await (await (await signedIn(api, account)).get('/holding')).json()) as HoldingPage).held.length;
  expect([await seenBy(eastern('call-taker')), await seenBy('dispatcher-west')]).toEqual([1, 0]);
  const asked = { choice: 'drop', commandId: 'by-somebody' };
  const [taker, foreign] = [await signedIn(api, eastern('call-taker')), await signedIn(api, 'dispatcher-west')];
  expect((await taker.post('/holding/all', asked)).status).toBe(403);
  expect(await (await foreign.post('/holding/all', asked)).json()).toEqual({ letGo: 0, refused: [] });
  const own = await signedIn(api, ofCounty('dispatcher'));
  expect(await (await own.post('/holding/all', asked)).json()).toEqual({ letGo: 1, refused: [] });
});
