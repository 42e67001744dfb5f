import { expect, test } from 'vitest';
import { keysUnwritten } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { put, smallCounty } from '../../records/registry.test-support.ts';
import { changesIn } from '../../records/registry-commands.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { openText } from '../../records/sealed-text.ts';
import { glassVault } from '../../simulators/glass-vault.ts';
import { commandDesk } from './command-desk.ts';

test('a name that was sealed elsewhere is refused in words, however the desk is asked', async () => {
  const registry = createRegistry({ state: new FoldState() });
  const append = () => Promise.reject(new Error('it must not be journalled'));
  const incidents = { get: () => undefined };
  const { send } = commandDesk({
    ...{ append, registry, incidents, onKeysRefused: () => {} },
    vault: { ...glassVault(), unseal: () => undefined },
  });
  const value = { id: 'bat', householdId: 'house', name: { sealed: 'QUFBQQ==' } };
  const answer = await send({
    ...{ type: 'registry-part', commandId: 'part-1234', by: { type: 'account', id: 'li' }, importId: 'i', part: 0 },
    changes: [{ type: 'put', entity: 'person', value }],
  });
  expect(answer).toMatchObject({ ok: false, problem: 'invalid' });
});

test('where too many wait, people are asked to try again, and what a provider brings stays with it', async () => {
  const { send } = commandDesk({
    ...{ append: () => new Promise<never>(() => {}), registry: createRegistry({ state: new FoldState() }) },
    ...{ incidents: { get: () => undefined }, onKeysRefused: () => {}, vault: glassVault() },
  });
  const act = (n: number) => ({
    type: 'act',
    commandId: `command-${n}`,
    by: li,
    incidentId: 'i',
    expectedVersion: 1,
    action: 'x',
  });
  for (let n = 0; n < 1_000; n++) void send(act(n));
  expect(await send(act(1_000))).toMatchObject({ ok: false, problem: 'not-allowed' });
  const reply = { type: 'reply', commandId: 'reply-0001', phoneKey: 'k', text: '9', answer: 'help', via: 'sms:modem' };
  await expect(send({ ...reply, by: { type: 'system', id: 'sms:modem' } })).rejects.toThrow('already wait');
});

const li = { type: 'account', id: 'li' } as const;

test('what somebody writes is journalled sealed for whom it speaks of, and opens until they are erased', async () => {
  const { vault, records, send } = desk();
  await send({
    type: 'reopen',
    commandId: 'reopen-1',
    by: li,
    incidentId: 'i1',
    expectedVersion: 1,
    reason: 'she fell again',
  });
  const [reason] = records.map(
    (record) => record.kind === 'command' && 'reason' in record.command && record.command.reason,
  );
  expect(reason).toMatch(/^sealed\(personText:widow\):/);
  expect(JSON.stringify(records)).not.toContain('fell');
  expect(openText(String(reason), vault)).toBe('she fell again');
  vault.destroy('personText:widow');
  expect(openText(String(reason), vault)).toBeUndefined();
});

test.for([
  {
    says: 'a note about an incident',
    of: 'personText:widow',
    command: {
      type: 'resolve',
      incidentId: 'i1',
      expectedVersion: 1,
      outcome: 'helped',
      contact: 'reached',
      note: 'words',
    },
  },
  {
    says: 'what was done',
    of: 'personText:widow',
    command: { type: 'act', incidentId: 'i1', expectedVersion: 1, action: 'words' },
  },
  {
    says: 'a look at a household',
    of: 'householdText:couple',
    command: { type: 'look', of: { type: 'household', id: 'couple' }, how: 'glass', reason: 'words' },
  },
  {
    says: 'a look at the account',
    of: 'installation:texts',
    command: { type: 'look', of: { type: 'audit', id: 'all' }, how: 'shown', reason: 'words' },
  },
  {
    says: 'a window for tests at a couple',
    of: 'householdText:couple',
    command: { type: 'test-window', deviceId: 'smoke-1', until: 9, reason: 'words' },
  },
  {
    says: 'a command to a watch',
    of: 'personText:widow',
    command: { type: 'device-command', deviceId: 'watch-2', ask: { name: 'locate' }, reason: 'words' },
  },
  {
    says: 'its end',
    of: 'personText:widow',
    command: { type: 'cancel-device-command', deviceId: 'watch-2', cancels: 'c', reason: 'words' },
  },
  {
    says: 'a room that two share',
    of: 'placeText:room-1',
    command: { type: 'test-window', deviceId: 'smoke-r1', until: 9, reason: 'words' },
  },
  {
    says: 'why somebody is erased',
    of: 'installation:texts',
    command: { type: 'registry-commit', importId: 'i', parts: 1, reason: 'words' },
  },
  {
    says: 'an incident of somebody who is gone',
    of: 'installation:texts',
    command: { type: 'act', incidentId: 'i2', expectedVersion: 1, action: 'words' },
  },
])('$says is sealed under $of', async ({ of, command }) => {
  const { vault, records, send } = desk();
  await send({ commandId: 'command-1', by: li, ...command });
  const text = JSON.stringify(records);
  expect(text).toContain(`sealed(${of}):`);
  expect(text).not.toContain('words');
  const [, sealed = ''] = /(sealed[^"]+)"/.exec(text) ?? [];
  expect(openText(sealed, vault)).toBe('words');
});

test('what looks as if it were sealed is sealed like everything else, and what was kept open by an earlier release stays readable', async () => {
  const { vault, records, send } = desk();
  const forged = 'sealed(person:her):QUFBQQ==';
  await send({ type: 'reopen', commandId: 'reopen-1', by: li, incidentId: 'i1', expectedVersion: 1, reason: forged });
  const [, sealed = ''] = /(sealed[^"]+)"/.exec(JSON.stringify(records)) ?? [];
  expect(openText(sealed, vault)).toBe(forged);
  expect(openText('the dog bites', vault)).toBe('the dog bites');
});

test('a file that says nothing about consent takes none back and gives none again', async () => {
  const { records, send, registry } = desk();
  const consents = { location: { given: false, at: 5, by: 'account:li' } };
  registry.apply([put('person', { ...registry.person('widow'), consents })]);
  const changes = [
    put('person', { id: 'widow', householdId: 'alone', name: 'Narantuya B.' }),
    put('person', { id: 'her', householdId: 'couple', name: 'Saran' }),
  ];
  await send({ type: 'registry-part', commandId: 'part-1234', by: li, importId: 'i', part: 0, changes });
  const kept = records.flatMap((record) => (record.kind === 'command' ? changesIn(record.command) : []));
  expect(kept).toMatchObject([{ value: { id: 'widow', consents } }, { value: { id: 'her' } }]);
  expect(kept[1]).not.toHaveProperty('value.consents');
});

test('while the keys cannot be written, people go on: for whom there is a key, and else in the name of the installation', async () => {
  const { vault, records, send } = desk();
  const act = (commandId: string) =>
    send({ type: 'act', commandId, by: li, incidentId: 'i1', expectedVersion: 1, action: 'words' });
  await act('act-00001');
  vault.flush = async () => {
    throw keysUnwritten({}, 'owner-keys');
  };
  await act('act-00002');
  await send({ type: 'test-window', commandId: 'window-1', by: li, deviceId: 'smoke-1', until: 9, reason: 'words' });
  await send({ type: 'test-window', commandId: 'window-2', by: li, deviceId: 'smoke-1', until: 9, reason: 'words' });
  const owners = records.map((record) => /sealed\((\w+:\w+)\)/.exec(JSON.stringify(record))?.[1]);
  expect(owners).toEqual(['personText:widow', 'personText:widow', 'installation:texts', 'installation:texts']);
});

/** A desk over a small county; commands are never answered, only kept. */
function desk() {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const kept = new Set(['installation:texts']);
  const sealing = new Set<string>();
  const glass = glassVault();
  const vault: Vault = {
    ...glass,
    seal(owner, field, text) {
      sealing.add(owner);
      return glass.seal(owner, field, text);
    },
    isKept: (owner) => kept.has(owner),
    async flush() {
      for (const owner of sealing) kept.add(owner);
    },
  };
  const records: JournalRecord[] = [];
  const where = { i1: registry.whereabouts('watch-2'), i2: { personId: 'gone', householdId: 'gone', placeId: 'gone' } };
  const incidents = { get: (id: string) => ({ where: where[id as 'i1'] }) };
  const append = async (record: JournalRecord) => void records.push(record);
  const parts = { registry, incidents, vault, append, onKeysRefused: () => {} };
  const { send, answer } = commandDesk(parts);
  return {
    ...{ vault, records, registry },
    async send(input: { commandId: string; [field: string]: unknown }): Promise<void> {
      const answered = send(input);
      await new Promise<void>((done) => setImmediate(done));
      answer({ commandId: input.commandId, result: { ok: true } });
      expect(await answered).toEqual({ ok: true });
    },
  };
}
