import { expect, test } from 'vitest';
import type { Command } from './command.ts';
import { deviceVersion } from './device-version.ts';
import { FoldState } from './fold-state.ts';
import { smallCounty } from './registry.test-support.ts';
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
    const about = { type: 'device-change', commandId, by, deviceId: seen.id } as const;
    return { ...about, device: { ...seen, placeId }, expectedVersion: deviceVersion(seen) };
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

test('a device that is the same has the same version, and any other has another', () => {
  const { registry } = copy();
  const device = registry.device('smoke-1');
  if (!device) throw new Error('the small county has no smoke-1');
  expect(deviceVersion(JSON.parse(JSON.stringify(device)))).toBe(deviceVersion(device));
  expect(Number.isSafeInteger(deviceVersion(device))).toBe(true);
  const others = Array.from({ length: 20_000 }, (_, at) => deviceVersion({ ...device, room: `room ${at}` }));
  expect(new Set([...others, deviceVersion(device)]).size).toBe(20_001);
});
