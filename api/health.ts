import type { Clock } from '../platform/clock.ts';
import type { HealthReport, PartHealth, PartState, Proof } from './answers.ts';

/**
 * What desk saw when it looked. Absent: nobody answered, which is "unknown" and never taken for well.
 * Units: `Ms` milliseconds.
 */
export type Observations = {
  /** The alarm process's own answer to `health`. */
  alarm?: {
    headSequence: number;
    lagRecords: number;
    lagMs: number;
    /** How long the disk has not answered. */
    hungForMs: number;
    /** The disk is full, and only life safety is still written. */
    reserveInUse: boolean;
  } & Proof;
  /** The follower that feeds the duty view, and the last record that it handed on. */
  duty: { sequence: number; caughtUp: boolean; lagRecords: number; lagMs: number };
  projection: { phase: 'starting' | 'running' | 'waiting' | 'stopped'; lagRecords: number; lagMs: number };
  /** Whether the last statement was answered; absent: not known yet. */
  database?: { reachable: boolean };
};

/**
 * Looks every few seconds, one look at a time, and answers from the last one at once: a part that hangs holds up nobody who
 * asks. `now` is the time that people see, epoch ms.
 */
export function watchHealth({ observe, clock, now }: HealthParts) {
  let seen: Seen = { monotonicAt: Number.NEGATIVE_INFINITY, answeredAt: {} };
  let cancel = () => {};
  let stopped = false;

  async function look(): Promise<void> {
    // A look that fails leaves the last one to grow old: that is how it shows.
    const observations = await observe().catch(() => undefined);
    if (observations) seen = newlySeen(seen, observations, { at: now(), monotonicAt: clock.monotonic() });
    if (!stopped) cancel = clock.after(lookEveryMs, look);
  }
  const firstLook = look();

  return {
    firstLook,
    report: (): HealthReport => judgeHealth(seen, { at: now(), monotonicAt: clock.monotonic() }),
    stop(): void {
      stopped = true;
      cancel();
    },
  };
}

export type HealthWatch = ReturnType<typeof watchHealth>;
type HealthParts = { observe: () => Promise<Observations>; clock: Clock; now: () => number };

/** `headBefore`: what the journal held at the look before the last: desk has to have read that by now. */
type Seen = {
  observations?: Observations;
  monotonicAt: number;
  answeredAt: { alarm?: number; database?: number; desk?: number };
  headBefore?: number;
};
type Instant = { at: number; monotonicAt: number };

const lookEveryMs = 2_000;
const tooOldMs = 10_000;
/** People are told when what they see is behind by more than this. */
const lateMs = { alarm: 5_000, desk: 5_000, projection: 60_000 };
/** The journal acts on a disk that does not answer after the same time. */
const hungMs = 2_000;
const worstFirst: PartState[] = ['unknown', 'failing', 'late', 'well'];

function newlySeen(before: Seen, observations: Observations, { at, monotonicAt }: Instant): Seen {
  const headBefore = before.observations?.alarm?.headSequence;
  return {
    observations,
    monotonicAt,
    answeredAt: {
      ...before.answeredAt,
      desk: at,
      ...(observations.alarm && { alarm: at }),
      ...(observations.database && { database: at }),
    },
    ...(headBefore !== undefined && { headBefore }),
  };
}

function judgeHealth({ observations, monotonicAt, answeredAt, headBefore }: Seen, now: Instant): HealthReport {
  const isOld = now.monotonicAt - monotonicAt > tooOldMs;
  const { alarm, duty, projection, database } = (isOld ? undefined : observations) ?? {};
  const isBehind = alarm && duty && headBefore !== undefined && duty.sequence < headBefore;
  const parts: HealthReport['parts'] = {
    alarm: { ...(alarm ? judgeLag(alarm, lateMs.alarm) : silent), ...seenAt(answeredAt.alarm) },
    journal: { ...judgeJournal(alarm), ...seenAt(answeredAt.alarm) },
    desk: { ...judgeDesk(duty, isBehind === true), ...seenAt(answeredAt.desk) },
    projection: { ...judgeProjection(projection), ...seenAt(answeredAt.desk) },
    database: { ...judgeDatabase(database), ...seenAt(answeredAt.database) },
  };
  const watching = worst([parts.alarm, parts.journal, parts.desk]);
  const { drills, deadMan } = alarm ?? {};
  const proof = { ...(drills && { drills }), ...(deadMan && { deadMan }) };
  return { at: now.at, overall: worst(Object.values(parts)), watching, parts, ...proof };
}

const silent = { state: 'unknown', why: 'no-answer' } as const;
const seenAt = (at: number | undefined) => (at === undefined ? {} : { seenAt: at });

function worst(parts: PartHealth[]): PartState {
  return worstFirst.find((state) => parts.some((part) => part.state === state)) ?? 'unknown';
}

type Lag = { lagRecords: number; lagMs: number };
function judgeLag({ lagRecords, lagMs }: Lag, limitMs: number): PartHealth {
  if (lagMs > limitMs) return { state: 'late', why: 'behind', lagRecords, lagMs };
  return { state: 'well', lagRecords, lagMs };
}

function judgeJournal(alarm: Observations['alarm']): PartHealth {
  if (!alarm) return silent;
  if (alarm.hungForMs > hungMs) return { state: 'failing', why: 'disk-hangs' };
  return alarm.reserveInUse ? { state: 'failing', why: 'disk-full' } : { state: 'well' };
}

function judgeDesk(duty: Observations['duty'] | undefined, isBehind: boolean): PartHealth {
  if (!duty) return silent;
  const lag = judgeLag(duty, lateMs.desk);
  if (!duty.caughtUp) return { ...lag, state: 'late', why: 'catching-up' };
  return isBehind ? { ...lag, state: 'late', why: 'behind' } : lag;
}

function judgeProjection(projection: Observations['projection'] | undefined): PartHealth {
  if (!projection) return silent;
  const lag = judgeLag(projection, lateMs.projection);
  switch (projection.phase) {
    case 'starting':
      return { ...lag, state: 'unknown', why: 'starting' };
    case 'waiting':
      return { ...lag, state: 'failing', why: 'database-away' };
    case 'stopped':
      return { ...lag, state: 'failing', why: 'stopped' };
    case 'running':
      return lag;
  }
}

function judgeDatabase(database: Observations['database']): PartHealth {
  if (!database) return { state: 'unknown', why: 'starting' };
  return database.reachable ? { state: 'well' } : { state: 'failing', why: 'database-away' };
}
