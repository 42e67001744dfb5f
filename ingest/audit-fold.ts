import { type AuditDraft, type Audited, auditedOf, partTold, settledBy } from '../records/audit.ts';
import type { Command } from '../records/command.ts';
import { mostAnswers } from '../records/command-answers.ts';
import type { DecidedRecord } from '../records/journal-record.ts';
import { decodeRecord, recordKind } from '../records/record-codec.ts';
import { mostImports, mostStagedChanges } from '../records/registry-staging.ts';
import type { Stored } from './judge.ts';

/**
 * Turns journal records into entries of the account: a command is told of when it was decided what it came to. What waits for that is
 * all it remembers: at most 1,000 commands, and 4 imports of which 10,000 changes each are told one by one; and the ids of commands, as
 * many as the alarm process remembers: what that takes for a repeat changes nothing, and what it has forgotten is done again.
 * `areaOf`: where something is now, for who may read of it; asked before it can be gone.
 */
export function createAuditFold({ journal, areaOf }: AuditFoldParts) {
  const asked = new Map<string, Asked>();
  const imports = new Map<string, Import>();
  const commands = new Set<string>();
  const looks = new Set<string>();
  let mark: AuditMark | undefined;

  function placed(audited: Audited): Told {
    const areaId = areaOf(audited.of);
    return areaId === undefined ? audited : { ...audited, areaId };
  }

  /** The alarm process answers a look that was sent again anew, and a command as it answered at first. */
  function isRepeat({ type, commandId }: Command): boolean {
    const [known, most] = type === 'look' ? [looks, mostLooks] : [commands, mostAnswers];
    if (known.has(commandId)) return true;
    if (known.size >= most) forgetFirst(known);
    known.add(commandId);
    return false;
  }

  /** Parts wait, make room for each other and go as in the registry, which makes of them what is told. */
  function stage(command: Extract<Command, { type: 'registry-part' }>, from: number): void {
    const { importId, part, changes } = command;
    if (!imports.has(importId) && imports.size >= mostImports) forgetFirst(imports);
    const one: Import = imports.get(importId) ?? { from, parts: new Map() };
    const { told, counts } = partTold(command);
    one.parts.delete(part);
    const room = mostToldOfImport - [...one.parts.values()].reduce((sum, each) => sum + each.told.length, 0);
    one.parts.set(part, { told: told.slice(0, room).map(placed), counts, changes: changes.length });
    imports.set(importId, one);
    const staged = [...imports.values()].flatMap(({ parts }) => [...parts.values()]);
    if (staged.reduce((sum, each) => sum + each.changes, 0) > mostStagedChanges) imports.delete(importId);
  }

  /** What a commit makes true is known when it is asked for: what is staged after it belongs to another. */
  function taken({ importId }: Extract<Command, { type: 'registry-commit' }>): Part[] {
    const parts = [...(imports.get(importId)?.parts.values() ?? [])];
    imports.delete(importId);
    return parts;
  }

  function hear(command: Command, { sequence, receivedAt }: Stored): AuditDraft[] {
    if (command.type === 'audit-mark') mark = { n: command.n, hash: command.hash, at: receivedAt };
    if (isRepeat(command)) return [];
    if (command.type === 'registry-part') stage(command, sequence);
    const audited = auditedOf(command);
    if (!audited) return [];
    const by = `${command.by.type}:${command.by.id}`;
    const from = command.type === 'registry-commit' ? (imports.get(command.importId)?.from ?? sequence) : sequence;
    const parts = command.type === 'registry-commit' ? taken(command) : undefined;
    asked.set(command.commandId, { from, by, told: placed(audited), ...(parts && { parts }) });
    if (asked.size <= mostAsked) return [];
    const [id, first] = [...asked][0] ?? [];
    if (id === undefined || first === undefined) return [];
    asked.delete(id);
    const ended = { by: first.by, sequence, at: receivedAt };
    return [draft(ended, { ...first.told, refusal: 'unanswered' })];
  }

  function settle(decided: DecidedRecord, { sequence, receivedAt: at }: Stored): AuditDraft[] {
    const id = decided.result?.commandId ?? '';
    const one = asked.get(id);
    if (!one) return [];
    asked.delete(id);
    const told: Told & { refusal?: string } = { ...one.told, ...settledBy(one.told, decided) };
    const ended = { by: one.by, sequence, at };
    const { parts } = one;
    if (!parts || told.refusal !== undefined) return [draft(ended, told)];
    const all = parts.flatMap((part) => part.told);
    const details = { ...told.details, listed: all.length, ...summed(parts.map(({ counts }) => counts)) };
    const { reason } = told;
    // Why somebody was erased belongs to that person's line, too.
    const lines = all.map((line) => (line.what === 'erased' && reason !== undefined ? { ...line, reason } : line));
    return [{ ...told, details }, ...lines].map((line) => draft(ended, line));
  }

  function draft(
    { at, by, sequence }: Pick<AuditDraft, 'at' | 'by' | 'sequence'>,
    told: Told & { refusal?: string },
  ): AuditDraft {
    return { at, journal, sequence, by, ...told };
  }

  return {
    /** What the account gains by a record. Errors: a record of a newer release. */
    step(stored: Stored): AuditDraft[] {
      const kind = recordKind(stored.body);
      if (kind !== 'command' && kind !== 'decided') return [];
      const record = decodeRecord(stored.body);
      if (record.kind === 'command') return hear(record.command, stored);
      return record.kind === 'decided' ? settle(record, stored) : [];
    },

    /** The first record that a start must read again to know what waits, once everything up to `sequence` was read. */
    needsFrom(sequence: number): number {
      const waiting = [...asked.values(), ...imports.values()].map(({ from }) => from);
      const recent = waiting.filter((from) => sequence - from < longestWait);
      return Math.min(sequence + 1, ...recent);
    },

    /** The newest that the journal says about the account. */
    mark: () => mark,
  };
}

export type AuditFold = ReturnType<typeof createAuditFold>;
export type AuditFoldParts = { journal: string; areaOf: (of: Audited['of']) => string | undefined };
/** At `at` (epoch ms) the account reached to entry `n`, which has that hash. */
export type AuditMark = { n: number; hash: string; at: number };

type Told = Audited & Pick<AuditDraft, 'areaId'>;
/** `from`: the first record that has to be read to know it again. `parts`: of an import. */
type Asked = { from: number; by: string; told: Told; parts?: Part[] };
type Part = { told: Told[]; counts: { [entity: string]: number }; changes: number };
type Import = { from: number; parts: Map<number, Part> };

function summed(all: Part['counts'][]): { [entity: string]: number } {
  const sums: { [entity: string]: number } = {};
  for (const counts of all) {
    for (const [entity, count] of Object.entries(counts)) sums[entity] = (sums[entity] ?? 0) + count;
  }
  return sums;
}

function forgetFirst(all: Map<string, unknown> | Set<string>): void {
  const [first] = all.keys();
  if (first !== undefined) all.delete(first);
}

const mostAsked = 1_000;
const mostLooks = 10_000;
const mostToldOfImport = 10_000;
/** Whatever waits for longer will not be decided any more: its process died before it was, and the next one decided anew. */
const longestWait = 200_000;
