import { parseArgs } from 'node:util';
import { temporaryFolder } from '../bench/system.ts';
import { refuse, runCommand, say } from '../simulators/terminal.ts';
import { fuzzCries, fuzzPackets, fuzzSystem, fuzzTelemetry } from './fuzz-rounds.ts';

const usage = `usage: npm run fuzz -- [--minutes 10] [--seed N]
Says wrong things to the broker and to the alarm path until the time is over: packets of any kind, and payloads to which something
happened. Each round has a seed of its own, which it names when something does not hold. Ends with 0, with 1 when something does
not hold, and as a crash when the process does not survive.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
  });
  const [minutes, first] = [Number(values.minutes), Number(values.seed ?? Date.now() % 1_000_000)];
  if (!(minutes > 0 && Number.isInteger(first))) return refuse('minutes above 0 and a whole seed, please', usage);
  const endsAt = performance.now() + minutes * 60_000;
  for (let seed = first; performance.now() < endsAt; seed += 1_000) {
    say(`seed ${seed}: ${await fuzzPackets({ seed, connections: 5_000 })}`);
    const { folder, remove } = temporaryFolder('fuzz');
    try {
      say(`seed ${seed}: ${await fuzzSystem({ seed, homes: 1_000, folder })}`);
    } finally {
      remove();
    }
    say(`seed ${seed}: ${fuzzCries({ seed, count: 10_000 })}`);
    say(`seed ${seed}: ${fuzzTelemetry({ seed, count: 10_000 })}`);
  }
  return 0;
}

await runCommand(main, usage);
