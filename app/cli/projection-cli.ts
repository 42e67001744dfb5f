import { type KnownJournal, strangeness } from '../../ingest/strangeness.ts';
import { openJournalReader } from '../../journal/reader.ts';
import { systemClock } from '../../platform/clock.ts';
import { openDisk } from '../../platform/disk.ts';
import { databaseAway, OperationalError } from '../../platform/errors.ts';
import { type Log, systemLog } from '../../platform/log.ts';
import { embeddedPostgresUrl } from '../../storage/embedded-postgres.ts';
import { type JournalStart, makeRoomForJournal, type Removed } from '../../storage/sql-rebuild.ts';
import { createSqlStore } from '../../storage/sql-store.ts';
import type { Store } from '../../storage/store.ts';
import { type Configuration, readConfiguration } from '../configuration.ts';
import { exitWith } from '../exit.ts';

/** What the command needs of the world. */
export type ProjectionCliParts = {
  argv: string[];
  /** Undefined: there is no journal. */
  journal: KnownJournal | undefined;
  /** Errors: DATABASE_AWAY. */
  openDatabase(): Promise<Database>;
  print(text: string): void;
  complain(text: string): void;
};

type Database = Pick<Store, 'position' | 'close'> & { makeRoom(start: JournalStart): Promise<Removed> };

/** 0: done, or all is well. 1: they do not belong together. 64: wrong usage. 66: no journal. 69: the database is away. */
export type ProjectionExitCode = 0 | 1 | 64 | 66 | 69;

const usage = `usage: npm run projection -- status     whether the database is the copy of this journal, and how far
       npm run projection -- rebuild    copies again what the journal still holds; what is older stays`;

/**
 * `npm run projection`: the way out when journal and database do not belong together. It may be used while the system runs, and
 * alarms do not notice: the projection finds the database made ready, and fills it by itself.
 * Errors: DATABASE_UNFIT, JOURNAL_DAMAGED. Source: docs/operation.md, "Database"
 */
export async function runProjectionCli(parts: ProjectionCliParts): Promise<ProjectionExitCode> {
  const { argv, journal, complain } = parts;
  const [verb, ...more] = argv;
  if ((verb !== 'status' && verb !== 'rebuild') || more.length > 0) {
    complain(usage);
    return 64;
  }
  if (!journal) {
    complain('there is no journal: set STEPPEWATCH_DATA to the data folder of the system');
    return 66;
  }
  let database: Database | undefined;
  try {
    database = await parts.openDatabase();
    return await (verb === 'status' ? sayStatus : rebuild)(parts, journal, database);
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    complain(`${error.message}\nthe embedded database runs while the system does; nothing was changed`);
    return 69;
  } finally {
    await database?.close();
  }
}

async function sayStatus({ print }: ProjectionCliParts, journal: KnownJournal, database: Database): Promise<0 | 1> {
  const stored = await database.position();
  const at = stored && `${stored.journalId} up to record ${stored.sequence}`;
  print(`journal:  ${journal.id}, records ${journal.firstSequence} to ${journal.headSequence}\n`);
  print(`database: ${at ? `copy of ${at}, received ${new Date(stored.receivedAt).toISOString()}` : 'empty'}\n`);
  const stranger = await strangeness(stored, journal);
  const behind = journal.headSequence - (stored?.sequence ?? 0);
  print(`${stranger ? stranger.message : `they belong together; ${behind} records are still to be copied`}\n`);
  return stranger ? 1 : 0;
}

async function rebuild(
  { print, complain }: ProjectionCliParts,
  journal: KnownJournal,
  database: Database,
): Promise<0 | 66> {
  const { id: journalId, firstSequence } = journal;
  const [first] = await journal.readBatch(firstSequence, { maxRecords: 1, maxBytes: 1 });
  if (!first) {
    complain('the journal has no record yet: there is nothing to copy');
    return 66;
  }
  // Also makes the tables of a database that never had any.
  await database.position();
  const { reports, incidents } = await database.makeRoom({
    journalId,
    firstSequence,
    firstReceivedAt: first.receivedAt,
  });
  print(
    `${reports} reports and ${incidents} incidents since ${new Date(first.receivedAt).toISOString()} were taken out.
The running system copies records ${firstSequence} to ${journal.headSequence} and what comes after them within seconds;
\`npm run projection -- status\` shows how far it is.\n`,
  );
  return 0;
}

async function openDatabase({ databaseUrl, dataFolder, keysFolder }: Configuration, log: Log): Promise<Database> {
  const url = databaseUrl ?? (await embeddedPostgresUrl({ dataFolder, keysFolder }));
  if (url === undefined) throw databaseAway({}, 'it was never started');
  const { position, close } = createSqlStore({ url, log });
  return { position, close, makeRoom: (start) => makeRoomForJournal({ url, start, at: systemClock.now() }) };
}

if (import.meta.main) {
  try {
    const configuration = readConfiguration(process.env);
    const log = systemLog('projection', 'warn');
    const disk = openDisk(configuration.dataFolder);
    const hasJournal = (await disk.list('journal')).length > 0;
    const reader = hasJournal ? await openJournalReader({ disk, clock: systemClock, log }) : undefined;
    process.exitCode = await runProjectionCli({
      argv: process.argv.slice(2),
      journal: reader,
      openDatabase: () => openDatabase(configuration, log),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    await reader?.close();
    await disk.close();
  } catch (error) {
    exitWith(error);
  }
}
