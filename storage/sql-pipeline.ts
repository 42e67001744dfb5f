import type pg from 'pg';

/** How the system was in a minute, for looking back at. Errors: those of a `Store`. */
export type PipelineLog = {
  /** The same minute again replaces what was written of it. */
  keepMinute(minute: PipelineMinute): Promise<void>;
};

/**
 * `at`: journal time, epoch ms. What nobody answered is absent. `syncP50Seconds`, `syncP99Seconds`: upper bounds of the classes into which
 * half, and 99 in 100, of the minute's syncs fell.
 */
export type PipelineMinute = {
  at: number;
  lagSeconds: number;
  waitingRecords: number;
  alarm?: {
    syncs: number;
    syncP50Seconds?: number;
    syncP99Seconds?: number;
    journalBytes: number;
    journalBudgetBytes: number;
    journalFreeBytes: number;
    openNotices: number;
    connections: number;
  };
};

export async function keepMinute(client: pg.ClientBase, { at, lagSeconds, waitingRecords, alarm }: PipelineMinute) {
  const answered = [
    ...[alarm?.syncs, alarm?.syncP50Seconds, alarm?.syncP99Seconds],
    ...[
      alarm?.journalBytes,
      alarm?.journalBudgetBytes,
      alarm?.journalFreeBytes,
      alarm?.openNotices,
      alarm?.connections,
    ],
  ];
  await client.query(upsertMinute, [
    new Date(at),
    lagSeconds,
    waitingRecords,
    ...answered.map((value) => value ?? null),
  ]);
}

export const upsertMinute = `
  insert into pipeline_minute values (time_bucket('1 minute', $1::timestamptz), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (minute) do update set
    lag_s = excluded.lag_s, waiting_records = excluded.waiting_records, syncs = excluded.syncs,
    sync_p50_s = excluded.sync_p50_s, sync_p99_s = excluded.sync_p99_s, journal_bytes = excluded.journal_bytes,
    journal_budget_bytes = excluded.journal_budget_bytes, journal_free_bytes = excluded.journal_free_bytes,
    open_notices = excluded.open_notices, connections = excluded.connections`;
