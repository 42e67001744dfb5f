import type { Report } from '../firmware-contracts/report.ts';
import type { AlertChange, ClockTrust } from '../records/alert.ts';
import type { Visit } from '../records/command.ts';
import type { Incident, IncidentChange, TimelineEntry } from '../records/incident.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import type { Entity, EntityType } from '../records/registry.ts';

/**
 * The copy of the journal that is made for looking at. It has one writer; a batch is there as a whole, with its position,
 * or not at all. Every implementation passes storage/store-contract.ts.
 * Errors, of every call: DATABASE_AWAY, try later; DATABASE_UNFIT, never: a person has to look.
 */
export type Store = {
  /** How far the copy reaches; undefined: it is empty. */
  position(): Promise<StoredPosition | undefined>;
  /**
   * Writes what follows `after`. The same batch again changes nothing.
   * Errors: DATABASE_REFUSED, never: it holds a row that cannot be stored. DATABASE_UNFIT: the copy is not at `after`.
   */
  writeBatch(batch: ProjectionBatch): Promise<void>;
  /**
   * One piece of what time asks for, while batches go on being written: room for the coming weeks, an hour that is rolled up, an end for
   * what is kept for a while only. `at`: epoch ms, the time up to which the copy is true.
   */
  maintain(at: number): Promise<Upkeep>;
  /** Newest first; `before` is the last one that the caller has. */
  incidentHistory(query: IncidentQuery): Promise<Incident[]>;
  /** As it was last decided. */
  incident(incidentId: string): Promise<Incident | undefined>;
  /** In the order of what happened; undefined: there is no such incident. */
  incidentTimeline(incidentId: string): Promise<TimelineEntry[] | undefined>;
  /** What a device said, newest first by when it happened. `before`: epoch ms. */
  deviceReports(query: { deviceId: string; limit: number; before?: number }): Promise<StoredReport[]>;
  close(): Promise<void>;
};

/** `within`: in these areas alone; `unplaced`: also what happened in no area, or in one that the registry does not know any more. */
export type IncidentQuery = {
  limit: number;
  before?: { openedAt: number; incidentId: string };
  within?: { areas: readonly string[]; unplaced: boolean };
};

/** `due`: hours and days that could be rolled up now, and are not. */
export type Upkeep = { due: number };

/** `receivedAt` (epoch ms) is that record's: a journal that says otherwise about this sequence is not the one that was copied. */
export type StoredPosition = { journalId: string; sequence: number; receivedAt: number };

/**
 * What a stretch of the journal came to. Lists are in the journal's order; each row names the record that it came from.
 * `after` is where the copy stands before it (0: empty), `receivedAt` the time of the record at `sequence`. `gaps` are
 * stretches up to `sequence` that could not be copied: they go on record.
 */
export type ProjectionBatch = {
  journalId: string;
  after: number;
  sequence: number;
  receivedAt: number;
  freshness: Freshness;
  gaps: { from: number; to: number }[];
  reports: ReportRow[];
  rejections: RejectionRow[];
  alerts: { sequence: number; change: AlertChange }[];
  incidents: { sequence: number; change: IncidentChange }[];
  notices: { sequence: number; notice: Notice }[];
  attempts: { sequence: number; at: number; record: AttemptingRecord | OutcomeRecord }[];
  entities: { sequence: number; change: EntityChange }[];
  registrations: RegistrationRow[];
  visits: VisitRow[];
};

/** Epoch ms. Everything that was received until `trueUntil` is in the copy; the writer last said so at `seenAt`. */
export type Freshness = { headSequence: number; trueUntil: number; seenAt: number };

export type ReportRow = {
  sequence: number;
  part: number;
  deviceId: string;
  receivedAt: number;
  occurredAt: number;
  clock: ClockTrust;
  report: Report;
  unread: string[];
};

/** `reason` is stable, `problem` is text for people. */
export type RejectionRow = {
  sequence: number;
  part: number;
  deviceId: string;
  receivedAt: number;
  reason: string;
  problem: string;
};

/**
 * Where a household is registered from `at` (epoch ms) on; without an area, nowhere any more. Without a household: none is any more, and
 * what follows is the whole registry.
 */
export type RegistrationRow = {
  sequence: number;
  at: number;
  householdId: string | undefined;
  areaId: string | undefined;
};

/** `areaId`: of the household then; `at`: when it was recorded (epoch ms). */
export type VisitRow = { sequence: number; at: number; areaId: string | undefined; visit: Visit };

/**
 * An entity of the registry as it is from now on; without a value, its end. Personal fields are sealed. `every`: all of them end,
 * and what follows is the whole registry.
 */
export type EntityChange =
  | ({ [T in EntityType]: { entity: T; id: string; value: Entity<T> | undefined } }[EntityType] & { erase?: Erasure })
  | { entity: 'every'; id: ''; value: undefined; erase?: undefined };
/** With a person who leaves goes what these devices, which were theirs, said until then (epoch ms of receipt). */
export type Erasure = { devices: string[]; receivedUntil: number };

/** A report as history keeps it; the samples of a motion window stay in the journal. */
export type StoredReport = {
  sequence: number;
  part: number;
  receivedAt: number;
  occurredAt: number;
  clock: ClockTrust;
  report: { name: Report['name'] } & { [field: string]: unknown };
};
