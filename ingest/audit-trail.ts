import type { Clock } from '../platform/clock.ts';
import type { AppendFile, Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import type { AuditDraft } from '../records/audit.ts';
import {
  type AuditLine,
  auditFiles,
  auditFolder,
  beginning,
  type ChainEnd,
  fileOfMonth,
  linesBefore,
  linesOf,
  monthsOf,
  readLine,
  writeLine,
} from './audit-lines.ts';

/** The journal was read up to `read`, of which a start needs to read again what follows `sequence`. `n`, `hash`: the newest entry then. */
export type AuditPlace = ChainEnd & { journal: string; sequence: number; read: number };

/**
 * The account of looks and changes, to be written to: appended to and synced, never changed, and never held in memory. One writer.
 * What was written behind the place that was kept last, and not wholly, is cut: the journal tells it again. A line before it that was
 * changed is left as it is, and the chain goes on behind it, so that `verify` names it.
 */
export async function openAuditTrail({ disk, clock, log, timeZone }: AuditTrailParts) {
  const kept = await readPlace(disk);
  if (kept) await mend(disk, log, kept);
  const monthOf = monthsOf(timeZone);
  const found = await findEnd(disk, log);
  let { end } = found;
  let { month } = found;
  let file: AppendFile | undefined;
  let isGivenUp = false;

  async function fileFor(name: string): Promise<AppendFile> {
    if (file && name === month) return file;
    await file?.close();
    file = await disk.openAppend(`${auditFolder}/${fileOfMonth(name)}`);
    month = name;
    return file;
  }

  /** False: it was given up before there was room. */
  async function write(drafts: readonly AuditDraft[], name: string): Promise<boolean> {
    let [next, text] = [end, ''];
    for (const draft of drafts) {
      const line = writeLine(next, draft);
      next = line.end;
      text += `${line.text}\n`;
    }
    const open = await fileFor(name);
    for (let tries = 0; !isGivenUp; tries++) {
      if ((await open.append([Buffer.from(text)])) === 'kept') {
        end = next;
        return true;
      }
      if (tries === 0)
        log.error({ entries: drafts.length }, 'the account of looks and changes waits for room on the disk');
      await new Promise<void>((again) => clock.after(againMs, again));
    }
    return false;
  }

  return {
    /** The newest entry, as it was found when this was opened. */
    last: found.last,
    end: (): ChainEnd => end,

    /** Resolves when they are on disk, however long there is no room: true; or false when it was given up before. */
    async append(drafts: readonly AuditDraft[]): Promise<boolean> {
      for (let from = 0; from < drafts.length; ) {
        // Where a journal was put back, time goes back with it; files do not.
        const monthAt = (at: number) => [month, monthOf(at)].sort().at(-1) ?? month;
        const name = monthAt(drafts[from]?.at ?? 0);
        const stretch = drafts.slice(from, from + mostAtOnce);
        const later = stretch.findIndex(({ at }) => monthAt(at) !== name);
        const together = later < 0 ? stretch : stretch.slice(0, later);
        if (!(await write(together, name))) return false;
        from += together.length;
      }
      return true;
    },

    /** The place that was kept last; undefined when there is none, or it belongs to an account that reached further. */
    async place(): Promise<AuditPlace | undefined> {
      const place = await readPlace(disk);
      if (!place) return undefined;
      if (place.n > end.n) log.error({ keptUpTo: place.n, endsAt: end.n }, 'the end of the account was cut off');
      return place.n > end.n ? undefined : place;
    },
    /** On a full disk it is not kept, and a later start reads more of the journal again. */
    async keepPlace(place: Omit<AuditPlace, 'n' | 'hash'>): Promise<void> {
      await disk.writeWhole(placeFile, Buffer.from(JSON.stringify({ ...place, ...end })));
    },

    /** Nothing waits for room any more. */
    giveUp(): void {
      isGivenUp = true;
    },
    close: async (): Promise<void> => file?.close(),
  };
}

export type AuditTrail = Awaited<ReturnType<typeof openAuditTrail>>;
export type AuditTrailParts = { disk: Disk; clock: Clock; log: Log; timeZone: string };

export const placeFile = `${auditFolder}/place.json`;
/** A line is a kilobyte or two at most. */
const mostAtOnce = 1_000;
const againMs = 5_000;

async function readPlace(disk: Disk): Promise<AuditPlace | undefined> {
  return parsed(await disk.read(placeFile, 0, 4_096).catch(() => new Uint8Array()));
}

function parsed(bytes: Uint8Array): AuditPlace | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditPlace;
  } catch {
    return undefined;
  }
}

/**
 * A power cut leaves what was not synced in any shape, and a sync that failed what only looks written. So what stands behind the place that
 * was kept is cut from the first line that does not follow the one before it, and the rest is written once more.
 */
async function mend(disk: Disk, log: Log, kept: ChainEnd): Promise<void> {
  const files = await auditFiles(disk);
  const begin = await findKept(disk, files, kept);
  let end = kept;
  for (const [index, { name, bytes }] of files.entries()) {
    if (!begin || index < begin.index) continue;
    const from = index === begin.index ? begin.from : 0;
    let wholeTo = from;
    for await (const line of linesOf(disk, name, from)) {
      const next = line.isTorn ? undefined : readLine(line.text);
      if (next?.n !== end.n + 1 || next.prev !== end.hash) break;
      end = next;
      wholeTo = line.to;
    }
    if (wholeTo < bytes) {
      log.warn({ file: name, at: wholeTo, bytes: bytes - wholeTo }, 'the torn end of the account was cut');
      await cut(disk, name, wholeTo);
    }
    const file = await disk.openAppend(`${auditFolder}/${name}`);
    await file.repeat(from);
    await file.close();
  }
}

/** Where the line ends of which the place tells; undefined: it is not there as it was, and `verify` says so. */
async function findKept(disk: Disk, files: { name: string; bytes: number }[], { n, hash }: ChainEnd) {
  if (n === 0) return { index: 0, from: 0 };
  for (const [index, { name, bytes }] of [...files.entries()].reverse()) {
    for await (const line of linesBefore(disk, name, bytes)) {
      const found = line.isTorn ? undefined : readLine(line.text);
      if (found && found.n <= n) return found.hash === hash ? { index, from: line.to } : undefined;
    }
  }
  return undefined;
}

/** From the last file back to one that has a line. */
async function findEnd(disk: Disk, log: Log): Promise<{ end: ChainEnd; month: string; last?: AuditLine }> {
  const files = await auditFiles(disk);
  const month = files.at(-1)?.name.slice(0, 7) ?? '';
  for (const { name, bytes } of files.reverse()) {
    let wholeTo = bytes;
    for await (const line of linesBefore(disk, name, bytes)) {
      if (line.isTorn) {
        await cut(disk, name, line.from);
        wholeTo = line.from;
        continue;
      }
      const last = readLine(line.text);
      if (last) return { end: { n: last.n, hash: last.hash }, month, last };
      // Whatever it was, it takes a number: `verify` finds it by the line that follows.
      const [, n] = /"n":(\d+)/.exec(line.text) ?? [];
      log.error({ file: name, at: wholeTo }, 'the last line of the account was changed: npm run audit -- verify');
      if (n !== undefined) return { end: { n: Number(n), hash: beginning.hash }, month };
    }
  }
  return { end: beginning, month };
}

async function cut(disk: Disk, name: string, bytes: number): Promise<void> {
  const file = await disk.openAppend(`${auditFolder}/${name}`);
  await file.truncate(bytes);
  await file.close();
}
