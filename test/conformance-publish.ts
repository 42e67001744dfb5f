import { expect } from 'vitest';
import { publishPacket } from '../broker/broker.test-support.ts';
import {
  heard,
  hearsNothing,
  inBoth,
  isCutOff,
  publish,
  type Qos,
  raw,
  type Scenarios,
  subscribe,
  text,
  withDeviceRights,
  withOpenRights,
} from './conformance-client.ts';

const levels: Qos[] = [0, 1, 2];

/** PUBLISH in both directions, its acknowledgements, and what is retained. */
export const publishScenarios: Scenarios = {
  'fixed headers have the flags that they must have': inBoth(async ({ client }) => {
    const body: Record<number, Buffer> = {
      64: raw(0x41, 0, 1),
      80: raw(0x52, 0, 1),
      96: raw(0x60, 0, 1),
      112: raw(0x74, 0, 1),
      128: raw(0x80, 0, 1, text('down/button-1/#'), 0),
      160: raw(0xa3, 0, 1, text('down/button-1/#')),
      192: raw(0xc1),
      224: raw(0xe8),
    };
    for (const bytes of Object.values(body)) await isCutOff(await client('button-1'), bytes);
  }),
  'packet ids are not 0': inBoth(async ({ client }) => {
    const topic = text('up/button-1/status');
    for (const bytes of [
      raw(0x32, topic, 0, 0, 'x'),
      raw(0x34, topic, 0, 0, 'x'),
      raw(0x82, 0, 0, text('down/button-1/#'), 0),
      raw(0xa2, 0, 0, text('down/button-1/#')),
    ])
      await isCutOff(await client('button-1'), bytes);
  }),
  'PUBLISH is well-formed': inBoth(async ({ client }) => {
    const wrong = [
      raw(0x36, text('up/button-1/status'), 0, 1),
      raw(0x38, text('up/button-1/status')),
      raw(0x30, text('')),
      raw(0x30, text('up/button-1/+'), 'x'),
      raw(0x32, text('up/button-1/#'), 0, 1, 'x'),
      raw(0x30, text(Buffer.from([0xc3, 0x28])), 'x'),
      raw(0x30, text(Buffer.from([0xed, 0xa0, 0x80])), 'x'),
      raw(0x30, text(Buffer.from([0x75, 0])), 'x'),
      raw(0x30, 0, 9, 'short'),
      raw(0x32, text('up/button-1/status'), 1),
    ];
    for (const bytes of wrong) await isCutOff(await client('button-1'), bytes);
  }),
  'a violation ends its own connection and no other': inBoth(async ({ client }) => {
    const neighbour = await client('button-2');
    await isCutOff(await client('button-1'), Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0xff]));
    await publish(neighbour, 'up/button-2/status', 'x', { qos: 1 });
  }),
  'each QoS is answered in its way, with the same packet id': inBoth(async ({ client }) => {
    const button = await client('button-1');
    for (const qos of levels) await publish(button, 'up/button-1/status', 'x', { qos });
    await hearsNothing(button);
  }),
  'at QoS 1 a packet id that was acknowledged is a new message': inBoth(async ({ client, journal, rights }) => {
    const [button, listener] = [await client('button-1'), await client('listener')];
    if (rights === 'open') await subscribe(listener, ['up/#', 0]);
    for (const payload of ['one', 'two']) await publish(button, 'up/button-1/status', payload, { qos: 1 });
    if (rights === 'device') expect(journal.kept).toHaveLength(2);
    else expect([(await heard(listener)).text, (await heard(listener)).text]).toEqual(['one', 'two']);
  }),
  'at QoS 2 a message goes on once until it is released': inBoth(async ({ client, journal, rights }) => {
    const [button, listener] = [await client('button-1'), await client('listener')];
    if (rights === 'open') await subscribe(listener, ['up/#', 0]);
    const once = publishPacket('up/button-1/status', 'once', 5, 2);
    const again = { ...once, dup: true } as ReturnType<typeof publishPacket>;
    // The second of a pair is answered by the first, while that is still on its way to the disk.
    button.send(once, again);
    expect(await button.next()).toMatchObject({ cmd: 'pubrec', messageId: 5 });
    button.send(again);
    for (let count = rights === 'open' ? 2 : 1; count > 0; count--)
      expect(await button.next()).toMatchObject({ cmd: 'pubrec', messageId: 5 });
    for (let count = 0; count < 2; count++) {
      button.send({ cmd: 'pubrel', messageId: 5 });
      expect(await button.next()).toMatchObject({ cmd: 'pubcomp', messageId: 5 });
    }
    button.send(publishPacket('up/button-1/status', 'new', 5, 2));
    expect(await button.next()).toMatchObject({ cmd: 'pubrec', messageId: 5 });
    if (rights === 'device') expect(journal.kept).toHaveLength(2);
    else expect([(await heard(listener)).text, (await heard(listener)).text]).toEqual(['once', 'new']);
  }),
  'acknowledgements come in the order of the publishes': inBoth(async ({ client }) => {
    const button = await client('button-1');
    const ids = Array.from({ length: 50 }, (_, index) => index + 1);
    button.send(...ids.map((id) => publishPacket('up/button-1/status', 'x', id, id % 2 === 0 ? 2 : 1)));
    for (const id of ids)
      expect(await button.next()).toMatchObject({ cmd: id % 2 === 0 ? 'pubrec' : 'puback', messageId: id });
  }),
  'a publish that is not allowed is acknowledged and goes nowhere': withDeviceRights(async ({ client, journal }) => {
    const button = await client('button-1');
    await publish(button, 'up/button-2/press', 'x', { qos: 1 });
    await publish(button, 'down/button-1/hush', 'x', { qos: 2 });
    expect(journal.offered).toBe(0);
  }),
  'what the server cannot keep ends the connection of its sender': withDeviceRights(async ({ client, journal }) => {
    const [button, neighbour] = [await client('button-1'), await client('button-2')];
    journal.mode = 'failed';
    await isCutOff(button, raw(0x32, text('up/button-1/press'), 0, 1, 'x'));
    await hearsNothing(neighbour);
  }),
  'a command is sent with a packet id of its own until it is acknowledged': inBoth(async ({ client, command }) => {
    const button = await client('button-1');
    await subscribe(button, ['down/button-1/#', 1]);
    const ids = new Set<number | undefined>();
    for (let count = 0; count < 20; count++) {
      command('button-1', String(count));
      const message = await heard(button);
      expect(message).toMatchObject({ text: String(count), qos: 1, dup: false, retain: false });
      ids.add(message.messageId);
    }
    expect(ids.size).toBe(20);
    expect(ids.has(0)).toBe(false);
  }),
  'at QoS 2 the server releases what was received': withOpenRights(async ({ client }) => {
    const [sender, listener] = [await client('sender'), await client('listener')];
    await subscribe(listener, ['a', 2]);
    await publish(sender, 'a', 'x', { qos: 2 });
    const { messageId = 0, qos, dup } = await heard(listener);
    expect([qos, dup]).toEqual([2, false]);
    listener.send({ cmd: 'pubrec', messageId });
    expect(await listener.next()).toMatchObject({ cmd: 'pubrel', messageId });
    listener.send({ cmd: 'pubcomp', messageId });
    await hearsNothing(listener);
  }),
  'a message has the lower of its QoS and that of the subscription': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    for (const granted of levels) {
      for (const filter of ['a/b', 'a/+', 'a/#', '#']) {
        const listener = await client('listener');
        expect(await subscribe(listener, [filter, granted])).toEqual([granted]);
        for (const qos of levels) {
          await publish(sender, 'a/b', 'x', { qos });
          const message = await heard(listener);
          expect(message).toMatchObject({ topic: 'a/b', qos: Math.min(qos, granted), dup: false, retain: false });
          expect('messageId' in message).toBe(message.qos > 0);
        }
      }
    }
  }),
  'DUP and RETAIN of a publish are not passed on': withOpenRights(async ({ client }) => {
    const [sender, listener] = [await client('sender'), await client('listener')];
    await subscribe(listener, ['a', 1]);
    sender.send({ ...publishPacket('a', 'x', 4), dup: true, retain: true } as ReturnType<typeof publishPacket>);
    expect(await heard(listener)).toMatchObject({ dup: false, retain: false });
  }),
  'overlapping subscriptions give the highest QoS': withOpenRights(async ({ client }) => {
    const [sender, listener] = [await client('sender'), await client('listener')];
    await subscribe(listener, ['a/#', 0], ['a/b', 2], ['+/b', 1]);
    await publish(sender, 'a/b', 'x', { qos: 2 });
    expect(await heard(listener)).toMatchObject({ qos: 2 });
    await hearsNothing(listener);
  }),
  'the last retained message of each topic goes to new subscribers': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    await publish(sender, 'rooms/1', 'old', { qos: 2, retain: true });
    await publish(sender, 'rooms/1', 'new', { qos: 1, retain: true });
    await publish(sender, 'rooms/2', 'two', { qos: 0, retain: true });
    await publish(sender, 'rooms/1', 'passing', { qos: 1 });
    const listener = await client('listener');
    await subscribe(listener, ['rooms/+', 2]);
    const both = [await heard(listener), await heard(listener)].sort((a, b) => a.topic.localeCompare(b.topic));
    expect(both).toMatchObject([
      { topic: 'rooms/1', text: 'new', qos: 1, retain: true, dup: false },
      { topic: 'rooms/2', text: 'two', qos: 0, retain: true, dup: false },
    ]);
    await hearsNothing(listener);
  }),
  'a retained message outlives the session of its publisher': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    await publish(sender, 'a', 'x', { qos: 1, retain: true });
    sender.socket.end();
    await sender.closed;
    const listener = await client('listener');
    await subscribe(listener, ['a', 0]);
    expect(await heard(listener)).toMatchObject({ text: 'x', retain: true, qos: 0 });
  }),
  'an empty retained message takes the earlier one away, and is passed on': withOpenRights(async ({ client }) => {
    const [sender, listener, later] = [await client('sender'), await client('listener'), await client('later')];
    await publish(sender, 'a', 'x', { qos: 1, retain: true });
    await subscribe(listener, ['a', 1]);
    expect(await heard(listener)).toMatchObject({ text: 'x', retain: true });
    await publish(sender, 'a', '', { qos: 1, retain: true });
    expect(await heard(listener)).toMatchObject({ text: '', retain: false });
    await subscribe(later, ['a', 1]);
    await hearsNothing(later);
  }),
  'retained messages are found by every filter that matches': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    const topics = ['finance', '/finance', 'sport/', 'sport', 'sport/a/b', '$private'];
    for (const topic of topics) await publish(sender, topic, topic, { qos: 1, retain: true });
    const found: Record<string, string[]> = {
      'sport/+': ['sport/'],
      'sport/#': ['sport/', 'sport', 'sport/a/b'],
      '+': ['finance', 'sport'],
      '/+': ['/finance'],
      '+/+': ['/finance', 'sport/'],
      $private: ['$private'],
      '#': ['finance', '/finance', 'sport/', 'sport', 'sport/a/b'],
    };
    for (const [filter, expected] of Object.entries(found)) {
      const listener = await client('listener');
      await subscribe(listener, [filter, 0]);
      await hearsNothingAfter(listener, expected);
    }
  }),
};

async function hearsNothingAfter(listener: Parameters<typeof heard>[0], topics: string[]): Promise<void> {
  const found: string[] = [];
  for (let count = 0; count < topics.length; count++) found.push((await heard(listener)).topic);
  expect(found.sort()).toEqual(topics.toSorted());
  await hearsNothing(listener);
}
