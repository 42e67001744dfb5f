import { asKnownNow } from './former-commands.ts';
import type { JournalRecord, ReportRecord } from './journal-record.ts';

/**
 * A record as the journal keeps it: a byte for its kind, a byte for the version of that kind's layout, then the layout.
 * A report is compact binary, because there are millions; every other kind is JSON in UTF-8.
 * Errors: a report whose device id or name is not ASCII of at most 255 characters.
 */
export function encodeRecord(record: JournalRecord): Uint8Array {
  if (record.kind === 'report') return encodeReport(record);
  if (record.kind === 'lost') return new Uint8Array();
  const json = utf8.encode(JSON.stringify(record));
  const body = new Uint8Array(headerLength + json.length);
  body[0] = kinds[record.kind].byte;
  body[1] = kinds[record.kind].version;
  body.set(json, headerLength);
  return body;
}

/**
 * The record again; a report's payload is a view of `body`.
 * Errors: a kind or version that this release does not know was written by a newer one; a body that is cut.
 */
export function decodeRecord(body: Uint8Array): JournalRecord {
  const kind = recordKind(body);
  if (kind === 'lost') return { kind };
  const { version } = kinds[kind];
  if (body[1] !== version) {
    throw new NewerRecord(
      `a ${kind} record of version ${body[1]} was written by a newer release; this one reads ${version}`,
    );
  }
  if (kind === 'report') return decodeReport(body);
  const record = JSON.parse(text.decode(body.subarray(headerLength)));
  return kind === 'command' ? { kind, command: asKnownNow(record.command) } : record;
}

/** The kind alone, so that a follower can pass over what it does not need. Errors: as `decodeRecord`. */
export function recordKind(body: Uint8Array): JournalRecord['kind'] {
  if (body.length === 0) return 'lost';
  const kind = body.length >= headerLength ? kindOfByte[body[0] ?? 0] : undefined;
  if (kind) return kind;
  throw new NewerRecord(`a record of kind ${body[0]} (${body.length} bytes) was written by a newer release, or is cut`);
}

/**
 * A record that this release has no words for. Alarms never stop for it: it is put aside, on record, and people are told.
 * Source: docs/decisions/0025-backup-holding-and-the-way-back.md
 */
export class NewerRecord extends Error {}

// Kinds keep their byte for ever. A layout that changes gets the next version, and the older ones stay readable. What was
// lost has neither: it is a record with nothing in it.
const kinds = {
  report: { byte: 1, version: 1 },
  tick: { byte: 2, version: 1 },
  'clock-step': { byte: 3, version: 1 },
  started: { byte: 4, version: 1 },
  command: { byte: 5, version: 1 },
  decided: { byte: 6, version: 1 },
  attempting: { byte: 7, version: 1 },
  outcome: { byte: 8, version: 1 },
  quarantined: { byte: 9, version: 1 },
  reserve: { byte: 10, version: 1 },
  downlink: { byte: 11, version: 1 },
  'carrier-products': { byte: 12, version: 1 },
  uplink: { byte: 13, version: 1 },
  providers: { byte: 14, version: 1 },
} as const satisfies { [Kind in WrittenKind]: { byte: number; version: number } };
type WrittenKind = Exclude<JournalRecord['kind'], 'lost'>;

const kindOfByte: (WrittenKind | undefined)[] = [];
for (const kind of Object.keys(kinds) as WrittenKind[]) kindOfByte[kinds[kind].byte] = kind;

/** Kind, version, source, standing, length of the device id, the id, length of the name, the name, and the payload. */
function encodeReport({ source, standing, deviceId, report, payload }: ReportRecord): Uint8Array {
  const nameAt = 5 + deviceId.length;
  const payloadAt = nameAt + 1 + report.length;
  // Every byte is written below. Memory of its own for each report cost the broker a tenth of its rate.
  const { buffer, byteOffset, length } = Buffer.allocUnsafe(payloadAt + payload.length);
  const body = new Uint8Array(buffer, byteOffset, length);
  body[0] = kinds.report.byte;
  body[1] = kinds.report.version;
  body[2] = sources.indexOf(source);
  body[3] = standings.indexOf(standing);
  body[4] = deviceId.length;
  writeAscii(deviceId, body, 5);
  body[nameAt] = report.length;
  writeAscii(report, body, nameAt + 1);
  body.set(payload, payloadAt);
  return body;
}

/** Ids and names are ASCII in every topic; a text encoder would cost more than the rest of the record. */
function writeAscii(ascii: string, body: Uint8Array, at: number): void {
  if (ascii.length > 255) throw new Error(`${ascii.slice(0, 40)}... is longer than 255 characters`);
  for (let index = 0; index < ascii.length; index++) {
    const code = ascii.charCodeAt(index);
    if (code > 0x7f) throw new Error(`${JSON.stringify(ascii)} is not ASCII`);
    body[at + index] = code;
  }
}

function decodeReport(body: Uint8Array): ReportRecord {
  const source = sources[body[2] ?? -1];
  const standing = standings[body[3] ?? -1];
  const idEnd = 5 + (body[4] ?? 0);
  const nameEnd = idEnd + 1 + (body[idEnd] ?? 0);
  if (!source || !standing || nameEnd > body.length || idEnd >= body.length) {
    throw new Error(`a report record of ${body.length} bytes is cut, or from a way in that this release does not know`);
  }
  const deviceId = text.decode(body.subarray(5, idEnd));
  const report = text.decode(body.subarray(idEnd + 1, nameEnd));
  return { kind: 'report', source, deviceId, standing, report, payload: body.subarray(nameEnd) };
}

const headerLength = 2;
const sources = ['mqtt', 'ctwing', 'onenet', 'iotda'] as const satisfies ReportRecord['source'][];
const standings = ['registered', 'enrolment'] as const satisfies ReportRecord['standing'][];
const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
