import type { AlertChange, Blindness, Harm } from './alert.ts';
import type { FoldState } from './fold-state.ts';

/** Who is watched for what now, as it was decided: a row a household. What has no entry was never equipped. */
export function createCoverageShelf(state: FoldState) {
  const rows = state.table<HomeCoverage>('coverage-now');
  return {
    put({ personId, where, harm, state: now, since, why }: Extract<AlertChange, { type: 'coverage' }>): void {
      if (where.householdId === undefined) return;
      const { [personId]: before = {}, ...others } = rows.get(where.householdId) ?? {};
      const { [harm]: _, ...rest } = before;
      const sights = now === 'never-equipped' ? rest : { ...rest, [harm]: { state: now, since, ...(why && { why }) } };
      const after = Object.keys(sights).length > 0 ? { ...others, [personId]: sights } : others;
      if (Object.keys(after).length > 0) rows.set(where.householdId, after);
      else rows.delete(where.householdId);
    },
    of: (householdId: string): HomeCoverage => rows.get(householdId) ?? {},
  };
}

export type CoverageShelf = ReturnType<typeof createCoverageShelf>;
/** By person and harm. `since`: epoch ms. */
export type HomeCoverage = { readonly [personId: string]: { readonly [H in Harm]?: Sight } };
type Sight = { state: 'watched' | 'blind'; since: number; why?: Blindness };
