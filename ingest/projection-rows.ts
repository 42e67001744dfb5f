import type { ProjectionBatch } from '../storage/store.ts';
import type { Stored } from './judge.ts';

/** The rows of a stretch of the journal, before it is known where it ends. */
export type ProjectedRows = Pick<ProjectionBatch, 'gaps' | (typeof rowLists)[number]>;
export const noRows = (): ProjectedRows => ({
  gaps: [],
  reports: [],
  rejections: [],
  alerts: [],
  incidents: [],
  notices: [],
  attempts: [],
  entities: [],
  registrations: [],
  visits: [],
});

/** Each of its records as a batch of its own. */
export function* singleRecords(batch: ProjectionBatch, records: Stored[]): IterableIterator<ProjectionBatch> {
  let { after, gaps } = batch;
  for (const { sequence, receivedAt } of records) {
    const rows = rowsWhere(batch, (row) => row.sequence === sequence);
    yield { ...batch, ...rows, gaps, after, sequence, receivedAt };
    after = sequence;
    gaps = [];
  }
}

/** Gaps are left as they are: they have no record to come from. */
export function rowsWhere(
  { gaps, ...rows }: ProjectedRows,
  isMeant: (row: { sequence: number }) => boolean,
): ProjectedRows {
  const meant = { ...noRows(), gaps };
  for (const list of rowLists) (meant[list] as object[]) = rows[list].filter(isMeant);
  return meant;
}

/** The lists whose rows name the record that they came from. */
export const rowLists = [
  ...(['reports', 'rejections', 'alerts', 'incidents', 'notices', 'attempts', 'entities'] as const),
  ...(['registrations', 'visits'] as const),
];
