import type { Position } from '../../records/geodesy.ts';
import type { Person } from '../../records/registry.ts';
import type { Home } from '../home.ts';
import { metersOutside, type Shape } from './geodesy.ts';

/**
 * Where somebody is expected at `at`: in their zones and those of the household's place, as far as they count in that month. Where none of
 * these holds the place itself, a circle around it counts as well: smaller for who has dementia. Empty: nobody knows.
 */
export function expectedPlaces(home: Home, person: Person | undefined, at: number, settings: Radii): readonly Shape[] {
  const shapes: Shape[] = home
    .zones(person?.id)
    .filter(({ months }) => months === undefined || months.includes(home.local(at).month))
    .map(({ shape }) => shape);
  const centre = home.place()?.position;
  if (centre && !shapes.some((shape) => metersOutside(shape, centre) <= 0)) {
    const radiusMeters = hasDementia(person) ? settings.dementiaRadiusMeters : settings.homeRadiusMeters;
    shapes.push({ type: 'circle', lat: centre.lat, lon: centre.lon, radiusMeters });
  }
  return shapes;
}
export type Radii = { homeRadiusMeters: number; dementiaRadiusMeters: number };

/** How far (m) beyond the nearest edge; negative inside. Undefined where nobody knows where somebody is expected. */
export function beyondMeters(shapes: readonly Shape[], point: Position): number | undefined {
  return shapes.length === 0 ? undefined : Math.min(...shapes.map((shape) => metersOutside(shape, point)));
}

export const hasDementia = (person: Person | undefined): boolean => person?.categories.includes('dementia') ?? false;

/** In hospital, with family or on a journey: nobody is missed at home. */
export function isAbsent(person: Person | undefined, at: number): boolean {
  const absence = person?.absence;
  return absence !== undefined && absence.since <= at && (absence.until === undefined || at < absence.until);
}
