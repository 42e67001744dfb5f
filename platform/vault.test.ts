import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openVault, type Vault, type VaultOptions } from './vault.ts';

const folders: string[] = [];
const vaults: Vault[] = [];
function newFolder(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'steppewatch-vault-')), 'keys');
  folders.push(join(folder, '..'));
  return folder;
}
afterEach(async () => {
  for (const vault of vaults.splice(0)) await vault.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Chance that counts: no two answers are alike, and every run gives the same. */
function counting() {
  let count = 0;
  const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (++count * 31 + at * 7) % 256));
  return { bytes, fraction: () => 0 };
}
async function open(folder: string, options: Partial<VaultOptions> = {}): Promise<Vault> {
  const vault = await openVault({ folder, chance: counting(), ...options });
  vaults.push(vault);
  return vault;
}
const keysIn = (folder: string) => join(folder, 'owner-keys');

test('a name that was sealed is read again after a restart, and is nowhere in the folder of the keys', async () => {
  const folder = newFolder();
  const vault = await open(folder);
  const sealed = vault.seal('person:her', 'name', '萨仁 Saran');
  await vault.flush();
  await vault.close();
  const again = await open(folder);
  expect(again.unseal('person:her', 'name', sealed)).toBe('萨仁 Saran');
  expect(again.pepper()).toEqual(vault.pepper());
  expect(again.owners()).toEqual(['person:her']);
  expect(readFileSync(keysIn(folder)).includes('Saran')).toBe(false);
});

test('a seal opens for its own person and field alone', async () => {
  const vault = await open(newFolder());
  const sealed = vault.seal('person:her', 'name', 'Saran');
  vault.seal('person:him', 'name', 'Bat');
  expect(vault.unseal('person:him', 'name', sealed)).toBeUndefined();
  expect(vault.unseal('person:her', 'callName', sealed)).toBeUndefined();
  expect(vault.unseal('person:nobody', 'name', sealed)).toBeUndefined();
  expect(vault.unseal('person:her', 'name', { sealed: 'AAAA' })).toBeUndefined();
});

test('after a person was erased nothing about them can be read, here, in the other process or after a restart', async () => {
  const folder = newFolder();
  const vault = await open(folder);
  const hers = vault.seal('person:her', 'name', 'Saran');
  const his = vault.seal('person:him', 'name', 'Bat');
  await vault.flush();
  const before = readFileSync(keysIn(folder));
  const reader = await open(folder, { readOnly: true });
  expect(reader.unseal('person:her', 'name', hers)).toBe('Saran');

  vault.destroy('person:her');
  expect(vault.unseal('person:her', 'name', hers)).toBeUndefined();
  await vault.flush();
  const wrapped = before.subarray(before.indexOf('person:her') + 'person:her'.length).subarray(0, 60);
  expect(readFileSync(keysIn(folder)).includes(wrapped)).toBe(false);
  expect(reader.unseal('person:her', 'name', hers)).toBeUndefined();
  expect(reader.unseal('person:him', 'name', his)).toBe('Bat');
  const again = await open(folder);
  expect(again.unseal('person:her', 'name', hers)).toBeUndefined();
  expect(again.unseal('person:him', 'name', his)).toBe('Bat');

  const returned = again.seal('person:her', 'name', 'Saran');
  expect(again.unseal('person:her', 'name', returned)).toBe('Saran');
  expect(again.unseal('person:her', 'name', hers)).toBeUndefined();
});

test('what is sealed while the disk takes no key may be kept for those alone whose key is there', async () => {
  const folder = newFolder();
  const vault = await open(folder, { owners: ['installation:texts'] });
  vault.seal('person:her', 'name', 'Saran');
  expect(vault.isKept('person:her')).toBe(false);
  await vault.flush();
  // The next writing needs a file beside the old one, and a folder stands there.
  mkdirSync(`${keysIn(folder)}.new`);
  vault.seal('person:him', 'name', 'Bat');
  vault.destroy('person:her');
  await expect(vault.flush()).rejects.toMatchObject({ code: 'KEYS_UNWRITTEN' });
  const kept = () => ['person:her', 'person:him', 'installation:texts'].filter((owner) => vault.isKept(owner));
  expect(kept()).toEqual(['installation:texts']);
  rmSync(`${keysIn(folder)}.new`, { recursive: true });
  await vault.flush();
  expect(kept()).toEqual(['person:him', 'installation:texts']);
});

test('the other process reads what was sealed while it was running', async () => {
  const folder = newFolder();
  const vault = await open(folder);
  const reader = await open(folder, { readOnly: true });
  const sealed = vault.seal('person:her', 'name', 'Saran');
  expect(reader.unseal('person:her', 'name', sealed)).toBeUndefined();
  await vault.flush();
  expect(reader.unseal('person:her', 'name', sealed)).toBe('Saran');
  expect(() => reader.seal('person:new', 'name', 'X')).toThrow('only the process that writes the keys');
});

test('a crash in the middle of a write costs the keys that were never used, and no other', async () => {
  const folder = newFolder();
  const vault = await open(folder);
  const kept = vault.seal('person:her', 'name', 'Saran');
  await vault.flush();
  const whole = statSync(keysIn(folder)).size;
  vault.seal('person:him', 'name', 'Bat');
  await vault.flush();
  for (const left of [1, 8, 40]) {
    truncateSync(keysIn(folder), whole + left);
    const again = await open(folder);
    expect(again.owners()).toEqual(['person:her']);
    const added = again.seal('person:third', 'name', 'Oyun');
    await again.flush();
    const third = await open(folder);
    expect(third.unseal('person:her', 'name', kept)).toBe('Saran');
    expect(third.unseal('person:third', 'name', added)).toBe('Oyun');
    third.destroy('person:third');
    await third.flush();
  }
  appendFileSync(keysIn(folder), Buffer.alloc(4096));
  expect((await open(folder)).owners()).toEqual(['person:her']);
});

test('keys that are damaged, missing, or of another master key are refused in words', async () => {
  const folder = newFolder();
  const vault = await open(folder);
  for (const owner of ['person:a', 'person:b', 'person:c']) {
    vault.seal(owner, 'name', 'A');
    await vault.flush();
  }
  const good = readFileSync(keysIn(folder));
  const flipped = Buffer.from(good);
  flipped[good.indexOf('person:b') + 20] = 0xff & ~(good[good.indexOf('person:b') + 20] ?? 0);
  writeFileSync(keysIn(folder), flipped);
  await expect(open(folder)).rejects.toMatchObject({
    code: 'KEYS_UNUSABLE',
    message: expect.stringContaining('damaged at byte'),
  });
  writeFileSync(keysIn(folder), good);
  const other = Buffer.alloc(32, 7).toString('base64');
  await expect(open(folder, { masterKey: other })).rejects.toThrow('another master key');
  await expect(open(folder, { masterKey: 'short' })).rejects.toThrow('not 32 bytes in base64');
  rmSync(join(folder, 'master.key'));
  await expect(open(folder)).rejects.toThrow('master.key is missing');
  await expect(open(newFolder(), { create: false })).rejects.toThrow('owner-keys is missing');
  await expect(open(newFolder(), { readOnly: true })).rejects.toThrow('owner-keys is missing');
});

test('with a master key from outside none is written, and only its owner may look', async () => {
  const folder = newFolder();
  await open(folder, { masterKey: Buffer.alloc(32, 7).toString('base64url') });
  expect(() => statSync(join(folder, 'master.key'))).toThrow('ENOENT');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(keysIn(folder)).mode & 0o777).toBe(0o600);
});

test('keys that could not be written are written by the next flush, all of them', async () => {
  const folder = newFolder();
  await open(folder);
  const vault = await open(folder);
  const first = vault.seal('person:a', 'name', 'A');
  rmSync(keysIn(folder));
  symlinkSync('/dev/full', keysIn(folder));
  await expect(vault.flush()).rejects.toMatchObject({ code: 'KEYS_UNWRITTEN', retry: 'later' });
  const second = vault.seal('person:b', 'name', 'B');
  await vault.flush();
  const reader = await open(folder, { readOnly: true });
  expect(reader.unseal('person:a', 'name', first)).toBe('A');
  expect(reader.unseal('person:b', 'name', second)).toBe('B');
});

test('keys of kinds that the first release did not know lie in a file that it does not read, also when there were none for a while', async () => {
  const folder = newFolder();
  const vault = await open(folder);
  await vault.flush();
  const sealed = vault.seal('personText:her', 'text', '她没有回答');
  await vault.flush();
  expect(readFileSync(keysIn(folder)).includes('personText')).toBe(false);
  const again = await open(folder);
  expect(again.unseal('personText:her', 'text', sealed)).toBe('她没有回答');
  again.destroy('personText:her');
  await again.flush();
  const later = again.seal('personText:him', 'text', 'called him');
  await again.flush();
  const last = await open(folder, { readOnly: true });
  expect(last.unseal('personText:him', 'text', later)).toBe('called him');
  expect(last.unseal('personText:her', 'text', sealed)).toBeUndefined();
});
