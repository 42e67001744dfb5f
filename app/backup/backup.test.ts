import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournalReader } from '../../journal/reader.ts';
import { systemClock } from '../../platform/clock.ts';
import { openDisk } from '../../platform/disk.ts';
import { databaseAway } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { readConfiguration } from '../configuration.ts';
import { type SmallSystem, smallSystem } from './backup.test-support.ts';
import { runBackupCli } from './backup-cli.ts';
import { writeNew } from './backup-files.ts';
import { findBackup, problemsOf } from './backup-manifest.ts';
import { restoreBackup } from './restore.ts';
import { runRestoreCli } from './restore-cli.ts';

let system: SmallSystem;
beforeEach(async () => {
  system = await smallSystem();
  await system.live(60);
});
afterEach(() => system.end());

const backups = () => readdirSync(system.inside('backups')).sort();
const newest = () => join(system.inside('backups'), backups().at(-1) ?? '');
const restore = (to = 'restored') => {
  const [dataFolder, keysFolder] = [system.inside(to), system.inside(`${to}-keys`)];
  mkdirSync(dataFolder, { recursive: true });
  return restoreBackup({
    ...{ from: system.inside('backups'), keysFrom: system.inside('kept-keys'), dataFolder, keysFolder },
  });
};

async function recordsIn(folder: string): Promise<[number, number]> {
  const disk = openDisk(folder);
  const reader = await openJournalReader({ disk, clock: systemClock, log: silentLog });
  const extent: [number, number] = [reader.firstSequence, reader.headSequence];
  await reader.close();
  await disk.close();
  return extent;
}

async function cli(argv: string[], data = 'data') {
  const said: string[] = [];
  const environment = { STEPPEWATCH_DATA: system.inside(data), STEPPEWATCH_KEYS: system.inside('keys') };
  const parts = {
    ...{ argv, configuration: () => readConfiguration(environment), settings: Object.keys(environment) },
    ...{ now: () => Date.UTC(2026, 10, 23), print: (text: string) => void said.push(text) },
    complain: (text: string) => void said.push(text),
  };
  return { code: await runBackupCli(parts), said: said.join('\n') };
}

test('what was acknowledged before a backup is in it, with the state, the audit trail and the keys, and nothing else', async () => {
  const { manifest, keys } = await system.backUp();
  expect(manifest).toMatchObject({
    journal: { first: 1, last: 60 },
    database: 'left-out',
    settings: ['STEPPEWATCH_DATA'],
  });
  const names = manifest.files.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['audit/2026-11.jsonl', 'checkpoints/alarm/00000001.changes']));
  expect(names.filter((name) => !/^(audit|checkpoints|journal)\//.test(name))).toEqual([]);
  expect(keys?.files.map(({ name }) => name)).toEqual(['master.key', 'owner-keys', 'owner-keys-2']);
  expect(await recordsIn(newest())).toEqual([1, 60]);
  expect(await problemsOf(await findBackup('backup', system.inside('backups')))).toEqual([]);
});

test('a closed segment that the backup before has is the same file under one more name, and the others are new', async () => {
  await system.backUp();
  const first = newest();
  await system.live(60);
  const { manifest, linked } = await system.backUp();
  expect(manifest.journal.last).toBe(120);
  expect(linked).toBeGreaterThan(0);
  const shared = readdirSync(join(first, 'journal')).filter(
    (name) => statSync(join(newest(), 'journal', name)).nlink === 2,
  );
  expect(shared.length).toBe(linked);
  rmSync(first, { recursive: true });
  expect(await problemsOf(await findBackup('backup', newest()))).toEqual([]);
  expect(await recordsIn(newest())).toEqual([1, 120]);
});

test('records that are not on the disk for certain are not in a backup', async () => {
  const { manifest } = await system.backUp({ durableHead: async () => 59 });
  expect(manifest.journal.last).toBe(59);
  expect(await recordsIn(newest())).toEqual([1, 59]);
});

test('a backup that was cut off is known by its name, is used by nobody, and goes with the next', async () => {
  await system.backUp();
  const whole = newest();
  const away = () => Promise.reject(databaseAway({}, 'stopped'));
  await expect(system.backUp({ dumpDatabase: away })).rejects.toMatchObject({ code: 'DATABASE_AWAY' });
  expect(backups().map((name) => name.replace(/^\d+T\d+Z/, ''))).toEqual(['', '.unfinished']);
  expect((await findBackup('backup', system.inside('backups'))).folder).toBe(whole);
  const cutOff = join(system.inside('backups'), backups()[1] ?? '');
  await expect(findBackup('backup', cutOff)).rejects.toThrow(/cut off/);
  await system.backUp();
  expect(backups().every((name) => /^\d+T\d+Z$/.test(name))).toBe(true);
});

test.each([
  ['lost', (path: string) => rmSync(path), 'is missing'],
  ['cut', (path: string) => writeFileSync(path, readFileSync(path).subarray(1)), 'bytes instead of'],
  [
    'changed',
    (path: string) =>
      writeFileSync(
        path,
        readFileSync(path).map((byte) => byte ^ 1),
      ),
    'other content',
  ],
  ['longer', (path: string) => appendFileSync(path, 'x'), 'bytes instead of'],
] as const)('a file of a backup that is %s is named, and nothing is restored of it', async (_, damage, says) => {
  const { manifest } = await system.backUp();
  const { name = '' } = manifest.files.find((file) => file.name.startsWith('journal/')) ?? {};
  damage(join(newest(), name));
  const verified = await cli(['verify', system.inside('backups')]);
  expect(verified).toMatchObject({ code: 1, said: expect.stringContaining(says) });
  expect(verified.said).toContain(name);
  await expect(restore()).rejects.toMatchObject({ code: 'BACKUP_UNFIT' });
  expect(readdirSync(system.inside('restored'))).toEqual([]);
});

test('an exact copy of a journal that was damaged before is found out', async () => {
  const segment = join(system.inside('data/journal'), readdirSync(system.inside('data/journal')).sort()[0] ?? '');
  const bytes = readFileSync(segment);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(segment, bytes);
  await system.backUp();
  expect(await cli(['verify', newest()])).toMatchObject({
    code: 1,
    said: expect.stringContaining('is damaged at byte'),
  });
});

/** The same length, one bit that is different. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test('a backup does not end where its last segment is damaged, whether somebody writes it or not', async () => {
  const last = join(system.inside('data/journal'), readdirSync(system.inside('data/journal')).sort().at(-1) ?? '');
  await system.live(3);
  appendFileSync(last, 'torn');
  const { manifest } = await system.backUp({ durableHead: async () => undefined });
  expect(manifest.journal.last).toBe(63);
  flip(last, 100);
  for (const durableHead of [async () => 63, async () => undefined])
    await expect(system.backUp({ durableHead })).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
});

test('state that knows of more than the journal of its backup is found out', async () => {
  await system.backUp({ durableHead: async () => 59 });
  expect(await cli(['verify', newest()])).toMatchObject({
    code: 1,
    said: expect.stringContaining('00000001.changes knows of record 60, and the journal ends at 59'),
  });
});

test('a segment that was damaged in the backup before is copied anew', async () => {
  const { manifest } = await system.backUp();
  const { name = '' } = manifest.files.find(({ writtenAt }) => writtenAt !== undefined) ?? {};
  flip(join(newest(), name), 100);
  await system.backUp();
  expect(await problemsOf(await findBackup('backup', newest()))).toEqual([]);
});

test('history that waits for its database is in each backup until it is there', async () => {
  mkdirSync(system.inside('data/database'));
  writeFileSync(system.inside('data/database/tables.json'), 'waits');
  const dumpInto = (holdsCopy: boolean) => async (folder: string) => {
    const written = await writeNew(join(folder, 'tables.json'), Readable.from([Buffer.from('dumped')]));
    return { files: [{ name: 'tables.json', ...written }], holdsCopy };
  };
  const found = (folder: string) => readFileSync(join(newest(), folder, 'tables.json'), 'utf8');
  for (const dumpDatabase of [undefined, dumpInto(false)]) {
    expect((await system.backUp({ dumpDatabase })).manifest.database).toBe('kept');
    expect(found('database')).toBe('waits');
  }
  await system.backUp({ dumpDatabase: dumpInto(true) });
  expect(found('database')).toBe('dumped');
  expect(found(`database.${backups().at(-1)}`)).toBe('waits');
  expect(await problemsOf(await findBackup('backup', newest()))).toEqual([]);
});

test('half of a restored folder is not backed up', async () => {
  writeFileSync(system.inside('data/restoring'), '');
  const argv = ['--to', system.inside('backups'), '--without-keys', '--without-database'];
  await expect(cli(argv)).rejects.toMatchObject({ code: 'RESTORE_UNFINISHED' });
  expect(() => backups()).toThrow('ENOENT');
});

test('a restored folder has everything, says when the backup was taken, and goes on where it was', async () => {
  const { manifest } = await system.backUp();
  await restore();
  const at = (name: string) => system.inside(`restored/${name}`);
  expect(await recordsIn(system.inside('restored'))).toEqual([1, 60]);
  expect(JSON.parse(readFileSync(at('restored.json'), 'utf8'))).toEqual({ takenAt: manifest.takenAt });
  expect(readFileSync(at('audit/2026-11.jsonl'), 'utf8')).toBe('{"n":60}\n');
  expect(readdirSync(system.inside('restored')).sort()).toEqual(['audit', 'checkpoints', 'journal', 'restored.json']);
  expect(readdirSync(system.inside('restored-keys')).sort()).toEqual(['master.key', 'owner-keys', 'owner-keys-2']);
  expect(statSync(system.inside('restored-keys/master.key')).mode & 0o777).toBe(0o600);
});

test('nothing is restored over a folder that holds anything, nor with keys that do not belong to it', async () => {
  await system.backUp();
  mkdirSync(system.inside('restored'));
  writeFileSync(system.inside('restored/letter'), 'mine');
  await expect(restore()).rejects.toThrow(/not empty \(letter\)/);
  const other = await smallSystem();
  await other.backUp({
    to: other.inside('backups'),
    keysTo: system.inside('kept-keys'),
    takenAt: Date.UTC(2027, 0, 1),
  });
  await other.end();
  await expect(restore('elsewhere')).rejects.toThrow(/those of another system/);
  rmSync(system.inside('kept-keys'), { recursive: true });
  await system.backUp({ takenAt: Date.UTC(2026, 0, 1) });
  await system.backUp({ keysTo: undefined });
  await expect(restore('elsewhere')).rejects.toThrow(/older than the backup/);
});

test('a restore that was cut off begins anew', async () => {
  await system.backUp();
  await restore();
  rmSync(system.inside('restored/restored.json'));
  rmSync(system.inside('restored/journal'), { recursive: true });
  writeFileSync(system.inside('restored/restoring'), `{"keysFolder":"${system.inside('restored-keys')}"}`);
  await restore();
  expect(await recordsIn(system.inside('restored'))).toEqual([1, 60]);
  expect(readdirSync(system.inside('restored'))).not.toContain('restoring');
});

test('a restore that begins anew with another folder of keys leaves what is in that', async () => {
  await system.backUp();
  mkdirSync(system.inside('restored'));
  mkdirSync(system.inside('restored-keys'));
  writeFileSync(system.inside('restored-keys/master.key'), 'of another system');
  for (const mark of [`{"keysFolder":"${system.inside('keys-of-then')}"}`, '']) {
    writeFileSync(system.inside('restored/restoring'), mark);
    await expect(restore()).rejects.toThrow(/restored-keys is not empty \(master.key\)/);
    expect(readFileSync(system.inside('restored-keys/master.key'), 'utf8')).toBe('of another system');
  }
});

test('a restore without keys leaves those that are in their place, and refuses where there are none, or half of them', async () => {
  await system.backUp({ keysTo: undefined });
  const [dataFolder, keysFolder] = [system.inside('restored'), system.inside('restored/secrets/keys')];
  const parts = { from: system.inside('backups'), keysFrom: undefined, dataFolder, keysFolder };
  mkdirSync(dataFolder);
  await expect(restoreBackup(parts)).rejects.toThrow(/does not have the keys/);
  mkdirSync(keysFolder, { recursive: true });
  writeFileSync(join(keysFolder, 'master.key'), 'kept elsewhere');
  writeFileSync(join(dataFolder, 'restoring'), JSON.stringify({ keysFolder }));
  await expect(restoreBackup(parts)).rejects.toThrow(/does not have the keys/);
  writeFileSync(join(dataFolder, 'restoring'), '{}');
  expect(await restoreBackup(parts)).not.toHaveProperty('keys');
  expect(readFileSync(join(keysFolder, 'master.key'), 'utf8')).toBe('kept elsewhere');
  expect(await recordsIn(dataFolder)).toEqual([1, 60]);
});

test('nothing is restored into a folder with its own backup, nor from inside of one that would be emptied', async () => {
  await system.backUp();
  const [from, keysFrom] = [system.inside('backups'), system.inside('kept-keys')];
  const parts = { from, keysFrom, dataFolder: system.inside('restored'), keysFolder: system.inside('restored-keys') };
  mkdirSync(parts.dataFolder);
  for (const changed of [{ keysFolder: keysFrom }, { keysFolder: join(newest(), 'keys') }, { dataFolder: from }]) {
    writeFileSync(join(changed.dataFolder ?? parts.dataFolder, 'restoring'), JSON.stringify({ keysFolder: keysFrom }));
    await expect(restoreBackup({ ...parts, ...changed })).rejects.toThrow(/lie in one another/);
  }
  expect(await problemsOf(await findBackup('backup', from))).toEqual([]);
  expect(await problemsOf(await findBackup('keys', keysFrom))).toEqual([]);
});

test('keys beside the backup, and backups inside of what they are of, are refused', async () => {
  const to = system.inside('backups');
  for (const [argv, says] of [
    [['--to', to, '--keys-to', to], 'the keys open what is in the backup'],
    [['--to', to, '--keys-to', join(to, 'keys')], 'the keys open what is in the backup'],
    [['--to', system.inside('data/backups'), '--without-keys'], 'lies in the data folder'],
    [['--to', to], 'usage'],
    [['--to', to, '--keys-to', system.inside('k'), '--without-keys'], 'usage'],
    [['verify'], 'usage'],
    [['--from', to], 'usage'],
  ] as const) {
    expect(await cli([...argv])).toMatchObject({ code: 64, said: expect.stringContaining(says) });
  }
});

test('a backup of a system that does not run needs no database, and says what is in it and what is not', async () => {
  const { code, said } = await cli(['--to', system.inside('backups'), '--without-keys', '--without-database']);
  expect(code).toBe(0);
  expect(said).toContain('records 1 to 60, the last one received at');
  expect(said).toContain('the keys are NOT in it');
  expect(said).toContain('history that is older than the journal is NOT in it');
  const without = await cli(['--to', system.inside('backups'), '--without-keys']);
  expect(without).toMatchObject({ code: 69, said: expect.stringContaining('--without-database') });
  await expect(cli(['--to', system.inside('backups'), '--without-keys'], 'nothing-there')).rejects.toMatchObject({
    code: 'BACKUP_UNFIT',
  });
  expect(await cli(['verify', system.inside('backups')])).toMatchObject({
    code: 0,
    said: expect.stringContaining('whole'),
  });
});

test('the restore says what has to be set again', async () => {
  await system.backUp({ settings: ['STEPPEWATCH_DATA', 'STEPPEWATCH_MQTTS_HOST'], masterKey: 'outside' });
  const said: string[] = [];
  const keep = (text: string) => void said.push(text);
  const configuration = () => ({
    dataFolder: system.inside('r'),
    keysFolder: system.inside('rk'),
    masterKey: undefined,
  });
  const parts = { configuration, settings: ['STEPPEWATCH_DATA'], print: keep, complain: keep };
  const argv = ['--from', system.inside('backups'), '--keys-from', system.inside('kept-keys')];
  expect(await runRestoreCli({ ...parts, argv })).toBe(0);
  expect(said.join('')).toContain('not now: STEPPEWATCH_MQTTS_HOST');
  expect(said.join('')).toContain('set STEPPEWATCH_MASTER_KEY');
  for (const wrong of [['--from', 'x'], ['--from', 'x', '--keys-from', 'y', '--without-keys'], ['--without-keys']])
    expect(await runRestoreCli({ ...parts, argv: wrong })).toBe(64);
});
