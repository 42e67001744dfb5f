import { entityVersion } from '../../records/entity-version.ts';
import type { Entity, EntityType, RegistryChange } from '../../records/registry.ts';
import { idOf } from '../../records/registry-check.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { keyOf } from '../../records/registry-links.ts';
import { unsealEntity } from '../../records/sealing.ts';
import { type EntryParts, readEntry, type Section, sections } from './registry-entry.ts';

/** One entry of a file, the line in which it begins, and where a person finds each of its fields. */
export type Entry<At> = { section: Section; value: unknown; line: number; at(path: readonly PropertyKey[]): At };
/** What is wrong, and where. */
export type PlanProblem<At> = Said & { at: At };

export type PlanParts = EntryParts & {
  registry: Pick<Registry, 'get' | 'check'>;
  /** Why whoever asks may not make this change; nothing when they may. */
  refusal?(change: RegistryChange): Said | undefined;
};
export type Said = { problem: string; zh: string };

/** `changes`: what is not so already, in plain text, each expecting what was seen here. Empty when there are problems. */
export type Plan<At> = {
  changes: RegistryChange[];
  counts: Counts;
  withoutSecret: number;
  problems: PlanProblem<At>[];
};
export type Counts = { [S in Section]?: { [O in Outcome]?: number } };
export type Outcome = 'added' | 'changed' | 'removed';

/**
 * Gathers the entries of a file, whatever kind of file it is, and comes to what they ask for, or to everything that is wrong with them. An
 * entry replaces what has its id; what is not named stays. It takes entries one at a time, so that a large file can be
 * planned beside other work.
 */
export function createPlan<At>(parts: PlanParts) {
  const gathered: Gathered<At> = { items: new Map(), all: [], news: [], unread: new Set(), problems: [] };
  return {
    put(entry: Entry<At>): void {
      const entity = sections[entry.section];
      const read = readEntry(entry.section, entry.value, parts);
      if (read.ok) {
        keep(parts, gathered, entry, { type: 'put', entity, value: read.value } as RegistryChange);
        return;
      }
      const id = (entry.value as { id?: unknown } | undefined)?.id;
      const key = typeof id === 'string' ? keyOf(entity, id) : `an entry of ${entry.section}`;
      gathered.unread.add(key);
      for (const { path, problem, zh } of read.issues)
        gathered.problems.push({ at: entry.at(path), problem: `${nameOf(key)}: ${problem}`, zh });
    },

    remove(entry: Entry<At>, id: string): void {
      keep(parts, gathered, entry, { type: 'remove', entity: sections[entry.section], id });
    },

    /** Of the file itself, or of an entry that has no place among the others. */
    problem(problem: PlanProblem<At>): void {
      gathered.problems.push(problem);
    },

    /** What all of it comes to; judged as it would stand together. What has no place in the file is named at `otherwise`. */
    end(otherwise: At): Plan<At> {
      const { all, items, unread, problems } = gathered;
      for (const { entity, id, field, problem, zh, missing } of parts.registry.check(all)) {
        if (missing !== undefined && unread.has(missing)) continue;
        const key = keyOf(entity, id);
        const at = items.get(key)?.at(field === undefined ? [] : [field]) ?? otherwise;
        problems.push({ at, problem: `${nameOf(key)}: ${problem}`, zh });
      }
      const news = problems.length === 0 ? gathered.news : [];
      const changes = news.map(({ change }) => change);
      return { changes, counts: counted(news), withoutSecret: changes.filter(isWithoutSecret).length, problems };
    },
  };
}

type Gathered<At> = {
  items: Map<string, Entry<At>>;
  all: RegistryChange[];
  /** What is not so already. */
  news: News[];
  /** Entries with problems of their own: that others refer to them is no further problem. */
  unread: Set<string>;
  problems: PlanProblem<At>[];
};
type News = { change: RegistryChange; section: Section; outcome: Outcome };

function keep<At>(
  parts: PlanParts,
  { items, all, news, problems }: Gathered<At>,
  entry: Entry<At>,
  change: RegistryChange,
): void {
  const id = idOf(change);
  const key = keyOf(change.entity, id);
  const refusal = againIn(items.get(key)) ?? parts.refusal?.(change);
  if (refusal) {
    problems.push({ at: entry.at([]), problem: `${nameOf(key)}: ${refusal.problem}`, zh: refusal.zh });
    return;
  }
  items.set(key, entry);
  all.push(change);
  const current = parts.registry.get(change.entity, id);
  const outcome = outcomeOf(change, current, parts);
  if (outcome === undefined) return;
  news.push({ change: { ...change, expectedVersion: entityVersion(current) }, section: entry.section, outcome });
}

function againIn(first: Pick<Entry<unknown>, 'line'> | undefined): Said | undefined {
  if (!first) return undefined;
  const problem = `is here a second time; the first is in line ${first.line}`;
  return { problem, zh: `重复出现，第一次在第${first.line}行` };
}

function counted(news: readonly News[]): Counts {
  const counts: Counts = {};
  for (const { section, outcome } of news) {
    const of = counts[section] ?? {};
    counts[section] = { ...of, [outcome]: (of[outcome] ?? 0) + 1 };
  }
  return counts;
}

const nameOf = (key: string): string => key.replace(':', ' ');

/** Undefined when it is so already. */
function outcomeOf(
  change: RegistryChange,
  current: Entity<EntityType> | undefined,
  { unseal }: Pick<EntryParts, 'unseal'>,
): Outcome | undefined {
  if (change.type === 'remove') return 'removed';
  if (!current) return 'added';
  const before = JSON.stringify(unsealEntity(change.entity, current, { unseal }));
  return before === JSON.stringify(unsealEntity(change.entity, change.value, { unseal })) ? undefined : 'changed';
}

const isWithoutSecret = (change: RegistryChange): boolean =>
  change.type === 'put' && change.entity === 'device' && change.value.credential === undefined;
