import { Checkpoint } from '../../journal/checkpoint.ts';
import type { StoredRecord } from '../../journal/frame.ts';
import type { JournalReader } from '../../journal/reader.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { StateChange } from '../../records/fold-state.ts';
import { isOfHomes } from './rejudged.ts';

/** The journal as far as it reached when it was asked, in order, in batches; what a running system writes meanwhile is left out. */
export async function* journalRecords(reader: JournalHistory): AsyncGenerator<StoredRecord[]> {
  const head = reader.headSequence;
  for (let next = reader.firstSequence; next <= head; ) {
    const batch = await reader.readBatch(next, { maxRecords: 5_000, maxBytes: 4 * 1024 * 1024 });
    const wanted = batch.filter(({ sequence }) => sequence <= head);
    const last = wanted.at(-1);
    if (!last) return;
    yield wanted;
    next = last.sequence + 1;
  }
}

export type JournalHistory = Pick<JournalReader, 'firstSequence' | 'headSequence' | 'readBatch'>;

/** The homes as the alarm process knows them, from its newest checkpoint; empty: there is none. Its files stay as they are. */
export async function homesNow({ disk, journalId, log }: Checkpointed): Promise<StateChange[]> {
  const changes: StateChange[] = [];
  await new Checkpoint({ disk, name: 'alarm', journalId, log }).peek((change) => {
    if (isOfHomes(change)) changes.push(change);
  });
  return changes;
}
type Checkpointed = { disk: Disk; journalId: string; log: Log };
