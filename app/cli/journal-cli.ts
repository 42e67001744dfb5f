import { Checkpoint } from '../../journal/checkpoint.ts';
import { openJournal } from '../../journal/journal.ts';
import { type Loss, repairJournal } from '../../journal/repair.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { lockDataFolder } from '../../platform/data-lock.ts';
import { type Disk, openDisk } from '../../platform/disk.ts';
import { type Log, systemLog } from '../../platform/log.ts';
import { type Chance, systemChance } from '../../platform/random.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { readConfiguration } from '../configuration.ts';
import { exitWith } from '../exit.ts';
import { version } from '../version.ts';

export type JournalCliParts = {
  argv: string[];
  /** Of a data folder whose lock the caller holds. */
  disk: Disk;
  clock: Clock;
  chance: Chance;
  log: Log;
  print(text: string): void;
  complain(text: string): void;
};

/** 0: done, whatever was lost. 64: wrong usage. 66: there is no journal. */
export type JournalExitCode = 0 | 64 | 66;

const usage =
  'usage: npm run journal -- repair      (with the system stopped, and after a copy of the data folder was made)';

/**
 * `npm run journal`: the way out of JOURNAL_DAMAGED, and of a journal that ends before the state that was made of it. What is lost is printed, and becomes a critical incident of the system at the
 * next start, so that those who answer for the homes hear of it as well as whoever sits at the terminal.
 * Errors: as `repairJournal`; POSITION_UNKNOWN when that state is of another journal. Source: docs/operation.md, "Damaged journal".
 */
export async function runJournalCli(parts: JournalCliParts): Promise<JournalExitCode> {
  const { argv, disk, print, complain } = parts;
  if (argv.length !== 1 || argv[0] !== 'repair') {
    complain(usage);
    return 64;
  }
  if ((await disk.list('journal')).length === 0) {
    complain('there is no journal: set STEPPEWATCH_DATA to the data folder of the system');
    return 66;
  }
  const losses = await repairJournal(disk, (journalId) => lastHandled(parts, journalId));
  if (losses.length > 0) await putOnRecord(parts, losses);
  for (const loss of losses) print(`${sayLoss(loss)}\n`);
  print(
    losses.length === 0
      ? 'nothing is missing\n'
      : 'the damaged files are kept beside the repaired ones, as *.damaged\n',
  );
  return 0;
}

/** The last record that is in any follower's state: the journal must not give its number to another. */
async function lastHandled({ disk, log }: JournalCliParts, journalId: string): Promise<number> {
  let last = 0;
  for (const name of ['alarm', 'duty', 'projection']) {
    const checkpoint = new Checkpoint({ disk, name, journalId, log });
    last = Math.max(last, await checkpoint.load(() => {}));
    await checkpoint.close();
  }
  return last;
}

/** Also says that nobody listened up to now, or the next start would take only the time since for the time that it was down. */
async function putOnRecord({ disk, clock, chance, log }: JournalCliParts, losses: Loss[]): Promise<void> {
  const clockStepBody = (byMs: number, wallAt: number) => encodeRecord({ kind: 'clock-step', byMs, wallAt });
  // The reserve is the next start's.
  const journal = await openJournal({ disk, clock, chance, log, clockStepBody, limits: { reserveBytes: 0 } });
  const down = encodeRecord({ kind: 'started', version, downMs: journal.openedAfterMs });
  const said = losses.map((loss) =>
    encodeRecord({
      ...{ kind: 'quarantined', follower: 'journal', sequence: loss.from },
      ...{ error: sayLoss(loss), lifeSafety: false },
    }),
  );
  await Promise.all([down, ...said].map((body) => journal.append(body, 'essential')));
  await journal.close();
}

const sayLoss = ({ segment, from, to }: Loss): string =>
  `${segment}: ${from === to ? `record ${from} is` : `records ${from} to ${to} are`} lost`;

if (import.meta.main) {
  try {
    const { dataFolder, logLevel } = readConfiguration(process.env);
    const lock = lockDataFolder(dataFolder);
    const disk = openDisk(dataFolder);
    process.exitCode = await runJournalCli({
      ...{ argv: process.argv.slice(2), disk, clock: systemClock, chance: systemChance },
      log: systemLog('journal', logLevel === 'info' ? 'warn' : logLevel),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    await disk.close();
    lock.release();
  } catch (error) {
    exitWith(error);
  }
}
