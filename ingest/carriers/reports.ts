import { reportSchemas } from '../../firmware-contracts/contracts.ts';
import { type DecodedReport, decodeBatch, decodeReport } from '../../firmware-contracts/decode.ts';
import { type DeviceKind, isLifeSafety, type LifeSafetyReport, type Report } from '../../firmware-contracts/report.ts';
import type { CarrierModel, Meaning, ReadingName } from '../../records/carrier-products.ts';
import { danger } from './danger.ts';
import { instantOf } from './envelope.ts';
import type { Leaf, Push } from './push.ts';

/**
 * What a push says, in the reports of our contracts; nothing when the platform speaks of itself. Fails open: a code
 * that the model does not list, bytes that nobody explained, and a body that cannot be read are alarms that cannot be
 * read when the product, the kind of the device, or the words in it say that a life may hang on it. Pure, and never
 * throws.
 */
export function reportsOf(push: Push, model: CarrierModel | undefined, kind: DeviceKind | undefined): Pushed[] {
  if (push.type === 'notice') return [];
  if (push.type === 'malformed') return [notRead('malformed', push.problem, raisedAs(kind, push.text))];
  if (!model) return [ofUnknownProduct(push, kind)];
  const ours = contractReports(push, model, kind);
  const bytes = fieldsInBytes(push, model);
  const coded = codedLeaves([...push.leaves, ...bytes.leaves], model);
  const said = translate([...push.leaves, ...bytes.leaves], coded, model);
  const understood = ours.length > 0 || coded.length > 0;
  const raw = !understood && push.opaque !== undefined && bytes.leaves.length === 0 && !isKnown(push.opaque, model);
  const read = new Set(coded.map(({ field }) => field));
  if (ours.length > 0 && model.contract) read.add(model.contract.field);
  if (bytes.leaves.length > 0 && model.bytes) read.add(model.bytes.field);
  const strange =
    bytes.cut ??
    (raw ? `${push.opaque}: bytes that its model does not explain` : undefined) ??
    (understood ? undefined : wordOfDanger(push, model)) ??
    nameOfDanger(push.leaves, (name) => read.has(name) || isKnown(name, model));
  const unexplained = strange === undefined ? [] : [notRead('unknown-fields', strange, raisedAs(model.unreadable))];
  if (understood) return [...ours, ...said, ...unexplained];
  if (unexplained.length > 0) return unexplained;
  return said.length > 0 ? said : [notRead('unknown-fields', 'none of the fields of its model', undefined)];
}

/** Whether a life may hang on it: what an unregistered device may send, and what the journal keeps room for. */
export function isUrgent(decoded: Pushed): boolean {
  if (decoded.type !== 'report') return decoded.type !== 'rejection';
  return isLifeSafety(decoded.report.name) && !(decoded.report.name === 'alarm' && decoded.report.state === 'off');
}

/**
 * As a device's own report is decoded, but that a push may be refused for reasons of its own. `muted`: whatever
 * sounded is silenced; whether anything did, the code alone does not say.
 */
export type Pushed =
  | Exclude<DecodedReport, { type: 'rejection' }>
  | { type: 'rejection'; reason: string; problem: string }
  | { type: 'muted'; source: CarrierModel['source'] };
type Uplink = Extract<Push, { type: 'uplink' }>;

/**
 * Nobody has said how the product speaks. Two makers use the same field with opposite codes, so that nothing is
 * guessed.
 */
function ofUnknownProduct(push: Uplink, kind: DeviceKind | undefined): Pushed {
  const words = nameOfDanger(push.leaves, () => false) ?? wordOfDanger(push, undefined);
  const problem = `product ${push.productId ?? 'unnamed'} has no model`;
  if (words !== undefined) return notRead('unknown-product', `${problem}: ${words}`, raisedAs(kind) ?? 'alarm');
  return notRead('unknown-product', problem, push.opaque === undefined ? undefined : raisedAs(kind));
}

function notRead(reason: string, problem: string, raised: LifeSafetyReport | undefined): Pushed {
  if (raised) return { type: 'unreadable', reportName: raised, problem, salvaged: {} };
  return { type: 'rejection', reason, problem };
}

/** As what it is raised: by the model, by the kind of the device, or by the words in what cannot be read. */
function raisedAs(by: CarrierModel['unreadable'] | DeviceKind | undefined, text = ''): LifeSafetyReport | undefined {
  switch (by) {
    case 'smoke-detector':
      return 'alarm';
    case 'wearable':
      return 'fall';
    case 'call-button':
      return 'press';
    case 'nothing':
      return undefined;
    case 'presence-sensor':
    case undefined:
      return danger.test(text) ? 'alarm' : undefined;
    default:
      return by;
  }
}

/** A name anywhere on the way to a value that sounds like danger, and that nobody explained. */
function nameOfDanger(leaves: Leaf[], isExplained: (name: string) => boolean): string | undefined {
  for (const leaf of leaves) {
    const name = leaf.path.find((one) => danger.test(one) && !isExplained(one));
    if (name !== undefined) return shown(leaf, name);
  }
  return undefined;
}

/** A text that sounds like danger, in a field that is not known to say nothing. Bytes are not read as words. */
function wordOfDanger({ leaves, opaque }: Uplink, model: CarrierModel | undefined): string | undefined {
  const says = ({ name, value }: Leaf) => name !== opaque && typeof value === 'string' && danger.test(value);
  const strange = leaves.find((leaf) => says(leaf) && !isKnown(leaf.name, model));
  return strange && shown(strange);
}

const isKnown = (name: string, model: CarrierModel | undefined): boolean =>
  model !== undefined && (Object.hasOwn(model.readings, name) || model.ignored.includes(name));

/** Our own payload inside: read as if the device had published it. */
function contractReports(push: Uplink, { contract }: CarrierModel, kind: DeviceKind | undefined): Pushed[] {
  const bytes = contract && bytesOf(push.leaves, contract.field, contract.encoding);
  if (!contract || !bytes) return [];
  if (contract.report !== 'batch') return [decodeReport({ report: contract.report, kind, payload: bytes })];
  return decodeBatch({ kind, payload: asList(bytes) });
}

/** A single report that names itself is a batch of one. */
function asList(bytes: Uint8Array): Uint8Array {
  const first = bytes[0] ?? 0;
  if (first >= 0xa0 && first <= 0xbf) return Uint8Array.of(0x81, ...bytes);
  return first === openBrace ? Uint8Array.of(openBracket, ...bytes, closeBracket) : bytes;
}
const [openBrace, openBracket, closeBracket] = [0x7b, 0x5b, 0x5d];

/** `cut`: they end before a code, so that what they say of the battery is no sign that all is well. */
function fieldsInBytes(push: Uplink, { bytes: table, codes }: CarrierModel): { leaves: Leaf[]; cut?: string } {
  const bytes = table && bytesOf(push.leaves, table.field, table.encoding);
  if (!table || !bytes) return { leaves: [] };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = Object.entries(table.layout);
  const fits = ({ at, type }: (typeof table.layout)[string]) => at + byteTypes[type].length <= bytes.length;
  const leaves = layout.flatMap(([name, place]) =>
    fits(place) ? [{ name, path: [name], value: byteTypes[place.type].read(view, place.at) }] : [],
  );
  const missing = layout.find(([name, place]) => Object.hasOwn(codes, name) && !fits(place));
  return { leaves, ...(missing && { cut: `${table.field}: its bytes end before ${missing[0]}` }) };
}
const byteTypes = {
  uint8: { length: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  int8: { length: 1, read: (view: DataView, at: number) => view.getInt8(at) },
  uint16: { length: 2, read: (view: DataView, at: number) => view.getUint16(at) },
  int16: { length: 2, read: (view: DataView, at: number) => view.getInt16(at) },
  uint32: { length: 4, read: (view: DataView, at: number) => view.getUint32(at) },
} as const;

function bytesOf(leaves: Leaf[], field: string, encoding: 'base64' | 'hex'): Uint8Array | undefined {
  const value = leaves.find(({ name }) => name === field)?.value;
  return typeof value === 'string' ? Uint8Array.from(Buffer.from(value, encoding)) : undefined;
}

type Coded = { leaf: Leaf; field: string };

/**
 * The values that stand for a code, readable or not: one at least for each field with codes. Where the field holds an
 * object, they are what is inside, without the readings and instants beside them.
 */
function codedLeaves(leaves: Leaf[], model: CarrierModel): Coded[] {
  const all = leaves.flatMap((leaf) => {
    const field = leaf.path.findLast((name) => Object.hasOwn(model.codes, name));
    return field === undefined ? [] : [{ leaf, field }];
  });
  const isDirect = ({ leaf, field }: Coded) => leaf.name === field;
  const isBeside = ({ leaf }: Coded) => isKnown(leaf.name, model) || instantOf(leaf.value) !== undefined;
  const direct = new Set(all.filter(isDirect).map(({ field }) => field));
  const inside = new Set(all.filter((one) => !isBeside(one)).map(({ field }) => field));
  return all.filter((one) => isDirect(one) || (!direct.has(one.field) && !(inside.has(one.field) && isBeside(one))));
}

function translate(leaves: Leaf[], coded: Coded[], model: CarrierModel): Pushed[] {
  const measured = measure(leaves, model);
  const faults = new Set<string>();
  const reports: Pushed[] = [];
  for (const { leaf, field } of coded) {
    const code = model.codes[field];
    if (!code) continue;
    const value = String(leaf.value);
    const meaning = Object.hasOwn(code.values, value) ? code.values[value] : undefined;
    if (meaning === undefined) {
      const raised = raisedAs(model.unreadable);
      reports.push(notRead('unknown-fields', `${shown(leaf, field)} is no code of its model`, raised));
    } else if (meaning === 'low-battery') faults.add('low-battery');
    else if (meaning === 'fault') faults.add(`${field}=${value}`.replace(/[^\x21-\x7e]/g, '?').slice(0, 32));
    else if (meaning === 'muted') reports.push({ type: 'muted', source: code.source ?? model.source });
    else if (meaning !== 'nothing') {
      const evidence = meaning === 'alarm' ? measured.evidence : {};
      const report = { ...reportOf(meaning, code.source ?? model.source), ...evidence } as Report;
      reports.push({ type: 'report', report, unread: meaning === 'alarm' ? measured.unread : [] });
    }
  }
  const { status, unread } = measured;
  const isStatus = Object.keys(status).length > 0 || faults.size > 0 || (coded.length > 0 && reports.length === 0);
  if (!isStatus) return reports;
  const listed = faults.size > 0 && { faults: [...faults].slice(0, 8) };
  return [...reports, { type: 'report', report: { name: 'status', v: 1, ...status, ...listed }, unread }];
}

function reportOf(
  meaning: Exclude<Meaning, 'nothing' | 'low-battery' | 'fault' | 'muted'>,
  source: CarrierModel['source'],
): Report {
  switch (meaning) {
    case 'alarm':
      return { name: 'alarm', v: 1, source, state: 'on' };
    case 'normal':
      return { name: 'alarm', v: 1, source, state: 'off' };
    case 'test':
      return { name: 'test', v: 1, by: 'button' };
    case 'self-test':
      return { name: 'test', v: 1, by: 'self' };
    case 'tampered':
      return { name: 'tamper', v: 1, state: 'on' };
    case 'mounted':
      return { name: 'tamper', v: 1, state: 'off' };
    case 'fall':
      return { name: 'fall', v: 1, state: 'confirmed' };
    case 'call-emergency':
      return { name: 'press', v: 1, call: 'emergency' };
    case 'call-care':
      return { name: 'press', v: 1, call: 'care' };
    case 'call-service':
      return { name: 'press', v: 1, call: 'service' };
  }
}

type Figures = { [name: string]: number | string };

/** What was measured, for a status and beside an alarm. A figure that the contract refuses is dropped and flagged. */
function measure(leaves: Leaf[], { readings }: CarrierModel): { status: Figures; evidence: Figures; unread: string[] } {
  const measured: { status: Figures; evidence: Figures; unread: string[] } = { status: {}, evidence: {}, unread: [] };
  for (const leaf of leaves) {
    const reading = Object.hasOwn(readings, leaf.name) ? readings[leaf.name] : undefined;
    if (!reading) continue;
    const value = textual.has(reading.as) ? String(leaf.value) : scaled(leaf.value, reading.scale);
    const inStatus = accepts('status', reading.as, value);
    const inAlarm = accepts('alarm', reading.as, value);
    if (inStatus) measured.status[reading.as] = value;
    if (inAlarm) measured.evidence[reading.as] = value;
    if (!inStatus && !inAlarm) measured.unread.push(shown(leaf));
  }
  return measured;
}

/** What is empty was not measured; it must not become a zero. */
function scaled(value: Leaf['value'], scale: number): number {
  if (typeof value === 'string' && value.trim() !== '') return Number(value) * scale;
  return typeof value === 'number' ? value * scale : Number.NaN;
}

function accepts(report: 'status' | 'alarm', field: ReadingName, value: number | string): boolean {
  const shape: { [name: string]: { safeParse(value: unknown): { success: boolean } } } = reportSchemas[report].shape;
  return Object.hasOwn(shape, field) && shape[field]?.safeParse(value).success === true;
}

const textual = new Set<ReadingName>(['cell', 'firmware']);

/** For people: names, from the one of concern on, and the value, without what could not be printed. */
function shown({ name, path, value }: Leaf, from = name): string {
  const names = path.slice(Math.max(0, path.lastIndexOf(from))).join('.');
  const text = `${names} ${typeof value === 'string' ? JSON.stringify(value.slice(0, 32)) : String(value)}`;
  return text.slice(0, 100).replaceAll(/\p{Cc}/gu, '?');
}
