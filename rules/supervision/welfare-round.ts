import type { Person } from '../../records/registry.ts';
import type { Areas } from '../areas.ts';
import { newestSign } from '../life/life-signs.ts';

/**
 * In which order homes are visited when nothing is heard of a village: who needs help soonest and would be missed last. First by the
 * weights below, then whom no detector watches, then whose last sign of life is the oldest. Who is known to be away is not visited.
 * Units: `signAt` is epoch ms of the newest sign that a person lives; absent: there never was one.
 */
export function welfareRound(areas: Areas, areaIds: readonly string[], at: number): HomeToVisit[] {
  return areaIds
    .flatMap((areaId) => areas.householdsIn(areaId).map(({ id }) => ({ areaId, id })))
    .flatMap(({ areaId, id }) => {
      const people = areas.people(id).filter((person) => !isAway(person, at));
      if (people.length === 0) return [];
      const signAt = newestSign(areas.life(id), {})?.at;
      const isBlind = areas.detectorsOf(id).every((detector) => areas.standing(detector.id)?.silent !== false);
      return { householdId: id, areaId, weight: weightOf(people), isBlind, ...(signAt !== undefined && { signAt }) };
    })
    .sort(inOrder);
}

/** `isBlind`: nothing there would notice a fire. */
export type HomeToVisit = { householdId: string; areaId: string; weight: number; isBlind: boolean; signAt?: number };

const inOrder = (a: HomeToVisit, b: HomeToVisit): number =>
  b.weight - a.weight ||
  Number(b.isBlind) - Number(a.isBlind) ||
  (a.signAt ?? 0) - (b.signAt ?? 0) ||
  (a.householdId < b.householdId ? -1 : 1);

/** Who cannot help themselves comes before who is alone, and both before who is old. */
const weights: { readonly [C in Person['categories'][number]]: number } = {
  disabled: 4,
  dementia: 4,
  'living-alone': 3,
  'advanced-age': 2,
  'left-behind': 1,
  'low-income': 0,
};

/** Of a home: that of whoever there needs it most. Who lives by themselves is alone, whatever the registry says. */
function weightOf(people: readonly Person[]): number {
  const isAlone = people.length === 1;
  return Math.max(
    ...people.map(({ categories }) => {
      const all = isAlone ? new Set([...categories, 'living-alone' as const]) : new Set(categories);
      return [...all].reduce((sum, category) => sum + weights[category], 0);
    }),
  );
}

/** In hospital, with the family, on a journey. */
export function isAway({ absence }: Pick<Person, 'absence'>, at: number): boolean {
  return absence !== undefined && absence.since <= at && (absence.until === undefined || absence.until > at);
}
