import { afterEach, expect, test } from 'vitest';
import type { MissingClips } from '../../records/escalation-check.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, ofCounty, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';
import { readEntry } from './registry-entry.ts';
import { examples } from './registry-schemas.ts';
import { columnsOf } from './sheets/columns.ts';

let api: Api | undefined;
afterEach(() => api?.close());

async function desk() {
  const opened = await openDesk(standInAlarm({ changes: staffedCounty }));
  api = opened;
  return (account: string) => signedIn(opened, account);
}

const eastAdmin = eastern('data-admin');
type Answer = { problems?: { field?: string; problem: string }[] } & Record<string, unknown>;
const body = async (response: Response) => (await response.json()) as Answer;
const first = { afterSeconds: 0, desk: true, tell: [{ role: 'neighbour' }] };
const ladder = { name: 'fires', scope: { type: 'area', id: 'east' }, severity: 'critical', rungs: [first] };

test('a policy is kept as it is entered, with what it leaves out filled in', async () => {
  const { ask } = await (await desk())(eastAdmin);
  const put = (path: string, value: object) =>
    ask('PUT', path, { ...value, commandId: `made-${path}`.slice(0, 60), expectedVersion: 0 });
  const shifts = [{ contactId: 'near', weekdays: [1, 2], from: '20:00', to: '08:00' }];
  const roster = await put('/rosters/duty', { name: 'duty', of: { type: 'area', id: 'east' }, shifts });
  expect([roster.status, await body(roster)]).toMatchObject([201, { swaps: [], holidays: [] }]);
  const rungs = [first, { afterSeconds: 60, tell: [{ rosterId: 'duty' }, { nearest: 1, role: 'neighbour' }] }];
  const made = await put('/policies/fires', { ...ladder, rungs });
  expect([made.status, await body(made)]).toMatchObject([
    201,
    {
      nights: 'fair',
      rungs: [{ tell: [{ role: 'neighbour', nth: 1 }] }, { tell: [{ rosterId: 'duty' }, { nearest: 1 }] }],
    },
  ]);
});

test('a policy that could reach nobody in time, or tells nobody, is refused with what would be right', async () => {
  const { ask } = await (await desk())(eastAdmin);
  let count = 0;
  const problems = async (change: object) => {
    count += 1;
    const value = { ...ladder, ...change, commandId: `policy-refused-${count}`, expectedVersion: 0 };
    const refused = await ask('PUT', `/policies/p${count}`, value);
    const { problems = [] } = await body(refused);
    return [refused.status, ...problems.map(({ field }) => field)];
  };
  const late = { afterSeconds: 61, tell: [{ role: 'county' }] };
  expect(await problems({ rungs: [{ afterSeconds: 0, desk: true, tell: [] }, late] })).toEqual([400, 'rungs']);
  // The same is no hurry where it is urgent.
  const calm = { severity: 'urgent', rungs: [{ afterSeconds: 0, desk: true, tell: [] }, late] };
  expect((await problems(calm))[0]).toBe(201);
  expect(await problems({ rungs: [{ ...first, desk: false }] })).toEqual([400, 'rungs']);
  expect(await problems({ rungs: [first, { afterSeconds: 30, tell: [] }] })).toEqual([400, 'rungs']);
  expect(await problems({ rungs: [first, { ...first, desk: undefined }] })).toEqual([400, 'rungs']);
  expect(await problems({ rungs: [{ ...first, tell: [{ role: 'self' }] }] })).toEqual([400, 'rungs']);
  expect((await problems({ rungs: [{ ...first, tell: [{ contactId: 'nobody' }] }] }))[0]).toBe(400);
  expect((await problems({ rungs: Array.from({ length: 13 }, (_, at) => ({ ...first, afterSeconds: at })) }))[0]).toBe(
    400,
  );
});

test('a policy that asks for calls which nobody can put together is refused, and says what has to be recorded', () => {
  const rungs = [{ ...first, channels: ['voice', 'sms'] }];
  const missingClips: MissingClips = (language) => (language === 'mn' ? ['say-fire'] : []);
  const parts = { registry: { get: () => undefined }, rules: [], unseal: () => undefined, missingClips };
  const read = (value: object) =>
    readEntry(
      'policies',
      { id: 'p', ...ladder, ...value },
      { ...parts, credentialFor: () => ({ salt: '', hmac: '' }) },
    );
  expect(read({ rungs })).toMatchObject({ issues: [{ problem: expect.stringContaining('say-fire') }] });
  expect(read({})).toMatchObject({ ok: true });
});

test('who is called in other villages is decided by whoever holds the right there', async () => {
  const near = (await (await desk())(eastAdmin)).ask;
  const wide = await near('PUT', '/policies/wide', {
    ...{ ...ladder, scope: { type: 'all' } },
    ...{ commandId: 'policy-wide', expectedVersion: 0 },
  });
  expect(wide.status).toBe(403);
  api?.close();
  const { ask } = await (await desk())(ofCounty('data-admin'));
  const made = await ask('PUT', '/policies/wide', {
    ...{ ...ladder, scope: { type: 'all' } },
    ...{ commandId: 'policy-wide', expectedVersion: 0 },
  });
  expect(made.status).toBe(201);
});

test('what leaves a sheet comes back from it as it was', () => {
  for (const section of ['rosters', 'policies', 'profiles'] as const) {
    for (const { key, parse, format } of columnsOf(section)) {
      const value = key
        .split('.')
        .reduce<unknown>((inside, step) => (inside as Record<string, unknown>)?.[step], examples[section]);
      if (value !== undefined) expect([key, parse(format(value))]).toEqual([key, value]);
    }
  }
});

test('every word of a ladder stands on one line of a sheet', () => {
  const rungs = columnsOf('policies').find(({ key }) => key === 'rungs');
  const line = '60 desk neighbour:2 each:station nearest:neighbour:1 roster:r1 contact:c1 inform:family via:voice,sms';
  const entered = [
    {
      afterSeconds: 60,
      desk: true,
      tell: [
        { role: 'neighbour', nth: 2 },
        { each: 'station' },
        { nearest: 1, role: 'neighbour' },
        { rosterId: 'r1' },
        { contactId: 'c1' },
      ],
      inform: 'family',
      channels: ['voice', 'sms'],
    },
  ];
  expect(rungs?.parse(line)).toEqual(entered);
  expect(rungs?.format(entered)).toBe(line);
});
