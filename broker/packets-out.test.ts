import { parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { publishBytes, pubrelBytes, subackBytes } from './packets-out.ts';

/** As a client's library reads it: exactly one packet. */
function readBack(bytes: Buffer) {
  const packets: unknown[] = [];
  const reader = parser();
  reader.on('packet', (packet) => packets.push(packet));
  reader.on('error', (error) => packets.push(error));
  expect(reader.parse(bytes)).toBe(0);
  expect(packets).toHaveLength(1);
  return packets[0];
}

test.each([0, 1, 100, 110, 111, 112, 16_360, 16_366, 16_367, 16_368, 2_097_134, 2_097_140])(
  'a publish of %i bytes is read as it was meant',
  (size) => {
    const payload = Buffer.alloc(size, 'x');
    for (const [qos, dup, retain] of [
      [0, false, true],
      [1, true, false],
      [2, false, false],
    ] as const) {
      const bytes = publishBytes({ topic: 'räume/一', payload, qos, retain }, { qos, dup, messageId: 0x1234 });
      const packet = { cmd: 'publish', topic: 'räume/一', qos, dup, retain };
      expect(readBack(bytes)).toMatchObject(qos === 0 ? packet : { ...packet, messageId: 0x1234 });
      expect(bytes.subarray(bytes.length - size).equals(payload)).toBe(true);
    }
  },
);

test('acknowledgements are read as they were meant, also of many filters', () => {
  const granted = Array.from({ length: 300 }, (_, index) => [0, 1, 2, 128][index % 4] ?? 0);
  expect(readBack(subackBytes(65_535, granted))).toMatchObject({ cmd: 'suback', messageId: 65_535, granted });
  expect(readBack(pubrelBytes(1))).toMatchObject({ cmd: 'pubrel', messageId: 1 });
});
