import { parser as createParser, generate } from 'mqtt-packet';
import { expect, test } from 'vitest';
import type { ParserInside } from './aedes-inside.ts';
import { publishPacket } from './broker.test-support.ts';
import { createPacketGuard } from './packet-guards.ts';

/** What a guarded parser says of bytes, and after how many it said it. */
function read(bytes: Buffer, segment: number) {
  const parser = createParser() as unknown as ParserInside;
  const salvaged: { topic: string; payload: string }[] = [];
  let error: Error | undefined;
  parser.on('error', (first: Error) => {
    error ??= first;
  });
  createPacketGuard({ maxPacketBytes: 100 })(parser, (topic, payload) =>
    salvaged.push({ topic, payload: Buffer.from(payload).toString() }),
  );
  let at = 0;
  for (; at < bytes.length && error === undefined; at += segment) parser.parse(bytes.subarray(at, at + segment));
  return { salvaged, error, at };
}

const large = (topic: string, qos: 0 | 1 = 1) => generate(publishPacket(topic, Buffer.alloc(2_000, 'x'), 1, qos));

test.each([1, 2, 3, 7, 40])('an alarm that is too large is saved by its topic in segments of %s bytes', (segment) => {
  const { salvaged, error } = read(large('up/button-1/press'), segment);
  expect(salvaged).toMatchObject([{ topic: 'up/button-1/press', payload: expect.stringMatching(/^x*$/) }]);
  expect(error).toMatchObject({ reason: 'oversized' });
});

test('a packet that is too large is waited for no longer than its topic is, and a topic that is none of ours to 1,024 bytes', () => {
  expect(read(large('up/button-1/press', 0), 1).at).toBe(3 + 2 + 'up/button-1/press'.length);
  expect(read(large('x'.repeat(1_500)), 1)).toMatchObject({
    salvaged: [],
    at: 3 + 1_024,
    error: { reason: 'oversized' },
  });
  expect(read(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x30]), 1)).toMatchObject({ at: 5, error: { reason: 'oversized' } });
});
