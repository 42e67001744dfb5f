import { createHash } from 'node:crypto';
import type { StoredRecord } from '../../journal/frame.ts';
import type { Evidence } from './evidence.ts';

/**
 * One hash for everything that happened in a world: equal seeds, equal traces, on any machine. Twelve hexadecimal characters of
 * SHA-256.
 */
export function traceOf(records: readonly StoredRecord[], evidence: Evidence): string {
  const hash = createHash('sha256');
  for (const { sequence, receivedAt, body } of records) hash.update(`${sequence} ${receivedAt}\n`).update(body);
  for (const { atMs, contactId, channel, idempotencyId, answer } of evidence.messages)
    hash.update(`${atMs} ${contactId} ${channel} ${idempotencyId} ${answer}\n`);
  for (const { atMs, who, at } of evidence.crashes) hash.update(`${atMs} ${who} ${at}\n`);
  for (const { atMs, deviceId, hash: payload, arrivedAtMs, acknowledgedAtMs } of evidence.publishes)
    hash.update(`${atMs} ${deviceId} ${payload} ${arrivedAtMs.join(' ')} ${acknowledgedAtMs}\n`);
  for (const { atMs, deviceId, hash: payload, keptAtMs } of evidence.hostile.said)
    hash.update(`${atMs} ${deviceId} ${payload} ${keptAtMs}\n`);
  for (const { atMs, command, answeredAtMs } of evidence.asked)
    hash.update(`${atMs} ${command.commandId} ${answeredAtMs}\n`);
  for (const { sentAtMs, arrivedAtMs, deviceId, command } of evidence.sent)
    hash.update(`${sentAtMs} ${arrivedAtMs} ${deviceId} ${command.id}\n`);
  for (const { atMs, id, arrived, answer } of evidence.told) hash.update(`${atMs} ${id} ${arrived} ${answer}\n`);
  for (const { atMs, line, id, text } of evidence.texts) hash.update(`${atMs} ${line} ${id} ${text}\n`);
  for (const line of evidence.account) hash.update(line);
  return hash.digest('hex').slice(0, 12);
}
