import { expect } from 'vitest';
import { publishPacket } from '../broker/broker.test-support.ts';
import {
  heard,
  hearsNothing,
  inBoth,
  leaves,
  publish,
  type Scenarios,
  subscribe,
  withDeviceRights,
  withOpenRights,
} from './conformance-client.ts';

const kept = { clean: false } as const;

/** What outlives a connection, and the order of messages. */
export const sessionScenarios: Scenarios = {
  'subscriptions outlive a connection with clean session 0': inBoth(async ({ client, command }) => {
    const button = await client('button-1', kept);
    await subscribe(button, ['down/button-1/#', 1]);
    await leaves(button);
    const again = await client('button-1', kept);
    command('button-1', 'on');
    expect(await heard(again)).toMatchObject({ text: 'on', qos: 1 });
  }),
  'a clean session begins with nothing and leaves nothing': inBoth(async ({ client, command }) => {
    const button = await client('button-1', kept);
    await subscribe(button, ['down/button-1/#', 1]);
    await leaves(button);
    for (const session of [{ clean: true }, kept]) {
      const again = await client('button-1', session);
      command('button-1', 'on');
      await hearsNothing(again);
      await leaves(again);
    }
  }),
  'what comes for a session that is away waits for it, in order': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    const listener = await client('listener', kept);
    await subscribe(listener, ['a/+', 2]);
    await leaves(listener);
    const sent = [1, 2, 1, 0, 2, 1].map((qos, index) => ({ qos: qos as 0 | 1 | 2, text: String(index) }));
    for (const { qos, text } of sent) await publish(sender, 'a/b', text, { qos });
    const again = await client('listener', kept);
    for (const message of sent.filter(({ qos }) => qos > 0))
      expect(await heard(again)).toMatchObject({ ...message, dup: false, retain: false });
    await hearsNothing(again);
  }),
  'what was not acknowledged is sent again as it was, in order, with DUP': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    const listener = await client('listener', kept);
    await subscribe(listener, ['a', 2]);
    for (const [index, qos] of ([1, 2, 1, 2] as const).entries()) await publish(sender, 'a', String(index), { qos });
    const first = [await heard(listener), await heard(listener), await heard(listener), await heard(listener)];
    listener.send({ cmd: 'puback', messageId: first[0]?.messageId ?? 0 });
    await hearsNothing(listener);
    await leaves(listener);
    for (let round = 0; round < 2; round++) {
      const again = await client('listener', kept);
      for (const message of first.slice(1)) expect(await heard(again)).toEqual({ ...message, dup: true });
      await hearsNothing(again);
      again.socket.resetAndDestroy();
    }
  }),
  'what was received is released again, in order, and not sent again': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    const listener = await client('listener', kept);
    await subscribe(listener, ['a', 2]);
    const ids: number[] = [];
    for (const text of ['one', 'two', 'three']) {
      await publish(sender, 'a', text, { qos: 2 });
      ids.push((await heard(listener)).messageId ?? 0);
    }
    const order = ids.toReversed();
    for (const messageId of order) {
      listener.send({ cmd: 'pubrec', messageId });
      expect(await listener.next()).toMatchObject({ cmd: 'pubrel', messageId });
    }
    await leaves(listener);
    const again = await client('listener', kept);
    for (const messageId of order) expect(await again.next()).toMatchObject({ cmd: 'pubrel', messageId });
    for (const messageId of order) again.send({ cmd: 'pubcomp', messageId });
    await hearsNothing(again);
    await leaves(again);
    await hearsNothing(await client('listener', kept));
  }),
  'a QoS 2 publish that was not released is remembered': withOpenRights(async ({ client }) => {
    const listener = await client('listener');
    await subscribe(listener, ['a', 0]);
    const sender = await client('sender', kept);
    sender.send(publishPacket('a', 'once', 5, 2));
    await sender.next();
    sender.socket.resetAndDestroy();
    const again = await client('sender', kept);
    again.send({ ...publishPacket('a', 'once', 5, 2), dup: true } as ReturnType<typeof publishPacket>);
    expect(await again.next()).toMatchObject({ cmd: 'pubrec', messageId: 5 });
    expect(await heard(listener)).toMatchObject({ text: 'once' });
    await hearsNothing(listener);
  }),
  'messages come in the order of their publishes': withOpenRights(async ({ client }) => {
    const [sender, listener] = [await client('sender'), await client('listener')];
    await subscribe(listener, ['a', 2]);
    for (const qos of [0, 1, 2] as const) {
      const texts = Array.from({ length: 100 }, (_, index) => String(index));
      sender.send(...texts.map((text, index) => publishPacket('a', text, index + 1, qos)));
      for (const text of texts) {
        const message = await heard(listener);
        expect(message).toMatchObject({ text, qos });
        if (qos === 1) listener.send({ cmd: 'puback', messageId: message.messageId ?? 0 });
      }
    }
  }),
  'a session takes part in each message that it matches': withOpenRights(async ({ client }) => {
    const sender = await client('sender');
    const listeners = [await client('one', kept), await client('two', kept), await client('three')];
    for (const listener of listeners) await subscribe(listener, ['a/#', 1]);
    await leaves(listeners[1] ?? sender);
    await publish(sender, 'a/b', 'x', { qos: 1 });
    for (const listener of [listeners[0], await client('two', kept), listeners[2]])
      expect(await heard(listener ?? sender)).toMatchObject({ text: 'x' });
  }),
  'a command does not wait for a connection that comes later': withDeviceRights(async ({ client, command }) => {
    const button = await client('button-1', kept);
    await subscribe(button, ['down/button-1/#', 1]);
    command('button-1', 'sent');
    expect(await heard(button)).toMatchObject({ text: 'sent' });
    await leaves(button);
    command('button-1', 'hush');
    const again = await client('button-1', kept);
    expect(again.received).toMatchObject([{ sessionPresent: true }]);
    await hearsNothing(again);
    command('button-1', 'not acknowledged');
    expect(await heard(again)).toMatchObject({ text: 'not acknowledged' });
    await hearsNothing(await client('button-1', kept));
  }),
};
