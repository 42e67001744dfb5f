import { get, type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Beat, IncidentCard, Snapshot } from './answers.ts';
import { ask, openDesk, signedIn, standInAlarm } from './desk.test-support.ts';
import type { Api } from './server.ts';

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

type Heard = { name: string; id?: string; body: unknown };

/** A page that listens. `next` waits for the next event of that name. */
async function watch(api: Api, cookie: string, lastEventId?: string) {
  const url = `${api.address.url}/api/v1/events`;
  const headers = { cookie, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = get(url, { headers }, resolve);
    request.on('error', reject);
    closing.push(() => request.destroy());
  });
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  let text = '';
  let isOver = false;
  response.setEncoding('utf8');
  response.on('error', () => {});
  response.on('close', () => {
    isOver = true;
    for (const wake of waiting) wake();
  });
  response.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      if (event) heard.push(event);
      text = text.slice(end + 2);
    }
    for (const wake of waiting) wake();
  });
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((wake) => waiting.add(wake));
    }
  };
  return {
    response,
    heard,
    /** The next of that name that was not asked for before. */
    next: (name: string) =>
      until(() => {
        const at = heard.findIndex((event) => event.name === name);
        return at < 0 ? undefined : heard.splice(0, at + 1).at(-1);
      }),
    over: () => until(() => isOver || undefined),
  };
}

function parse(block: string): Heard | undefined {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
  const [name, id, body] = [field('event'), field('id'), field('data')];
  return name === undefined ? undefined : { name, ...(id !== undefined && { id }), body: JSON.parse(body ?? 'null') };
}

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
