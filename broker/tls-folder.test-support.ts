import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Issued } from './authority.test-support.ts';
import type { TlsFiles } from './tls-files.ts';

/** A folder of files for TLS, which is gone after the test. */
export function tlsFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  const write = (name: string, content: string) => writeFileSync(path(name), content);
  const files: TlsFiles = { certificate: path('broker.pem'), key: path('broker.key') };
  return {
    folder,
    files,
    path,
    write,
    install({ cert, key }: Issued) {
      write('broker.pem', cert);
      write('broker.key', key);
    },
  };
}
