import { crc32 } from 'node:zlib';
import { type DecodedReport, decodeBatch, decodeReport } from '../firmware-contracts/decode.ts';
import { type Reading, readingsOf } from '../firmware-contracts/readings.ts';
import { type DeviceKind, isLifeSafety, type Report, type ReportName } from '../firmware-contracts/report.ts';
import type { Whereabouts } from '../records/alert.ts';
import { type Carrier, type CarrierProducts, modelOf, noProducts } from '../records/carrier-products.ts';
import { withheldReports } from '../records/consent.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { DecidedRecord, ReportRecord } from '../records/journal-record.ts';
import type { RegistryView } from '../records/registry.ts';
import type { CounterReusedEvent, ReportEvent, UnreadableEvent } from '../rules/event.ts';
import { readPush } from './carriers/push.ts';
import {
  attemptsMs,
  type PushMemory,
  pushedOccurrence,
  pushHeardAt,
  type Settled,
  settlePush,
} from './carriers/push-memory.ts';
import { reportsOf } from './carriers/reports.ts';
import { type Counters, count, type Standing, startOver } from './counters.ts';
import { clockOf, type DeviceClock, type Occurrence, occurrenceOf } from './occurrence.ts';
import { isWithheld, withheldName } from './withheld.ts';

/**
 * What one part of a record came to (a report is part 0, a batch has one part for each report, a reused counter is an
 * event beside its report's). `rejection`: telemetry that the contract refuses, with a stable reason and its text.
 * `repeat`: the same report was processed before. `withheld`: whose device it is took back the consent to keep it, and it is not looked at.
 */
export type Decoded =
  | { type: 'event'; part: number; event: DecodedEvent; readings: Reading[] }
  | { type: 'rejection'; part: number; reason: string; problem: string }
  | { type: 'repeat' | 'withheld'; part: number };
export type DecodedEvent = ReportEvent | UnreadableEvent | CounterReusedEvent;

/** Where a record stands in the journal. `receivedAt` is journal time, epoch ms. */
export type Placed = { sequence: number; receivedAt: number };

export type Decoder = ReturnType<typeof createDecoder>;

/**
 * Turns report records into events, and decides repeats once for everybody. A device's part of the fold is at most 90
 * hashes (about 1 kB), and the names of 48 pushes (about as much) when it comes by a carrier. Devices that the registry
 * does not know share a table of their own; when that is full it is emptied, and their reports count as new again.
 */
export function createDecoder({
  state,
  registry,
}: {
  state: FoldState;
  registry: Pick<RegistryView, 'device' | 'person' | 'whereabouts'>;
}) {
  const registered = state.table<DeviceMemory>('decoder');
  const unregistered = state.table<DeviceMemory>('decoder-unregistered');
  const products = state.table<CarrierProducts>('carrier-products');
  /** By device: the open incident for which its bearer is located without consent, and who that is. */
  const emergencies = state.table<EmergencyUse>('decoder-emergencies');

  function withheld(deviceId: string): ReadonlySet<ReportName> {
    const names = withheldReports(registry, deviceId);
    const use = emergencies.get(deviceId);
    // Whoever wears it next is not located for the incident of somebody else.
    if (!names.has('position') || !use || use.personId !== registry.device(deviceId)?.personId) return names;
    return new Set([...names].filter((name) => name !== 'position'));
  }

  return {
    /** The parts of a record, in order. Pure but for the fold; never throws for what a device sends. */
    step(record: ReportRecord, placed: Placed): Decoded[] {
      const { deviceId, report, payload, standing } = record;
      const kind = registry.device(deviceId)?.kind;
      const table = kind ? registered : unregistered;
      if (!kind && table.size >= maxUnregistered && !table.has(deviceId)) empty(table);
      const where = registry.whereabouts(deviceId);
      if (record.source === 'mqtt' && report === withheldName) return [{ type: 'withheld', part: 0 }];
      const source = { deviceId, kind, where, payload, table, placed, withheld: withheld(deviceId) };
      if (record.source !== 'mqtt')
        return decodePush(source, { carrier: record.source, standing, products: products.get('all') ?? noProducts });
      if (report !== 'batch') return decodePart(source, decodeReport({ report, kind, payload }), 0);
      return decodeBatch({ kind, payload }).flatMap((decoded, part) =>
        standing === 'enrolment' && isTelemetry(decoded) ? [notEnrolled(part)] : decodePart(source, decoded, part),
      );
    },

    /** How the products of carriers speak from now on. */
    adopt(table: CarrierProducts): void {
      products.set('all', table);
    },

    /** Reports of a device that are not kept now. */
    withheld,

    /** Where somebody was asked for without consent, where they are is kept until that incident is over. */
    decided({ downlinks = [], incidents = [] }: DecidedRecord): void {
      const [over, going] = [new Set<string>(), new Set<string>()];
      for (const { incident } of incidents)
        (incident.state.phase === 'resolved' ? over : going).add(incident.incidentId);
      for (const { deviceId, state, withoutConsent: incidentId = '' } of downlinks) {
        const personId = registry.device(deviceId)?.personId;
        // It is asked for with a word in that incident; what becomes of the command later begins nothing again.
        if (state.phase !== 'waiting' || !going.has(incidentId) || personId === undefined) continue;
        emergencies.set(deviceId, { incidentId, personId });
      }
      for (const [deviceId, { incidentId }] of over.size > 0 ? [...emergencies.entries()] : [])
        if (over.has(incidentId)) emergencies.delete(deviceId);
    },

    /** Whether a registered device was ever heard. */
    wasHeard: (deviceId: string): boolean => registered.has(deviceId),

    /** When a registered device last sent a life-safety report, in journal time; also one that said nothing new. */
    urgentAt: (deviceId: string): number | undefined => registered.get(deviceId)?.urgentAt,

    /** A device left the registry: what was remembered of it goes too. */
    forget(deviceId: string): void {
      registered.delete(deviceId);
      emergencies.delete(deviceId);
    },
  };
}

/** The enrolment credential is for life safety alone, in a batch too. */
const isTelemetry = (decoded: Settled) => decoded.type === 'report' && !isLifeSafety(decoded.report.name);
const notByEnrolment = 'a device that is not registered may send alarm, fall and press alone';
const notEnrolled = (part: number) => ({
  type: 'rejection' as const,
  part,
  reason: 'enrolment',
  problem: notByEnrolment,
});

function empty(table: Table<unknown>): void {
  for (const key of [...table.keys()]) table.delete(key);
}

/** `urgentAt`: when a life-safety report was last received. `eraAt`: the position at which the counters last started over. */
type DeviceMemory = {
  readonly counters?: Counters;
  readonly clock?: DeviceClock;
  readonly urgentAt?: number;
  readonly eraAt?: string;
  readonly pushes?: PushMemory;
};
type EmergencyUse = { readonly incidentId: string; readonly personId: string };
type Source = {
  deviceId: string;
  kind: DeviceKind | undefined;
  where: Whereabouts;
  payload: Uint8Array;
  table: Table<DeviceMemory>;
  placed: Placed;
  withheld: ReadonlySet<ReportName>;
  /** Of what came by a carrier: its name for ever, where it has one, and when the platform heard it. */
  push?: { name: string | undefined; sentAt: number | undefined };
};

/** A platform's next attempt is a repeat as a whole, before anything of it is looked at. */
function decodePush(
  source: Source,
  { carrier, standing, products }: Pick<ReportRecord, 'standing'> & { carrier: Carrier; products: CarrierProducts },
): Decoded[] {
  const { deviceId, kind, payload, table } = source;
  const push = readPush(carrier, payload);
  const { name, sentAt } = push.type === 'uplink' ? push : {};
  const memory = table.get(deviceId) ?? noMemory;
  const at = source.placed.receivedAt;
  const heardAt = name === undefined || !memory.pushes ? undefined : pushHeardAt(memory.pushes, name);
  if (heardAt !== undefined && at - heardAt < attemptsMs) return [{ type: 'repeat', part: 0 }];
  const model = push.type === 'uplink' ? modelOf(products, carrier, push.productId) : undefined;
  const { said, memory: pushes } = settlePush(memory.pushes, { name, said: reportsOf(push, model, kind), at });
  table.set(deviceId, { ...memory, pushes });
  // The name was borne by another push, long ago: its instant is of a clock that stands, and it counts as now.
  const isStopped = heardAt !== undefined;
  const from = { ...source, push: isStopped ? { name: undefined, sentAt: undefined } : { name, sentAt } };
  return said.flatMap((decoded, part) =>
    standing === 'enrolment' && isTelemetry(decoded) ? [notEnrolled(part)] : decodePart(from, decoded, part),
  );
}

function decodePart(source: Source, decoded: Settled, part: number): Decoded[] {
  if (isWithheld(decoded, source.withheld)) return [{ type: 'withheld', part }];
  if (decoded.type === 'rejection') return [{ part, ...decoded }];
  const { deviceId, table, where, placed, push } = source;
  const memory = table.get(deviceId) ?? noMemory;
  const heard =
    decoded.type === 'report'
      ? hear(decoded, placed, memory, push)
      : hearUnreadable(decoded, placed, part, source.payload);
  const standing = identify(memory, heard);
  const position = `@${placed.sequence}.${part}`;
  const eraAt = standing?.type === 'reused' ? position : memory.eraAt;
  table.set(deviceId, remember(memory, heard, standing, eraAt));
  if (standing?.type === 'repeat') return [{ type: 'repeat', part }];
  const unnumbered = push?.name === undefined ? `${deviceId}:${position}` : `${deviceId}:${push.name}.${part}`;
  const causeId = standing ? `${nameOf(deviceId, heard)}${eraAt ?? ''}` : unnumbered;
  const caused = { at: placed.receivedAt, causeId, where };
  const event = toEvent(withoutCell(decoded, source.withheld), caused, heard.occurrence, source.kind);
  const readings = decoded.type === 'report' ? readingsOf(decoded.report) : [];
  const events: Decoded[] = [{ type: 'event', part, event, readings }];
  const { boot, seq } = heard;
  if (standing?.type !== 'reused' || boot === undefined || seq === undefined) return events;
  return [...events, { type: 'event', part, event: { type: 'counter-reused', ...caused, boot, seq }, readings: [] }];
}
/** The cell of the network says within a few kilometres where somebody is. */
function withoutCell(decoded: Understood | Unreadable, withheld: Source['withheld']): Understood | Unreadable {
  if (!withheld.has('position') || decoded.type !== 'report' || !('cell' in decoded.report)) return decoded;
  const { cell: _, ...report } = decoded.report;
  return { ...decoded, report: report as Report };
}

type Understood = Extract<DecodedReport, { type: 'report' }>;
type Unreadable = Extract<DecodedReport, { type: 'unreadable' }>;
type Caused = Pick<ReportEvent, 'at' | 'causeId' | 'where'>;

/** What identity and time rest on, whether the report was understood or not. */
type Heard = {
  boot: number | undefined;
  seq: number | undefined;
  age: number | undefined;
  hash: string;
  urgent: boolean;
  receivedAt: number;
  occurrence: Occurrence;
  clock: DeviceClock | undefined;
};

function hear(
  { report, unread }: Understood,
  { receivedAt }: Placed,
  memory: DeviceMemory,
  push: Source['push'],
): Heard {
  const { name, boot, seq, age } = report;
  // By what it says: sent again later, or inside a batch, it has another age and is still the same report.
  const hash = hashOf(JSON.stringify({ ...report, age: undefined }) + unread, 0);
  const occurrence = push
    ? pushedOccurrence(report, receivedAt, push.sentAt)
    : occurrenceOf(report, receivedAt, clockBeside(unread, memory));
  return {
    boot,
    seq,
    age,
    hash,
    urgent: isLifeSafety(name),
    receivedAt,
    occurrence,
    clock: push ? undefined : clockOf(report, receivedAt),
  };
}

/** An age that cannot be read is not made up for by a clock that may be as wrong: then the report counts as now. */
function clockBeside(unread: string[], { clock }: DeviceMemory): DeviceClock | undefined {
  return unread.some((text) => text.startsWith('age ') && text !== 'age missing') ? undefined : clock;
}

function hearUnreadable(
  { salvaged, content }: Unreadable,
  { receivedAt }: Placed,
  part: number,
  payload: Uint8Array,
): Heard {
  const { boot, seq, age } = salvaged;
  // Its age was read, so that a redelivery of hours later is known as one; people are told no more than when it came.
  const occurrence: Occurrence = { occurredAt: receivedAt - Math.round((age ?? 0) * 1000), clock: 'absent' };
  const hash = content === undefined ? hashOf(payload, part) : hashOf(content, 0);
  return { boot, seq, age, hash, urgent: true, receivedAt, occurrence, clock: undefined };
}

/** 31 bits in 6 characters. */
function hashOf(content: string | Uint8Array, part: number): string {
  return (crc32(content, part) >>> 1).toString(36).padStart(6, '0');
}

/**
 * Undefined: without counters nothing can be said, and the report is processed. The same life-safety report, happening
 * long after anything urgent was last heard, is no redelivery but a device that counts from the start again: it raises.
 */
function identify({ counters, urgentAt }: DeviceMemory, heard: Heard): Standing | undefined {
  const { boot, seq, age, hash, urgent, occurrence } = heard;
  if (boot === undefined || seq === undefined) return undefined;
  const counted = { boot, seq, hash, atOnce: age === undefined || age === 0 };
  const standing = count(counters, counted);
  const again = urgent && urgentAt !== undefined && occurrence.occurredAt - urgentAt > redeliveryMs;
  return standing.type === 'repeat' && again ? startOver(counted) : standing;
}

function remember(
  memory: DeviceMemory,
  heard: Heard,
  standing: Standing | undefined,
  eraAt: string | undefined,
): DeviceMemory {
  const counters = standing?.counters ?? memory.counters;
  const clock = heard.clock ?? memory.clock;
  const urgentAt = heard.urgent ? heard.receivedAt : memory.urgentAt;
  return {
    ...(counters && { counters }),
    ...(clock && { clock }),
    ...(urgentAt !== undefined && { urgentAt }),
    ...(eraAt !== undefined && { eraAt }),
    ...(memory.pushes && { pushes: memory.pushes }),
  };
}

/**
 * The same report, the same name for ever, as long as the device counts on. Where it started over, the position of that
 * belongs to the name of everything since: an alarm that repeats what it once said, byte by byte, is an alarm of its own.
 */
const nameOf = (deviceId: string, { boot, seq, hash }: Heard): string => `${deviceId}:${boot}:${seq}:${hash}`;

function toEvent(
  decoded: Understood | Unreadable,
  caused: Caused,
  occurrence: Occurrence,
  deviceKind: DeviceKind | undefined,
): DecodedEvent {
  if (decoded.type === 'unreadable') {
    return { type: 'unreadable', ...caused, reportName: decoded.reportName, problem: decoded.problem };
  }
  const { report, unread } = decoded;
  return { type: 'report', ...caused, ...(deviceKind && { deviceKind }), report, unread, ...occurrence };
}

const noMemory: DeviceMemory = {};
// An unacknowledged alarm is sent again every minute at the latest; an hour covers a lost connection.
const redeliveryMs = 3_600_000;
const maxUnregistered = 10_000;
