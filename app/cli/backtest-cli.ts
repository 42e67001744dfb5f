import { readFile } from 'node:fs/promises';
import { openJournalReader } from '../../journal/reader.ts';
import { systemClock } from '../../platform/clock.ts';
import { openDisk } from '../../platform/disk.ts';
import { OperationalError } from '../../platform/errors.ts';
import { systemLog } from '../../platform/log.ts';
import type { StateChange } from '../../records/fold-state.ts';
import { allRules } from '../../rules/all-rules.ts';
import { type Asked, askedOf, usage } from '../backtest/asked.ts';
import { type Backtested, backtest, type History } from '../backtest/backtest.ts';
import { comparedText } from '../backtest/compared-text.ts';
import { type DatabaseHistory, openDatabaseHistory } from '../backtest/database-history.ts';
import { homesNow, type JournalHistory, journalRecords } from '../backtest/journal-history.ts';
import { readSettings } from '../backtest/settings-file.ts';
import { readTrials } from '../backtest/trials.ts';
import { readConfiguration } from '../configuration.ts';
import { exitWith } from '../exit.ts';

/** What the command needs of the world; nothing of it is written to, and the system may be running. */
export type BacktestCliParts = {
  argv: string[];
  timeZone: string;
  readText(path: string): Promise<string>;
  /** Undefined: there is no journal. */
  journal: JournalHistory | undefined;
  /** The homes as they are known now; empty: nobody knows. */
  homes(): Promise<readonly StateChange[]>;
  /** Errors: DATABASE_AWAY. */
  openDatabase(): Promise<DatabaseHistory>;
  print(text: string): void;
  complain(text: string): void;
};

/** 0: done. 64: wrong usage. 65: the settings are wrong. 66: there is no history, or no file. 69: the database is away. */
export type BacktestExitCode = 0 | 64 | 65 | 66 | 69;

/**
 * `npm run backtest`: what other settings of the rules would have raised, and what those that are only tried have.
 * Errors: JOURNAL_DAMAGED, POSITION_UNKNOWN. Source: docs/backtest.md
 */
export async function runBacktestCli(parts: BacktestCliParts): Promise<BacktestExitCode> {
  const { argv, timeZone, complain } = parts;
  const asked = askedOf(argv, timeZone);
  if (asked.type === 'wrong') {
    complain(`${asked.problem}\n${usage}`);
    return 64;
  }
  if (!parts.journal) {
    complain('there is no journal: set STEPPEWATCH_DATA to the data folder of the system');
    return 66;
  }
  return asked.type === 'trials' ? tellTrials(parts, parts.journal, asked) : compare(parts, parts.journal, asked);
}

async function compare(
  parts: BacktestCliParts,
  journal: JournalHistory,
  asked: Asked & { type: 'compare' },
): Promise<BacktestExitCode> {
  const { print, complain, timeZone } = parts;
  let text: string;
  try {
    text = await parts.readText(asked.settings);
  } catch (error) {
    complain(`${asked.settings} cannot be read: ${(error as Error).message}`);
    return 66;
  }
  const { settings: tried, problems } = readSettings(text, allRules);
  if (problems.length > 0) {
    for (const { line, problem } of problems) complain(`${asked.settings}:${line}: ${problem}`);
    return 65;
  }
  const under = { tried, timeZone, from: asked.from, to: asked.to };
  if (asked.source === 'journal') {
    const homes = await homesOf(parts, journal);
    const done = await backtest({ source: 'journal', homes, batches: journalRecords(journal) }, under);
    return tell(parts, asked, done);
  }
  let database: DatabaseHistory | undefined;
  try {
    database = await parts.openDatabase();
    const history = await databaseHistory(parts, database, asked);
    if (!history) {
      complain('the database has no reports: copy the journal first (npm run projection -- status)');
      return 66;
    }
    print(ofDatabase);
    return tell(parts, asked, await backtest(history, under));
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    complain(`${error.message}\nthe embedded database runs while the system does`);
    return 69;
  } finally {
    await database?.close();
  }
}

const ofDatabase = `The database keeps reports and visits. Not in it, and so not judged: motion windows, alarms that could not be read, declared
tests, answers to questions, stops of the system. The homes are those of now.
`;

async function databaseHistory(
  { homes }: BacktestCliParts,
  database: DatabaseHistory,
  { from, to, learnDays }: Asked & { type: 'compare' },
): Promise<History | undefined> {
  const span = await database.span();
  if (!span) return undefined;
  const since = Math.max(span.from, from - learnDays * dayMs);
  return { source: 'database', since, homes: await homes(), batches: database.read({ from: since, to }) };
}
const dayMs = 86_400_000;

/** A journal from its first record on says itself which homes there were. */
async function homesOf({ homes, print }: BacktestCliParts, { firstSequence }: JournalHistory) {
  if (firstSequence === 1) return [];
  print(
    'The journal does not reach back to its first record: homes that did not change since are taken as they are now.\n',
  );
  return homes();
}

function tell({ print, complain }: BacktestCliParts, asked: Asked & { type: 'compare' }, done: Backtested): 0 | 66 {
  const { compared, reports, firstAt, lastAt } = done;
  const [from, to] = [Math.max(asked.from, firstAt ?? 0), Math.min(asked.to, lastAt ?? 0)];
  if (firstAt === undefined || lastAt === undefined || to <= from) {
    complain(`nothing was received in that time; what there is ${spanText(firstAt, lastAt)}`);
    return 66;
  }
  const weeks = (to - from) / (7 * dayMs);
  print(`${instant(from)} to ${instant(to)} (${weeks.toFixed(2)} weeks); ${reports.toLocaleString('en')} reports\n\n`);
  print(comparedText(compared, { weeks, list: asked.list }));
  print(unreadableText(done.unreadable));
  return 0;
}

const unreadableText = (count: number): string =>
  count === 0
    ? ''
    : `${count} records were written by a newer release, and passed over: what they say is missing above\n`;

const instant = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
const spanText = (firstAt: number | undefined, lastAt: number | undefined): string =>
  firstAt === undefined || lastAt === undefined
    ? 'before it ends is nothing at all'
    : `is from ${instant(firstAt)} to ${instant(lastAt)}`;

async function tellTrials(
  parts: BacktestCliParts,
  journal: JournalHistory,
  { from, to, list }: Asked & { type: 'trials' },
): Promise<0> {
  const homes = await homesOf(parts, journal);
  const { trials, unreadable, firstAt, lastAt } = await readTrials(
    { homes, batches: journalRecords(journal) },
    { from, to },
  );
  if (trials.length === 0) parts.print('no setting of the mode "shadow" said anything in this time\n');
  for (const { settingId, setting, compared, since } of trials) {
    const begins = Math.max(from, since, firstAt ?? 0);
    const weeks = (Math.min(to, lastAt ?? begins) - begins) / (7 * dayMs);
    const what = setting ? `${setting.rule}: ${JSON.stringify(setting.settings)}` : 'ended meanwhile';
    parts.print(`${settingId} (${what}) since ${instant(begins)}, ${weeks.toFixed(2)} weeks\n`);
    parts.print(`${comparedText(compared, { weeks, list })}\n`);
  }
  parts.print(unreadableText(unreadable));
  return 0;
}

if (import.meta.main) {
  try {
    const configuration = readConfiguration(process.env);
    const log = systemLog('backtest', 'warn');
    const disk = openDisk(configuration.dataFolder);
    const hasJournal = (await disk.list('journal')).length > 0;
    const journal = hasJournal ? await openJournalReader({ disk, clock: systemClock, log }) : undefined;
    process.exitCode = await runBacktestCli({
      ...{ argv: process.argv.slice(2), timeZone: configuration.timeZone, journal },
      readText: (path) => readFile(path, 'utf8'),
      homes: async () => (journal ? homesNow({ disk, journalId: journal.id, log }) : []),
      openDatabase: () => openDatabaseHistory(configuration),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    await journal?.close();
    await disk.close();
  } catch (error) {
    exitWith(error);
  }
}
