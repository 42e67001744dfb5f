import type { Journal } from '../../journal/journal.ts';

/**
 * What desk's followers need of the journal holds it, within its budget. Until desk has said where the copy in the database stands, all of it
 * is held: a segment may be full before desk is back, and what goes with it can never be copied again.
 */
export function followDesk(journal: Pick<Journal, 'pin' | 'unpin'>): (positions: Record<string, number>) => void {
  journal.pin('desk', 0, { hard: false });
  return (positions) => {
    for (const [name, sequence] of Object.entries(positions)) journal.pin(name, sequence, { hard: false });
    if (positions.projection !== undefined) journal.unpin('desk');
  };
}
