import { createHash } from 'node:crypto';
import type { Disk } from '../platform/disk.ts';
import type { AuditDraft } from '../records/audit.ts';

/**
 * The account as it lies in `audit/`: a file a month of the county's zone, a line of JSON an entry. `n` counts from 1 through all
 * files; `hash` is the SHA-256 of the line as it is stored, up to the hash itself, which has the hash of the line before it in `prev`.
 * So a line that was changed, taken out, put in or moved breaks the chain there, whatever program wrote it.
 */
export type AuditLine = AuditDraft & { n: number; prev: string; hash: string };
/** The end of a chain: its last entry, or what the first one follows. */
export type ChainEnd = { n: number; hash: string };

export const auditFolder = 'audit';
export const beginning: ChainEnd = { n: 0, hash: '0'.repeat(64) };

/** The text of the next line, without its end. */
export function writeLine({ n, hash: prev }: ChainEnd, draft: AuditDraft): { text: string; end: ChainEnd } {
  const body = JSON.stringify({ n: n + 1, ...draft, prev });
  const hash = hashOf(body);
  return { text: `${body.slice(0, -1)},"hash":"${hash}"}`, end: { n: n + 1, hash } };
}

/** Undefined: it is no line of the account, or it was changed. */
export function readLine(text: string): AuditLine | undefined {
  const [, body, hash] = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s.exec(text) ?? [];
  if (body === undefined || hash === undefined || hashOf(`${body}}`) !== hash) return undefined;
  return JSON.parse(text) as AuditLine;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Which month an instant (epoch ms) lies in, in the zone: `2026-11`. */
export function monthsOf(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit' });
  return (at) => {
    const parts = format.formatToParts(at);
    const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
    return `${part('year')}-${part('month')}`;
  };
}

export const fileOfMonth = (month: string): string => `${month}.jsonl`;

/** The oldest first. */
export async function auditFiles(disk: Pick<Disk, 'list'>): Promise<{ name: string; bytes: number }[]> {
  const files = await disk.list(auditFolder);
  return files.filter(({ name }) => /^\d{4}-\d{2}\.jsonl$/.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A line with where it begins and ends in its file. A last one without its end was not wholly written: `isTorn`. */
export type FoundLine = { text: string; from: number; to: number; isTorn: boolean };

/** The lines of a file in their order, from where one begins. */
export async function* linesOf(disk: Pick<Disk, 'read' | 'size'>, name: string, from = 0): AsyncGenerator<FoundLine> {
  const path = `${auditFolder}/${name}`;
  const size = (await disk.size(path)) ?? 0;
  let at = from;
  let rest = Buffer.alloc(0);
  while (at < size) {
    const read = await disk.read(path, at, Math.min(chunkBytes, size - at));
    if (read.length === 0) break;
    at += read.length;
    rest = Buffer.concat([rest, read]);
    let start = 0;
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline, start)) {
      const begin = at - rest.length + start;
      yield { text: rest.toString('utf8', start, end), from: begin, to: begin + end - start + 1, isTorn: false };
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), from: at - rest.length, to: at, isTorn: true };
}

/** The lines that end at or before a place in a file, the last first. */
export async function* linesBefore(disk: Pick<Disk, 'read'>, name: string, before: number): AsyncGenerator<FoundLine> {
  const path = `${auditFolder}/${name}`;
  let at = before;
  let rest = Buffer.alloc(0);
  while (at > 0) {
    const bytes = Math.min(chunkBytes, at);
    rest = Buffer.concat([await disk.read(path, at - bytes, bytes), rest]);
    at -= bytes;
    let end = rest.length;
    for (let start = lineStart(rest, end); start > 0 || at === 0; start = lineStart(rest, end)) {
      if (end === 0) break;
      const isTorn = rest[end - 1] !== newline;
      const text = rest.toString('utf8', start, isTorn ? end : end - 1);
      yield { text, from: at + start, to: at + end, isTorn };
      end = start;
    }
    rest = rest.subarray(0, end);
  }
}

/** Where the line begins that ends there; 0 when that is not in these bytes. */
const lineStart = (bytes: Buffer, end: number): number => (end < 2 ? 0 : bytes.lastIndexOf(newline, end - 2) + 1);

const newline = 0x0a;
const chunkBytes = 256 * 1024;
