import { z } from 'zod';
import type { FoldState, Table } from './fold-state.ts';
import type { Area } from './registry.ts';

/**
 * Why nobody watches: no page says that somebody is signed in, its sound is locked or off, nobody touched it for long, or desk's process
 * itself does not answer.
 */
export const whyEmpty = ['no-page', 'no-sound', 'no-action', 'desk-silent'] as const;
export type WhyEmpty = (typeof whyEmpty)[number];

/** The areas over which somebody at a desk watches now, with everything below them; empty text: the whole installation. */
export const watchedAreas = z.array(z.string().max(32)).max(200);
/** What desk says of itself, every few seconds. `why`: what those lack who are there and do not watch. */
export const deskHeartbeat = z.strictObject({ watched: watchedAreas, why: z.enum(whyEmpty) });
export type DeskHeartbeat = z.infer<typeof deskHeartbeat>;

/**
 * One area that a desk watches, or did: with the alert that says since when nobody does. Before a desk was seen there nothing is known,
 * and nobody is missed.
 */
export type DeskWatch = { since: number; emptyAlertId?: string };
export const deskWatches = (state: FoldState): Table<DeskWatch> => state.table<DeskWatch>('desk-watches');

/**
 * Whether the desk of that area is empty: one that watched over it does not any more, and none of an area around it does. Without an
 * area, or for one that is not in the registry: that of the whole installation, or of a county.
 */
export function deskIsEmpty(state: FoldState, areaId: string | undefined, areas: Areas): boolean {
  const watches = deskWatches(state);
  const around = areaId === undefined ? [] : upward(areaId, areas);
  const counties = () => [...watches.keys()].filter((id) => areas.area(id)?.level === 'county');
  const ids = [...(around.length > 0 ? around : counties()), everywhere];
  const found = ids.flatMap((id) => watches.get(id) ?? []);
  return found.length > 0 && found.every(({ emptyAlertId }) => emptyAlertId !== undefined);
}

/** Whether one of these watches over an area. */
export const isWatched = (areaId: string, watched: ReadonlySet<string>, areas: Areas): boolean =>
  watched.has(everywhere) || upward(areaId, areas).some((id) => watched.has(id));

/** What desk last said that it watches, in the order of the alphabet. */
export const watchedNow = (state: FoldState): string[] =>
  [...deskWatches(state).entries()]
    .flatMap(([areaId, { emptyAlertId }]) => (emptyAlertId === undefined ? [areaId] : []))
    .sort();

export const everywhere = '';
type Areas = { area(id: string): Area | undefined };

/** The area and those around it; none, when the registry does not know it. Three levels, whatever the registry says. */
function upward(areaId: string, areas: Areas): string[] {
  const ids: string[] = [];
  for (let area = areas.area(areaId); area !== undefined && ids.length < 3; ) {
    ids.push(area.id);
    area = area.parentId === undefined ? undefined : areas.area(area.parentId);
  }
  return ids;
}
