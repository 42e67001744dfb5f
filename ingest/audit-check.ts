import type { Disk } from '../platform/disk.ts';

import { type AuditLine, auditFiles, beginning, type ChainEnd, linesOf, readLine } from './audit-lines.ts';

/** `entries` were whole; `wrong` says in one sentence where the chain first breaks. `torn`: the last line is just being written. */
export type AuditVerdict = { entries: number; files: number; end: ChainEnd; torn: boolean; wrong?: string };

/**
 * Walks the chain from its beginning, or from the file given, which is believed about what came before it. `marks` are what else is
 * known of its end: of the journal, and of the place beside the account.
 */
export async function checkAudit({ disk, from, marks }: CheckParts): Promise<AuditVerdict> {
  const all = await auditFiles(disk);
  const files = from === undefined ? all : all.filter(({ name }) => name >= from);
  const known = new Map(marks.map((mark) => [mark.n, mark]));
  let end = from === undefined ? beginning : undefined;
  let entries = 0;
  const verdict = (more: { wrong?: string; torn?: boolean } = {}): AuditVerdict => ({
    ...{ entries, files: files.length, end: end ?? beginning, torn: false },
    ...more,
  });
  for (const { name } of files) {
    const isLast = name === files.at(-1)?.name;
    let number = 0;
    for await (const { text, isTorn } of linesOf(disk, name)) {
      number += 1;
      if (isTorn && isLast) return verdict({ torn: true, ...cutEnd(end, marks) });
      const line = isTorn ? undefined : readLine(text);
      const wrong = problemOf(line, end, known) ?? '';
      if (!line || wrong !== '') return verdict({ wrong: `audit/${name}, line ${number}: ${wrong}` });
      end = { n: line.n, hash: line.hash };
      entries += 1;
    }
    if (number === 0) return verdict({ wrong: `audit/${name} is empty` });
  }
  return verdict(cutEnd(end, marks));
}

type CheckParts = { disk: Pick<Disk, 'list' | 'read' | 'size'>; from?: string | undefined; marks: readonly ChainEnd[] };

function problemOf(
  line: AuditLine | undefined,
  end: ChainEnd | undefined,
  known: ReadonlyMap<number, ChainEnd>,
): string | undefined {
  if (!line) return 'it was changed, or is no line of the account';
  if (end && line.n !== end.n + 1) {
    const missing = end.n + 1 === line.n - 1 ? `entry ${end.n + 1} is` : `entries ${end.n + 1} to ${line.n - 1} are`;
    return line.n > end.n ? `${missing} missing before it` : `entry ${line.n} comes after entry ${end.n}`;
  }
  if (end && line.prev !== end.hash) return 'it does not follow the line before it, which was changed';
  const mark = known.get(line.n);
  return mark && mark.hash !== line.hash
    ? 'it is another entry than the one that was marked: the account was rewritten'
    : undefined;
}

function cutEnd(end: ChainEnd | undefined, marks: readonly ChainEnd[]): { wrong?: string } {
  const furthest = marks.reduce<number>((most, { n }) => Math.max(most, n), 0);
  const at = end?.n ?? 0;
  return furthest > at ? { wrong: `the end is cut off: it reached entry ${furthest}, and ends at ${at}` } : {};
}
