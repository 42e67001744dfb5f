import type pg from 'pg';

/** What supervisors ask of a month. Errors: DATABASE_AWAY, try later. */
export type Statistics = {
  /** `month`: `2026-11`, of the county's zone. By area, in the order of their ids. */
  visitedMonth(month: string): Promise<VisitedArea[]>;
};

/**
 * Households that were registered in an area at the month's end, and what was seen of them in the month: `visited`, well or helped;
 * `helped`; `attempted`, nobody was there; `notVisited`, the ids of those that nobody was seen in.
 */
export type VisitedArea = {
  areaId: string;
  area: string | null;
  registered: number;
  visited: number;
  helped: number;
  attempted: number;
  notVisited: string[];
};

export async function visitedMonth(client: pg.ClientBase, month: string): Promise<VisitedArea[]> {
  const { rows } = await client.query<VisitedArea>(selectVisitedMonth, [`${month}-01`]);
  return rows;
}

export const selectVisitedMonth = `
  select area_id as "areaId", area, registered::int4, visited::int4, helped::int4, attempted::int4, not_visited as "notVisited"
  from visited_month($1::date)`;
