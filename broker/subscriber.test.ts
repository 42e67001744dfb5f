import fc from 'fast-check';
import { parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import type { ClientInside } from './aedes-inside.ts';
import { defaultLimits } from './limits.ts';
import { Subscriber } from './subscriber.ts';

type Sent = { cmd: string; messageId: number; qos: number; dup: boolean; text: string };

/** A session and the client of whichever connection it has now. */
function sessionUnderTest(limits: Partial<typeof defaultLimits> = {}) {
  const held = { bytes: 0 };
  const dropped: string[] = [];
  const onDrop = (reason: string) => void dropped.push(reason);
  const subscriber = new Subscriber({
    ...{ clientId: 'me', clean: false, held, onDrop },
    limits: { ...defaultLimits, ...limits },
  });
  const connect = () => {
    const sent: Sent[] = [];
    const reader = parser();
    reader.on('packet', (packet) => {
      const { cmd, messageId = 0 } = packet;
      const [qos, dup, text] = cmd === 'publish' ? [packet.qos, packet.dup, packet.payload.toString()] : [0, false, ''];
      sent.push({ cmd, messageId, qos, dup, text });
    });
    const conn = { writableLength: 0, destroyed: false, write: (bytes: Buffer) => reader.parse(bytes) === 0 };
    const client = { conn } as unknown as ClientInside;
    subscriber.attach(client, () => true);
    subscriber.ready(client);
    return { client, sent };
  };
  const deliver = (text: string, qos: 1 | 2) =>
    subscriber.deliver({ topic: 'a', payload: Buffer.from(text), qos, retain: false });
  return { subscriber, held, dropped, connect, deliver };
}

type Step = 'deliver-1' | 'deliver-2' | 'answer' | 'reconnect' | 'lose-answer';
const steps = fc.array(
  fc.constantFrom<Step>(
    'deliver-1',
    'deliver-1',
    'deliver-2',
    'deliver-2',
    'answer',
    'answer',
    'answer',
    'reconnect',
    'lose-answer',
  ),
  { maxLength: 60 },
);

test('over any reconnects every message comes in order, at QoS 2 once, and nothing is left behind', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), (all, inFlight) => {
      const { subscriber, held, dropped, connect, deliver } = sessionUnderTest({ inFlight });
      let connection = connect();
      const [expected, got, unreleased]: [string[], string[], Set<number>] = [[], [], new Set()];
      const firstSent = new Map<number, string>();
      // A client of the standard: it keeps what it received, answers in order, and forgets an id when it is released.
      const answer = (isHeard = true) => {
        const packet = connection.sent.shift();
        if (packet === undefined) return;
        const { cmd, messageId, qos, text, dup } = packet;
        if (cmd === 'publish') {
          expect(messageId).toBeGreaterThan(0);
          expect(dup).toBe(firstSent.get(messageId) === text);
          firstSent.set(messageId, text);
          const isRepeat = qos === 2 ? unreleased.has(messageId) : got.includes(text);
          if (!isRepeat) got.push(text);
          if (qos === 2) unreleased.add(messageId);
        } else unreleased.delete(messageId);
        if (!isHeard) return;
        if (cmd === 'pubrel') subscriber.complete(messageId);
        else if (qos === 2) subscriber.release(messageId);
        else subscriber.acknowledge(messageId);
      };
      const reconnect = () => {
        for (const { cmd, messageId, text } of connection.sent) if (cmd === 'publish') firstSent.set(messageId, text);
        subscriber.detach(connection.client, () => true);
        connection = connect();
      };
      for (const step of all) {
        if (step === 'answer') answer();
        else if (step === 'reconnect') reconnect();
        else if (step === 'lose-answer') {
          answer(false);
          reconnect();
        } else {
          expected.push(String(expected.length));
          deliver(expected.at(-1) ?? '', step === 'deliver-1' ? 1 : 2);
        }
      }
      for (let turn = 0; turn < 10 * all.length + 10; turn++) answer();
      expect(got).toEqual(expected);
      expect([held.bytes, dropped, connection.sent]).toEqual([0, [], []]);
    }),
    { seed: 1, numRuns: 1_000 },
  );
});

test('packet ids go round, and never meet one that is in use', () => {
  const { subscriber, connect, deliver } = sessionUnderTest({ inFlight: 10 });
  const { sent } = connect();
  deliver('stays', 1);
  const used = new Set<number>();
  for (let count = 0; count < 70_000; count++) {
    deliver('x', 1);
    const messageId = sent.at(-1)?.messageId ?? 0;
    if (messageId === 0 || messageId === sent[0]?.messageId) throw new Error(`packet id ${messageId}`);
    used.add(messageId);
    subscriber.acknowledge(messageId);
  }
  expect(used.size).toBe(65_534);
});

test('acknowledgements of nothing are not taken for others', () => {
  const { subscriber, held, connect, deliver } = sessionUnderTest();
  const { sent } = connect();
  deliver('one', 1);
  deliver('two', 2);
  const [one = 0, two = 0] = sent.map(({ messageId }) => messageId);
  subscriber.acknowledge(two);
  subscriber.release(one);
  subscriber.complete(one);
  for (const unknown of [0, 9, 65_535]) {
    subscriber.acknowledge(unknown);
    subscriber.complete(unknown);
  }
  expect(held.bytes).toBeGreaterThan(200);
  subscriber.acknowledge(one);
  subscriber.release(two);
  expect(held.bytes).toBe(0);
});
