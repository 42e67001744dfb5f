import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { keysUnusable } from './errors.ts';
import { writeSynced } from './key-file.ts';
import { firstFile, KeyFiles } from './key-files.ts';
import type { Chance } from './random.ts';

/** A text that opens for one owner and field alone: AES-256-GCM, base64 of nonce, text and tag. */
export type Sealed = { sealed: string };

export type Vault = {
  /** Makes the owner's key when there is none. What uses it may be kept only when `flush` has resolved. */
  seal(owner: string, field: string, text: string): Sealed;
  /** Nothing when the key was destroyed, or when the text was sealed for another owner, field or installation. */
  unseal(owner: string, field: string, sealed: Sealed): string | undefined;
  /** Forgets the owner's key: at once here, on disk with the next `flush`. Nothing that it sealed can be opened again. */
  destroy(owner: string): void;
  /** Whether what is sealed for them may be kept without a flush: their key is on disk already. */
  isKept(owner: string): boolean;
  /** Everyone who has a key. */
  owners(): string[];
  /** 32 bytes that are mixed into the hashes of device secrets, so that the journal alone cannot be searched for them. */
  pepper(): Uint8Array;
  /** Errors: KEYS_UNWRITTEN, try later. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens the keys: one random key an owner, wrapped by the master key, in a folder that only its owner may enter.
 * `masterKey` is 32 bytes in base64; without it, it stands in the folder's `master.key`. `create`: make new keys when there
 * are none; false as soon as there is anything that was sealed under others. `readOnly`: another process writes; what it adds
 * and destroys is seen here at the next look. `owners` have a key from the start, so that
 * it is there when the disk is full.
 * Errors: KEYS_UNUSABLE (absent, damaged, or of another master key).
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const { folder, chance, readOnly = false, create = !readOnly, owners = [] } = options;
  const path = join(folder, firstFile);
  const isThere = existsSync(path);
  if (!isThere && !create) throw keysUnusable({}, folder, `${path} is missing: restore it from a backup`);
  if (!readOnly) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Not asked of a disk that can be read alone, where it would be refused.
    if ((statSync(folder).mode & 0o777) !== 0o700) chmodSync(folder, 0o700);
  }
  const master = await masterKey(options, !isThere);
  const keys = new KeyFiles({ folder, chance });
  if (!isThere) {
    keys.add(pepperOwner, encrypt(master, pepperOwner, chance.bytes(keyBytes), chance));
    await keys.flush();
  }
  const pepper = unwrap(keys, master, pepperOwner);
  if (!pepper) throw keysUnusable({}, folder, `they were wrapped by another master key`);
  const lacking = readOnly ? [] : owners.filter((owner) => keys.get(owner) === undefined);
  for (const owner of lacking) keys.add(owner, encrypt(master, owner, chance.bytes(keyBytes), chance));
  // Keys of an earlier release on a disk that is full: nothing waits for these, and every later flush writes them.
  if (lacking.length > 0) await keys.flush().catch(() => {});
  return vaultOver({ keys, master, pepper, chance, readOnly });
}

export type VaultOptions = {
  folder: string;
  chance: Chance;
  masterKey?: string | undefined;
  create?: boolean;
  owners?: readonly string[];
  readOnly?: boolean;
};

function vaultOver(parts: {
  keys: KeyFiles;
  master: Uint8Array;
  pepper: Uint8Array;
  chance: Chance;
  readOnly: boolean;
}): Vault {
  const { keys, master, pepper, chance, readOnly } = parts;
  // The fields of one owner come one after the other: its key is unwrapped once.
  let latest: { owner: string; key: Uint8Array } | undefined;

  function keyFor(owner: string): Uint8Array | undefined {
    if (readOnly && keys.follow()) latest = undefined;
    if (latest?.owner === owner) return latest.key;
    const key = unwrap(keys, master, owner);
    if (key) latest = { owner, key };
    return key;
  }

  function newKey(owner: string): Uint8Array {
    assert(!readOnly, 'only the process that writes the keys seals');
    const key = chance.bytes(keyBytes);
    keys.add(owner, encrypt(master, owner, key, chance));
    latest = { owner, key };
    return key;
  }

  return {
    seal(owner, field, text) {
      const sealed = encrypt(keyFor(owner) ?? newKey(owner), `${owner}/${field}`, Buffer.from(text), chance);
      return { sealed: sealed.toString('base64') };
    },
    unseal(owner, field, { sealed }) {
      const key = keyFor(owner);
      return key && decrypt(key, `${owner}/${field}`, Buffer.from(sealed, 'base64'))?.toString();
    },
    destroy(owner) {
      assert(!readOnly, 'only the process that writes the keys destroys one');
      latest = undefined;
      keys.destroy(owner);
    },
    isKept: (owner) => keys.isKept(owner),
    owners: () => [...keys.owners()].filter((owner) => owner !== pepperOwner),
    pepper: () => pepper,
    flush: () => keys.flush(),
    close: () => keys.close(),
  };
}

async function masterKey({ folder, masterKey: given, chance }: VaultOptions, isNew: boolean): Promise<Uint8Array> {
  const path = join(folder, 'master.key');
  if (given === undefined && isNew && !existsSync(path)) {
    await writeSynced(path, Buffer.from(`${Buffer.from(chance.bytes(keyBytes)).toString('base64')}\n`));
  }
  if (given === undefined && !existsSync(path)) {
    throw keysUnusable({}, folder, `${path} is missing and STEPPEWATCH_MASTER_KEY is not set`);
  }
  const key = Buffer.from(given ?? readFileSync(path, 'utf8'), 'base64');
  if (key.length !== keyBytes) throw keysUnusable({}, folder, 'the master key is not 32 bytes in base64');
  return key;
}

function unwrap(keys: KeyFiles, master: Uint8Array, owner: string): Uint8Array | undefined {
  const wrapped = keys.get(owner);
  return wrapped && decrypt(master, owner, wrapped);
}

const pepperOwner = 'installation:pepper';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

function encrypt(key: Uint8Array, boundTo: string, text: Uint8Array, chance: Chance): Buffer {
  const nonce = chance.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(boundTo));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, boundTo: string, bytes: Uint8Array): Buffer | undefined {
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const text = bytes.subarray(nonceBytes, -tagBytes);
  const options = { authTagLength: tagBytes };
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), options).setAAD(
    Buffer.from(boundTo),
  );
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]);
  } catch {
    return undefined;
  }
}
