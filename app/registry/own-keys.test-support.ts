import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemChance } from '../../platform/random.ts';
import { openVault, type Vault } from '../../platform/vault.ts';

/** Real keys in a folder of the test file's own, in which it may have other files; both are gone when it ends. */
export async function ownKeys(): Promise<{ folder: string; vault: Vault }> {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-registry-'));
  const vault = await openVault({ folder: join(folder, 'keys'), chance: systemChance });
  afterAll(async () => {
    await vault.close();
    rmSync(folder, { recursive: true });
  });
  return { folder, vault };
}
