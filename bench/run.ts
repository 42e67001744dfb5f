import { parseArgs } from 'node:util';

/**
 * Runs one bench, or all: `npm run -s bench -- NAME`. Each prints lines of `NAME value unit`; the figure that a bound is
 * about bears the bench's name, more figures have names of their own. Bounds and results: bench/RESULTS.md.
 */
const benches = [
  'journal',
  'puback',
  'connect',
  'idle-memory',
  'reconnect-storm',
  'pipeline',
  'press-to-webhook',
  'restart',
  'catch-up',
  'store-write',
  'world',
  'half-day',
  'codec',
  'decode',
  'dashboards',
  'engine',
  'falls',
  'inactivity',
  'wandering',
  'desk-load',
  'backtest',
  'mass-incidents',
  'timers',
] as const;

const { positionals: asked } = parseArgs({ allowPositionals: true, options: { recordings: { type: 'string' } } });
const unknown = asked.filter((name) => !(benches as readonly string[]).includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(', ')}; there are: ${benches.join(', ')}\n`);
  process.exit(64);
}
for (const name of asked.length > 0 ? asked : benches) {
  const { run } = (await import(`./${name}.ts`)) as { run: Bench };
  await run((figure, value, unit) => {
    process.stdout.write(`${figure} ${Number.isInteger(value) ? value : Number(value.toPrecision(4))} ${unit}\n`);
  });
}
process.exit();

/** A bench measures, and reports each figure as it has it. */
export type Bench = (report: (figure: string, value: number, unit: string) => void) => Promise<void>;
