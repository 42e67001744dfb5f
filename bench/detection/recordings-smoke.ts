import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** What was in the air. `gas`: vapour of fuel. `mixture`: smoke and something else, so that neither answer would be wrong. */
export type Air = 'clean' | 'cooking' | 'cleaning' | 'gas' | 'mixture' | 'smoke';
/** Sensor values as they were read (counts of a converter), in the order of the recording. */
export type AirSample = { air: Air; values: readonly number[] };

/**
 * Reads a recording of gas sensors, plain or gzip: six values and a class of 1 normal, 2 cooking, 3 smoke, 4 cleaning; or with a header of
 * `timestamp`, sensors and `label` Clean, Smoke, Gasoline, Mixture.
 * Errors: a line that is none of these, by its number.
 */
export async function readAir(path: string): Promise<{ name: string; samples: AirSample[] }> {
  const samples: AirSample[] = [];
  let number = 0;
  let isLabelled = false;
  for await (const line of linesOf(path)) {
    number += 1;
    if (number === 1 && /^timestamp,.*,label$/i.test(line)) {
      isLabelled = true;
      continue;
    }
    const cells = line.split(',');
    const air = airs[cells.at(-1)?.trim().toLowerCase() ?? ''];
    const values = cells.slice(isLabelled ? 1 : 0, -1).map(Number);
    const width = samples[0]?.values.length ?? values.length;
    if (!air || values.length === 0 || values.length !== width || values.some((value) => !Number.isFinite(value)))
      throw new Error(`${path}: line ${number} is no sample of the air: ${line.slice(0, 80)}`);
    samples.push({ air, values });
  }
  return { name: basename(path).replace(/\.csv(\.gz)?$/, ''), samples };
}

const airs: { readonly [label: string]: Air } = {
  ...{ 1: 'clean', 2: 'cooking', 3: 'smoke', 4: 'cleaning' },
  ...{ clean: 'clean', smoke: 'smoke', gasoline: 'gas', mixture: 'mixture' },
};

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // What keeps the file from being read would be nobody's otherwise: a pipe hands on no errors.
  file.on('error', (error) => input.destroy(error));
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    if (line.trim() !== '') yield line;
}
