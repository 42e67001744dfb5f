import type { FoldState, Table } from './fold-state.ts';
import type { RegistryChange } from './registry.ts';
import { keyOf } from './registry-links.ts';

export const mostImports = 4;
export const mostStagedChanges = 1_000_000;

type Refusal = { ok: false; problems: string[] };

/** Parts of imports that wait for their commit. When too many imports wait, the oldest makes room for a new one. */
export function createStaging(state: FoldState) {
  const tables: Tables = { imports: state.table('registry-import'), parts: state.table('registry-staged') };
  const { imports, parts } = tables;
  return {
    /** The same part again replaces the first. */
    add(importId: string, part: number, changes: readonly RegistryChange[]): { ok: true } | Refusal {
      if (!imports.has(importId)) makeRoom(tables);
      const all = [...imports.values()];
      const order = Math.max(0, ...all.map((other) => other.order)) + 1;
      const before = imports.get(importId) ?? { order, parts: 0, changes: 0 };
      const replaced = parts.get(partKey(importId, part));
      const gained = changes.length - (replaced?.length ?? 0);
      if (all.reduce((sum, other) => sum + other.changes, gained) > mostStagedChanges) {
        drop(tables, importId);
        const problem = `more than ${mostStagedChanges} changes would wait for a commit; import fewer at a time`;
        return { ok: false, problems: [problem] };
      }
      parts.set(partKey(importId, part), changes);
      const counts = { parts: before.parts + (replaced ? 0 : 1), changes: before.changes + gained };
      imports.set(importId, { order: before.order, ...counts });
      return { ok: true };
    },

    /** Takes all the parts of an import out, for good. */
    take(importId: string, count: number): { ok: true; changes: RegistryChange[] } | Refusal {
      const found = Array.from({ length: count }, (_, part) => parts.get(partKey(importId, part)));
      const came = imports.get(importId)?.parts ?? 0;
      drop(tables, importId);
      const missing = found.indexOf(undefined);
      if (missing < 0 && came === count) return { ok: true, changes: found.flatMap((part) => part ?? []) };
      const what = missing >= 0 ? `part ${missing} is missing` : `${came} came`;
      return {
        ok: false,
        problems: [`import ${importId} was to have ${count} parts, but ${what}; send all of it again`],
      };
    },

    keys(): Set<string> {
      const puts = [...parts.values()].flat().filter((change) => change.type === 'put');
      return new Set(puts.map(({ entity, value }) => keyOf(entity, value.id)));
    },
  };
}

type Tables = {
  imports: Table<{ order: number; parts: number; changes: number }>;
  parts: Table<readonly RegistryChange[]>;
};

const partKey = (importId: string, part: number): string => `${part}/${importId}`;

function drop({ imports, parts }: Tables, importId: string): void {
  imports.delete(importId);
  for (const key of [...parts.keys()]) if (key.slice(key.indexOf('/') + 1) === importId) parts.delete(key);
}

function makeRoom(tables: Tables): void {
  if (tables.imports.size < mostImports) return;
  const [oldest] = [...tables.imports.entries()].reduce((a, b) => (b[1].order < a[1].order ? b : a));
  drop(tables, oldest);
}
