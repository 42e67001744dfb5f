import type { Position } from '../../records/geodesy.ts';
import { metersBetween } from './geodesy.ts';

/** A square of the pasture about 2 km wide, and on how many days (whole days since 1970, county's zone) somebody rode there. */
export type Cell = { readonly row: number; readonly column: number; readonly days: number; readonly lastDay: number };

/** With one more ride; the same value when nothing is new that day. Cells that nobody saw for long make room first. */
export function withRide(cells: readonly Cell[], point: Position, day: number): readonly Cell[] {
  const { row, column } = cellOf(point);
  const known = cells.find((cell) => cell.row === row && cell.column === column);
  if (known && known.lastDay >= day) return cells;
  const fresh = cells.filter((cell) => cell !== known && day - cell.lastDay <= rememberDays);
  if (fresh.length >= mostCells) {
    const leastKnown = fresh.reduce((a, b) =>
      b.days < a.days || (b.days === a.days && b.lastDay < a.lastDay) ? b : a,
    );
    fresh.splice(fresh.indexOf(leastKnown), 1);
  }
  return [...fresh, { row, column, days: Math.min(mostDays, (known?.days ?? 0) + 1), lastDay: day }];
}

/** When the last of them is too old to say anything, epoch ms. */
export const forgottenAt = (cells: readonly Cell[]): number =>
  (Math.max(...cells.map(({ lastDay }) => lastDay)) + rememberDays + 1) * 86_400_000;

/** Whether somebody rode near there on at least so many days. */
export const isUsual = (cells: readonly Cell[], point: Position, usual: Usual): boolean =>
  usualPlaces(cells, usual).some((place) => metersBetween(place, point) <= usual.usualMeters);

/** The middle of each square where somebody rode on at least so many days. */
export const usualPlaces = (cells: readonly Cell[], { usualDays }: Pick<Usual, 'usualDays'>): Position[] =>
  cells.filter(({ days }) => days >= usualDays).map(centreOf);
type Usual = { usualDays: number; usualMeters: number };

/** Rows are a fiftieth of a degree; columns are as wide, so that there are fewer towards the poles. */
function cellOf({ lat, lon }: Position): Pick<Cell, 'row' | 'column'> {
  const row = Math.floor(lat * 50);
  return { row, column: Math.floor(lon * columnsPerDegree(row)) };
}
function centreOf({ row, column }: Cell): Position {
  return { lat: (row + 0.5) / 50, lon: (column + 0.5) / columnsPerDegree(row) };
}
const columnsPerDegree = (row: number): number => 50 * Math.max(0.01, Math.cos(((row + 0.5) * Math.PI) / 9000));

/** Two hundred square kilometres. */
const mostCells = 48;
const mostDays = 99;
/** A season: next year's pasture may be another. */
const rememberDays = 120;
