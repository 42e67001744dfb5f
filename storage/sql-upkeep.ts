import type pg from 'pg';
import type { Log } from '../platform/log.ts';
import { makeReportWeeks } from './report-weeks.ts';
import { createRetention, type Keep } from './retention.ts';
import { hasTimescale, patient, rollUp } from './roll-ups.ts';
import type { Upkeep } from './store.ts';

/**
 * What time asks of the tables, one piece at a time: see `Store.maintain`. The first piece is room for reports and nothing else, because
 * copying waits for it. The database's own background jobs are not used.
 */
export function createKeeper({ keep, log }: { keep: Keep; log: Log }) {
  const retention = createRetention({ keep, log });
  let hasBegun = false;
  return async function maintain(client: pg.ClientBase, at: number): Promise<Upkeep> {
    // An hour of a large county, or a week to pack, takes longer than a batch may.
    await client.query("set statement_timeout = '15min'");
    try {
      const isTimescale = await hasTimescale(client);
      if (!isTimescale) await makeReportWeeks(client, at);
      if (!hasBegun) {
        hasBegun = true;
        return { due: 1 };
      }
      if (isTimescale) await packOneWeek(client, at);
      await retention.ifDue(client, at);
      return await rollUp(client, at);
    } finally {
      await client.query('reset statement_timeout');
    }
  };
}

/** Of the weeks that are over for a day: the oldest that is not in the columnstore, or that got late reports since. */
async function packOneWeek(client: pg.ClientBase, at: number): Promise<void> {
  const { rows } = await client.query<{ chunk: string }>(selectUnpackedWeek, [new Date(at - dayMs)]);
  for (const { chunk } of rows) await client.query(patient(`call convert_to_columnstore('${chunk}')`));
}

const dayMs = 86_400_000;
// 1 is packed, 8 is packed with rows beside it.
const selectUnpackedWeek = `
  select format('%I.%I', chunks.chunk_schema, chunks.chunk_name) as chunk
  from timescaledb_information.chunks as chunks
  join _timescaledb_catalog.chunk as catalogued
    on catalogued.schema_name = chunks.chunk_schema and catalogued.table_name = chunks.chunk_name
  where chunks.hypertable_schema = current_schema() and chunks.hypertable_name = 'report' and chunks.range_end < $1::timestamptz
    and (not chunks.is_compressed or catalogued.status & 8 > 0)
  order by chunks.range_end
  limit 1`;
