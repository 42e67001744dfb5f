import type { Disk } from '../platform/disk.ts';
import type { AuditDraft, AuditKind } from '../records/audit.ts';
import { type AuditLine, auditFiles, linesBefore, readLine } from './audit-lines.ts';

/** What of the account is asked for; absent: everything. `since` and `until` are epoch ms; `by` and `of` are ids, with or without their kind. */
export type AuditQuery = {
  by?: string | undefined;
  of?: string | undefined;
  what?: AuditKind | undefined;
  since?: number | undefined;
  until?: number | undefined;
};
/** The newest first. `next` goes on where this ended; absent: there is nothing older that could match. */
export type AuditFound = { entries: AuditLine[]; next?: string };

/**
 * Looks the account through from its end, or from where an earlier page ended, without the database. It reads at most `mostLines`
 * lines, so that a page may be short, or empty, and have a next one. Lines that were changed are passed over: `verify` names them.
 */
export async function findAudit(
  disk: Pick<Disk, 'list' | 'read'>,
  query: AuditQuery & { limit: number; cursor?: string | undefined; isSeen: (line: AuditDraft) => boolean },
): Promise<AuditFound> {
  const { limit, cursor, since = 0, isSeen } = query;
  const from = cursor === undefined ? undefined : placeIn(cursor);
  const entries: AuditLine[] = [];
  let read = 0;
  for (const { name, bytes } of (await auditFiles(disk)).reverse()) {
    if (from && name > from.name) continue;
    const before = from?.name === name ? Math.min(from.at, bytes) : bytes;
    for await (const { text, from: at, isTorn } of linesBefore(disk, name, before)) {
      read += 1;
      const line = isTorn ? undefined : readLine(text);
      if (line && line.at < since) return { entries };
      if (line && isMeant(line, query) && isSeen(line)) entries.push(line);
      if (entries.length >= limit || read >= mostLines) return { entries, next: cursorAt(name, at) };
    }
  }
  return { entries };
}

const mostLines = 50_000;

function isMeant(line: AuditLine, { by, of, what, until }: AuditQuery): boolean {
  if (by !== undefined && line.by !== by && line.by.slice(line.by.indexOf(':') + 1) !== by) return false;
  if (of !== undefined && line.of.id !== of && `${line.of.type}:${line.of.id}` !== of) return false;
  return (what === undefined || line.what === what) && (until === undefined || line.at <= until);
}

const cursorAt = (name: string, at: number): string => Buffer.from(`${name}~${at}`).toString('base64url');

/** Undefined: no page gave it. */
export function placeIn(cursor: string): { name: string; at: number } | undefined {
  const [, name, at] = /^(\d{4}-\d{2}\.jsonl)~(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return name === undefined ? undefined : { name, at: Number(at) };
}
