/** Where the recordings lie, by `--recordings DIR` or by STEPPEWATCH_RECORDINGS; undefined: nobody said. */
export function recordingsFolder(args: readonly string[]): string | undefined {
  const option = args.indexOf('--recordings');
  return option >= 0 ? args[option + 1] : process.env.STEPPEWATCH_RECORDINGS;
}
