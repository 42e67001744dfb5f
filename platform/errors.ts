/** What the world does to us. Callers branch on `retry` and `status`, never on the text. */
export class OperationalError extends Error {
  readonly code: string;
  readonly retry: Retry;
  readonly status: number;
  constructor(code: string, message: string, { retry, status, cause }: Traits & { cause?: unknown }) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'OperationalError';
    this.code = code;
    this.retry = retry;
    this.status = status;
  }
}

/** `later`: the same call may succeed when the world has changed. `never`: it will not, until a person acts. */
export type Retry = 'later' | 'never';
type Traits = { retry: Retry; status: number };

function define<Details extends unknown[]>(code: string, traits: Traits, text: (...details: Details) => string) {
  const make = (context: { cause?: unknown }, ...details: Details) =>
    new OperationalError(code, text(...details), { ...traits, ...context });
  return Object.assign(make, { code, ...traits });
}

// The only table of errors. docs/errors.md lists the same codes and a test compares the two.
export const journalFull = define(
  'JOURNAL_FULL',
  { retry: 'later', status: 503 },
  (freeBytes: number) => `journal refuses records: ${freeBytes} bytes free; make room on the data folder's disk`,
);
export const journalBusy = define(
  'JOURNAL_BUSY',
  { retry: 'later', status: 503 },
  (waiting: number) => `journal refuses records: ${waiting} already wait for the disk`,
);
export const journalFailed = define(
  'JOURNAL_FAILED',
  { retry: 'never', status: 503 },
  (what: string) => `journal failed (${what}): the process must restart and recover`,
);
export const journalDamaged = define(
  'JOURNAL_DAMAGED',
  { retry: 'never', status: 503 },
  (file: string, at: number) =>
    `journal segment ${file} is damaged at byte ${at}: see docs/operation.md, "Damaged journal"`,
);
export const positionUnknown = define(
  'POSITION_UNKNOWN',
  { retry: 'never', status: 503 },
  (position: string, why: string) =>
    `position ${position} is not in this journal: ${why}; see docs/operation.md, "A follower lost its place"`,
);
export const dataFolderLocked = define(
  'DATA_FOLDER_LOCKED',
  { retry: 'never', status: 503 },
  (folder: string, holder: string) => `data folder ${folder} is in use by ${holder}`,
);
export const dataFolderUnwritable = define(
  'DATA_FOLDER_UNWRITABLE',
  { retry: 'never', status: 503 },
  (why: string) =>
    `cannot write to the data folder (${why}): it and all in it must belong to the account that runs the system, on a disk that is not read-only`,
);
export const restoreUnfinished = define(
  'RESTORE_UNFINISHED',
  { retry: 'never', status: 503 },
  () =>
    'the data folder is half of a backup that was being put back: run `npm run restore` again with the same folders; see docs/operation.md, "Backup and restore"',
);
export const backupUnfit = define(
  'BACKUP_UNFIT',
  { retry: 'never', status: 500 },
  (why: string) => `the backup cannot be used: ${why}; see docs/operation.md, "Backup and restore"`,
);
export const configurationWrong = define(
  'CONFIGURATION_WRONG',
  { retry: 'never', status: 500 },
  (problems: string[]) => `configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
);
export const alarmAway = define(
  'ALARM_AWAY',
  { retry: 'later', status: 503 },
  () => 'the alarm process does not answer: is the system running on this data folder?',
);
export const databaseAway = define(
  'DATABASE_AWAY',
  { retry: 'later', status: 503 },
  (why: string) => `the database does not answer (${why}): history is not available, alarms are not affected`,
);
export const databaseUnfit = define(
  'DATABASE_UNFIT',
  { retry: 'never', status: 503 },
  (why: string) => `the database cannot be used: ${why}; see docs/operation.md, "Database"`,
);
export const databaseRefused = define(
  'DATABASE_REFUSED',
  { retry: 'never', status: 500 },
  (why: string) => `the database refused a row (${why})`,
);
export const influxAway = define(
  'INFLUX_AWAY',
  { retry: 'later', status: 503 },
  (why: string) => `InfluxDB does not take points now (${why}): they wait in the journal`,
);
export const influxRefuses = define(
  'INFLUX_REFUSES',
  { retry: 'later', status: 503 },
  (why: string) => `InfluxDB takes no points from us until a person acts (${why}); see docs/operation.md, "InfluxDB"`,
);
export const databaseNotStarted = define(
  'DATABASE_NOT_STARTED',
  { retry: 'never', status: 503 },
  (why: string) => `the embedded PostgreSQL was not started: ${why}`,
);
export const listenFailed = define(
  'LISTEN_FAILED',
  { retry: 'never', status: 503 },
  (address: string, why: string) => `cannot listen on ${address}: ${why}`,
);
export const tlsUnusable = define(
  'TLS_UNUSABLE',
  { retry: 'never', status: 503 },
  (why: string) => `the files for TLS cannot be used: ${why}; see docs/operation.md, "TLS"`,
);
export const keysUnusable = define(
  'KEYS_UNUSABLE',
  { retry: 'never', status: 503 },
  (folder: string, why: string) => `the keys in ${folder} cannot be used: ${why}; see docs/operation.md, "Keys"`,
);
export const keysUnwritten = define(
  'KEYS_UNWRITTEN',
  { retry: 'later', status: 503 },
  (file: string) => `new keys could not be written to ${file}: nothing was sealed under them; make room on its disk`,
);
