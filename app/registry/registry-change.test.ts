import { expect, test } from 'vitest';
import type { Command } from '../../records/command.ts';
import { entityVersion } from '../../records/entity-version.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { createFold } from '../alarm/alarm-core.ts';
import { commandDesk } from '../desk/command-desk.ts';
import { ownKeys } from './own-keys.test-support.ts';

const { vault } = await ownKeys();

/** The alarm process's own desk and fold over a small county, with keys that are real. */
function alarm() {
  const { judge, registry, incidents } = createFold('test');
  registry.apply(smallCounty);
  const kept: JournalRecord[] = [];
  const desk = commandDesk({
    ...{ vault, registry, incidents, onKeysRefused: () => {} },
    async append(record) {
      kept.push(record);
      const { result } = judge.step({ sequence: kept.length, receivedAt: 1, body: encodeRecord(record) });
      if (result) desk.answer(result);
    },
  });
  let count = 0;
  const ask = (change: RegistryChange, commandId = `change-${++count}`) =>
    desk.send({ type: 'registry-change', commandId, by: { type: 'account', id: 'li' }, change } satisfies Command);
  return { registry, kept, ask };
}

test('one change is kept sealed under a key of its own, and its version is that of what is kept', async () => {
  const { registry, kept, ask } = alarm();
  const value = { id: 'new', householdId: 'alone', name: '其木格', categories: [], language: 'zh-CN' } as const;
  const put: RegistryChange = {
    type: 'put',
    entity: 'person',
    value: { ...value, categories: [] },
    expectedVersion: 0,
  };
  const made = await ask(put);
  const person = registry.person('new');
  expect(made).toEqual({ ok: true, version: entityVersion(person) });
  expect(JSON.stringify(kept)).not.toContain('其木格');
  expect(vault.owners()).toContain('person:new');
  expect(vault.unseal('person:new', 'name', person?.name as { sealed: string })).toBe('其木格');

  // The same words keep their seal: whoever sends back what they saw changes nothing, and no version moves.
  const again = await ask({ ...put, expectedVersion: entityVersion(person) });
  expect([again, registry.person('new')]).toEqual([made, person]);
});

test('of two who were shown the same, one has it; a name sealed elsewhere is refused before it is kept', async () => {
  const { registry, kept, ask } = alarm();
  const couple = registry.household('couple');
  if (!couple) throw new Error('the small county has no couple');
  const expectedVersion = entityVersion(couple);
  const note = (words: string): RegistryChange => ({
    ...{ type: 'put', entity: 'household', value: { ...couple, note: words }, expectedVersion },
  });
  const [first, second] = await Promise.all([ask(note('the bell is broken')), ask(note('knock twice'))]);
  expect([first?.ok, second]).toEqual([
    true,
    expect.objectContaining({
      problem: 'version-conflict',
      currentVersion: entityVersion(registry.household('couple')),
    }),
  ]);
  const before = kept.length;
  const value = { ...couple, note: { sealed: 'QUFBQQ==' } };
  const foreign = await ask({ type: 'put', entity: 'household', value });
  expect([foreign, kept.length]).toEqual([expect.objectContaining({ problem: 'invalid' }), before]);
});
