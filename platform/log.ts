import { pino } from 'pino';

/** What a component may say. Objects first, so that fields can be searched; personal data never enters a log. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
};

/** JSON lines on standard output, one an event, each with the process that said it. */
export function systemLog(processName: string, level = 'info'): Log {
  return pino({ level, base: { process: processName }, timestamp: pino.stdTimeFunctions.isoTime });
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
