import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import type { EventDelivery } from '../../records/outgoing-event.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import { DeliveryLog } from './delivery-log.ts';

function world() {
  const clock = new VirtualClock({ startAt: 0 });
  const disk = new SimulatedDisk();
  const open = () => new DeliveryLog({ disk: disk.open({ clock }), clock, log: silentLog });
  const files = async () => (await disk.open({ clock }).list('events/all')).map(({ name }) => name);
  return { clock, disk, open, files };
}
const delivery = (number: number): EventDelivery => ({
  ...{ at: number, eventId: `msg_${number}`, type: 'incident.opened', attempt: 1, outcome: 'delivered' },
  ...{ detail: 'HTTP 204', tookMs: 12 },
});

test('the newest come first, page by page, and a page does not move when more is written', async () => {
  const { clock, open } = world();
  const log = open();
  for (let number = 1; number <= 5; number++) log.note('all', delivery(number));
  log.note('other', delivery(99));
  const first = await log.read('all', { limit: 2 });
  expect(first.deliveries.map(({ at }) => at)).toEqual([5, 4]);
  log.note('all', delivery(6));
  await clock.advance(2_000);
  const second = await log.read('all', { limit: 2, before: first.next });
  expect(second.deliveries.map(({ at }) => at)).toEqual([3, 2]);
  const third = await log.read('all', { limit: 2, before: second.next });
  expect(third).toEqual({ deliveries: [delivery(1)] });
});

test('what was written is there after a restart; a line that a crash cut off is passed over', async () => {
  const { clock, disk, open } = world();
  const first = open();
  first.note('all', delivery(1));
  await first.close();
  const file = await disk.open({ clock }).openAppend('events/all/00000001.jsonl');
  await file.append([Buffer.from('\n{"at":2,"event')]);
  const second = open();
  second.note('all', delivery(3));
  expect((await second.read('all', { limit: 10 })).deliveries.map(({ at }) => at)).toEqual([3, 1]);
});

test('one that fails all day keeps two files, of which the older is full', async () => {
  const { open, files } = world();
  const log = open();
  for (let number = 1; number <= 12_000; number++) {
    log.note('all', delivery(number));
    if (number % 500 === 0) await log.read('all', { limit: 1 });
  }
  expect(await files()).toHaveLength(2);
  let read = 0;
  for (let before: string | undefined, isFirst = true; isFirst || before; isFirst = false) {
    const page = await log.read('all', { limit: 200, before });
    read += page.deliveries.length;
    before = page.next;
  }
  expect(read).toBeGreaterThan(3_000);
  expect(read).toBeLessThan(12_000);
});

test('when a subscription ends, so does its log', async () => {
  const { open, files } = world();
  const log = open();
  log.note('all', delivery(1));
  await log.read('all', { limit: 1 });
  await log.forget('all');
  expect(await files()).toEqual([]);
  expect(await log.read('all', { limit: 1 })).toEqual({ deliveries: [] });
});

test('a full disk loses lines of the log, and nothing else', async () => {
  const { clock, disk } = world();
  const full = disk.open({ clock });
  const complaints: string[] = [];
  const log = new DeliveryLog({
    disk: { ...full, openAppend: async (name) => ({ ...(await full.openAppend(name)), append: async () => 'full' }) },
    clock,
    log: {
      ...silentLog,
      error: (_details: unknown, text: unknown) => complaints.push(String(text)),
    } as typeof silentLog,
  });
  log.note('all', delivery(1));
  expect(await log.read('all', { limit: 1 })).toEqual({ deliveries: [] });
  expect(complaints).toEqual(['the disk is full: deliveries are not in their log']);
});

test('a cursor that somebody made up reads no more than a file can hold', async () => {
  const { clock, disk } = world();
  const plain = disk.open({ clock });
  const asked: number[] = [];
  const read: typeof plain.read = (name, from, bytes) => {
    asked.push(bytes);
    return plain.read(name, from, bytes);
  };
  const log = new DeliveryLog({ disk: { ...plain, read }, clock, log: silentLog });
  log.note('all', delivery(1));
  expect((await log.read('all', { limit: 5, before: '1-999999999' })).deliveries).toHaveLength(1);
  expect(Math.max(...asked)).toBeLessThan(2_000_000);
});
