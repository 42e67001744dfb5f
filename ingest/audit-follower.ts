import { runFollower } from '../journal/follower.ts';
import type { JournalReader } from '../journal/reader.ts';
import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { AuditDetails, AuditDraft } from '../records/audit.ts';
import type { Command } from '../records/command.ts';
import { type AuditFold, type AuditFoldParts, createAuditFold } from './audit-fold.ts';
import { findAudit } from './audit-reading.ts';
import { type AuditTrail, openAuditTrail } from './audit-trail.ts';
import type { Stored } from './judge.ts';

/**
 * Keeps the account of looks and changes: reads the journal from its own place, and writes each entry once, however often a crash makes
 * it read a record again. Nothing else waits for it. What goes wrong with the disk is tried again; a record that cannot be read is told
 * as a gap.
 * Source: docs/decisions/0020-account-of-looks.md
 */
export function followAudit(parts: AuditParts): AuditFollower {
  const { log } = parts;
  const rest = restUntilStopped(parts.clock);
  let needsFrom = 0;
  const needs = (from: number): void => {
    needsFrom = from;
  };

  async function keepOn(): Promise<void> {
    while (!rest.isStopped()) {
      try {
        await follow(parts, { rest, needs });
      } catch (error) {
        log.error({ err: error }, 'the account of looks and changes stands still: it is tried again');
        await rest.pause(againMs).over;
      }
    }
  }
  const finished = keepOn();
  return {
    needsFrom: () => needsFrom,
    async stop() {
      rest.stop();
      await finished;
    },
  };
}

export type AuditFollower = {
  /** The first sequence that the journal should still hold for it; 0 while that is not known. */
  needsFrom(): number;
  /** Resolves when what it has read is written. */
  stop(): Promise<void>;
};

export type AuditParts = {
  source: Pick<JournalReader, 'id' | 'headSequence' | 'firstSequence' | 'readBatch' | 'onDurable'>;
  /** Whether the journal has synced up to there, as far as is known. */
  isDurable: (sequence: number) => boolean;
  disk: Disk;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  timeZone: string;
  areaOf: AuditFoldParts['areaOf'];
  /** Takes the mark of how far the account reaches into the journal. Errors: ALARM_AWAY, try later. */
  send: (command: Command) => Promise<unknown>;
};

type Run = { rest: Rest; needs: (from: number) => void };

async function follow(parts: AuditParts, { rest, needs }: Run): Promise<void> {
  const { source, clock, metrics } = parts;
  const trail = await openAuditTrail(parts);
  const fold = createAuditFold({ journal: source.id, areaOf: parts.areaOf });
  const start = await beginningOf(parts, trail);
  const drafts: AuditDraft[] = start.drafts;
  /** Journal time. */
  let at = 0;
  const marking = marker(parts, trail, fold);
  const place = placeKeeper(parts, trail, fold);
  // From here on what is not synced yet is known by it.
  await trail.keepPlace({ journal: source.id, sequence: start.from - 1, read: start.read });
  needs(start.from);
  const died = Promise.withResolvers<never>();
  died.promise.catch(() => {});
  const follower = runFollower({
    ...{ name: 'audit', source, from: start.from, clock, metrics },
    handle(stored) {
      at = stored.receivedAt;
      const told = stepOr(parts, fold, stored);
      // Of what the last entry is of, all may not have been written: it has several when it is an import.
      const { read, toldUpTo, toldOfLast } = start;
      if (stored.sequence === toldUpTo) drafts.push(...told.slice(toldOfLast));
      else if (stored.sequence > read) drafts.push(...told);
    },
    async afterBatch(sequence) {
      if (drafts.length > 0) {
        await durable(parts, sequence, rest);
        if (!parts.isDurable(sequence) || !(await trail.append(drafts)))
          throw new Error('the account was closed before all of it was written');
        metrics.auditEntries.inc(drafts.length);
        // Not before it is written: what is left here is what a start has to read again.
        drafts.length = 0;
      }
      needs(await place.maybe(sequence));
      marking.maybe(sequence, at);
    },
    died: ({ error }) => died.reject(error),
  });
  const stopped = rest.pause();
  try {
    await Promise.race([stopped.over, died.promise]);
  } finally {
    stopped.end();
    trail.giveUp();
    await follower.stop();
    if (drafts.length === 0) await place.last(follower.position());
    await trail.close();
  }
}

/** Where to read from, and what is to be told before: another journal, what is gone, and what was put back. */
async function beginningOf(parts: AuditParts, trail: AuditTrail) {
  const { source, clock } = parts;
  const { id: journal, firstSequence: first, headSequence: head } = source;
  const drafts: AuditDraft[] = [];
  const tell = (what: AuditDraft['what'], at: number, sequence: number, details: AuditDetails) =>
    drafts.push({ at, journal, sequence, by: 'system:audit', what, of: { type: 'journal', id: journal }, details });
  const { last } = trail;
  const told = last?.journal === journal ? await newestInJournal(parts) : undefined;
  const isBehind = told !== undefined && told.sequence < (last?.sequence ?? 0);
  const kept = await trail.place();
  const place = kept?.journal === journal && !isBehind ? kept : undefined;
  const toldUpTo = told?.sequence ?? 0;
  const read = Math.max(toldUpTo, place?.read ?? 0);
  if (last?.journal !== journal) tell('journal', clock.now(), 0, { from: first });
  if (told && isBehind)
    tell('gap', told.at, toldUpTo, { from: toldUpTo + 1, to: last?.sequence ?? 0, why: 'the journal was put back' });
  if (read > 0 && read + 1 < first)
    tell('gap', clock.now(), first - 1, { from: read + 1, to: first - 1, why: 'the journal no longer holds it' });
  return {
    from: Math.min(Math.max(read - lookBack, first), head + 1),
    read,
    toldUpTo,
    toldOfLast: told?.entries ?? 0,
    drafts,
  };
}

/**
 * The newest record that is told of and that this journal has, or had, with how many entries it has: where it was put back to an earlier
 * day, and written to since, other records stand under the numbers of those that were told.
 */
async function newestInJournal({
  source,
  disk,
}: AuditParts): Promise<{ sequence: number; at: number; entries: number }> {
  const isSeen = ({ journal, what }: AuditDraft) => journal === source.id && what !== 'journal';
  let newest: { sequence: number; at: number; entries: number } | undefined;
  for (let cursor: string | undefined; ; ) {
    const found = await findAudit(disk, { limit: 100, isSeen, cursor });
    for (const { sequence, at, what, details } of found.entries) {
      if (newest && newest.sequence !== sequence) return newest;
      if (!newest && !(await hasRecord(source, sequence, at))) continue;
      newest ??= { sequence, at, entries: 0 };
      // What was put back or is gone is no entry of that record.
      if (what !== 'gap' || details?.why === unreadable) newest.entries += 1;
    }
    if (found.next === undefined) return newest ?? { sequence: 0, at: 0, entries: 0 };
    cursor = found.next;
  }
}

/** What is gone from it by now was there. */
async function hasRecord(source: AuditParts['source'], sequence: number, at: number): Promise<boolean> {
  if (sequence < source.firstSequence) return true;
  if (sequence > source.headSequence) return false;
  const [record] = await source.readBatch(sequence, { maxRecords: 1, maxBytes: 1 });
  return record?.receivedAt === at;
}

function stepOr({ log, source }: AuditParts, fold: AuditFold, stored: Stored): AuditDraft[] {
  try {
    return fold.step(stored);
  } catch (error) {
    const { sequence, receivedAt: at } = stored;
    log.error({ err: error, sequence }, 'a record is not told of in the account: it could not be read');
    const details = { from: sequence, to: sequence, why: unreadable };
    const of = { type: 'journal', id: source.id };
    return [{ at, journal: source.id, sequence, by: 'system:audit', what: 'gap', of, details }];
  }
}

/** The reader may see what a power cut can still take away: of that nothing is told. */
async function durable({ isDurable }: AuditParts, sequence: number, rest: Rest): Promise<void> {
  while (!isDurable(sequence) && !rest.isStopped()) await rest.pause(lookEveryMs).over;
}

type Rest = ReturnType<typeof restUntilStopped>;

/** Pauses that end early when all is to stop; each leaves nothing behind when it is over. */
function restUntilStopped(clock: Clock) {
  const ends = new Set<() => void>();
  let isStopped = false;
  return {
    isStopped: () => isStopped,
    stop(): void {
      isStopped = true;
      for (const end of ends) end();
    },
    /** Without a time: until it is ended, or all stops. */
    pause(ms?: number): { over: Promise<void>; end: () => void } {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const end = () => {
        cancel();
        ends.delete(end);
        resolve();
      };
      const cancel = ms === undefined ? () => {} : clock.after(ms, end);
      ends.add(end);
      if (isStopped) end();
      return { over, end };
    },
  };
}

/** Keeps beside the account how far the journal was read, so that a start need not read it again where nothing was told. */
function placeKeeper({ source, clock, isDurable }: AuditParts, trail: AuditTrail, fold: AuditFold) {
  let keptAt = clock.monotonic();
  let kept = 0;
  async function keep(sequence: number): Promise<void> {
    keptAt = clock.monotonic();
    kept = fold.needsFrom(sequence) - 1;
    await trail.keepPlace({ journal: source.id, sequence: kept, read: sequence });
  }
  return {
    /** Answers the first sequence that the next start would read. */
    async maybe(sequence: number): Promise<number> {
      if (clock.monotonic() - keptAt >= keepEveryMs && isDurable(sequence)) await keep(sequence);
      return kept + 1;
    },
    async last(sequence: number): Promise<void> {
      if (isDurable(sequence)) await keep(sequence);
    },
  };
}

/** Once a day, and soon after every start, the journal is told how far the account reaches. */
function marker({ source, clock, log, send }: AuditParts, trail: AuditTrail, fold: AuditFold) {
  let triedAt = Number.NEGATIVE_INFINITY;
  let complainedOf = 0;
  return {
    maybe(sequence: number, at: number): void {
      const mark = fold.mark();
      const { n, hash } = trail.end();
      if (mark && mark.n > n && mark.n !== complainedOf) {
        complainedOf = mark.n;
        log.error({ keptUpTo: mark.n, endsAt: n }, 'the end of the account was cut off: npm run audit -- verify');
      }
      const isDue = n > 0 && (!mark || (n > mark.n && at - mark.at >= markEveryMs));
      if (!isDue || sequence < source.headSequence || clock.monotonic() - triedAt < markAgainMs) return;
      triedAt = clock.monotonic();
      const by = { type: 'system', id: 'audit' } as const;
      // When alarm is away it is asked again.
      send({ type: 'audit-mark', commandId: `audit-mark-${n}-${hash.slice(0, 16)}`, by, n, hash }).catch(() => {});
    },
  };
}

const unreadable = 'it could not be read';
/** As far back as a command or an import may have waited for its decision, and for ids of which a repeat may yet come. */
const lookBack = 200_000;
const againMs = 10_000;
const lookEveryMs = 100;
const keepEveryMs = 5_000;
const markEveryMs = 86_400_000;
const markAgainMs = 60_000;
