import type { Disk } from '../platform/disk.ts';
import { influxAway } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Influx, InfluxTarget } from '../storage/influx.ts';
import { lineOf } from '../storage/influx-points.ts';
import type { ProjectionBatch, StoredPosition } from '../storage/store.ts';
import type { ProjectionOptions } from './projection.ts';
import { type KnownJournal, strangeness } from './strangeness.ts';

/**
 * InfluxDB as something that the projection writes to: reports alone. It keeps no position for us, so that a file of
 * the data folder does, which is written after the points are there; points that are written again change nothing.
 * Another bucket, or a journal that this was no copy of, is begun from the journal's first record, and nobody is
 * asked: it is a copy for looking at, with nothing in it that a person has to decide about.
 * Errors: INFLUX_AWAY, INFLUX_REFUSES. Source: docs/decisions/0024-influxdb-retention-and-installing.md
 */
export function influxCopy({
  influx,
  target,
  source,
  disk,
  areaPathOf,
  log,
  metrics,
}: InfluxCopyParts): ProjectionOptions['store'] {
  const into = `${target.url} ${target.org} ${target.bucket}`;
  let kept: StoredPosition | undefined;

  async function keep(position: StoredPosition): Promise<void> {
    if (kept?.journalId === position.journalId && kept.sequence === position.sequence) return;
    const text = JSON.stringify({ ...position, into });
    if ((await disk.writeWhole(positionFile, Buffer.from(text))) === 'full')
      throw influxAway({}, 'there is no room on our own disk for how far it is');
    kept = position;
  }

  return {
    async position() {
      const { into: wasInto, ...position } = (await readPosition(disk)) ?? {};
      const isOurs = wasInto === into && position.journalId !== undefined;
      const stranger = isOurs ? await strangeness(position as StoredPosition, source) : undefined;
      if (stranger) log.warn({ err: stranger }, 'InfluxDB is filled again from the beginning of this journal');
      kept = isOurs && !stranger ? (position as StoredPosition) : await beginningOf(source);
      return kept;
    },
    async writeBatch({ journalId, sequence, receivedAt, gaps, reports }: ProjectionBatch) {
      await influx.write(reports.flatMap((row) => lineOf(row, areaPathOf(row.deviceId)) ?? []));
      await keep({ journalId, sequence, receivedAt });
      for (const { from, to } of gaps) metrics.influxRecordsLost.inc(to - from + 1);
    },
    maintain: async () => ({ due: 0 }),
  };
}

export type InfluxCopyParts = {
  influx: Pick<Influx, 'write'>;
  target: Omit<InfluxTarget, 'token'>;
  source: KnownJournal;
  disk: Pick<Disk, 'read' | 'size' | 'writeWhole'>;
  /** Where a device is now: ids from the county down, joined by "/". */
  areaPathOf: (deviceId: string) => string | undefined;
  log: Log;
  metrics: Metrics;
};

/** Right before the first record that the journal has: what went before it was never asked for, and is not lost. */
async function beginningOf(source: KnownJournal): Promise<StoredPosition | undefined> {
  const { id, firstSequence } = source;
  if (firstSequence === 1) return undefined;
  const [first] = await source.readBatch(firstSequence, { maxRecords: 1, maxBytes: 1 });
  return first && { journalId: id, sequence: firstSequence - 1, receivedAt: first.receivedAt };
}

const positionFile = 'influxdb/position';
const mostBytes = 4_096;

/** The file is written whole or not at all; one that somebody else wrote is none. */
async function readPosition(
  disk: InfluxCopyParts['disk'],
): Promise<Partial<StoredPosition & { into: string }> | undefined> {
  if ((await disk.size(positionFile)) === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(await disk.read(positionFile, 0, mostBytes)).toString());
  } catch {
    return undefined;
  }
}
