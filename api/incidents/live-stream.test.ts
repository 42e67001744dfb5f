import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { localTimeIn } from '../../platform/local-time.ts';
import { systemChance } from '../../platform/random.ts';
import { remove } from '../../records/registry.test-support.ts';
import { accessOf } from '../../records/rights.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import type { Beat, IncidentCard, Snapshot } from '../answers.ts';
import { ask, openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { watchHealth } from '../health.ts';
import { eastern, ofCounty, staff, staffedCounty } from '../rights/rights.test-support.ts';
import { createRights } from '../rights/rights.ts';
import type { Api } from '../server.ts';
import { createCards } from './incident-card.ts';
import { createIncidentSight } from './incident-sight.ts';
import { createLiveStream } from './live-stream.ts';
import { watchEvents } from './watching.test-support.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function desk() {
  const alarm = standInAlarm();
  const api = await openDesk(alarm);
  closing.push(api.close);
  const li = await signedIn(api);
  return { alarm, api, li };
}

const watch = (api: Api, cookie: string, lastEventId?: string) => watchEvents(api, closing, { cookie, lastEventId });

test('a page sees what is open, then each incident as it changes', async () => {
  const { alarm, api, li } = await desk();
  const fire = alarm.raise('smoke', 'smoke-1');
  const page = await watch(api, li.cookie);
  expect(page.response.headers['content-type']).toBe('text/event-stream');
  expect(page.response.headers['cache-control']).toBe('no-store');
  const snapshot = (await page.next('snapshot')).body as Snapshot;
  expect(snapshot.open.map(({ incidentId }) => incidentId)).toEqual([fire.incidentId]);
  expect(snapshot).toMatchObject({ moreOpen: 0, resolved: [], health: { watching: 'well' } });
  await li.command(fire, 'claim');
  const claimed = (await page.next('incident')).body as IncidentCard;
  expect(claimed).toMatchObject({ incidentId: fire.incidentId, state: { phase: 'claimed', by: { name: 'Li Na' } } });
  const fall = alarm.raise('fall', 'watch-2');
  expect(((await page.next('incident')).body as IncidentCard).incidentId).toBe(fall.incidentId);
});

test('a storm of alerts in one incident is one word to each page, the newest', async () => {
  const { alarm, api, li } = await desk();
  const page = await watch(api, li.cookie);
  await page.next('snapshot');
  for (let count = 0; count < 100; count++) alarm.raise('smoke', 'smoke-1');
  const card = (await page.next('incident')).body as IncidentCard;
  expect(card.alerts).toHaveLength(12);
  expect(card.moreAlerts).toBe(88);
  await li.command({ incidentId: card.incidentId, version: card.version }, 'claim');
  expect((await page.next('incident')).body).toMatchObject({ state: { phase: 'claimed' } });
});

test('a beat says that the page can see, with the time and the health of the parts', async () => {
  const { api, li } = await desk();
  const page = await watch(api, li.cookie);
  const beat = (await page.next('beat')).body as Beat;
  expect(Math.abs(Date.now() - beat.at)).toBeLessThan(2_000);
  expect(beat.health.parts.alarm.state).toBe('well');
});

test('after a short break a page hears only what it missed; from another process it hears everything', async () => {
  const { alarm, api, li } = await desk();
  const fire = alarm.raise('smoke', 'smoke-1');
  const first = await watch(api, li.cookie);
  const { id } = await first.next('snapshot');
  first.response.destroy();
  const fall = alarm.raise('fall', 'watch-2');
  const second = await watch(api, li.cookie, id);
  expect(((await second.next('incident')).body as IncidentCard).incidentId).toBe(fall.incidentId);
  await second.next('beat');
  expect(second.heard.map(({ name }) => name)).not.toContain('snapshot');
  const third = await watch(api, li.cookie, `of-another.${id?.split('.')[1]}`);
  const snapshot = (await third.next('snapshot')).body as Snapshot;
  expect(snapshot.open.map(({ incidentId }) => incidentId)).toEqual([fire.incidentId, fall.incidentId]);
});

test('who signs out sees nothing more', async () => {
  const { api, li } = await desk();
  const page = await watch(api, li.cookie);
  await page.next('snapshot');
  await ask(api, 'DELETE', '/session', { cookie: li.cookie });
  await page.over();
});

test('an account that gets a new password is cut at the next beat', async () => {
  const { alarm, api, li } = await desk();
  const page = await watch(api, li.cookie);
  await page.next('snapshot');
  const account = alarm.registry.account('li');
  if (account) alarm.registry.apply([{ type: 'put', entity: 'account', value: { ...account, hash: 'another' } }]);
  await page.over();
});

test('one session opens at most ten streams, and a closed one makes room', async () => {
  const { api, li } = await desk();
  const pages: Awaited<ReturnType<typeof watch>>[] = [];
  for (let count = 0; count < 10; count++) pages.push(await watch(api, li.cookie));
  const refused = await watch(api, li.cookie);
  expect(refused.response.statusCode).toBe(429);
  pages[0]?.response.destroy();
  let status = 429;
  while (status === 429) status = (await watch(api, li.cookie)).response.statusCode ?? 0;
  expect(status).toBe(200);
});

test('a page that does not read is cut, and the others go on', async () => {
  const { alarm, api, li } = await desk();
  const slow = await watch(api, li.cookie);
  await slow.next('snapshot');
  slow.response.pause();
  const page = await watch(api, li.cookie);
  await page.next('snapshot');
  const fire = alarm.raise('smoke', 'smoke-1', { reason: { words: ['x'.repeat(200_000)] } });
  let version = fire.version;
  // More than the buffers of both ends hold.
  for (let count = 0; count < 60; count++) {
    alarm.raise('heat', 'smoke-1');
    const { body } = await page.next('incident');
    version = (body as IncidentCard).version;
  }
  expect(version).toBeGreaterThan(50);
  slow.response.resume();
  await slow.over();
  expect(slow.heard.length).toBeLessThan(60);
});

/** A county with staff by areas. What changed is `told` after a moment, and a `beat` comes when the test says so. */
async function staffed() {
  const changes = [...staffedCounty, staff('both', helperIn('east'), helperIn('west'))];
  const alarm = standInAlarm({ changes });
  const clock = new VirtualClock({ startAt: Date.now() });
  const api = await openDesk(alarm, { clock });
  closing.push(api.close);
  const pageOf = async (account: string, lastEventId?: string) =>
    watch(api, (await signedIn(api, account)).cookie, lastEventId);
  return { alarm, pageOf, told: () => clock.advance(40), beat: () => clock.advance(5_000) };
}
const helperIn = (areaId: string) => ({ role: 'village-helper' as const, areaId });
const idsIn = ({ open }: Snapshot) => open.map(({ incidentId }) => incidentId);

test('a page of a village hears of its village, and that of the county of all', async () => {
  const { alarm, pageOf, told } = await staffed();
  const [near, far] = [alarm.raise('smoke', 'smoke-1'), alarm.raise('smoke', 'smoke-r1')];
  const stray = alarm.raise('smoke', 'nobody-knows-it');
  const village = await pageOf(eastern('village-helper'));
  const whole = await pageOf(ofCounty('dispatcher'));
  const snapshot = (await village.next('snapshot')).body as Snapshot;
  expect(idsIn(snapshot)).toEqual([near.incidentId]);
  expect(snapshot.moreOpen).toBe(0);
  expect(idsIn((await whole.next('snapshot')).body as Snapshot)).toEqual(
    [near, far, stray].map(({ incidentId }) => incidentId),
  );
  alarm.raise('heat', 'smoke-r1');
  const fall = alarm.raise('fall', 'watch-2');
  await told();
  expect(((await village.next('incident')).body as IncidentCard).incidentId).toBe(fall.incidentId);
  expect(((await whole.next('incident')).body as IncidentCard).incidentId).toBe(far.incidentId);
});

test('names are open on the page of those who work on it, and masked on that of those who judge the work', async () => {
  const { alarm, pageOf } = await staffed();
  alarm.raise('fall', 'watch-2');
  const personOn = async (account: string) =>
    ((await (await pageOf(account)).next('snapshot')).body as Snapshot).open[0]?.where.person;
  expect(await personOn(eastern('call-taker'))).toBe('Grandmother N.');
  expect(await personOn(eastern('quality-monitor'))).toBe('G**');
});

test('a right that is taken away, or given, changes what a page has within a beat', async () => {
  const { alarm, pageOf, told, beat } = await staffed();
  const [near, far] = [alarm.raise('smoke', 'smoke-1'), alarm.raise('smoke', 'smoke-r1')];
  const page = await pageOf('both');
  const seen = async () => idsIn((await page.next('snapshot')).body as Snapshot);
  expect(await seen()).toHaveLength(2);
  alarm.registry.apply([staff('both', helperIn('west'))]);
  // What changes there from now on is not told, even before the next beat.
  alarm.raise('heat', 'smoke-1');
  await told();
  await beat();
  expect(await seen()).toEqual([far.incidentId]);
  expect(page.heard).toEqual([]);
  alarm.registry.apply([staff('both', helperIn('east'))]);
  await beat();
  expect(await seen()).toEqual([near.incidentId]);
  alarm.registry.apply([staff('both')]);
  await beat();
  await page.over();
});

test('after a short break a page hears what it missed of its areas; with other rights than before, everything that is its own', async () => {
  const { alarm, pageOf } = await staffed();
  alarm.raise('smoke', 'smoke-1');
  const first = await pageOf(eastern('village-helper'));
  const { id } = await first.next('snapshot');
  first.response.destroy();
  alarm.raise('smoke', 'smoke-r1');
  const fall = alarm.raise('fall', 'watch-2');
  const second = await pageOf(eastern('village-helper'), id);
  await second.next('beat');
  alarm.raise('heat', 'smoke-r1');
  const third = await pageOf(eastern('village-helper'), id);
  expect(((await third.next('incident')).body as IncidentCard).incidentId).toBe(fall.incidentId);
  await third.next('beat');
  expect(third.heard.map(({ name }) => name)).toEqual([]);
  const fourth = await pageOf('both', id);
  expect(idsIn((await fourth.next('snapshot')).body as Snapshot)).toHaveLength(3);
});

test('the page of somebody who is removed ends at once when there is news, and at a beat in any case', async () => {
  const { alarm, pageOf, told, beat } = await staffed();
  const [page, quiet] = [await pageOf('both'), await pageOf(eastern('call-taker'))];
  await page.next('snapshot');
  await quiet.next('snapshot');
  alarm.registry.apply([remove('account', 'both')]);
  alarm.raise('smoke', 'smoke-r1');
  await told();
  await page.over();
  expect(page.heard).toEqual([]);
  alarm.registry.apply([remove('account', eastern('call-taker'))]);
  await beat();
  await quiet.over();
});

/** The stream alone, with pages that take in what the test lets them. */
function streamAlone() {
  const alarm = standInAlarm();
  const { registry, view } = alarm;
  const clock = new VirtualClock({ startAt: 0 });
  const now = () => clock.now();
  const rights = createRights({ registry, glass: { isBroken: () => false }, looks: { refused() {} } });
  const health = watchHealth({ observe: async () => alarm.health, clock, now });
  const cards = createCards({ registry, unseal: () => undefined, local: localTimeIn('Asia/Shanghai') });
  const sight = createIncidentSight({ rights, now });
  const stream = createLiveStream({ view, cards, sight, rights, registry, health, clock, now, chance: systemChance });
  closing.push(health.stop, stream.close);
  function open(id: string, key: string) {
    const account = registry.account(id);
    if (!account) throw new Error(`there is no account ${id}`);
    const access = accessOf(account);
    const caller = { key, access: () => access };
    if (!stream.hasRoom(caller, access)) return undefined;
    const page = Object.assign(new EventEmitter(), {
      ...{ writableLength: 0, destroyed: false, write: () => true, end() {} },
      destroy() {
        page.destroyed = true;
        page.emit('close');
      },
    });
    stream.watch(page as unknown as ServerResponse, { caller, access });
    return page;
  }
  return { clock, open };
}

test('one account holds twenty places however often it signs in: its oldest page gives way, and nobody else’s', () => {
  const { open } = streamAlone();
  const other = open('wang', 'of wang');
  const pages = Array.from({ length: 250 }, (_, at) => open('li', `session ${Math.floor(at / 10)}`));
  expect(pages.map((page) => page?.destroyed)).toEqual([
    ...Array.from({ length: 230 }, () => true),
    ...Array.from({ length: 20 }, () => false),
  ]);
  expect(other?.destroyed).toBe(false);
  expect(open('wang', 'of wang')).toBeDefined();
});

test('a page that takes in nothing for a minute is cut; one that is slow stays', async () => {
  const { clock, open } = streamAlone();
  const [stuck, slow] = [open('li', 'one'), open('wang', 'another')];
  if (!stuck || !slow) throw new Error('there was no room');
  stuck.writableLength = 700;
  for (let beats = 0; beats < 24; beats++) {
    slow.writableLength = beats % 10 === 9 ? 0 : 700;
    await clock.advance(5_000);
    expect(stuck.destroyed).toBe(beats >= 11);
  }
  expect(slow.destroyed).toBe(false);
});
