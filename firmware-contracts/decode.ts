import type { z } from 'zod';
import { type BatchItem, type Fields, maxBatchItems, unpack, unpackBatch, type Wire } from './codec.ts';
import { contractOf, type ReportContract, reportsOfKind } from './contracts.ts';
import {
  type DeviceKind,
  fieldMetadata,
  isLifeSafety,
  type LifeSafetyReport,
  lifeSafetyNamedIn,
  type Report,
  shortTextSays,
} from './report.ts';

/**
 * What a payload came to. `report`: understood; `unread` names what was dropped or is missing, as text with the value.
 * `unreadable`: promise 3, somebody needs help and the details could not be read; `salvaged` is what could be, `content` all
 * that it says but its age, the same each time it is sent; nothing where not even fields could be told apart.
 * `rejection`: telemetry that the contract refuses; `reason` is a stable code, `problem` names path, limit and example.
 */
export type DecodedReport =
  | { type: 'report'; report: Report; unread: string[] }
  | { type: 'unreadable'; reportName: LifeSafetyReport; problem: string; salvaged: Salvaged; content?: string }
  | Rejection;
export type Salvaged = Pick<Report, 'boot' | 'seq' | 'age' | 'at'>;
export type Rejection = { type: 'rejection'; reason: RejectionReason; problem: string };
export type RejectionReason =
  | 'unknown-report'
  | 'other-kind'
  | 'malformed'
  | 'newer-version'
  | 'missing-field'
  | 'unknown-field'
  | 'wrong-type'
  | 'out-of-range'
  | 'unknown-value'
  | 'inconsistent'
  | 'batch-too-long';

/** Decides about one payload. `kind` is the device's in the registry; without it any report is taken. Never throws. */
export function decodeReport(input: {
  report: string;
  kind?: DeviceKind | undefined;
  payload: Uint8Array;
}): DecodedReport {
  const contract = contractOf(input.report);
  if (!contract) return unknownReport(input.report);
  const read = unpack(input.payload, contract.wire);
  return 'problem' in read ? unread(contract, 'malformed', read.problem, {}) : judge(contract, read.fields, input.kind);
}

/**
 * Decides about each report of a batch by itself, in order. A batch that is no list of reports is one rejection; when its
 * bytes name a life-safety report, it is one that cannot be read.
 */
export function decodeBatch(input: { kind?: DeviceKind | undefined; payload: Uint8Array }): DecodedReport[] {
  const read = unpackBatch(input.payload, (report) => contractOf(report)?.wire);
  if ('problem' in read) {
    const reportName = lifeSafetyNamedIn(input.payload);
    if (reportName) return [{ type: 'unreadable', reportName, problem: read.problem, salvaged: {} }];
    return [{ type: 'rejection', reason: 'malformed', problem: read.problem }];
  }
  const beyond = read.items.slice(maxBatchItems);
  const urgent = beyond.filter(({ report }) => report !== undefined && isLifeSafety(report)).slice(0, maxBatchItems);
  const decoded = [...read.items.slice(0, maxBatchItems), ...urgent].map((item) => decodeItem(item, input.kind));
  if (beyond.length === urgent.length) return decoded;
  const problem = `${read.items.length} reports in a batch, at most ${maxBatchItems} are read`;
  return [...decoded, { type: 'rejection', reason: 'batch-too-long', problem }];
}

function decodeItem(item: BatchItem, kind: DeviceKind | undefined): DecodedReport {
  if (item.report === undefined)
    return { type: 'rejection', reason: 'malformed', problem: 'report: an item of a batch names its report' };
  const contract = contractOf(item.report);
  if (!contract) return unknownReport(item.report);
  return 'problem' in item ? unread(contract, 'malformed', item.problem, {}) : judge(contract, item.fields, kind);
}

function judge(contract: ReportContract, fields: Fields, kind: DeviceKind | undefined): DecodedReport {
  const { name, schema } = contract;
  if (kind && !reportsOfKind[kind].includes(name) && !isLifeSafety(name)) {
    const problem = `a ${kind} sends ${reportsOfKind[kind].join(', ')}, and no ${name}`;
    return { type: 'rejection', reason: 'other-kind', problem };
  }
  if (isNumber(fields.v) && fields.v > 1) return unread(contract, 'newer-version', `v ${fields.v}`, fields);
  const plain = contract.readPlain(fields);
  if (plain) return { type: 'report', report: plain, unread: missingCounters(plain) };
  const named = 'name' in fields;
  fields.name = name;
  const result = schema.safeParse(fields);
  if (result.success && !named) return { type: 'report', report: result.data, unread: missingCounters(result.data) };
  const issues = result.success ? [] : result.error.issues;
  if (named) issues.push({ code: 'unrecognized_keys', keys: ['name'], path: [], message: '' });
  return repair(contract, fields, issues);
}

/** Drops and flags what a report can do without, and reads it again; what it cannot do without decides. */
function repair(contract: ReportContract, fields: Fields, issues: z.core.$ZodIssue[]): DecodedReport {
  const lifeSafety = isLifeSafety(contract.name);
  const repaired = { ...fields };
  const dropped = new Set<string>();
  for (const issue of issues) {
    const field = String(issue.path[0] ?? '');
    if (issue.code === 'unrecognized_keys' && lifeSafety) for (const key of issue.keys) delete repaired[key];
    else if (contract.name === 'press' && field === 'call') repaired.call = 'emergency';
    else if (lifeSafety && field === 'v') repaired.v = 1;
    else if (isEvidence(contract, field)) delete repaired[field];
    else return refusal(contract, fields, issue);
    if (field !== '') dropped.add(field);
  }
  repaired.name = contract.name;
  const result = contract.schema.safeParse(repaired);
  if (!result.success) return refusal(contract, repaired, result.error.issues[0]);
  const flags = [...dropped].map((field) => flag(fields, field));
  const missing = missingCounters(result.data).filter((text) => !dropped.has(text.split(' ', 1)[0] ?? ''));
  return { type: 'report', report: result.data, unread: [...flags, ...missing] };
}

function refusal(contract: ReportContract, fields: Fields, issue: z.core.$ZodIssue | undefined): DecodedReport {
  const reason = reasonOf(issue, fields);
  const field = String(issue?.path[0] ?? '');
  // People read what could not be read; firmware engineers also what would be right.
  const problem =
    isLifeSafety(contract.name) && field !== '' ? flag(fields, field) : explain(contract.wire, fields, issue);
  return unread(contract, reason, problem, fields);
}

function unread(contract: ReportContract, reason: RejectionReason, problem: string, fields: Fields): DecodedReport {
  if (!isLifeSafety(contract.name)) return { type: 'rejection', reason, problem: `${contract.name}: ${problem}` };
  const salvaged: Fields = {};
  for (const name of ['boot', 'seq', 'age', 'at'] as const) {
    const value = contract.shape[name] as z.ZodType;
    if (fields[name] !== undefined && value.safeParse(fields[name]).success) salvaged[name] = fields[name];
  }
  const content = JSON.stringify({ ...fields, age: undefined }, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return { type: 'unreadable', reportName: contract.name, problem, salvaged, ...(content !== '{}' && { content }) };
}

function unknownReport(name: string): Rejection {
  return { type: 'rejection', reason: 'unknown-report', problem: `no contract knows a report ${shown(name)}` };
}

/** Identity and lateness rest on these three: a report without one of them is taken, and says so. */
function missingCounters({ boot, seq, age }: Report): string[] {
  if (boot !== undefined && seq !== undefined && age !== undefined) return [];
  return Object.entries({ boot, seq, age }).flatMap(([name, value]) =>
    value === undefined ? [`${name} missing`] : [],
  );
}

function reasonOf(issue: z.core.$ZodIssue | undefined, fields: Fields): RejectionReason {
  switch (issue?.code) {
    case 'unrecognized_keys':
      return 'unknown-field';
    case 'too_big':
    case 'too_small':
    case 'invalid_format':
      return 'out-of-range';
    case 'invalid_value':
      return fields[String(issue.path[0])] === undefined ? 'missing-field' : 'unknown-value';
    case 'invalid_type':
      return fields[String(issue.path[0])] === undefined ? 'missing-field' : 'wrong-type';
    default:
      return 'inconsistent';
  }
}

/** For example "lat 95: at most 90 (°), for example 43.94721". */
export function explain({ keys }: Wire, fields: Fields, issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') {
    const unknown = issue.keys.slice(0, 8).map((name) => {
      const meant = [...keys.keys()].find((known) => known === name.toLowerCase());
      return `${shown(name)} unknown${meant === undefined ? '' : `, it is spelled ${meant}`}`;
    });
    return `${unknown.join(', ')}, the fields are ${[...keys.keys()].join(', ')}`;
  }
  const metadata = keys.get(String(issue?.path[0]));
  if (!issue || !metadata) return issue?.message ?? '';
  const path = issue.path.map((step, depth) => (depth === 0 ? String(step) : `[${String(step)}]`)).join('');
  const value = issue.path.reduce<unknown>((inner, step) => (inner as Fields | undefined)?.[String(step)], fields);
  const unit = metadata.unit && metadata.unit !== '1' ? ` (${metadata.unit})` : '';
  const held = value === undefined ? 'missing' : shown(value);
  const quoted = typeof value === 'string' && issue.code === 'invalid_type' ? ', without quotes' : '';
  return `${path} ${held}: ${limitOf(issue)}${quoted}${unit}, for example ${JSON.stringify(metadata.example)}`;
}

function limitOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_big') return `at most ${issue.maximum}${issue.origin === 'array' ? ' items' : ''}`;
  if (issue.code === 'too_small')
    return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${issue.origin === 'array' ? ' items' : ''}`;
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_type') return expectations[issue.expected] ?? `expected ${issue.expected}`;
  return issue.code === 'invalid_format' ? shortTextSays : issue.message;
}

const expectations: { readonly [type: string]: string } = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
};

function isEvidence({ shape }: ReportContract, field: string): boolean {
  return Object.hasOwn(shape, field) && fieldMetadata(shape[field] as z.ZodType)?.evidence === true;
}

/** A field with what it held, as people read it: `obscuration 300`, `state "maybe"`, `call missing`. */
function flag(fields: Fields, field: string): string {
  return `${field} ${fields[field] === undefined ? 'missing' : shown(fields[field])}`;
}

/** A value as short text without control characters, whatever it is. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 32));
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
  return String(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
