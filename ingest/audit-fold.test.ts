import { expect, test } from 'vitest';
import type { AuditDraft } from '../records/audit.ts';
import type { Command } from '../records/command.ts';
import { put, remove } from '../records/registry.test-support.ts';
import type { RegistryChange } from '../records/registry.ts';
import { createAuditFold } from './audit-fold.ts';
import { foldUnderTest } from './downlinks.test-support.ts';

// What the alarm process really decides, told on the account.

const li = { type: 'account', id: 'li' } as const;

test('what silences, resolves, opens again and locates is told, with how it ended', () => {
  const { home, told } = county();
  home.alarm(1);
  const incidentId = home.claim();
  home.ask('smoke-1', { name: 'hush', incidentId, boot: 1, seq: 1 });
  home.ask('watch-2', { name: 'locate' });
  home.send({
    type: 'test-window',
    commandId: 'window-1',
    by: li,
    deviceId: 'smoke-1',
    until: home.now() + 60_000,
    reason: 'the yearly look',
  });
  const version = () => home.incidents.get(incidentId)?.version ?? 0;
  const ending = { incidentId, outcome: 'helped', by: li } as const;
  home.send({ ...ending, type: 'resolve', commandId: 'resolve-1', expectedVersion: version(), contact: 'not-reached' });
  home.send({
    ...ending,
    type: 'resolve',
    commandId: 'resolve-2',
    by: { type: 'account', id: 'wang' },
    expectedVersion: version(),
    contact: 'not-reached',
  });
  home.send({ type: 'reopen', commandId: 'reopen-1', by: li, incidentId, expectedVersion: 0, reason: 'smoke again' });
  expect(told().map(({ by, what, of, refusal, details }) => [by, what, of.id, refusal, details])).toEqual([
    ['account:li', 'muted', 'smoke-1', undefined, { name: 'hush' }],
    ['account:li', 'device-command', 'watch-2', undefined, { name: 'locate' }],
    ['account:li', 'muted', 'smoke-1', undefined, { until: home.now() + 60_000 }],
    ['account:li', 'second-person-asked', incidentId, undefined, { outcome: 'helped', contact: 'not-reached' }],
    [
      'account:wang',
      'resolved',
      incidentId,
      undefined,
      { outcome: 'helped', contact: 'not-reached', agreedWith: 'account:li' },
    ],
    ['account:li', 'reopened', incidentId, 'version-conflict', undefined],
  ]);
  expect(told()[2]).toMatchObject({ reason: 'the yearly look', areaId: 'east' });
});

test('claims, visits and what the system does by itself are not told', () => {
  const { home, told } = county();
  home.alarm(1);
  home.claim();
  home.send({
    type: 'visit',
    commandId: 'visit-12',
    by: li,
    householdId: 'alone',
    visitedAt: home.now(),
    why: 'round',
    result: 'well',
  });
  expect(told()).toEqual([]);
});

test('that somebody is away is told, because nobody misses them then; and so is what is only tried', () => {
  const { told, import_ } = county();
  const absence = { reason: 'hospital', since: 5, until: 9 } as const;
  const consents = { location: { given: true, at: 5, by: 'li' } };
  import_(
    [
      put('person', { id: 'her', householdId: 'couple', name: 'Saran', absence }),
      put('person', { id: 'him', householdId: 'couple', name: 'Bat', absence, consents }),
      put('ruleSetting', { id: 'slow', rule: 'fall', mode: 'shadow', scope: { type: 'all' }, settings: {} }),
    ],
    'they said so',
  );
  const away = { absentSince: 5, absentUntil: 9 };
  expect(told().map(({ what, of: { id }, details }) => [what, id, details])).toEqual([
    ['imported', 'import-1', { listed: 3 }],
    ['absence', 'her', away],
    ['consent', 'him', { location: 'given', ...away }],
    ['rule-set', 'slow', { rule: 'fall', mode: 'shadow', scope: 'all', settings: '{}' }],
  ]);
});

test('of an import rules, rights and who leaves are told one by one, and how many of everything else', () => {
  const { home, told, import_ } = county();
  const grants = [{ role: 'dispatcher', areaId: 'east' }, { role: 'auditor' }];
  import_(
    [
      put('ruleSetting', {
        id: 'slow',
        rule: 'fall',
        scope: { type: 'person', id: 'her' },
        settings: { promptMs: 9_000 },
      }),
      put('account', { id: 'wang', name: 'Wang Gang', hash: 'h', grants }),
      put('apiKey', { id: 'map', name: 'Map', hash: 'h', grants: [{ role: 'quality-monitor' }] }),
      put('person', {
        id: 'her',
        householdId: 'couple',
        name: 'Saran',
        consents: { location: { given: false, at: 5, by: 'li' } },
      }),
      put('place', { id: 'house-9', areaId: 'east', kind: 'house', name: 'new' }),
      put('place', { id: 'house-8', areaId: 'east', kind: 'house', name: 'newer' }),
      remove('person', 'bed-1'),
      remove('household', 'resident-1'),
    ],
    'she moved away',
  );
  expect(told().map(({ what, of, details }) => [what, `${of.type}:${of.id}`, details])).toEqual([
    ['imported', 'registry:import-1', { listed: 6, place: 2 }],
    ['rule-set', 'ruleSetting:slow', { rule: 'fall', scope: 'person:her', settings: '{"promptMs":9000}' }],
    ['account-set', 'account:wang', { grants: 'dispatcher@east, auditor' }],
    ['key-set', 'apiKey:map', { grants: 'quality-monitor' }],
    ['consent', 'person:her', { location: 'withdrawn' }],
    ['erased', 'person:bed-1', undefined],
    ['removed', 'household:resident-1', undefined],
  ]);
  expect(told().find(({ what }) => what === 'erased')).toMatchObject({ reason: 'she moved away', areaId: 'here' });
  expect(JSON.stringify(told())).not.toMatch(/Saran|Wang Gang|new/);
  expect(home.registry.person('bed-1')).toBeUndefined();
});

test('an import that is refused is told once, as that', () => {
  const { told, import_ } = county();
  import_([put('account', { id: 'wang', name: 'Wang', hash: 'h' }), remove('place', 'no-such')]);
  expect(told()).toMatchObject([{ what: 'imported', refusal: 'invalid' }]);
});

test('of a part that is sent again under its id with something else, what was applied is told', () => {
  const { home, told } = county();
  const part = { type: 'registry-part', commandId: 'import-1-0', by: li, importId: 'import-1', part: 0 } as const;
  home.send({ ...part, changes: [remove('person', 'bed-1')] });
  home.send({ ...part, changes: [put('account', { id: 'wang', name: 'Wang', hash: 'h' })] });
  home.send({ type: 'registry-commit', commandId: 'import-1-end', by: li, importId: 'import-1', parts: 1 });
  expect(told().map(({ what, of }) => `${what} ${of.id}`)).toEqual(['imported import-1', 'erased bed-1']);
  expect([home.registry.person('bed-1'), home.registry.account('wang')]).toEqual([undefined, undefined]);
});

test('parts of other imports that come between a commit and its decision take nothing from what is told', () => {
  const { home, told } = county();
  const part = (importId: string, ...changes: RegistryChange[]) =>
    home.send({ type: 'registry-part', commandId: `${importId}-0`, by: li, importId, part: 0, changes });
  part('import-1', remove('person', 'bed-1'));
  for (const id of ['two', 'three', 'four']) part(id);
  home.send({ type: 'registry-commit', commandId: 'import-1-end', by: li, importId: 'import-1', parts: 1 });
  const decided = home.journal.pop();
  part('five');
  if (decided) home.journal.push({ ...decided, sequence: home.journal.length + 1 });
  expect(told().map(({ what, of }) => `${what} ${of.id}`)).toEqual(['imported import-1', 'erased bed-1']);
});

test('a command under an id that the alarm process has forgotten is done again, and told again', () => {
  const { home, told } = county();
  const rule = (promptMs: number): void => {
    const value = { id: 'slow', rule: 'fall', scope: { type: 'person', id: 'her' }, settings: { promptMs } };
    home.send({ type: 'registry-change', commandId: 'reused-1', by: li, change: put('ruleSetting', value) });
  };
  rule(9_000);
  rule(1_000);
  for (let count = 0; count < 5_000; count++)
    home.send({ type: 'audit-mark', commandId: `mark-${count}-of-many`, by: li, n: 1, hash: '0'.repeat(64) });
  rule(8_000);
  expect(told().map(({ details }) => details?.settings)).toEqual(['{"promptMs":9000}', '{"promptMs":8000}']);
  expect([...home.registry.list('ruleSetting')]).toMatchObject([{ settings: { promptMs: 8_000 } }]);
});

test('what waits for its decision is read again by a later start, and told there', () => {
  const { home, told } = county();
  const look: Command = {
    type: 'look',
    commandId: 'look-123',
    by: li,
    of: { type: 'person', id: 'her' },
    how: 'glass',
    reason: 'she fell',
  };
  const from = home.journal.length + 1;
  home.send(look);
  const first = createAuditFold({ journal: 'j', areaOf: () => undefined });
  expect(first.step(home.journal[from - 1] as never)).toEqual([]);
  expect(first.needsFrom(from)).toBe(from);
  expect(told()).toMatchObject([{ what: 'glass', sequence: from + 1, reason: 'she fell' }]);
});

/** A small county, registered before the account began; `told` is what was told since. */
function county() {
  const home = foldUnderTest();
  const from = home.journal.length;
  return {
    home,
    told(): AuditDraft[] {
      const fold = createAuditFold({
        journal: 'j',
        areaOf: ({ type, id }) => (type === 'device' ? home.registry.whereabouts(id).areaId : 'here'),
      });
      return home.journal.slice(from).flatMap(fold.step);
    },
    import_(changes: RegistryChange[], reason?: string): void {
      const about = { by: li, importId: 'import-1' };
      home.send({ type: 'registry-part', commandId: 'import-1-0', ...about, part: 0, changes });
      home.send({
        type: 'registry-commit',
        commandId: 'import-1-end',
        ...about,
        parts: 1,
        ...(reason !== undefined && { reason }),
      });
    },
  };
}
