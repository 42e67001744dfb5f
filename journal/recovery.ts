import type { Clock } from '../platform/clock.ts';
import type { AppendFile, Disk } from '../platform/disk.ts';
import { journalDamaged, journalFull } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Chance } from '../platform/random.ts';
import { encodeFileHeader, FILE_HEADER_BYTES, recordsIn } from './frame.ts';
import {
  JOURNAL_FOLDER,
  listSegments,
  readSegmentHeader,
  type Segment,
  Segments,
  segmentName,
  type WalkEnd,
} from './segments.ts';

/** `lastAt`: the journal time that was reached before, absent in a new journal. */
export type Recovered = {
  id: string;
  segments: Segments;
  active: AppendFile;
  headSequence: number;
  lastAt: number | undefined;
};

type Options = { disk: Disk; clock: Clock; chance: Chance; log: Log };

/**
 * Finds the journal on the disk, or begins one. A torn end of the last segment is cut: it was never acknowledged.
 * Errors: JOURNAL_DAMAGED when records are missing before others, so that nothing is cut that was; JOURNAL_FULL when there is no room
 * for the first file.
 */
export async function recoverJournal({ disk, clock, chance, log }: Options): Promise<Recovered> {
  const list = await listSegments(disk);
  const last = list.at(-1);
  if (!last) return beginJournal({ disk, clock, chance, log });
  const { journalId: id, begunAt } = await readSegmentHeader(disk, last);
  for (const segment of list) {
    if ((await readSegmentHeader(disk, segment)).journalId !== id) throw journalDamaged({}, segment.name, 0);
  }
  const segments = new Segments({ disk, journalId: id, list });
  const { end, lastAt, lastFrameAt } = await findEnd(segments, last);
  const active = await disk.openAppend(last.name);
  if (end.at < last.bytes) {
    log.warn({ segment: last.name, at: end.at, bytes: last.bytes - end.at }, 'the torn end of the journal was cut');
    await active.truncate(end.at);
    last.bytes = end.at;
  }
  // What a failed sync left may read well and yet never have reached the disk; only the last group can be so.
  await active.repeat(lastFrameAt);
  return { id, segments, active, headSequence: end.next - 1, lastAt: lastAt ?? begunAt };
}

async function findEnd(
  segments: Segments,
  last: Segment,
): Promise<{ end: WalkEnd; lastAt: number | undefined; lastFrameAt: number }> {
  let lastAt: number | undefined;
  let lastFrameAt = FILE_HEADER_BYTES;
  const end = await segments.walk(last, undefined, ({ bytes, at, fileAt, count }) => {
    for (const { receivedAt } of recordsIn(bytes, at, count)) lastAt = receivedAt;
    lastFrameAt = fileAt;
    return 'go-on';
  });
  if (end.reason !== 'end' && (await segments.goesOnBehind(last, end))) throw journalDamaged({}, last.name, end.at);
  return { end, lastAt, lastFrameAt };
}

async function beginJournal({ disk, clock, chance, log }: Options): Promise<Recovered> {
  const id = Buffer.from(chance.bytes(16)).toString('hex');
  const name = segmentName(1);
  const header = encodeFileHeader('journal', { journalId: id, firstSequence: 1, begunAt: clock.now() });
  if ((await disk.writeWhole(name, header)) === 'full') throw journalFull({}, await disk.freeBytes(JOURNAL_FOLDER));
  const active = await disk.openAppend(name);
  log.info({ journal: id }, 'a new journal begins');
  const list = [{ name, first: 1, bytes: active.bytes, marks: [] }];
  return { id, segments: new Segments({ disk, journalId: id, list }), active, headSequence: 0, lastAt: undefined };
}
