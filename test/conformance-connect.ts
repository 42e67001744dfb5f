import { expect } from 'vitest';
import { connectPacket, publishPacket, type Wire } from '../broker/broker.test-support.ts';
import {
  heard,
  hearsNothing,
  inBoth,
  isCutOff,
  leaves,
  publish,
  raw,
  rawConnect,
  type Scenarios,
  subscribe,
  text,
  withDeviceRights,
  withOpenRights,
} from './conformance-client.ts';

const illFormed = Buffer.from([0xc3, 0x28]);
const surrogate = Buffer.from([0xed, 0xa0, 0x80]);
const nul = Buffer.from([0x61, 0]);

/** CONNECT, CONNACK, sessions as they begin, DISCONNECT, keep alive. */
export const connectScenarios: Scenarios = {
  'the first packet is CONNECT': inBoth(async ({ wire }) => {
    for (const bytes of [raw(0x30, text('a'), 'x'), raw(0xc0), raw(0xe0), raw(0x82, 0, 1, text('a'), 0)])
      await isCutOff(await wire(), bytes);
  }),
  'a second CONNECT is the last packet': inBoth(async ({ client }) => {
    await isCutOff(await client('button-1'), rawConnect(2, text('button-1')));
  }),
  'another protocol name is not answered': inBoth(async ({ wire }) => {
    for (const name of ['MQTX', 'mqtt', ''])
      await isCutOff(await wire(), raw(0x10, text(name), 4, 2, 0, 60, text('button-1')));
  }),
  'another level is answered with code 1': inBoth(async ({ wire }) => {
    for (const level of [0, 1, 2, 3, 5, 6, 127, 132, 255]) {
      const stranger = await wire();
      stranger.send(raw(0x10, text('MQTT'), level, 2, 0, 60, text('button-1')));
      expect(await stranger.next(), `level ${level}`).toMatchObject({ returnCode: 1, sessionPresent: false });
      await stranger.closed;
    }
  }),
  'flags and fields of CONNECT agree': inBoth(async ({ wire }) => {
    const id = text('button-1');
    const wrong: Record<string, Buffer> = {
      'the reserved flag': rawConnect(0x03, id),
      'a will QoS without a will': rawConnect(0x0a, id),
      'a will to retain without a will': rawConnect(0x22, id),
      'a will with QoS 3': rawConnect(0x1e, id, text('t'), text('gone')),
      'a will without its fields': rawConnect(0x06, id),
      'a will without its message': rawConnect(0x06, id, text('t')),
      'a will for no topic': rawConnect(0x06, id, text(''), text('gone')),
      'a will for a filter': rawConnect(0x06, id, text('t/#'), text('gone')),
      'a password without a user name': rawConnect(0x42, id, text('secret')),
      'no user name where one is due': rawConnect(0x82, id),
      'no password where one is due': rawConnect(0xc2, id, text('button-1')),
      'a user name that no flag names': rawConnect(0x02, id, text('button-1')),
      'a password that no flag names': rawConnect(0x82, id, text('button-1'), text('secret')),
      'will fields that no flag names': rawConnect(0x02, id, text('t'), text('gone')),
      'no client id': rawConnect(0x02),
    };
    for (const bytes of Object.values(wrong)) await isCutOff(await wire(), bytes);
  }),
  'text in CONNECT is UTF-8': inBoth(async ({ wire }) => {
    for (const bad of [illFormed, surrogate, nul]) {
      await isCutOff(await wire(), rawConnect(0x02, text(bad)));
      await isCutOff(await wire(), rawConnect(0x06, text('button-1'), text(bad), text('gone')));
      await isCutOff(await wire(), rawConnect(0x82, text('button-1'), text(bad)));
    }
  }),
  'client ids of 1 to 23 letters and digits are taken': inBoth(async ({ client }) => {
    const letters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
    for (const clientId of ['a', '7', letters.slice(0, 23), letters.slice(23, 46), letters.slice(-23)])
      await client(clientId);
  }),
  'who has no client id gets one of its own': withOpenRights(async ({ client }) => {
    const [one, other] = [await client(''), await client('')];
    expect(await subscribe(one, ['a', 0])).toEqual([0]);
    await publish(other, 'a', 'hello', { qos: 1 });
    expect(await heard(one)).toMatchObject({ text: 'hello' });
  }),
  'no client id and a session to keep is code 2': inBoth(async ({ wire }) => {
    const nameless = await wire();
    nameless.send(rawConnect(0, text('')));
    expect(await nameless.next()).toMatchObject({ returnCode: 2, sessionPresent: false });
    await nameless.closed;
  }),
  'a client id that is not accepted is code 2': withDeviceRights(async ({ wire }) => {
    for (const clientId of ['', 'no such id', 'up/button-1']) {
      const stranger = await wire();
      expect(await stranger.connect(clientId)).toBe(2);
      await stranger.closed;
    }
  }),
  'a new connection ends the one with the same client id': inBoth(async ({ client }) => {
    const older = await client('button-1');
    const newer = await client('button-1');
    await older.closed;
    await hearsNothing(newer);
    await hearsNothing(await client('button-2'));
  }),
  'the first answer is CONNACK': inBoth(async ({ wire }) => {
    const button = await wire();
    button.send(connectPacket('button-1'), publishPacket('up/button-1/status', 'x', 1), { cmd: 'pingreq' });
    for (let count = 0; count < 3; count++) await button.next();
    expect(button.received.map(({ cmd }) => cmd)[0]).toBe('connack');
    expect(button.received[0]).toMatchObject({ returnCode: 0 });
  }),
  'nothing behind a refused CONNECT is done': withDeviceRights(async ({ wire, journal }) => {
    const rogue = await wire();
    const password = Buffer.from('guess');
    rogue.send(connectPacket('button-1', { password }), publishPacket('up/button-1/press', 'x', 1));
    expect(await rogue.next()).toMatchObject({ cmd: 'connack', returnCode: 4, sessionPresent: false });
    await rogue.closed;
    expect(rogue.received).toHaveLength(1);
    expect(journal.offered).toBe(0);
  }),
  'session present says what is there': inBoth(async ({ client }) => {
    const present = async (clean: boolean) => {
      const button = await client('button-1', { clean });
      const [connack] = button.received;
      await leaves(button);
      return connack?.cmd === 'connack' && connack.sessionPresent;
    };
    expect([await present(false), await present(false), await present(false)]).toEqual([false, true, true]);
    expect([await present(true), await present(false), await present(true)]).toEqual([false, false, false]);
  }),
  'a session that is taken over while it is connected is present': inBoth(async ({ client }) => {
    await client('button-1', { clean: false });
    expect((await client('button-1', { clean: false })).received).toMatchObject([{ sessionPresent: true }]);
    expect((await client('button-1', { clean: true })).received).toMatchObject([{ sessionPresent: false }]);
    expect((await client('button-1', { clean: false })).received).toMatchObject([{ sessionPresent: false }]);
  }),
  'who is silent for one and a half keep alives is cut': inBoth(async ({ client }) => {
    const button = await client('button-1', { keepalive: 1 });
    const start = performance.now();
    await button.closed;
    expect(performance.now() - start).toBeGreaterThan(1_400);
    expect(performance.now() - start).toBeLessThan(2_500);
  }),
  'every packet counts against the keep alive': withDeviceRights(async ({ client }) => {
    const button = await client('button-1', { keepalive: 1 });
    for (let second = 0; second < 2; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      button.send(publishPacket('up/button-1/status', 'x', 1, 0));
    }
    await hearsNothing(button);
  }),
  'PINGREQ is answered': inBoth(async ({ client }) => {
    const button = await client('button-1');
    for (let count = 0; count < 3; count++) await hearsNothing(button);
  }),
  'DISCONNECT ends the connection': inBoth(async ({ client }) => {
    const button = await client('button-1');
    button.send({ cmd: 'disconnect' }, publishPacket('up/button-1/status', 'x', 1));
    await button.closed;
    expect(button.received).toHaveLength(1);
  }),
  'a will speaks when the connection ends without DISCONNECT': withOpenRights(async ({ client }) => {
    const listener = await client('listener');
    await subscribe(listener, ['wills/#', 2]);
    const ends: Record<string, (wearer: Wire) => unknown> = {
      reset: ({ socket }) => socket.resetAndDestroy(),
      closed: ({ socket }) => socket.end(),
      violation: (wearer) => wearer.send(raw(0x36, text('a'), 0, 1)),
      takeover: () => client('wearer'),
    };
    for (const [how, end] of Object.entries(ends)) {
      const will = { topic: `wills/${how}`, payload: Buffer.from('gone'), qos: 1 as const, retain: false };
      await end(await client('wearer', { will }));
      expect(await heard(listener)).toMatchObject({ topic: `wills/${how}`, text: 'gone', qos: 1, retain: false });
    }
  }),
  'a will that was said once is not said again': withOpenRights(async ({ client }) => {
    const listener = await client('listener');
    await subscribe(listener, ['wills', 0]);
    const will = { topic: 'wills', payload: Buffer.from('gone'), qos: 0 as const, retain: false };
    (await client('wearer', { will, clean: false })).socket.resetAndDestroy();
    expect(await heard(listener)).toMatchObject({ text: 'gone' });
    const again = await client('wearer', { clean: false });
    again.socket.end();
    await again.closed;
    await hearsNothing(listener);
  }),
  'DISCONNECT takes the will away': withOpenRights(async ({ client }) => {
    const listener = await client('listener');
    await subscribe(listener, ['wills', 0]);
    const will = { topic: 'wills', payload: Buffer.from('gone'), qos: 0 as const, retain: false };
    await leaves(await client('wearer', { will }));
    await hearsNothing(listener);
  }),
  'a will is retained when it asks for it': withOpenRights(async ({ client }) => {
    const listener = await client('listener');
    await subscribe(listener, ['wills', 0]);
    const will = { topic: 'wills', payload: Buffer.from('gone'), qos: 1 as const, retain: true };
    (await client('wearer', { will })).socket.resetAndDestroy();
    expect(await heard(listener)).toMatchObject({ retain: false });
    const later = await client('later');
    await subscribe(later, ['wills', 1]);
    expect(await heard(later)).toMatchObject({ text: 'gone', retain: true, qos: 1 });
  }),
  'a will of a device is not taken': withDeviceRights(async ({ client, journal }) => {
    const will = { topic: 'up/button-1/press', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const button = await client('button-1', { will });
    button.socket.resetAndDestroy();
    await button.closed;
    await hearsNothing(await client('button-2'));
    expect(journal.offered).toBe(0);
  }),
};
