import { OperationalError } from '../platform/errors.ts';

/**
 * Exit codes after sysexits.h, for those who start us. A restart would not help after the first two, nor after the third
 * when it is the first start: another program has the port.
 */
export const exitCodes = { configuration: 78, locked: 75, unavailable: 69, failed: 1 } as const;

const codes: Record<string, number> = {
  CONFIGURATION_WRONG: exitCodes.configuration,
  DATA_FOLDER_LOCKED: exitCodes.locked,
  LISTEN_FAILED: exitCodes.unavailable,
};

/** Ends a process for a reason that a person must read: plain text on standard error, and the code that says what it is. */
export function exitWith(error: unknown): never {
  const operational = error instanceof OperationalError;
  const text = operational ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`steppewatch: ${text}\n`);
  process.exit(operational ? (codes[error.code] ?? exitCodes.failed) : exitCodes.failed);
}
