import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { keysUnwritten } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { Incident } from '../../records/incident.ts';
import { put, remove } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { glassVault } from '../../simulators/glass-vault.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import { openAlarm } from '../alarm/alarm-core.ts';

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const household = { id: 'sarna', areaId: 'east-well', currentPlaceId: 'sarna-home' };

test('a key goes with its entry, and with the last personal field of one; one that is entered again keeps its new key', async () => {
  const { change, next } = await county();
  await change(put('household', { ...household, note: 'the dog bites' }));
  const { destroyed } = await next(async (send) => {
    await send(put('household', household));
    await send(remove('contact', 'daughter'));
    await send(put('household', { ...household, note: 'the dog is gone' }));
  });
  expect(destroyed).toEqual(['household:sarna', 'contact:daughter', 'contactText:daughter']);
});

test('a key that a crash kept from being destroyed is destroyed at the next start, though somebody is just importing', async () => {
  const { change, next } = await county();
  await change(put('household', { ...household, note: 'the dog bites' }));
  await change(put('household', household));
  await change(remove('contact', 'daughter'));
  await change(put('household', { ...household, id: 'bator', currentPlaceId: 'bator-home', note: 'new' }));
  const { destroyed } = await next(async () => {});
  expect(destroyed).toEqual(['household:sarna', 'contact:daughter', 'contactText:daughter']);
});

test('a disk that does not take the keys ends nothing: they are written as soon as it does', async () => {
  const { change, next } = await county();
  await change(remove('contact', 'daughter'));
  const { alarm, flushes, clock } = await next(async () => {}, { refusedFlushes: 3 });
  const failed = vi.fn();
  alarm.failure.catch(failed);
  expect(flushes()).toBe(1);
  for (const expected of [2, 3, 4, 4]) {
    await clock.advance(30_000);
    expect(flushes()).toBe(expected);
  }
  expect(failed).not.toHaveBeenCalled();
});

test('the desk is told once that the disk of the keys takes nothing, and it is over when it does', async () => {
  const { change, next } = await county();
  await change(remove('contact', 'daughter'));
  const { alarm, clock } = await next(async () => {}, { refusedFlushes: 3 });
  const told = () => {
    const ofKeys = (one: Incident) => one.alerts.some(({ condition }) => condition === 'keys-unwritten');
    return [...alarm.incidents.openIncidents()].filter(ofKeys).map(({ severity, told }) => [severity, told.length]);
  };
  await clock.advance(45_000);
  expect(told()).toEqual([['urgent', 0]]);
  await clock.advance(60_000);
  expect(told()).toEqual([]);
});

test('a new key that is refused is told as well, and the command with it; so is the start after it, until there is room', async () => {
  const { next } = await county();
  const named = put('contact', {
    id: 'son',
    of: { type: 'place', id: 'sarna-home' },
    role: 'family',
    name: 'Bat',
    channels: [{ type: 'log' }],
  });
  const { alarm, clock } = await next(async () => {}, { refusedFlushes: 2, lacks: 'contact:son' });
  const by = { type: 'account', id: 'li' } as const;
  const asked = alarm.send({ type: 'registry-change', commandId: 'son-1234', by, change: named });
  await expect(asked).rejects.toMatchObject({ code: 'KEYS_UNWRITTEN' });
  await clock.advance(1_000);
  const stands = () =>
    [...alarm.incidents.openIncidents()].some(({ alerts }) => alerts[0]?.condition === 'keys-unwritten');
  expect(stands()).toBe(true);
  await clock.advance(30_000);
  expect(stands()).toBe(false);
});

/** A county whose first process destroys nothing, as one that dies right before; `next` is the process after it. */
async function county() {
  const disk = new SimulatedDisk();
  const first = await openCounty({ startAt: Date.parse('2026-11-22T20:00:00Z'), seed: 7, registryText, disk });
  let count = 0;
  const commandOf = (change: RegistryChange) =>
    ({ type: 'registry-change', commandId: `change-${++count}`, by: { type: 'account', id: 'li' }, change }) as const;
  return {
    async change(change: RegistryChange): Promise<void> {
      const answer = first.send(commandOf(change));
      await first.clock.settled();
      expect(await answer).toMatchObject({ ok: true });
    },
    async next(
      then: (send: (change: RegistryChange) => Promise<void>) => Promise<void>,
      { refusedFlushes = 0, lacks = '' }: { refusedFlushes?: number; lacks?: string } = {},
    ) {
      first.kill();
      const destroyed: string[] = [];
      // It does not say whom it has keys of: what is destroyed is what the process knew of.
      let flushes = 0;
      const vault = {
        ...glassVault(),
        isKept: (owner: string) => owner !== lacks,
        destroy: (owner: string) => void destroyed.push(owner),
        async flush() {
          if (++flushes <= refusedFlushes) throw keysUnwritten({}, 'owner-keys');
        },
      };
      const alarm = await openAlarm({
        ...{ disk: disk.open(first), stateDisk: disk.open(first), clock: first.clock, chance: chanceOf(7, 'again') },
        ...{
          log: silentLog,
          metrics: createMetrics(),
          vault,
          channels: [],
          version: 'test',
          timeZone: 'Asia/Shanghai',
        },
        limits: { reserveBytes: 0, floorBytes: 0 },
      });
      await first.clock.settled();
      await alarm.caughtUp;
      await then(async (change) => {
        const answer = alarm.send(commandOf(change));
        await first.clock.settled();
        expect(await answer).toMatchObject({ ok: true });
      });
      return { destroyed, alarm, flushes: () => flushes, clock: first.clock };
    },
  };
}
