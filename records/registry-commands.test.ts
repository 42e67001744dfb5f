import { expect, test } from 'vitest';
import type { Command } from './command.ts';
import { entityVersion } from './entity-version.ts';
import { FoldState } from './fold-state.ts';
import type { FormerDeviceChange } from './former-commands.ts';
import { decodeRecord } from './record-codec.ts';
import { smallCounty } from './registry.test-support.ts';
import type { RegistryChange } from './registry.ts';
import { followRegistry } from './registry-commands.ts';
import { createRegistry } from './registry-fold.ts';

const by = { type: 'account', id: 'li' } as const;

function copy() {
  const state = new FoldState();
  const registry = createRegistry({ state });
  registry.apply(smallCounty);
  const { follow, answerTo } = followRegistry({ state, registry });
  /** The command that moves the detector of the first house, as somebody sends it who sees it as it is now. */
  const move = (commandId: string, placeId: string): Command => {
    const seen = registry.device('smoke-1');
    if (!seen) throw new Error('the small county has no smoke-1');
    const change = { type: 'put', entity: 'device', value: { ...seen, placeId } } as const;
    return { type: 'registry-change', commandId, by, change: { ...change, expectedVersion: entityVersion(seen) } };
  };
  return { registry, follow, answerTo, move };
}

test('a command that comes again changes nothing, also when everything is again as it was before it', () => {
  const { registry, follow, answerTo, move } = copy();
  const there = move('there-123', 'house-2');
  expect(follow(there)?.changed).toEqual(['device:smoke-1']);
  expect(follow(move('back-1234', 'house-1'))?.changed).toEqual(['device:smoke-1']);
  expect(follow(there)).toBeUndefined();
  expect(registry.device('smoke-1')?.placeId).toBe('house-1');
  expect(answerTo('there-123')).toMatchObject({ ok: true });
});

test('what was refused changed nothing, and is remembered as refused', () => {
  const { registry, follow, answerTo, move } = copy();
  expect(follow(move('nowhere-1', 'nowhere'))).toBeUndefined();
  expect(answerTo('nowhere-1')).toMatchObject({ ok: false, problem: 'invalid' });
  expect(registry.device('smoke-1')?.placeId).toBe('house-1');
});

test('commands about incidents are nothing to the registry', () => {
  const { follow, answerTo } = copy();
  expect(follow({ type: 'claim', commandId: 'claim-123', by, incidentId: 'i', expectedVersion: 1 })).toBeUndefined();
  expect(answerTo('claim-123')).toBeUndefined();
});

test('an entity that is the same has the same version, and any other has another', () => {
  const { registry } = copy();
  const device = registry.device('smoke-1');
  if (!device) throw new Error('the small county has no smoke-1');
  expect(entityVersion(JSON.parse(JSON.stringify(device)))).toBe(entityVersion(device));
  expect(Number.isSafeInteger(entityVersion(device))).toBe(true);
  const others = Array.from({ length: 20_000 }, (_, at) => entityVersion({ ...device, room: `room ${at}` }));
  expect(new Set([...others, entityVersion(device)]).size).toBe(20_001);
});

test('every kind of entity is changed, made and retired under the version that its author saw', () => {
  const { registry, follow, answerTo } = copy();
  let count = 0;
  const ask = (change: RegistryChange) => {
    const commandId = `change-${++count}`;
    follow({ type: 'registry-change', commandId, by, change });
    return answerTo(commandId);
  };
  const couple = registry.household('couple');
  if (!couple) throw new Error('the small county has no couple');
  const moved = { ...couple, currentPlaceId: 'camp-1' };
  const seen = entityVersion(couple);
  expect(ask({ type: 'put', entity: 'household', value: moved, expectedVersion: seen })).toEqual({
    ...{ ok: true, version: entityVersion(moved) },
  });
  expect(ask({ type: 'put', entity: 'household', value: couple, expectedVersion: seen })).toMatchObject({
    ...{ ok: false, problem: 'version-conflict', currentVersion: entityVersion(moved) },
  });
  expect(ask({ type: 'put', entity: 'household', value: { ...couple, id: 'new' }, expectedVersion: 0 })?.ok).toBe(true);
  expect(
    ask({ type: 'remove', entity: 'household', id: 'couple', expectedVersion: entityVersion(moved) }),
  ).toMatchObject({
    ...{ ok: false, problem: 'invalid', message: expect.stringContaining('still referred to by person "her"') },
  });
  expect(ask({ type: 'remove', entity: 'household', id: 'new' })).toEqual({ ok: true });
  expect(ask({ type: 'remove', entity: 'household', id: 'new', expectedVersion: 1 })).toMatchObject({
    problem: 'not-found',
  });
});

test('an import fails as a whole when one entity was changed after its author had looked', () => {
  const { registry, follow, answerTo } = copy();
  const [east, west] = [registry.area('east'), registry.area('west')];
  if (!east || !west) throw new Error('the small county has no villages');
  const changes: RegistryChange[] = [
    { type: 'put', entity: 'area', value: { ...east, name: 'East' }, expectedVersion: entityVersion(east) },
    { type: 'put', entity: 'area', value: { ...west, name: 'West' }, expectedVersion: entityVersion(east) },
  ];
  follow({ type: 'registry-part', commandId: 'part-1234', by, importId: 'i', part: 0, changes });
  expect(follow({ type: 'registry-commit', commandId: 'commit-12', by, importId: 'i', parts: 1 })).toBeUndefined();
  expect(answerTo('commit-12')).toMatchObject({
    ...{ ok: false, problem: 'invalid', message: expect.stringContaining('somebody else') },
  });
  expect(registry.area('east')?.name).toBe('East Well');
});

test('a change of a device as the journals of former releases hold it leads to the same registry', () => {
  const { registry, follow, answerTo } = copy();
  const device = registry.device('smoke-1');
  if (!device) throw new Error('the small county has no smoke-1');
  let count = 0;
  const read = (words: Omit<FormerDeviceChange, 'type' | 'commandId' | 'by'>) => {
    const command = { type: 'device-change', commandId: `former-${++count}`, by, ...words };
    const body = new TextEncoder().encode(`\x05\x01${JSON.stringify({ kind: 'command', command })}`);
    const record = decodeRecord(body);
    if (record.kind !== 'command') throw new Error(`a command was read as ${record.kind}`);
    follow(record.command);
    return answerTo(command.commandId);
  };
  const inHouse2 = { ...device, placeId: 'house-2' };
  const [before, after] = [entityVersion(device), entityVersion(inHouse2)];
  expect(read({ deviceId: 'smoke-1', device: inHouse2 })).toMatchObject({ problem: 'version-conflict' });
  expect(read({ deviceId: 'smoke-1', device: inHouse2, expectedVersion: before })).toEqual({
    ok: true,
    version: after,
  });
  expect(read({ deviceId: 'other', device: inHouse2, expectedVersion: after })).toMatchObject({ ok: false });
  expect(read({ deviceId: 'new', device: { ...inHouse2, id: 'new' } })?.ok).toBe(true);
  expect(registry.device('new')?.placeId).toBe('house-2');
  expect(read({ deviceId: 'smoke-1' })).toMatchObject({ problem: 'version-conflict' });
  expect(read({ deviceId: 'smoke-1', expectedVersion: after })).toEqual({ ok: true });
  expect(registry.device('smoke-1')).toBeUndefined();
});
