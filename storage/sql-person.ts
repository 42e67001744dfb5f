import pg from 'pg';
import type { Incident, TimelineEntry } from '../records/incident.ts';
import { reportOfRow, type SqlReport, selectDeviceReports } from './report-rows.ts';
import { asOperational } from './sql-store.ts';
import type { StoredReport } from './store.ts';

/** What the database holds of one person. Texts in it are sealed. */
export type PersonHistory = {
  incidents: { incident: Incident; timeline: TimelineEntry[] }[];
  notices: object[];
  visits: object[];
};

/**
 * Reads what the copy of the journal has of one person: of incidents of theirs and of their home, newest first, at most 10,000.
 * Errors: DATABASE_AWAY, try later.
 */
export function createPersonHistory({ url }: { url: string }) {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 120_000,
  });
  pool.on('error', () => {});
  const rowsOf = async <Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> => {
    try {
      return (await pool.query<Row>(text, values)).rows;
    } catch (error) {
      throw asOperational(error);
    }
  };
  return {
    async of(person: { personId: string; householdId: string }): Promise<PersonHistory> {
      const values = [person.personId, person.householdId];
      const incidents = await rowsOf<{ incident: Incident; timeline: TimelineEntry[] }>(selectIncidents, values);
      const ids = [incidents.map(({ incident }) => incident.incidentId)];
      const notices = await rowsOf<{ body: object }>(selectNotices, ids);
      const visits = await rowsOf<{ body: object }>(selectVisits, [person.householdId]);
      return { incidents, notices: notices.map(({ body }) => body), visits: visits.map(({ body }) => body) };
    },

    /** What a device said, the newest first, in stretches: `before` (epoch ms) is when the last one of an earlier stretch happened. */
    async reports(deviceId: string, { limit, before }: { limit: number; before?: number }): Promise<StoredReport[]> {
      return (await rowsOf<SqlReport>(selectDeviceReports, [deviceId, limit, before ?? null])).map(reportOfRow);
    },

    /** Up to which record of which journal the copy reaches. */
    async position(): Promise<{ journalId: string; sequence: number } | undefined> {
      const text = 'select journal_id, sequence from projection_position';
      const [row] = await rowsOf<{ journal_id: string; sequence: string }>(text, []);
      return row && { journalId: row.journal_id, sequence: Number(row.sequence) };
    },
    close: () => pool.end(),
  };
}

export type PersonHistoryReader = ReturnType<typeof createPersonHistory>;

/** Also one that began as somebody else's, or nobody's, and came to hold an alert of theirs. */
const selectIncidents = `
  select body as incident, coalesce((
      select jsonb_agg(entry.body order by entry.journal_position, entry.ordinal)
      from incident_timeline as entry where entry.incident_id = incident.incident_id
    ), '[]'::jsonb) as timeline
  from incident
  where body #>> '{where,personId}' = $1 or body @? format('$.alerts[*].where ? (@.personId == "%s")', $1::text)::jsonpath
    or (body #>> '{where,personId}' is null and body #>> '{where,householdId}' = $2)
  order by opened_at desc, incident_id desc limit 10000`;
const selectNotices = `
  select body || jsonb_build_object('attempts', coalesce((
      select jsonb_agg(to_jsonb(tried) - 'notice_id' order by tried.attempted_at)
      from notice_attempt as tried where tried.notice_id = notice.notice_id
    ), '[]'::jsonb)) as body
  from notice where incident_id = any($1::text[]) order by issued_at desc limit 50000`;
const selectVisits = `
  select to_jsonb(visit) as body from visit where household_id = $1 order by visited_at desc limit 10000`;
