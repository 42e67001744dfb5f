import type { FoldState, Table } from './fold-state.ts';
import type { EntityType } from './registry.ts';
import type { Link } from './registry-links.ts';

/**
 * Who refers to whom. It is derived from the entities, joins the fold's undo, and is made again after a load. A table for each pair of
 * kinds: what is asked for with every report is found by an id that is there, and not by a name that is put together each time.
 */
export function createRegistryIndex(state: FoldState) {
  const tables = new Map<Link['to'], Map<EntityType, Table<readonly string[]>>>();

  function tableOf(to: Link['to'], from: EntityType): Table<readonly string[]> {
    const ofTarget = tables.get(to) ?? new Map<EntityType, Table<readonly string[]>>();
    tables.set(to, ofTarget);
    const table =
      ofTarget.get(from) ?? state.table<readonly string[]>(`registry-index:${to}<${from}`, { derived: true });
    ofTarget.set(from, table);
    return table;
  }

  return {
    referrers: (to: Link['to'], id: string, from: EntityType): readonly string[] =>
      tables.get(to)?.get(from)?.get(id) ?? none,

    /** One new list a target, however many of its members change: a village of 100,000 places is copied once. */
    beginEdits() {
      const edits = new Map<Table<readonly string[]>, Map<string, Map<string, boolean>>>();
      return {
        /** Whether that entity refers to the target from now on. The last word about it wins. */
        set({ to, id }: Pick<Link, 'to' | 'id'>, from: EntityType, member: string, isIn: boolean): void {
          const table = tableOf(to, from);
          const ofTable = edits.get(table) ?? new Map<string, Map<string, boolean>>();
          edits.set(table, ofTable);
          const ofTarget = ofTable.get(id) ?? new Map<string, boolean>();
          ofTable.set(id, ofTarget.set(member, isIn));
        },
        carryOut(): void {
          for (const [table, targets] of edits) for (const [id, members] of targets) edit(table, id, members);
        },
      };
    },

    clear(): void {
      for (const ofTarget of tables.values())
        for (const table of ofTarget.values()) for (const key of [...table.keys()]) table.delete(key);
    },
  };
}

export type RegistryIndex = ReturnType<typeof createRegistryIndex>;
export type IndexEdits = ReturnType<RegistryIndex['beginEdits']>;

const none: readonly string[] = [];

/** By id, whatever the order in which they came: a process that was started again knows the same order, and decides the same. */
function edit(table: Table<readonly string[]>, id: string, members: ReadonlyMap<string, boolean>): void {
  const kept = (table.get(id) ?? none).filter((member) => members.get(member) !== false);
  const known = new Set(kept);
  const added = [...members].flatMap(([member, isIn]) => (isIn && !known.has(member) ? member : []));
  const after = added.length > 0 ? [...kept, ...added].sort() : kept;
  if (after.length > 0) table.set(id, after);
  else table.delete(id);
}
