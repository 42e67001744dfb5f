import { afterEach, expect, test } from 'vitest';
import { findAudit } from '../../ingest/audit-reading.ts';
import { openAuditTrail } from '../../ingest/audit-trail.ts';
import { TestDisk, testClock } from '../../journal/journal.test-support.ts';
import { silentLog } from '../../platform/log.ts';
import type { AuditDraft } from '../../records/audit.ts';
import { put } from '../../records/registry.test-support.ts';
import type { AuditPage } from '../answers.ts';
import { deskRegistry, openDesk, signedIn, staffHash, standInAlarm } from '../desk.test-support.ts';
import type { Api } from '../server.ts';

let api: Api;
afterEach(() => api.close());

test('an auditor reads what was seen and changed in their area, the newest first, with the reasons', async () => {
  const { auditor } = await desk();
  const page = await read(auditor, '/audit');
  expect(page.entries.map(({ n, what, of, reason }) => [n, what, of.id, reason])).toEqual([
    [5, 'glass', 'widow', 'she does not answer'],
    [4, 'shown', 'him', undefined],
    [1, 'shown', 'widow', undefined],
  ]);
  expect(JSON.stringify(page)).not.toContain('prev');
});

test('what has no area, and what lies elsewhere, is for who answers for everything', async () => {
  const { everywhere } = await desk();
  expect((await read(everywhere, '/audit')).entries.map(({ n }) => n)).toEqual([5, 4, 3, 2, 1]);
});

test('by whom, about what and since when may be asked, and pages follow each other', async () => {
  const { everywhere } = await desk();
  const first = await read(everywhere, '/audit?by=account:wang&limit=1');
  expect(first.entries.map(({ n }) => n)).toEqual([5]);
  const second = await read(everywhere, `/audit?by=account:wang&limit=1&cursor=${first.next}`);
  expect(second.entries.map(({ n }) => n)).toEqual([3]);
  expect((await read(everywhere, '/audit?of=person:widow')).entries.map(({ n }) => n)).toEqual([5, 1]);
  expect((await read(everywhere, `/audit?since=${startAt + 4_000}`)).entries.map(({ n }) => n)).toEqual([5, 4]);
  expect((await everywhere.get('/audit?cursor=%7E')).status).toBe(400);
  expect((await everywhere.get('/audit?what=nonsense')).status).toBe(400);
});

test('reading the account is a look of its own, and who is no auditor reads nothing', async () => {
  const { auditor, dispatcher, alarm } = await desk();
  await read(auditor, '/audit?of=person:widow');
  expect(alarm.commands).toMatchObject([
    { type: 'look', by: { type: 'account', id: 'auditor' }, of: { type: 'audit', id: 'person:widow' }, how: 'shown' },
  ]);
  expect((await dispatcher.get('/audit')).status).toBe(403);
});

const startAt = Date.parse('2026-11-03T21:00:00+08:00');

async function desk() {
  const disk = new TestDisk();
  const trail = await openAuditTrail({ disk, clock: testClock(startAt), log: silentLog, timeZone: 'Asia/Shanghai' });
  const entry = (index: number, words: Partial<AuditDraft>): AuditDraft => ({
    ...{ at: startAt + index * 1_000, journal: 'j', sequence: index, by: 'account:li', what: 'shown' },
    ...{ of: { type: 'person', id: 'widow' }, areaId: 'east', ...words },
  });
  const { areaId: _, ...anywhere } = entry(2, { what: 'rule-set', of: { type: 'ruleSetting', id: 'slow' } });
  await trail.append([
    entry(1, {}),
    anywhere,
    entry(3, { areaId: 'west', of: { type: 'person', id: 'bed-1' }, by: 'account:wang' }),
    entry(4, { of: { type: 'person', id: 'him' } }),
    entry(5, { what: 'glass', by: 'account:wang', reason: 'sealed(person:widow):QUFB' }),
  ]);
  const staff = (id: string, grants: object[]) => put('account', { id, name: id, hash: staffHash, grants });
  const alarm = standInAlarm({
    changes: [
      ...deskRegistry,
      staff('auditor', [{ role: 'auditor', areaId: 'east' }]),
      staff('everywhere', [{ role: 'auditor' }]),
      staff('dispatcher', [{ role: 'dispatcher' }]),
    ],
  });
  api = await openDesk(alarm, {
    audit: { find: (asked) => findAudit(disk, asked) },
    unseal: (owner) => (owner === 'person:widow' ? 'she does not answer' : undefined),
  });
  return {
    alarm,
    auditor: await signedIn(api, 'auditor'),
    everywhere: await signedIn(api, 'everywhere'),
    dispatcher: await signedIn(api, 'dispatcher'),
  };
}

async function read({ get }: { get: (path: string) => Promise<Response> }, path: string): Promise<AuditPage> {
  const response = await get(path);
  expect(response.status).toBe(200);
  return (await response.json()) as AuditPage;
}
