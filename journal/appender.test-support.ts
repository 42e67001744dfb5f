import { writeSync } from 'node:fs';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';
import { openJournal } from './journal.ts';

/** A process of its own that appends without end, and says each sequence once it is acknowledged, until it is killed. */
const [root = '', pauseMs = '0'] = process.argv.slice(2);
const journal = await openJournal({
  disk: openDisk(root),
  clock: systemClock,
  log: silentLog,
  chance: systemChance,
  limits: { segmentBytes: 100_000, reserveBytes: 1_000_000 },
  clockStepBody: () => new Uint8Array(),
});
let number = journal.headSequence;
await Promise.all(
  Array.from({ length: 20 }, async () => {
    for (;;) {
      number += 1;
      const { sequence } = await journal.append(new TextEncoder().encode(`report ${number}`), 'telemetry');
      say(sequence);
      if (pauseMs !== '0') await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
    }
  }),
);

function say(sequence: number): void {
  try {
    writeSync(1, `${sequence}\n`);
  } catch (error) {
    // The pipe is full: a later sequence says more.
    if ((error as { code?: string }).code !== 'EAGAIN') throw error;
  }
}
