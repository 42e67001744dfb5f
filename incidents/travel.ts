import type { Whereabouts } from '../records/alert.ts';
import type { Position } from '../records/geodesy.ts';
import type { Contact, Place } from '../records/registry.ts';
import { metersBetween } from '../rules/wandering/geodesy.ts';

/** Minutes that a contact needs to get there, getting ready included; undefined where one of the two positions is not known. */
export function minutesOfTravel(
  { position, travel = 'car' }: Pick<Contact, 'position' | 'travel'>,
  where: Whereabouts,
  registry: { place(id: string): Place | undefined },
): number | undefined {
  const goal = where.placeId === undefined ? undefined : registry.place(where.placeId)?.position;
  return position && goal && readyMinutes + minutesOfWay(position, goal, travel);
}

function minutesOfWay(from: Position, to: Position, travel: NonNullable<Contact['travel']>): number {
  const way = ways[travel];
  return (metersBetween(from, to) * way.detour) / way.metersPerMinute;
}

/** Until somebody who was called has set out. */
const readyMinutes = 3;

/**
 * How much longer than the straight line the way is, and how fast people are on it by night on tracks. Source: docs/escalation.md, by
 * which an operator sees what is assumed.
 */
export const ways = {
  foot: { metersPerMinute: 75, detour: 1.2 },
  horse: { metersPerMinute: 200, detour: 1.2 },
  motorbike: { metersPerMinute: 600, detour: 1.4 },
  car: { metersPerMinute: 700, detour: 1.5 },
} as const;
