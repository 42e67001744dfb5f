import { isLifeSafety } from '../firmware-contracts/report.ts';
import type { JournalRecord, QuarantinedRecord } from '../records/journal-record.ts';
import { decodeRecord } from '../records/record-codec.ts';
import type { Failure } from '../rules/engine.ts';
import type { Judgement, Stored } from './judge.ts';

// What becomes of a record that cannot be processed, whole or for one subject. Source: docs/decisions/0005-quarantine-in-place.md

/** The whole record is put aside; `keep` remembers what is to be said of it. */
export function quarantineWhole(
  stored: Stored,
  error: unknown,
  keep: (records: QuarantinedRecord[]) => void,
): Judgement {
  // A quarantine that itself cannot be processed has been said once; saying it again would never end.
  const kind = recordKindOf(stored);
  const followUps = kind === 'quarantined' ? [] : [quarantinedRecord(stored, error)];
  if (followUps.length > 0) keep(followUps);
  const commandId = kind === 'command' ? commandIdOf(stored) : undefined;
  const result = { ok: false as const, problem: 'invalid' as const, message: 'the command could not be processed' };
  return {
    followUps,
    notices: [],
    rejections: [],
    removed: [],
    devices: [],
    downlinks: [],
    ...(commandId !== undefined && { result: { commandId, result } }),
  };
}

function quarantinedRecord(stored: Stored, error: unknown): QuarantinedRecord {
  const origin = reportOrigin(stored);
  return {
    kind: 'quarantined',
    follower: 'alarm',
    sequence: stored.sequence,
    error: String(error instanceof Error ? error.message : error).slice(0, 300),
    ...origin,
  };
}

/** A deadline fails behind whatever record came next, so that its subject, not that record, says whether a life hangs on it. */
export function quarantinedStep(
  stored: Stored,
  { rule, subject, deviceId, lifeSafety, error }: Failure,
): QuarantinedRecord {
  const { kind, follower, sequence, error: text } = quarantinedRecord(stored, error);
  const named = { kind, follower, sequence, subject: `${rule}:${subject}`, error: text, lifeSafety };
  return deviceId === undefined ? named : { ...named, deviceId };
}

function reportOrigin(stored: Stored): { lifeSafety: boolean; deviceId?: string } {
  const record = readable(stored);
  if (record?.kind !== 'report') return { lifeSafety: false };
  // A batch may hold anything, so that it counts as the worst it may hold.
  const lifeSafety = isLifeSafety(record.report) || record.report === 'batch';
  return { lifeSafety, deviceId: record.deviceId };
}

const recordKindOf = (stored: Stored): string | undefined => readable(stored)?.kind;

function commandIdOf(stored: Stored): string | undefined {
  const record = readable(stored);
  return record?.kind === 'command' ? record.command.commandId : undefined;
}

function readable(stored: Stored): JournalRecord | undefined {
  try {
    return decodeRecord(stored.body);
  } catch {
    return undefined;
  }
}
