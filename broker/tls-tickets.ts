import { hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { writeSynced } from '../platform/key-file.ts';
import type { Log } from '../platform/log.ts';
import type { Chance } from '../platform/random.ts';

export type TicketKeys = {
  /** What `ticketKeys` of Node's TLS takes: 48 bytes that change with the key and with what they are bound to. */
  keysFor(bound: string): Buffer;
  /** True when a new key was made, because the old one was a week old. */
  renewIfDue(): Promise<boolean>;
};

/**
 * The key of session tickets, in the folder of keys, so that devices resume after a restart: ten thousand that come back
 * at once cost a third. It is random and replaced after a week, the longest that TLS 1.3 lets a ticket live, so that what was
 * recorded in TLS 1.2 cannot be opened later. Without it a handshake is a full one; it is never a reason to stop.
 * Layout: 8 bytes epoch milliseconds of its making, big-endian; 32 bytes key.
 */
export async function openTicketKeys(parts: {
  folder: string;
  clock: Clock;
  chance: Chance;
  log: Log;
}): Promise<TicketKeys> {
  const { folder, clock, chance, log } = parts;
  const path = join(folder, 'tls-tickets.key');
  let bytes = await readFile(path).catch(() => Buffer.alloc(0));
  await renewIfDue();

  async function renewIfDue(): Promise<boolean> {
    const ageMs = bytes.length === LENGTH ? clock.now() - Number(bytes.readBigInt64BE(0)) : Number.NaN;
    if (ageMs >= 0 && ageMs < ticketLifeSeconds * 1000) return false;
    const madeAt = Buffer.alloc(8);
    madeAt.writeBigInt64BE(BigInt(clock.now()));
    bytes = Buffer.concat([madeAt, chance.bytes(32)]);
    await writeSynced(path, bytes).catch((error) =>
      log.warn({ err: error, path }, 'the key of TLS tickets could not be kept: after a restart no device resumes'),
    );
    return true;
  }

  return {
    keysFor: (bound) => Buffer.from(hkdfSync('sha256', bytes.subarray(8), '', `tls tickets ${bound}`, 48)),
    renewIfDue,
  };
}

/** RFC 8446, section 4.6.1: no ticket lives longer than seven days. */
export const ticketLifeSeconds = 7 * 86_400;
const LENGTH = 40;
