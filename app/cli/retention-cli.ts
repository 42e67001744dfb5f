import pg from 'pg';
import { systemClock } from '../../platform/clock.ts';
import { databaseAway, OperationalError } from '../../platform/errors.ts';
import { systemLog } from '../../platform/log.ts';
import { embeddedPostgresUrl } from '../../storage/embedded-postgres.ts';
import { applyRetention, type Ended, isCutShort, type Keep } from '../../storage/retention.ts';
import { type Surveyed, surveyKept, surveyOld } from '../../storage/retention-survey.ts';
import { asOperational, createSqlStore } from '../../storage/sql-store.ts';
import { type Configuration, readConfiguration } from '../configuration.ts';
import { exitWith } from '../exit.ts';
import { settingOf } from '../retention-settings.ts';

/** What the command needs of the world. */
export type RetentionCliParts = {
  argv: string[];
  keep: Keep;
  journalBudgetBytes: number;
  /** Errors: DATABASE_AWAY, DATABASE_UNFIT. */
  openDatabase(): Promise<RetentionDatabase>;
  print(text: string): void;
  complain(text: string): void;
};

export type RetentionDatabase = {
  kept(): Promise<Surveyed[]>;
  old(): Promise<Surveyed[]>;
  apply(): Promise<Ended[]>;
  close(): Promise<void>;
};

/** 0: done. 64: wrong usage. 69: the database is away. */
export type RetentionExitCode = 0 | 64 | 69;

const usage = `usage: npm run retention -- show      what is kept, for how long, and what there is
       npm run retention -- dry-run   what would end now, without ending it
       npm run retention -- apply     ends it now; the running system does the same every hour`;

/**
 * `npm run retention`: how long what is kept. It may be used while the system runs.
 * Errors: DATABASE_UNFIT. Source: docs/operation.md, "Retention"
 */
export async function runRetentionCli(parts: RetentionCliParts): Promise<RetentionExitCode> {
  const [verb, ...more] = parts.argv;
  const work = verbs.get(verb ?? '');
  if (!work || more.length > 0) {
    parts.complain(usage);
    return 64;
  }
  let database: RetentionDatabase | undefined;
  try {
    database = await parts.openDatabase();
    await work(parts, database);
    return 0;
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    parts.complain(`${error.message}\nthe embedded database runs while the system does`);
    return 69;
  } finally {
    await database?.close();
  }
}

const verbs = new Map([
  ['show', show],
  ['dry-run', dryRun],
  ['apply', apply],
]);

async function show({ keep, journalBudgetBytes, print }: RetentionCliParts, database: RetentionDatabase) {
  const rows = (await database.kept()).map((one) => [one.class, one.table, `${keep[one.class]} days`, ...spanOf(one)]);
  print(table(['class', 'table', 'kept for', ...spanTitles], rows));
  print(
    `\neach class is set by ${settingOf('reports').replace('REPORTS', '…')}; rows of large tables are an estimate\n`,
  );
  print(`the journal is kept up to ${journalBudgetBytes / 1_000_000} MB (STEPPEWATCH_JOURNAL_MEGABYTES)\n`);
  print('the audit trail, and who was registered where, end by no clock\n');
}

async function dryRun({ keep, print }: RetentionCliParts, database: RetentionDatabase) {
  const old = await database.old();
  if (old.length === 0) return print('nothing is older than it is kept\n');
  const rows = old.map((one) => [one.class, one.table, `${keep[one.class]} days`, ...spanOf(one)]);
  print(table(['class', 'what would end', 'kept for', ...spanTitles], rows));
  const [count, bytes] = [sum(old.map((one) => one.rows)), sum(old.map((one) => one.bytes))];
  print(`\n${count.toLocaleString('en')} rows, about ${megabytes(bytes)} MB; nothing was changed\n`);
}

async function apply({ print }: RetentionCliParts, database: RetentionDatabase) {
  for (let isMore = true; isMore; ) {
    const ended = await database.apply();
    for (const one of ended) print(`${one.class}: ${textOf(one)}\n`);
    isMore = isCutShort(ended);
    if (ended.length === 0) print('nothing is older than it is kept\n');
  }
}

function textOf({ table: name, rows, parts }: Ended): string {
  return parts.length > 0 ? `${parts.join(', ')} dropped` : `${rows.toLocaleString('en')} rows of ${name} deleted`;
}

const spanTitles = ['rows', 'from', 'to', 'MB'];
const spanOf = ({ rows, from, to, bytes }: Surveyed) => [
  rows.toLocaleString('en'),
  ...[from, to].map((at) => (at === undefined ? '-' : new Date(at).toISOString().slice(0, 16))),
  megabytes(bytes),
];
const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);
const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0);

function table(titles: string[], rows: string[][]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    `${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return `${[titles, ...rows].map(line).join('\n')}\n`;
}

async function openDatabase({ databaseUrl, dataFolder, keysFolder, keep }: Configuration): Promise<RetentionDatabase> {
  const url = databaseUrl ?? (await embeddedPostgresUrl({ dataFolder, keysFolder }));
  if (url === undefined) throw databaseAway({}, 'it was never started');
  // Brings the tables to this release.
  const store = createSqlStore({ url, log: systemLog('retention', 'warn') });
  await store.position().finally(() => store.close());
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
  client.on('error', () => {});
  const asked =
    <T>(work: () => Promise<T>) =>
    async () => {
      try {
        return await work();
      } catch (error) {
        throw asOperational(error);
      }
    };
  await asked(() => client.connect())();
  return {
    kept: asked(() => surveyKept(client)),
    old: asked(() => surveyOld(client, { at: systemClock.now(), keep })),
    apply: asked(() => applyRetention(client, { at: systemClock.now(), keep })),
    close: () => client.end().catch(() => {}),
  };
}

if (import.meta.main) {
  try {
    const configuration = readConfiguration(process.env);
    const { keep, journalBudgetBytes } = configuration;
    process.exitCode = await runRetentionCli({
      argv: process.argv.slice(2),
      ...{ keep, journalBudgetBytes },
      openDatabase: () => openDatabase(configuration),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
  } catch (error) {
    exitWith(error);
  }
}
