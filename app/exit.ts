import { dataFolderUnwritable, OperationalError } from '../platform/errors.ts';

/**
 * Exit codes after sysexits.h, for those who start us. A restart would not help after the first three: a person must act. Nor
 * after the next two when it is the first start: another program has the port, or the data folder cannot be written to.
 */
export const exitCodes = {
  configuration: 78,
  locked: 75,
  damaged: 65,
  unwritable: 73,
  unavailable: 69,
  failed: 1,
} as const;

const codes: Record<string, number> = {
  CONFIGURATION_WRONG: exitCodes.configuration,
  DATA_FOLDER_LOCKED: exitCodes.locked,
  JOURNAL_DAMAGED: exitCodes.damaged,
  POSITION_UNKNOWN: exitCodes.damaged,
  RESTORE_UNFINISHED: exitCodes.damaged,
  BACKUP_UNFIT: exitCodes.damaged,
  DATA_FOLDER_UNWRITABLE: exitCodes.unwritable,
  LISTEN_FAILED: exitCodes.unavailable,
  TLS_UNUSABLE: exitCodes.unavailable,
};

/** Ends a process for a reason that a person must read: plain text on standard error, and the code that says what it is. */
export function exitWith(error: unknown): never {
  const named = isRefusal(error) ? dataFolderUnwritable({ cause: error }, error.message) : error;
  const text = named instanceof OperationalError ? named.message : named instanceof Error ? named.stack : String(named);
  process.stderr.write(`steppewatch: ${text}\n`);
  process.exit(exitCodeOf(named));
}

/** What ended a process may be the cause of what was thrown in the end. */
export function exitCodeOf(error: unknown): number {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof OperationalError) return codes[one.code] ?? exitCodes.failed;
  }
  return exitCodes.failed;
}

/** The file system does not let us write: nothing else that we start with asks for rights. */
function isRefusal(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes((error as { code: string }).code)
  );
}
