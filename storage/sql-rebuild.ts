import pg from 'pg';
import { endRegistry, firstInstants } from './sql-decisions.ts';
import { asOperational } from './sql-store.ts';

/** Where a journal begins now. `firstReceivedAt` (epoch ms) is the time of its first record. */
export type JournalStart = { journalId: string; firstSequence: number; firstReceivedAt: number };

/** How much went out of the copy, to come again from the journal as far as that has it. */
export type Removed = { reports: number; incidents: number };

/**
 * Makes room for a journal in a copy that does not belong to it, or no longer: everything since the journal's first record goes,
 * what is older stays, and the copy stands right before that record. All of it or nothing; a projection that writes meanwhile
 * finds the copy elsewhere than where it left it, and goes on from there.
 * Decisions and attempts carry the time of their cause and come again under their own names, so that time alone divides them;
 * rows of reports are divided to the record, so that none is counted twice.
 * The tables are there (a store was opened). Errors: DATABASE_AWAY, DATABASE_UNFIT.
 */
export async function makeRoomForJournal({ url, start, at }: RoomParts): Promise<Removed> {
  // Without limits of time: months of rows go in one transaction.
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin');
    // A writer waits until this is over.
    await client.query('lock table projection_position in exclusive mode');
    const removed = await removeSince(client, start);
    await standBefore(client, start, at);
    await client.query('commit');
    return removed;
  } catch (error) {
    throw asOperational(error);
  } finally {
    await client.end().catch(() => {});
  }
}
/** `at`: now, epoch ms. */
type RoomParts = { url: string; start: JournalStart; at: number };

async function removeSince(client: pg.ClientBase, start: JournalStart): Promise<Removed> {
  const { journalId, firstSequence, firstReceivedAt } = start;
  const since = new Date(firstReceivedAt);
  const remove = async (table: string, condition: string, values: unknown[] = [since]) =>
    (await client.query(`delete from ${table} where ${condition}`, values)).rowCount ?? 0;
  const received = `received_at >= $1 and (journal_position >= $2
    or not exists (select from projection_position where journal_id = $3))`;
  // What goes may not come again from this journal; hours whose reports are partly gone by their age stay as they are.
  await client.query(markRemovedHours(received), [since, firstSequence, journalId]);
  const reports = await remove('report', received, [since, firstSequence, journalId]);
  await remove('rejection', received, [since, firstSequence, journalId]);
  await countMinutesAgain(client, firstReceivedAt);
  await remove('device_state', 'received_at >= $1');
  await remove('alert', 'raised_at > $1');
  await client.query('update alert set cleared_at = null where cleared_at > $1', [since]);
  await remove('note', 'noted_at > $1');
  await remove('shadow_word', 'said_at > $1');
  await remove('coverage', 'noticed_at > $1');
  await client.query('update coverage set until = null, superseded_at = null where superseded_at > $1', [since]);
  const incidents = await remove('incident', 'opened_at > $1');
  // Of those that stay the journal's word is the newer one, however its positions count.
  await client.query(forgetLaterInstants, [since]);
  await remove('incident_timeline', 'at > $1');
  await remove('notice', 'issued_at > $1');
  await remove('notice_attempt', 'coalesce(attempted_at, ended_at) > $1');
  await remove('visit', 'recorded_at >= $1');
  await remove('household_history', 'at >= $1');
  await remove('projection_gap', 'journal_id = $1 and from_sequence >= $2', [journalId, firstSequence]);
  await client.query('update projection_gap set to_sequence = $2 - 1 where journal_id = $1 and to_sequence >= $2', [
    journalId,
    firstSequence,
  ]);
  // A journal that reaches back to its beginning brings the whole registry; otherwise the projection replaces it from its own.
  if (firstSequence === 1) {
    await endRegistry(client);
    await client.query(endRegistrations, [since]);
  }
  return { reports, incidents };
}

const markRemovedHours = (removed: string) => `
  insert into dirty_hour (hour, dirtied_at)
  select distinct time_bucket('1 hour', occurred_at), $1::timestamptz
  from report
  where ${removed} and occurred_at >= $1::timestamptz - interval '28 days'
  on conflict (hour) do update set marks = dirty_hour.marks + 1`;
const forgetLaterInstants = `
  update incident set journal_position = 0,
    ${firstInstants.map((what) => `${what}_at = case when ${what}_at <= $1 then ${what}_at end`).join(', ')}`;
const endRegistrations = `
  insert into household_history (household_id, at, journal_position, area_id)
  select household_id, $1, 0, null from household_registration where until is null`;

/** The minute in which the journal begins may have older rows, which stay. */
async function countMinutesAgain(client: pg.ClientBase, since: number): Promise<void> {
  const minute = new Date(Math.floor(since / 60_000) * 60_000);
  await client.query('delete from received_minute where minute >= $1', [minute]);
  await client.query(
    `insert into received_minute (minute, reports, rejections)
     select $1::timestamptz, reports, rejections
     from (select count(*) as reports from report where received_at >= $1::timestamptz) as report,
       (select count(*) as rejections from rejection where received_at >= $1::timestamptz) as rejection
     where reports + rejections > 0`,
    [minute],
  );
}

async function standBefore(client: pg.ClientBase, start: JournalStart, at: number): Promise<void> {
  const { journalId, firstSequence, firstReceivedAt } = start;
  const since = new Date(firstReceivedAt);
  await client.query('delete from projection_position');
  await client.query(
    `insert into projection_position (journal_id, sequence, received_at_ms, head_sequence, true_until, seen_at)
     values ($1, $2::int8 - 1, $3, $2::int8 - 1, $4, $5)`,
    [journalId, firstSequence, firstReceivedAt, since, new Date(at)],
  );
}

export const rebuildStatements = {
  markRemovedHours: markRemovedHours('received_at >= $1 and journal_position >= $2 and $3::text is not null'),
  ...{ endRegistrations, forgetLaterInstants },
};
