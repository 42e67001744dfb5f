import type { AlertChange, Blindness, Harm } from './alert.ts';
import type { FoldState } from './fold-state.ts';

/** Who is watched for what now, as it was decided: a row a household, the people in it as a list. What has no entry was never equipped. */
export function createCoverageShelf(state: FoldState) {
  const rows = state.table<readonly Watched[]>('coverage-now');
  return {
    put({ personId, where, harm, state: now, since, why }: Extract<AlertChange, { type: 'coverage' }>): void {
      if (where.householdId === undefined) return;
      const people = rows.get(where.householdId) ?? [];
      const others = people.filter((one) => one.personId !== personId);
      const { [harm]: _, ...rest } = people.find((one) => one.personId === personId)?.sights ?? {};
      const sights = now === 'never-equipped' ? rest : { ...rest, [harm]: { state: now, since, ...(why && { why }) } };
      const after = Object.keys(sights).length > 0 ? [...others, { personId, sights }] : others;
      if (after.length > 0) rows.set(where.householdId, after);
      else rows.delete(where.householdId);
    },
    of: (householdId: string): HomeCoverage =>
      Object.fromEntries((rows.get(householdId) ?? []).map(({ personId, sights }) => [personId, sights])),
  };
}

export type CoverageShelf = ReturnType<typeof createCoverageShelf>;
/** By person and harm. `since`: epoch ms. */
export type HomeCoverage = { readonly [personId: string]: Sights };
type Watched = { personId: string; sights: Sights };
type Sights = { readonly [H in Harm]?: Sight };
type Sight = { state: 'watched' | 'blind'; since: number; why?: Blindness };
