import { restoredFile, restoredText } from '../../app/backup/restored-mark.ts';
import { type JournalReader, openJournalReader } from '../../journal/reader.ts';
import type { Disk } from '../../platform/disk.ts';
import { silentLog } from '../../platform/log.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { Historian, Memory } from './historian.ts';
import { ProcessLife } from './process-life.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

/** `memory`: what is known of the journal in it. */
export type MachineBackup = { files: SimulatedDisk; memory: Memory };

/** Of everything on the disk, as it lies there at this moment, with the mark that a restore leaves. `takenAt`: by the machine's clock, epoch ms. */
export async function takeBackup({ world, disk, historian, takenAt }: BackupParts): Promise<MachineBackup> {
  const files = disk.copy();
  const memory = await standBy({ world, disk: files }, async ({ own, reader }) => {
    await own.writeWhole(restoredFile, Buffer.from(restoredText({ takenAt })));
    return historian.memoryOf(reader);
  });
  return { files, memory };
}
type BackupParts = { world: VirtualClock; disk: SimulatedDisk; historian: Historian; takenAt: number };

/** Looks at a disk as somebody whom nobody strikes. */
export async function standBy<T>({ world, disk }: Standing, look: (seen: Seen) => Promise<T>): Promise<T> {
  const bystander = new ProcessLife({ name: 'desk', world, wallAheadMs: () => 0, struck: () => {} });
  const own = disk.open(bystander);
  const reader = await openJournalReader({ disk: own, clock: bystander.clock, log: silentLog, lookEveryMs: neverMs });
  const seen = await look({ own, reader });
  bystander.end();
  return seen;
}
type Standing = { world: VirtualClock; disk: SimulatedDisk };
type Seen = { own: Disk; reader: JournalReader };

const neverMs = 10 ** 12;
