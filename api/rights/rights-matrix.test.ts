import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseAway } from '../../platform/errors.ts';
import { systemChance } from '../../platform/random.ts';
import { claimCodeFrom, randomSymbols } from '../../records/claim-code.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { put } from '../../records/registry.test-support.ts';
import { roles } from '../../records/rights.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import type { Problem } from '../answers.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import type { SubscribedEvents } from '../events/subscription-change.ts';
import { watchEvents } from '../incidents/watching.test-support.ts';
import type { Api } from '../server.ts';
import { newToken } from '../sign-in/api-keys.ts';
import {
  bodies,
  letters,
  near,
  queries,
  type Row,
  rows,
  thingIn,
  twoTownships,
  type Where,
} from './rights-matrix.test-support.ts';

const helperKey = newToken(systemChance);
const clock = new VirtualClock({ startAt: Date.now() });
const refusal: CommandResult = {
  ok: false,
  problem: 'not-allowed',
  message: 'nothing changes while the matrix is walked',
};
const events: SubscribedEvents = {
  mostSubscriptions: 10,
  health: () => ({ waiting: 0, missed: 0, replaying: false }),
  publicKey: () => undefined,
  addressProblem: () => undefined,
  test: async () => ({
    ...{ at: 0, eventId: 'e', type: 'test' },
    attempt: 1,
    outcome: 'delivered',
    detail: '',
    tookMs: 1,
  }),
  deliveries: async () => ({ deliveries: [] }),
  replay: async () => undefined,
};

/**
 * One desk for all: every change stops behind the rights, so that each caller finds the same county. The database is away all the time, but
 * for the one question whose incident it is that somebody asks for.
 */
let api: Api;
let alarm: ReturnType<typeof standInAlarm>;
let incidents: { near: string; far: string };
beforeAll(async () => {
  const helper = {
    id: 'helper-key',
    name: 'x',
    hash: helperKey.hash,
    grants: [{ role: 'village-helper', areaId: 'township' }],
  };
  alarm = standInAlarm({ changes: [...twoTownships, put('apiKey', helper)] });
  const [nearFire, farFire] = [alarm.raise('smoke', 'smoke-1'), alarm.raise('smoke', 'far-device')];
  incidents = { near: nearFire.incidentId, far: farFire.incidentId };
  for (const [where, areaId] of [
    ['near', 'east'],
    ['far', 'far-village'],
  ] as const) {
    const prompt = {
      promptId: `${where}-prompt`,
      rule: 'test',
      at: 1,
      where: { areaId },
      about: 'fall',
      until: 2,
    } as const;
    alarm.record({ kind: 'decided', cause: 1, version: 'test', alerts: [{ type: 'prompt', prompt }] });
    const scope = { type: 'area', id: areaId } as const;
    const by = { type: 'account', id: 'li' } as const;
    const quiet = { conditions: ['inactivity' as const], owner: 'li', until: 4_000_000_000_000, reason: 'test' };
    const commandId = `${where}-quiet`;
    alarm.record({ kind: 'command', command: { type: 'suppress', commandId, by, scope, ...quiet } });
    alarm.record({ kind: 'decided', cause: 1, version: 'test', result: { commandId, result: { ok: true } } });
  }
  const away = async () => Promise.reject(databaseAway({}, 'connection refused'));
  const incident = async (id: string) =>
    id === incidents.far ? farFire : id === incidents.near ? nearFire : undefined;
  api = await openDesk(alarm, {
    clock,
    commands: { apply: async (command: Command) => (command.type === 'look' ? alarm.apply(command) : refusal) },
    store: {
      ...{ incidentHistory: away, incidentTimeline: away, visitedMonth: away },
      incident,
    },
    audit: { find: async () => ({ entries: [] }) },
    people: { everythingOf: away },
    tracks: { of: away, signs: away },
    duty: { now: away, unproved: away },
    events,
  });
});
afterAll(() => api.close());

type Caller = { name: string; headers: Record<string, string>; mayIn(row: Row): boolean; isEverywhere?: boolean };

const withCookie = async (account: string) => ({ cookie: (await signedIn(api, account)).cookie });
const isForAll = ({ who }: Row) => who === 'everybody';
const isForSignedIn = (row: Row) => isForAll(row) || row.who === 'signed-in';

async function callers(): Promise<Caller[]> {
  const staff: Caller[] = [];
  // One after the other: of strangers few may be at the door at once.
  for (const role of roles) {
    const mayIn = (row: Row) => isForSignedIn(row) || row.who.includes(letters[role]);
    staff.push({ name: role, headers: await withCookie(near(role)), mayIn });
  }
  const mayAll = () => true;
  // A program has no session; its role gives it no glass.
  const notOfKeys = ['GET /session', 'PUT /session/password', 'POST /glass'];
  const mayKey = (row: Row) =>
    isForAll(row) || (!notOfKeys.includes(row.route) && row.who !== 'signed-in' && row.who.includes('V'));
  return [
    ...staff,
    { name: 'an account of old', headers: await withCookie('li'), mayIn: mayAll, isEverywhere: true },
    { name: 'an account without rights', headers: await withCookie('nobody'), mayIn: isForSignedIn },
    { name: 'a key', headers: { authorization: `Bearer ${helperKey.token}` }, mayIn: mayKey },
    { name: 'nobody', headers: {}, mayIn: isForAll },
  ];
}

/**
 * Asks as a page or a program would; the answer's code, or `ok` for whatever rights did not stand in the way of. `gone`: for what is far, by
 * names that nothing has.
 */
async function ask(
  { route }: Row,
  { headers }: Caller,
  place: Where | 'gone',
): Promise<{ code: string; text: string }> {
  const where = place === 'gone' ? 'far' : place;
  const named = (text: string) => (place === 'gone' ? text.replaceAll('far-', 'gone-') : text);
  // So that nobody is refused for asking too often.
  await clock.advance(31_000);
  if (route === 'DELETE /lockouts/:accountId') await lockDoorOf(where === 'near' ? 'near-staff' : 'far-staff');
  const [method = '', path = ''] = route.split(' ');
  const body = route.endsWith('/claim') && path.startsWith('/devices') ? claimOf() : bodies[route]?.(where);
  const type = typeof body === 'string' ? 'text/csv' : 'application/json';
  const reading = new AbortController();
  const response = await fetch(`${api.address.url}/api/v1${named(pathTo(path, where))}${queries[route] ?? ''}`, {
    ...{ method, signal: reading.signal },
    headers: { 'x-steppewatch': '1', ...headers, ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body: named(typeof body === 'string' ? body : JSON.stringify(body)) }),
  });
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const text = isStream ? await firstWords(response) : await response.text();
  if (isStream) reading.abort();
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  return { code: isProblem ? (JSON.parse(text) as Problem).code : 'ok', text };
}

/** So that there is a door to open. */
async function lockDoorOf(account: string): Promise<void> {
  for (let code = ''; code !== 'locked'; ) {
    const response = await fetch(`${api.address.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'x-steppewatch': '1', 'content-type': 'application/json', 'x-forwarded-for': '10.0.0.9' },
      body: JSON.stringify({ account, password: 'a guess' }),
    });
    code = ((await response.json()) as Problem).code;
    if (code === 'too-many') await clock.advance(60_000);
  }
}

async function firstWords(response: Response): Promise<string> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('event: ')) break;
  }
  return text;
}

function pathTo(path: string, where: Where): string {
  const collection = /^\/[a-z-]+/.exec(path)?.[0] ?? '';
  const thing = (name: string) =>
    name === 'incidentId' ? incidents[where] : (thingIn[name] ?? thingIn[collection])?.[where];
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(thing(name) ?? `no-${name}`));
}

/** A code that reads well, and is not the right one. */
function claimOf() {
  const code = claimCodeFrom(new Uint8Array(randomSymbols).fill(7));
  return { commandId: 'command-of-matrix', code, placeId: 'house-1' };
}

/** What rights have to do with; everything else an answer says comes after them. */
const refusals = ['signed-out', 'forbidden', 'not-found'];
const stoppedBy = (code: string) => (refusals.includes(code) ? code : 'ok');

test('every route that there is has its row, and every row its route', () => {
  const there = api.routes.filter(({ method }) => method !== 'HEAD');
  const ofApi = there.filter(({ url }) => url.startsWith('/api/v1'));
  expect(ofApi.map(({ method, url }) => `${method} ${url.slice('/api/v1'.length)}`).sort()).toEqual(
    rows.map(({ route }) => route).sort(),
  );
  const pages = there.filter(({ url }) => !url.startsWith('/api/v1'));
  expect(pages.filter(({ method, permission }) => method !== 'GET' || permission !== 'public')).toEqual([]);
});

test('in their own area everybody may do what the matrix says, and nothing else', async () => {
  const wrong: string[] = [];
  for (const caller of await callers()) {
    for (const row of inOrder) {
      const { code, text } = await ask(row, caller, 'near');
      const denied = caller.name === 'nobody' ? 'signed-out' : 'forbidden';
      const expected = caller.mayIn(row) ? 'ok' : denied;
      const got = stoppedBy(code);
      // The body was right: what comes after rights does not stand in for them.
      if (got !== expected || code === 'too-many' || (code === 'invalid' && expected === 'ok'))
        wrong.push(`${caller.name}: ${row.route} answers ${code}, not ${expected}: ${text.slice(0, 200)}`);
      if (!caller.isEverywhere && !isForAll(row) && text.includes('far-'))
        wrong.push(`${caller.name}: ${row.route} tells of what is far`);
    }
  }
  expect(wrong).toEqual([]);
}, 120_000);

test('what is far is not there for anybody but those whose it is, too', async () => {
  const wrong: string[] = [];
  for (const caller of await callers()) {
    for (const row of inOrder.filter(({ far }) => far !== '-')) {
      const { code, text } = await ask(row, caller, 'far');
      const denied = caller.name === 'nobody' ? 'signed-out' : 'forbidden';
      const expected = caller.isEverywhere ? 'ok' : caller.mayIn(row) ? row.far : denied;
      const isRight = expected === 'ok' ? stoppedBy(code) === 'ok' : code === expected;
      if (!isRight) wrong.push(`${caller.name}: ${row.route} answers ${code}, not ${expected}: ${text.slice(0, 200)}`);
    }
  }
  expect(wrong).toEqual([]);
}, 120_000);

test('what is far is answered in the very words in which nothing is', async () => {
  const wrong: string[] = [];
  for (const caller of (await callers()).filter(({ isEverywhere }) => !isEverywhere)) {
    // Whoever makes something new learns that its name is taken: names are one space.
    const isMade = ({ route }: Row) => route === 'PUT /subscriptions/:id';
    for (const row of rows.filter((one) => one.far === 'not-found' && caller.mayIn(one) && !isMade(one))) {
      const [far, gone] = [await ask(row, caller, 'far'), await ask(row, caller, 'gone')];
      if (far.text.replaceAll('far-', '') !== gone.text.replaceAll('gone-', ''))
        wrong.push(`${caller.name}: ${row.route}: ${far.text} is not ${gone.text}`);
    }
  }
  expect(wrong).toEqual([]);
}, 120_000);

test('a page hears of its own area alone, whoever watches', async () => {
  const closing: (() => unknown)[] = [];
  const pages = [];
  for (const role of roles) {
    const page = await watchEvents(api, closing, await withCookie(near(role)));
    pages.push({ role, page, isOpen: page.response.statusCode === 200 });
  }
  expect(pages.filter(({ isOpen }) => isOpen).map(({ role }) => letters[role])).toEqual(['C', 'D', 'Q', 'V']);
  for (const deviceId of ['far-device', 'smoke-1']) alarm.raise('heat', deviceId);
  await clock.advance(5_000);
  for (const { role, page } of pages.filter(({ isOpen }) => isOpen)) {
    const { body } = await page.next('incident');
    expect(body, role).toMatchObject({ incidentId: incidents.near });
    await page.next('beat');
    expect(JSON.stringify(page.heard), role).not.toContain('far-');
  }
  for (const close of closing) close();
});

/** Signing out comes last, or nobody would be there for the rest. */
const inOrder = [
  ...rows.filter(({ route }) => route !== 'DELETE /session'),
  ...rows.filter(({ route }) => route === 'DELETE /session'),
];
