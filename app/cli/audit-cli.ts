import { parseArgs } from 'node:util';
import { type AuditVerdict, checkAudit } from '../../ingest/audit-check.ts';
import { auditMarksOf } from '../../ingest/audit-marks.ts';
import { findAudit } from '../../ingest/audit-reading.ts';
import { type JournalReader, openJournalReader } from '../../journal/reader.ts';
import { systemClock } from '../../platform/clock.ts';
import { type Disk, openDisk } from '../../platform/disk.ts';
import { OperationalError } from '../../platform/errors.ts';
import { systemLog } from '../../platform/log.ts';
import { type Chance, systemChance } from '../../platform/random.ts';
import { openVault } from '../../platform/vault.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { openText } from '../../records/sealed-text.ts';
import type { Sealer } from '../../records/sealing.ts';
import { readConfiguration } from '../configuration.ts';
import { connectControl } from '../control-socket.ts';
import { exitWith } from '../exit.ts';

export type AuditCliParts = {
  argv: string[];
  /** Of the data folder; nothing is written. The system may be running. */
  disk: Pick<Disk, 'list' | 'read' | 'size'>;
  /** Undefined: there is no journal here, as in an archive. */
  journal: Pick<JournalReader, 'firstSequence' | 'headSequence' | 'readBatch'> | undefined;
  openKeys(): Promise<Pick<Sealer, 'unseal'>>;
  /** Puts on record that it was read. Errors: ALARM_AWAY. */
  command(command: Command): Promise<CommandResult>;
  chance: Chance;
  timeZone: string;
  print(text: string): void;
  complain(text: string): void;
};

/** 0: the chain is whole, or what was asked for is shown. 1: it is broken. 64: wrong usage. 66: there is no account. */
export type AuditExitCode = 0 | 1 | 64 | 66;

const usage = `usage: npm run audit -- verify [--from 2026-01.jsonl]
       npm run audit -- show [--by ID] [--of ID] [--since 2026-11-01] [--limit 100]`;

/** `npm run audit`: whether the account of looks and changes is as it was written, and what stands in it. Source: docs/privacy.md */
export async function runAuditCli(parts: AuditCliParts): Promise<AuditExitCode> {
  const asked = readArguments(parts.argv);
  if (!asked) {
    parts.complain(usage);
    return 64;
  }
  if ((await parts.disk.list('audit')).length === 0) {
    parts.complain('there is no account: set STEPPEWATCH_DATA to the data folder of the system');
    return 66;
  }
  return asked.verb === 'verify' ? verify(parts, asked.from) : show(parts, asked);
}

async function verify({ disk, journal, print, complain }: AuditCliParts, from: string | undefined): Promise<0 | 1> {
  const marks = await auditMarksOf({ disk, journal });
  const verdict = await checkAudit({ disk, from, marks });
  const { wrong, torn } = verdict;
  if (wrong !== undefined) {
    complain(`${wrong}\n${countOf(verdict)} before it are whole`);
    return 1;
  }
  print(`${countOf(verdict)} are whole, up to entry ${verdict.end.n} (${verdict.end.hash})\n`);
  print(
    journal
      ? `${marks.length} marks of it are known, and it has them all\n`
      : 'there is no journal to compare its end with\n',
  );
  if (torn) print('a last line is only half there: it is being written, or is cut off at the next start\n');
  return 0;
}

const countOf = ({ entries, files }: AuditVerdict): string => `${entries} entries in ${files} files`;

/** Reading it is a look, as it is over the API: reasons are opened when that is on record. */
async function show(parts: AuditCliParts, asked: Shown): Promise<0> {
  const { disk, openKeys, print, complain, timeZone } = parts;
  const isOnRecord = await putOnRecord(parts, asked);
  if (!isOnRecord) complain('that this is read cannot be put on record now: reasons are not opened');
  const { unseal } = isOnRecord ? await openKeys() : { unseal: () => undefined };
  const unread = isOnRecord ? '(erased)' : '(sealed)';
  const time = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  let left = asked.limit;
  for (let cursor: string | undefined; left > 0; ) {
    const { entries, next } = await findAudit(disk, { ...asked, limit: left, cursor, isSeen: () => true });
    for (const { n, at, by, what, of, refusal, details = {}, reason } of entries) {
      const more = Object.entries(details).map(([name, value]) => `${name}=${value}`);
      const why = reason === undefined ? [] : [JSON.stringify(openText(reason, { unseal }) ?? unread)];
      const refused = refusal === undefined ? [] : [`refused: ${refusal}`];
      print(`${[n, time.format(at), by, what, `${of.type}:${of.id}`, ...refused, ...more, ...why].join('  ')}\n`);
    }
    left -= entries.length;
    if (next === undefined) break;
    cursor = next;
  }
  return 0;
}

async function putOnRecord({ command, chance }: AuditCliParts, { of, by }: Shown): Promise<boolean> {
  const commandId = `look-${Buffer.from(chance.bytes(15)).toString('base64url')}`;
  const seen = { type: 'audit', id: (of ?? by ?? 'all').slice(0, 200) } as const;
  const look = { type: 'look', commandId, by: { type: 'system', id: 'command-line' }, of: seen, how: 'shown' } as const;
  try {
    return (await command(look)).ok;
  } catch (error) {
    if (error instanceof OperationalError) return false;
    throw error;
  }
}

type Shown = {
  verb: 'show';
  by?: string | undefined;
  of?: string | undefined;
  since?: number | undefined;
  limit: number;
};
type Asked = { verb: 'verify'; from?: string | undefined } | Shown;

function readArguments(args: string[]): Asked | undefined {
  try {
    const text = { type: 'string' } as const;
    const options = { from: text, by: text, of: text, since: text, limit: text };
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const [verb, ...more] = positionals;
    const { from, by, of, since, limit = '100' } = values;
    if (more.length > 0) return undefined;
    if (verb === 'verify' && by === undefined && of === undefined && since === undefined) return { verb, from };
    const at = since === undefined ? undefined : Date.parse(since);
    if (verb !== 'show' || from !== undefined || Number.isNaN(at) || !/^\d{1,7}$/.test(limit)) return undefined;
    return { verb, by, of, since: at, limit: Number(limit) };
  } catch {
    // An unknown option: the usage says which there are.
    return undefined;
  }
}

if (import.meta.main) {
  try {
    const { dataFolder, keysFolder: folder, masterKey, timeZone } = readConfiguration(process.env);
    const disk = openDisk(dataFolder);
    const log = systemLog('audit', 'warn');
    const hasJournal = (await disk.list('journal')).length > 0;
    const reader = hasJournal ? await openJournalReader({ disk, clock: systemClock, log }) : undefined;
    const control = connectControl(dataFolder);
    process.exitCode = await runAuditCli({
      command: (command) => control.ask('command', command),
      chance: systemChance,
      ...{ argv: process.argv.slice(2), disk, journal: reader, timeZone },
      openKeys: () => openVault({ folder, chance: systemChance, masterKey, readOnly: true }),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    control.close();
    await reader?.close();
    await disk.close();
  } catch (error) {
    exitWith(error);
  }
}
