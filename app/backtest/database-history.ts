import pg from 'pg';
import { databaseAway } from '../../platform/errors.ts';
import { embeddedPostgresUrl } from '../../storage/embedded-postgres.ts';
import { type HistoryRow, historySpan, readHistory, type Span } from '../../storage/sql-history.ts';
import { asOperational } from '../../storage/sql-store.ts';
import type { Configuration } from '../configuration.ts';

export type DatabaseHistory = {
  /** Undefined: it has no reports. */
  span(): Promise<Span | undefined>;
  read(span: Span): AsyncIterable<HistoryRow[]>;
  close(): Promise<void>;
};

/** The configured database, or the embedded one of a running system. Errors, of every call: DATABASE_AWAY. */
export async function openDatabaseHistory(
  configuration: Pick<Configuration, 'databaseUrl' | 'dataFolder' | 'keysFolder'>,
): Promise<DatabaseHistory> {
  const { databaseUrl, dataFolder, keysFolder } = configuration;
  const url = databaseUrl ?? (await embeddedPostgresUrl({ dataFolder, keysFolder }));
  if (url === undefined) throw databaseAway({}, 'it was never started');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
  // What breaks the connection ends the query that is under way, which says so.
  client.on('error', () => {});
  const asked = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw asOperational(error);
    }
  };
  await asked(client.connect());
  return {
    span: () => asked(historySpan(client)),
    async *read(span) {
      const batches = readHistory(client, span);
      for (;;) {
        const next = await asked(batches.next());
        if (next.done) return;
        yield next.value;
      }
    },
    close: () => client.end().catch(() => {}),
  };
}
