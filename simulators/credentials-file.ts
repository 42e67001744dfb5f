import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { z } from 'zod';

/** Who may connect, and with what: one entry a device. */
export type DeviceSecret = { id: string; secret: string };

const entries = z.array(z.object({ id: z.string().min(1), secret: z.coerce.string().min(1) })).min(1);

/** Reads a list of `id` and `secret`, in YAML or JSON. Errors: it cannot be read, or is no such list. */
export function readCredentials(path: string): Map<string, string> {
  const read = entries.safeParse(parse(readFileSync(path, 'utf8')));
  if (!read.success) throw new Error(`${path} is no list of id and secret:\n${z.prettifyError(read.error)}`);
  return new Map(read.data.map(({ id, secret }) => [id, secret]));
}

/** Writes such a list, for its owner alone. */
export function writeCredentials(path: string, devices: readonly DeviceSecret[]): void {
  writeFileSync(path, stringify(devices.map(({ id, secret }) => ({ id, secret }))), { mode: 0o600 });
}
