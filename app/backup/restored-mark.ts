import type { Disk } from '../../platform/disk.ts';
import { restoreUnfinished } from '../../platform/errors.ts';
import type { StartedRecord } from '../../records/journal-record.ts';

/** In a data folder while it is being put back from a backup; it stays when that is cut off. */
export const restoringFile = 'restoring';

/** In a data folder that was put back, until the journal itself says so. */
export const restoredFile = 'restored.json';

export const restoredText = (mark: RestoredMark): string => `${JSON.stringify(mark)}\n`;

/** `takenAt`: when the backup was taken, epoch ms. */
export type RestoredMark = NonNullable<StartedRecord['restored']>;

/** Half of a journal looks like a journal. Errors: RESTORE_UNFINISHED. */
export async function refuseUnfinished(disk: Pick<Disk, 'size'>): Promise<void> {
  if ((await disk.size(restoringFile)) !== undefined) throw restoreUnfinished({});
}

/** Undefined: the folder was not put back since the journal last said so. */
export async function restoredMark(disk: Pick<Disk, 'size' | 'read'>): Promise<RestoredMark | undefined> {
  const bytes = await disk.size(restoredFile);
  if (bytes === undefined) return undefined;
  const { takenAt } = JSON.parse(Buffer.from(await disk.read(restoredFile, 0, bytes)).toString()) as RestoredMark;
  return { takenAt };
}
