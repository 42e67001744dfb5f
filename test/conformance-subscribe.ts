import { expect } from 'vitest';
import {
  heard,
  hearsNothing,
  inBoth,
  isCutOff,
  leaves,
  publish,
  raw,
  type Scenarios,
  subscribe,
  text,
  withDeviceRights,
  withOpenRights,
} from './conformance-client.ts';

const own = 'down/button-1/#';

/** SUBSCRIBE, UNSUBSCRIBE, and which topics a filter reaches. */
export const subscribeScenarios: Scenarios = {
  'SUBACK has the packet id and a code for each filter in order': inBoth(async ({ client }) => {
    const button = await client('button-1');
    const filters = [
      [own, 2],
      ['down/button-1/lamp', 0],
      [own, 1],
      [own, 1],
    ] as const;
    button.send({ cmd: 'subscribe', messageId: 500, subscriptions: filters.map(([topic, qos]) => ({ topic, qos })) });
    expect(await button.next()).toMatchObject({ cmd: 'suback', messageId: 500, granted: [2, 0, 1, 1] });
  }),
  'a filter that is not allowed is 128 in its place': withDeviceRights(async ({ client }) => {
    const button = await client('button-1');
    expect(await subscribe(button, ['#', 1], [own, 1], ['down/button-2/#', 1], [own, 0])).toEqual([128, 1, 128, 0]);
  }),
  'a SUBSCRIBE and an UNSUBSCRIBE that say nothing, or wrongly, end the connection': inBoth(async ({ client }) => {
    const wrong = [
      raw(0x82, 0, 1),
      raw(0xa2, 0, 1),
      raw(0x82),
      raw(0x82, 0, 1, text(own)),
      raw(0x82, 0, 1, text(own), 3),
      raw(0x82, 0, 1, text(own), 4),
      raw(0x82, 0, 1, text(own), 0x81),
      raw(0x82, 0, 1, text(''), 0),
      raw(0xa2, 0, 1, text('')),
      raw(0x82, 0, 1, text(Buffer.from([0xc3, 0x28])), 0),
      raw(0xa2, 0, 1, text(Buffer.from([0xc3, 0x28]))),
      raw(0x82, 0, 1, text(Buffer.from([0x61, 0])), 0),
      raw(0xa2, 0, 1, text(Buffer.from([0x61, 0]))),
      raw(0x82, 0, 1, 0, 9, 'short'),
    ];
    for (const bytes of wrong) await isCutOff(await client('button-1'), bytes);
  }),
  'wildcards take whole levels, and # the last': inBoth(async ({ client }) => {
    for (const filter of ['a#', 'a/b#', '#/a', 'a/#/b', 'a+', '+a', 'a/b+', 'a/+b', '++', '##', 'a/+/b+/c']) {
      await isCutOff(await client('button-1'), raw(0x82, 0, 1, text(filter), 0));
      await isCutOff(await client('button-1'), raw(0xa2, 0, 1, text(filter)));
    }
  }),
  'filters reach the topics that they match, and no others': withOpenRights(async ({ client }) => {
    const topics = ['/', '/a', 'a', 'A', 'a/', 'a//b', 'a/b', 'a/b/c', 'a b', '$a', '$a/b', 'á', 'a\u0301'];
    const reach: Record<string, string[]> = {
      '#': ['/', '/a', 'a', 'A', 'a/', 'a//b', 'a/b', 'a/b/c', 'a b', 'á', 'a\u0301'],
      '+': ['a', 'A', 'a b', 'á', 'a\u0301'],
      '/+': ['/', '/a'],
      '+/+': ['/', '/a', 'a/', 'a/b'],
      '+/#': ['/', '/a', 'a', 'A', 'a/', 'a//b', 'a/b', 'a/b/c', 'a b', 'á', 'a\u0301'],
      a: ['a'],
      'a/': ['a/'],
      'a/+': ['a/', 'a/b'],
      'a/#': ['a', 'a/', 'a//b', 'a/b', 'a/b/c'],
      'a/+/b': ['a//b'],
      'a/+/#': ['a/', 'a//b', 'a/b', 'a/b/c'],
      '+/b/#': ['a/b', 'a/b/c'],
      '+/b': ['a/b'],
      '$a/#': ['$a', '$a/b'],
      '$a/+': ['$a/b'],
      á: ['á'],
    };
    const sender = await client('sender');
    for (const [filter, expected] of Object.entries(reach)) {
      const listener = await client('listener');
      await subscribe(listener, [filter, 0]);
      for (const topic of topics) await publish(sender, topic, 'x', { qos: 1 });
      const found: string[] = [];
      for (let count = 0; count < expected.length; count++) found.push((await heard(listener)).topic);
      expect(found, filter).toEqual(expected);
      await hearsNothing(listener);
    }
  }),
  'U+FEFF is a character like others': withOpenRights(async ({ client }) => {
    const [sender, listener, plain] = [await client('sender'), await client('listener'), await client('plain')];
    await subscribe(listener, ['\ufeffa', 0]);
    await subscribe(plain, ['a', 0]);
    sender.send(raw(0x30, text(Buffer.from([0xef, 0xbb, 0xbf, 0x61])), 'x'));
    expect(await heard(listener)).toMatchObject({ topic: '\ufeffa' });
    await hearsNothing(plain);
  }),
  'a topic of 65,535 bytes is one': withOpenRights(async ({ client }) => {
    const [sender, listener] = [await client('sender'), await client('listener')];
    const topic = 'long/'.padEnd(65_535, 'x');
    expect(await subscribe(listener, [topic, 1])).toEqual([1]);
    await publish(sender, topic, 'x', { qos: 1 });
    expect(await heard(listener)).toMatchObject({ topic });
  }),
  'the same filter again replaces the subscription, and what is retained comes again': withOpenRights(
    async ({ client }) => {
      const [sender, listener] = [await client('sender'), await client('listener')];
      await publish(sender, 'a', 'kept', { qos: 1, retain: true });
      for (const qos of [1, 0, 2] as const) {
        await subscribe(listener, ['a', qos]);
        expect(await heard(listener)).toMatchObject({ text: 'kept', retain: true, qos: Math.min(qos, 1) });
        await publish(sender, 'a', 'new', { qos: 1 });
        expect(await heard(listener)).toMatchObject({ text: 'new', retain: false, qos: Math.min(qos, 1) });
      }
      await hearsNothing(listener);
    },
  ),
  'UNSUBSCRIBE is answered whether there was a subscription or not': inBoth(async ({ client }) => {
    const button = await client('button-1');
    await subscribe(button, [own, 1]);
    for (const unsubscriptions of [[own], [own], ['down/button-1/none', 'never/+/subscribed', own]]) {
      button.send({ cmd: 'unsubscribe', messageId: 600, unsubscriptions });
      expect(await button.next()).toMatchObject({ cmd: 'unsuback', messageId: 600 });
    }
  }),
  'after UNSUBSCRIBE nothing new comes, for exactly these filters': inBoth(async ({ client, command }) => {
    const button = await client('button-1');
    await subscribe(button, ['down/button-1/+', 1], ['down/button-1/lamp', 1], [own, 1]);
    for (const unsubscriptions of [['down/button-1/+', 'down/button-1/lamp'], [own]]) {
      command('button-1', 'on');
      expect(await heard(button)).toMatchObject({ text: 'on' });
      button.send({ cmd: 'unsubscribe', messageId: 601, unsubscriptions });
      await button.next();
    }
    command('button-1', 'off');
    await hearsNothing(button);
  }),
  'what began to be sent before UNSUBSCRIBE is completed': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    const listener = await client('listener', { clean: false });
    await subscribe(listener, ['a', 2]);
    await publish(sender, 'a', 'x', { qos: 2 });
    const { messageId = 0 } = await heard(listener);
    listener.send({ cmd: 'unsubscribe', messageId: 602, unsubscriptions: ['a'] });
    await listener.next();
    await leaves(listener);
    const again = await client('listener', { clean: false });
    expect(await heard(again)).toMatchObject({ text: 'x', messageId, dup: true });
    again.send({ cmd: 'pubrec', messageId });
    expect(await again.next()).toMatchObject({ cmd: 'pubrel', messageId });
  }),
};
