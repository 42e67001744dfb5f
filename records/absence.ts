import type { Person } from './registry.ts';

type Absence = NonNullable<Person['absence']>;

/** Why somebody comes back no more. */
export const goneForGood: ReadonlySet<Absence['reason']> = new Set(['moved', 'deceased'] as const);

/** Who still lives there at that time, whether they are home or not. Epoch ms. */
export function livesThere({ absence }: Pick<Person, 'absence'>, at: number): boolean {
  return absence === undefined || absence.since > at || !goneForGood.has(absence.reason);
}
