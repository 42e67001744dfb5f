import type { Message, Qos } from './subscriber.ts';

// What the broker says after CONNACK, each packet as one buffer: one write, one segment.

export const pubackBytes = (messageId: number) => confirmation(0x40, messageId);
export const pubrecBytes = (messageId: number) => confirmation(0x50, messageId);
export const pubrelBytes = (messageId: number) => confirmation(0x62, messageId);
export const pubcompBytes = (messageId: number) => confirmation(0x70, messageId);
export const unsubackBytes = (messageId: number) => confirmation(0xb0, messageId);

/** `granted` holds a code for each filter, in their order: 0-2, or 128 for a refusal. */
export function subackBytes(messageId: number, granted: readonly number[]): Buffer {
  const length = 2 + granted.length;
  return Buffer.from([0x90, ...remainingLength(length), messageId >> 8, messageId & 0xff, ...granted]);
}

/** At QoS 0 there is no packet id, and DUP is never set. */
export function publishBytes(
  { topic, payload, retain }: Message,
  { qos, messageId, dup }: { qos: Qos; messageId: number; dup: boolean },
): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const idBytes = qos === 0 ? 0 : 2;
  const header = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  const lengthBytes = remainingLength(2 + topicBytes + idBytes + payload.length);
  const bytes = Buffer.allocUnsafe(1 + lengthBytes.length + 2 + topicBytes + idBytes + payload.length);
  let at = bytes.writeUInt8(header, 0);
  for (const byte of lengthBytes) at = bytes.writeUInt8(byte, at);
  at = bytes.writeUInt16BE(topicBytes, at);
  at += bytes.write(topic, at);
  if (qos > 0) at = bytes.writeUInt16BE(messageId, at);
  bytes.set(payload, at);
  return bytes;
}

const confirmation = (header: number, messageId: number) => Buffer.from([header, 2, messageId >> 8, messageId & 0xff]);

function remainingLength(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  do {
    const low = rest % 128;
    rest = (rest - low) / 128;
    bytes.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return bytes;
}
