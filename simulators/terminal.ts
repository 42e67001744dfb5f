import { countyTime } from '../responders/texts/county-time.ts';

const time = countyTime('Asia/Shanghai');

/** A line with the county's time before it. */
export function say(text: string): void {
  const { hour, minute, second } = time.at(Date.now());
  process.stdout.write(`${hour}:${minute}:${second} ${text}\n`);
}

/** Says what is wrong with a command and how it is used; answers the exit code for that, after sysexits.h. */
export function refuse(problem: string, usage: string): 64 {
  process.stderr.write(`${problem}\n${usage}\n`);
  return 64;
}

/** Runs a command; what goes wrong is one line for the person at the terminal. */
export async function runCommand(main: () => Promise<number>, usage: string): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isUsage = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    process.exitCode = isUsage ? refuse(error.message, usage) : 1;
    if (!isUsage) process.stderr.write(`${error.message}\n`);
  }
}

/** Resolves on Ctrl-C or SIGTERM, or when so much time has passed; a second Ctrl-C ends the process as ever. */
export function asked(withinMs?: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      clearTimeout(timer);
      resolve();
    });
  }
  return promise;
}
