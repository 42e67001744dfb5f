import { type DecodeOptions, decode, encode, Tokenizer, Type } from 'cborg';
import type { z } from 'zod';
import { type FieldMetadata, fieldMetadata } from './report.ts';

/** The names and values of one report or command, before any of it is believed. */
export type Fields = { [name: string]: unknown };
export type Format = 'json' | 'cbor';

/** A larger payload is refused before it is read. With its topic it fits into the broker's largest packet, of 16 KiB. */
export const maxPayloadBytes = 16_000;
/** A batch with more items loses telemetry beyond them; life safety is read up to as many again. */
export const maxBatchItems = 64;
/** The key of the report's name inside a batch; outside, the topic says it. */
export const batchNameKey = 0;
/** Unknown fields may nest, but no deeper than this; a batch of reports has four levels. */
const maxDepth = 8;
/** A batch of 64 motion windows holds 64 maps with two arrays each, and itself. */
const maxContainers = 256;

/** How the fields of a schema are spelled: integer keys in CBOR, and what is packed into byte strings. */
export type Wire = {
  keys: ReadonlyMap<string, FieldMetadata>;
  names: ReadonlyMap<number, string>;
};

export function wireOf(schema: z.ZodObject): Wire {
  const keys = new Map<string, FieldMetadata>();
  for (const [name, field] of Object.entries(schema.shape)) if (name !== 'name') keys.set(name, fieldMetadata(field));
  return { keys, names: new Map([...keys].map(([name, { cbor }]) => [cbor, name])) };
}

/** Writes one report or command; undefined fields are left out. */
export function pack(fields: Fields, wire: Wire, format: Format): Uint8Array {
  return format === 'json' ? json(fields) : encode(toMap(fields, wire));
}

/** Writes a batch: a list of reports, each with its name beside its fields. */
export function packBatch(items: { report: string; fields: Fields; wire: Wire }[], format: Format): Uint8Array {
  if (format === 'json') return json(items.map(({ report, fields }) => ({ report, ...fields })));
  return encode(items.map(({ report, fields, wire }) => toMap(fields, wire).set(batchNameKey, report)));
}

/** Reads one report or command, JSON or CBOR by its first byte. A problem says what is wrong with the bytes. */
export function unpack(payload: Uint8Array, wire: Wire): { fields: Fields } | { problem: string } {
  const read = readValue(payload);
  return 'problem' in read ? read : toFields(read.value, wire);
}

/** Reads a batch; each item is judged by itself. `wireOf` gives the spelling of a report by its name. */
export function unpackBatch(
  payload: Uint8Array,
  wireOfReport: (report: string) => Wire | undefined,
): { items: BatchItem[] } | { problem: string } {
  const read = readValue(payload);
  if ('problem' in read) return read;
  if (!Array.isArray(read.value)) return { problem: 'a batch is a list of reports' };
  return { items: read.value.map((item) => batchItem(item, wireOfReport)) };
}
export type BatchItem =
  | { report: string | undefined; fields: Fields }
  | { report: string | undefined; problem: string };

/**
 * A batch without the reports that are not wanted, in the format in which it came; the same bytes when it has none of them.
 * Undefined: it is no list of reports that can be read, so that nobody knows what is in it, or what is left of it cannot be written so
 * that it is read.
 * Never throws.
 */
export function cutBatch(payload: Uint8Array, isUnwanted: (report: string) => boolean): Uint8Array | undefined {
  const read = readValue(payload);
  if ('problem' in read || !Array.isArray(read.value)) return undefined;
  const kept = read.value.filter((item) => {
    const name = reportNameOf(item);
    return name === undefined || !isUnwanted(name);
  });
  if (kept.length === read.value.length) return payload;
  try {
    // In the order in which its device wrote the fields: the encoder complains of keys that it cannot sort.
    const cut = payload[0] === openBracket ? json(kept) : encode(kept, { mapSorter: () => 0 });
    return cut.length <= maxPayloadBytes ? cut : undefined;
  } catch {
    // As if it could not be read: with a call for help in it all of it is kept, for that outweighs a consent; else nothing.
    return undefined;
  }
}

function reportNameOf(item: unknown): string | undefined {
  const isMap = item instanceof Map;
  const name: unknown = isMap
    ? (item.get(batchNameKey) ?? item.get('report'))
    : isFields(item)
      ? item.report
      : undefined;
  return typeof name === 'string' ? name : undefined;
}

function batchItem(item: unknown, wireOfReport: (report: string) => Wire | undefined): BatchItem {
  const report = reportNameOf(item);
  if (item instanceof Map) item.delete(batchNameKey);
  const read = toFields(item, (report === undefined ? undefined : wireOfReport(report)) ?? noWire);
  if ('problem' in read) return { report, problem: read.problem };
  delete read.fields.report;
  return { report, fields: read.fields };
}

function readValue(payload: Uint8Array): { value: unknown } | { problem: string } {
  if (payload.length === 0) return { problem: 'the payload is empty' };
  if (payload.length > maxPayloadBytes)
    return { problem: `${payload.length} bytes, at most ${maxPayloadBytes} are read` };
  // CBOR maps and lists begin with 0x80-0xbf, which never begins a JSON text.
  const first = payload[0] ?? 0;
  return first >= 0x80 && first <= 0xbf ? readCbor(payload) : readJson(payload);
}

/** Strict: a name that occurs twice, more than eight levels or a text that is cut are problems. */
export function readJson(payload: Uint8Array): { value: unknown } | { problem: string } {
  const { names, objects, depth, deepest } = scan(payload);
  if (deepest > maxDepth) return { problem: `the JSON nests deeper than ${maxDepth} levels` };
  if (depth > 0) return { problem: `the JSON is cut off after ${payload.length} bytes` };
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(payload));
  } catch {
    return { problem: `the ${payload.length} bytes are neither JSON in UTF-8 nor a CBOR map` };
  }
  // JSON.parse keeps the last of two equal names: then the text had more of them than the value has.
  const kept = objects === 1 && isFields(value) ? Object.keys(value).length : countNames(value);
  return kept === names ? { value } : { problem: 'a name occurs twice in one JSON object' };
}

/** One pass over the bytes: how many names and objects a JSON text has, how deep it nests, and how much is open at its end. */
function scan(payload: Uint8Array): { names: number; objects: number; depth: number; deepest: number } {
  let names = 0;
  let objects = 0;
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at];
    if (byte === quote) inText = !inText;
    else if (inText) at += byte === backslash ? 1 : 0;
    else if (byte === colon) names++;
    else if (byte === openBrace || byte === openBracket) {
      if (byte === openBrace) objects++;
      deepest = Math.max(deepest, ++depth);
    } else if (byte === closeBrace || byte === closeBracket) depth--;
  }
  return { names, objects, depth, deepest };
}

function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countNames(item);
    return count;
  }
  for (const name of Object.keys(value)) {
    const inner = (value as Fields)[name];
    count += typeof inner === 'object' ? 1 + countNames(inner) : 1;
  }
  return count;
}

function readCbor(payload: Uint8Array): { value: unknown } | { problem: string } {
  try {
    return { value: decode(payload, { ...cborOptions, tokenizer: boundedTokenizer(payload) }) };
  } catch (error) {
    // It may quote what the device sent, at any length; people read this.
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `the CBOR cannot be read: ${why.replace(/[^\x20-\x7e]/g, '?').slice(0, 80)}` };
  }
}

// Integers beyond 2^53 and NaN are read, so that the schema can refuse the one field that holds them.
const cborOptions: DecodeOptions = { useMaps: true, rejectDuplicateMapKeys: true, allowBigInt: true };

/** Bounds the number of maps and lists, and with it how deep they nest: the decoder itself recurses without a limit. */
function boundedTokenizer(payload: Uint8Array) {
  const tokenizer = new Tokenizer(payload, cborOptions);
  let containers = 0;
  return {
    done: () => tokenizer.done(),
    pos: () => tokenizer.pos(),
    next() {
      const token = tokenizer.next();
      if (token.type === Type.map || token.type === Type.array) containers++;
      if (containers > maxContainers) throw new Error(`more than ${maxContainers} maps and lists`);
      return token;
    },
  };
}

function toFields(value: unknown, { keys, names }: Wire): { fields: Fields } | { problem: string } {
  if (isFields(value)) return { fields: value };
  if (!(value instanceof Map)) return { problem: 'a report is one map of fields' };
  const fields: Fields = {};
  for (const [key, item] of value as Map<unknown, unknown>) {
    const name = typeof key === 'number' ? (names.get(key) ?? `key ${key}`) : String(key);
    // Also what would reach the prototype of an object.
    if (name in fields) return { problem: `the field ${name} occurs twice` };
    fields[name] = item instanceof Uint8Array && keys.get(name)?.packed ? unpackIntegers(item) : item;
  }
  return { fields };
}

function toMap(fields: Fields, { keys }: Wire): Map<number, unknown> {
  const map = new Map<number, unknown>();
  for (const [name, value] of Object.entries(fields)) {
    const field = keys.get(name);
    if (!field || value === undefined) continue;
    map.set(field.cbor, field.packed ? packIntegers(value as number[]) : value);
  }
  return map;
}

function unpackIntegers(bytes: Uint8Array): number[] | Uint8Array {
  if (bytes.length % 2 !== 0) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 2 }, (_, index) => view.getInt16(index * 2, true));
}

function packIntegers(values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 2));
  for (const [index, value] of values.entries()) view.setInt16(index * 2, value, true);
  return new Uint8Array(view.buffer);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

const noWire: Wire = { keys: new Map(), names: new Map() };
// Strict, and a byte order mark is no JSON.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const [quote, backslash, colon, openBrace, closeBrace, openBracket, closeBracket] = [
  0x22, 0x5c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d,
];
