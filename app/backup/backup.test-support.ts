import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checkpoint } from '../../journal/checkpoint.ts';
import { openJournal } from '../../journal/journal.ts';
import { systemClock } from '../../platform/clock.ts';
import { openDisk } from '../../platform/disk.ts';
import { silentLog } from '../../platform/log.ts';
import { systemChance } from '../../platform/random.ts';
import { openVault } from '../../platform/vault.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { type BackupParts, takeBackup } from './backup.ts';

/** A data folder with a real journal of small segments, a follower's state, an audit trail and keys; time is what the test says. */
export async function smallSystem() {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-backup-'));
  const inside = (name: string) => join(folder, name);
  const dataFolder = inside('data');
  const disk = openDisk(dataFolder);
  const journal = await openJournal({
    ...{ disk, clock: systemClock, chance: systemChance, log: silentLog },
    clockStepBody: (byMs, wallAt) => encodeRecord({ kind: 'clock-step', byMs, wallAt }),
    limits: { segmentBytes: 2_000, reserveBytes: 0, floorBytes: 0 },
  });
  const checkpoint = new Checkpoint({ disk, name: 'alarm', journalId: journal.id, log: silentLog });
  await checkpoint.load(() => {});
  const vault = await openVault({ folder: inside('keys'), chance: systemChance });
  mkdirSync(join(dataFolder, 'audit'));
  for (const name of ['postgres', 'run']) {
    mkdirSync(join(dataFolder, name));
    writeFileSync(join(dataFolder, name, 'left-out'), 'not in any backup');
  }
  writeFileSync(join(inside('keys'), 'postgres'), 'not in any backup\n');
  const parts: BackupParts = {
    ...{ dataFolder, disk, keysFolder: inside('keys'), masterKey: 'inside', to: inside('backups') },
    ...{ keysTo: inside('kept-keys'), dumpDatabase: undefined, settings: ['STEPPEWATCH_DATA'], version: 'test' },
    ...{ durableHead: async () => journal.headSequence, takenAt: 0 },
  };
  let takenAt = Date.UTC(2026, 10, 22, 20);
  return {
    folder,
    inside,
    journal,
    /** So many ticks, each a group of its own, and the state that follows them. */
    async live(records: number): Promise<void> {
      for (let count = 0; count < records; count++) await journal.append(encodeRecord({ kind: 'tick' }), 'essential');
      await checkpoint.save(journal.headSequence, [{ table: 'seen', key: 'ticks', value: journal.headSequence }]);
      writeFileSync(join(dataFolder, 'audit', '2026-11.jsonl'), `{"n":${journal.headSequence}}\n`);
    },
    backUp(changed: Partial<BackupParts> = {}) {
      takenAt += 60_000;
      return takeBackup({ ...parts, takenAt, ...changed });
    },
    async end(): Promise<void> {
      await checkpoint.close();
      await journal.close();
      await vault.close();
      await disk.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type SmallSystem = Awaited<ReturnType<typeof smallSystem>>;
