import { expect, test } from 'vitest';
import type { Disk } from '../../platform/disk.ts';
import { away, county, hangs, MINUTE_MS, SECOND_MS } from './feed.test-support.ts';

test('that nobody knows what was told is not forgotten by a crash before anybody heard it', async () => {
  const world = await county();
  await world.incident(1);
  world.subscribe('all');
  const first = await world.open({ reached: () => 0 });
  await world.clock.advance(10 * SECOND_MS);
  first.kill();
  expect(world.got).toEqual([]);
  const second = await world.open();
  await world.clock.advance(SECOND_MS);
  expect(world.typesTo('all')).toEqual(['subscription.gap']);
  second.kill();
  await world.open();
  await world.clock.advance(MINUTE_MS);
  expect(new Set(world.got.map(({ id }) => id)).size).toBe(1);
});

test('what a full disk did not keep does not count as kept', async () => {
  const world = await county();
  world.subscribe('all');
  let isFull = true;
  const disk = world.disk.open({ clock: world.clock });
  const openAppend: Disk['openAppend'] = async (name) => {
    const file = await disk.openAppend(name);
    return Object.assign(Object.create(file), {
      append: async (chunks: Uint8Array[]) => (isFull ? 'full' : file.append(chunks)),
      close: () => file.close(),
    });
  };
  const feed = await world.open({ stateDisk: { ...disk, openAppend } });
  await world.incident(1);
  await world.clock.advance(20 * SECOND_MS);
  expect(feed.reachesBackTo()).toBe(0);
  isFull = false;
  await world.clock.advance(20 * SECOND_MS);
  expect(feed.reachesBackTo()).toBe(world.journal.headSequence);
});

test('an attempt that is under way when its subscription ends leaves nothing in the log', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', hangs);
  await world.open();
  await world.incident(1);
  await world.clock.advance(SECOND_MS);
  world.unsubscribe('all');
  await world.incident(2);
  await world.clock.advance(MINUTE_MS);
  expect(world.toldTo('all')).toEqual(['i:1']);
  expect(await logOf(world)).toEqual([]);
});

test('the log of a subscription that ended goes even when a crash came in between', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', () => away);
  const disk = world.disk.open({ clock: world.clock });
  const first = await world.open({ stateDisk: { ...disk, remove: () => new Promise(() => {}) } });
  await world.incident(1);
  await world.clock.advance(2 * SECOND_MS);
  world.unsubscribe('all');
  await world.incident(2);
  await world.clock.advance(20 * SECOND_MS);
  first.kill();
  expect(await logOf(world)).toHaveLength(1);
  await world.open();
  await world.clock.advance(10 * SECOND_MS);
  expect(await logOf(world)).toEqual([]);
});

async function logOf(world: Awaited<ReturnType<typeof county>>) {
  const files = world.disk.open({ clock: world.clock }).list('events/all');
  await world.clock.settled();
  return files;
}
