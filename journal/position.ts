import { positionUnknown } from '../platform/errors.ts';

/** Opaque: where a record stands in one journal. Kept by followers and projections; compare two with `isAfter`. */
export type Position = string;

/** Errors: POSITION_UNKNOWN when the two are of different journals, which have no order. */
export function isAfter(a: Position, b: Position): boolean {
  const [left, right] = [parsePosition(a), parsePosition(b)];
  if (left.journalId !== right.journalId || left.partition !== right.partition) {
    throw positionUnknown({}, a, `it cannot be compared with ${b}`);
  }
  return left.sequence > right.sequence;
}

export function formatPosition(journalId: string, sequence: number): Position {
  return `${journalId}/0/${sequence}`;
}

/** Errors: POSITION_UNKNOWN for anything that no journal has given out. */
export function parsePosition(position: Position): { journalId: string; partition: number; sequence: number } {
  const match = /^([0-9a-f]{32})\/(\d{1,5})\/(\d{1,15})$/.exec(position);
  if (!match?.[1]) throw positionUnknown({}, position, 'it is not a position');
  return { journalId: match[1], partition: Number(match[2]), sequence: Number(match[3]) };
}

/**
 * The sequence at a position of this journal: 0 stands before the first record.
 * Errors: POSITION_UNKNOWN for another journal, and for one outside of what is kept here.
 */
export function sequenceAt(position: Position, journal: Extent): number {
  const { journalId, partition, sequence } = parsePosition(position);
  if (journalId !== journal.id || partition !== 0) throw positionUnknown({}, position, `this is journal ${journal.id}`);
  assertKept(sequence, journal);
  return sequence;
}

/** Errors: POSITION_UNKNOWN when what comes after `sequence` is no longer kept, or `sequence` was never reached. */
export function assertKept(sequence: number, { id, firstSequence, headSequence }: Extent): void {
  if (sequence >= firstSequence - 1 && sequence <= headSequence) return;
  const why =
    sequence > headSequence ? `this journal ends at ${headSequence}` : `this journal begins at ${firstSequence}`;
  throw positionUnknown({}, formatPosition(id, sequence), why);
}

type Extent = { id: string; firstSequence: number; headSequence: number };
