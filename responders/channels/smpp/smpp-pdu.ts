/**
 * The PDUs of SMPP 3.4 that a sender of messages needs, and no more.
 * Source: Short Message Peer to Peer Protocol Specification v3.4, sections 4 and 5.
 */
export const commandIds = {
  genericNack: 0x80000000,
  submitSm: 0x04,
  querySm: 0x03,
  deliverSm: 0x05,
  unbind: 0x06,
  bindTransceiver: 0x09,
  enquireLink: 0x15,
} as const;
/** Set in what answers a request. */
export const responseBit = 0x80000000;

export type Pdu = { command: number; status: number; sequence: number; body: Uint8Array };

export function encodePdu({ command, status = 0, sequence, body = new Uint8Array() }: Outgoing): Uint8Array {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(16 + body.length, 0);
  header.writeUInt32BE(command, 4);
  header.writeUInt32BE(status, 8);
  header.writeUInt32BE(sequence, 12);
  return Buffer.concat([header, body]);
}
type Outgoing = { command: number; status?: number; sequence: number; body?: Uint8Array };

/**
 * Takes what is complete from the front of `received`; `rest` is what is not yet. `broken`: the length is none that a PDU can have, so that
 * nothing behind it can be found.
 */
export function decodePdus(received: Uint8Array): { pdus: Pdu[]; rest: Uint8Array; broken: boolean } {
  const bytes = Buffer.from(received.buffer, received.byteOffset, received.length);
  const pdus: Pdu[] = [];
  let at = 0;
  while (bytes.length - at >= 16) {
    const length = bytes.readUInt32BE(at);
    if (length < 16 || length > longestPdu) return { pdus, rest: bytes.subarray(at), broken: true };
    if (bytes.length - at < length) break;
    pdus.push({
      command: bytes.readUInt32BE(at + 4),
      status: bytes.readUInt32BE(at + 8),
      sequence: bytes.readUInt32BE(at + 12),
      body: bytes.subarray(at + 16, at + length),
    });
    at += length;
  }
  return { pdus, rest: bytes.subarray(at), broken: false };
}

/** A text in ASCII that ends in a zero octet; what the standard gives it no room for is cut. `most` counts the zero. */
export function cString(text: string, most: number): Uint8Array {
  return Buffer.from(`${text.slice(0, most - 1)}\0`, 'latin1');
}

/** Reads a body on from its start; behind the end everything is zero or empty. */
export function bodyReader(body: Uint8Array): BodyReader {
  let at = 0;
  const take = (count: number) => {
    const taken = body.subarray(at, at + count);
    at += count;
    return taken;
  };
  return {
    take,
    octet: () => take(1)[0] ?? 0,
    text() {
      const end = body.indexOf(0, at);
      const taken = take((end === -1 ? body.length : end) - at);
      at += 1;
      return Buffer.from(taken).toString('latin1');
    },
    /** What stands behind the mandatory part, by tag. */
    tlvs() {
      const found = new Map<number, Uint8Array>();
      while (at + 4 <= body.length) {
        const [high = 0, low = 0, longHigh = 0, longLow = 0] = take(4);
        found.set(high * 256 + low, take(longHigh * 256 + longLow));
      }
      return found;
    },
  };
}
export type BodyReader = {
  take(count: number): Uint8Array;
  octet(): number;
  text(): string;
  tlvs(): Map<number, Uint8Array>;
};

const longestPdu = 65_536;
