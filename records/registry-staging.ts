import type { FoldState } from './fold-state.ts';
import type { RegistryChange } from './registry.ts';
import { keyOf } from './registry-links.ts';

const mostImports = 4;
const mostStagedChanges = 1_000_000;

type Refusal = { ok: false; problems: string[] };

/** Parts of imports that wait for their commit. When too many imports wait, the oldest makes room for a new one. */
export function createStaging(state: FoldState) {
  const imports = state.table<{ order: number; parts: number; changes: number }>('registry-import');
  const parts = state.table<readonly RegistryChange[]>('registry-staged');
  const partKey = (importId: string, part: number) => `${part}/${importId}`;

  function drop(importId: string): void {
    imports.delete(importId);
    for (const key of [...parts.keys()]) if (key.slice(key.indexOf('/') + 1) === importId) parts.delete(key);
  }

  function makeRoom(): void {
    if (imports.size < mostImports) return;
    const [oldest] = [...imports.entries()].reduce((a, b) => (b[1].order < a[1].order ? b : a));
    drop(oldest);
  }

  return {
    /** The same part again replaces the first. */
    add(importId: string, part: number, changes: readonly RegistryChange[]): { ok: true } | Refusal {
      if (!imports.has(importId)) makeRoom();
      const all = [...imports.values()];
      const before = imports.get(importId) ?? {
        order: Math.max(0, ...all.map(({ order }) => order)) + 1,
        parts: 0,
        changes: 0,
      };
      const replaced = parts.get(partKey(importId, part));
      const gained = changes.length - (replaced?.length ?? 0);
      if (all.reduce((sum, other) => sum + other.changes, gained) > mostStagedChanges) {
        drop(importId);
        return {
          ok: false,
          problems: [`more than ${mostStagedChanges} changes would wait for a commit; import fewer at a time`],
        };
      }
      parts.set(partKey(importId, part), changes);
      imports.set(importId, { ...before, parts: before.parts + (replaced ? 0 : 1), changes: before.changes + gained });
      return { ok: true };
    },

    /** Takes all the parts of an import out, for good. */
    take(importId: string, count: number): { ok: true; changes: RegistryChange[] } | Refusal {
      const found = Array.from({ length: count }, (_, part) => parts.get(partKey(importId, part)));
      const came = imports.get(importId)?.parts ?? 0;
      drop(importId);
      const missing = found.indexOf(undefined);
      if (missing < 0 && came === count) return { ok: true, changes: found.flatMap((part) => part ?? []) };
      const what = missing >= 0 ? `part ${missing} is missing` : `${came} came`;
      return {
        ok: false,
        problems: [`import ${importId} was to have ${count} parts, but ${what}; send all of it again`],
      };
    },

    keys(): Set<string> {
      const keys = new Set<string>();
      for (const changes of parts.values())
        for (const change of changes) if (change.type === 'put') keys.add(keyOf(change.entity, change.value.id));
      return keys;
    },
  };
}
