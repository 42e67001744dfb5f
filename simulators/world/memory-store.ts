import type { Stored } from '../../ingest/judge.ts';
import { createProjectionFold } from '../../ingest/projection-fold.ts';
import { noRows, rowLists } from '../../ingest/projection-rows.ts';
import { databaseRefused, databaseUnfit } from '../../platform/errors.ts';
import type { Incident, TimelineEntry } from '../../records/incident.ts';
import { extraOf } from '../../storage/report-columns.ts';
import { defaultKeep } from '../../storage/retention.ts';
import { json } from '../../storage/sql-text.ts';
import type {
  IncidentQuery,
  ProjectionBatch,
  ReportRow,
  Store,
  StoredPosition,
  StoredReport,
  Upkeep,
} from '../../storage/store.ts';
import type { Rows } from './evidence.ts';

/**
 * The store in memory. It keeps every row as it was written, one behind the other: a row that is written twice is there
 * twice, where a table would pass over it in silence. It grows with what is written to it, as a database does.
 */
export class MemoryStore implements Store {
  #position: StoredPosition | undefined;
  #rows: Rows = noRows();

  async position(): Promise<StoredPosition | undefined> {
    return this.#position;
  }

  async writeBatch(batch: ProjectionBatch): Promise<void> {
    const { journalId, after, sequence, receivedAt } = batch;
    const stands = this.#position;
    const isSame = stands === undefined || stands.journalId === journalId;
    if (!isSame || (stands?.sequence ?? 0) !== after) {
      if (isSame && stands?.sequence === sequence) return;
      const where = stands ? `${stands.journalId} at ${stands.sequence}` : 'empty';
      throw databaseUnfit({}, `it is ${where} and not ${journalId} at ${after}`);
    }
    for (const { occurredAt } of batch.reports) {
      if (!(occurredAt > earliestAt && occurredAt < latestAt)) throw databaseRefused({}, `timestamp ${occurredAt}`);
    }
    for (const list of rowLists) append(this.#rows[list], batch[list]);
    // The one thing that is rightly said again: it has no record of its own to come from.
    const isKnown = (gap: Gap) => this.#rows.gaps.some(({ from }) => from === gap.from);
    for (const gap of batch.gaps) if (!isKnown(gap)) this.#rows.gaps.push(gap);
    this.#position = { journalId, sequence, receivedAt };
  }

  async maintain(at: number): Promise<Upkeep> {
    for (const list of ['reports', 'rejections'] as const) dropBefore(this.#rows[list], at - defaultKeep[list] * dayMs);
    return { due: 0 };
  }

  async incidentHistory({ limit, before, within }: IncidentQuery): Promise<Incident[]> {
    const latest = new Map(this.#rows.incidents.map(({ change }) => [change.incident.incidentId, change.incident]));
    const areas = areasIn(this.#rows.entities);
    const isWithin = ({ where: { areaId = '' } }: Incident) =>
      !within || within.areas.includes(areaId) || (within.unplaced && !areas.has(areaId));
    const newestFirst = [...latest.values()].sort((a, b) => (isOlder(a, b) ? 1 : -1));
    return newestFirst
      .filter((incident) => isWithin(incident) && (!before || isOlder(incident, before)))
      .slice(0, limit);
  }

  async incident(incidentId: string): Promise<Incident | undefined> {
    return this.#rows.incidents.findLast(({ change }) => change.incident.incidentId === incidentId)?.change.incident;
  }

  async incidentTimeline(incidentId: string): Promise<TimelineEntry[] | undefined> {
    const changes = this.#rows.incidents.filter(({ change }) => change.incident.incidentId === incidentId);
    return changes.length === 0 ? undefined : changes.flatMap(({ change }) => change.timeline);
  }

  async deviceReports({ deviceId, limit, before }: Parameters<Store['deviceReports']>[0]): Promise<StoredReport[]> {
    return this.#rows.reports
      .filter((row) => row.deviceId === deviceId && (before === undefined || row.occurredAt < before))
      .sort((a, b) => b.occurredAt - a.occurredAt || b.sequence - a.sequence || b.part - a.part)
      .slice(0, limit)
      .map(storedReport);
  }

  async close(): Promise<void> {}

  /** All rows, in the order of their sequence. */
  everything(): Rows {
    const rows = copyOf(this.#rows);
    for (const list of rowLists) rows[list].sort((a, b) => a.sequence - b.sequence);
    rows.gaps.sort((a, b) => a.from - b.from);
    return rows;
  }

  /** A backup of the database, for `restore`. */
  copyAt(): StoreCopy {
    return { position: this.#position, rows: copyOf(this.#rows) };
  }

  /** The database is put back to what it was. */
  restore({ position, rows }: StoreCopy): void {
    this.#position = position;
    this.#rows = copyOf(rows);
  }
}

export type StoreCopy = { readonly position: StoredPosition | undefined; readonly rows: Rows };

/** What the rows of a store must be that copied this whole journal, from its first record on: folded with no store at all. */
export function freshFold(journal: readonly Stored[]): Rows {
  const fold = createProjectionFold();
  const rows = noRows();
  for (const stored of journal) {
    try {
      fold.step(stored, rows);
    } catch {
      // Whatever is wrong with it, a record that cannot be read is on record as missing.
      rows.gaps.push({ from: stored.sequence, to: stored.sequence });
    }
  }
  return rows;
}

type Gap = Rows['gaps'][number];

/** A stretch of a journal may be longer than a call may have arguments. */
function append(rows: object[], more: readonly object[]): void {
  for (const row of more) rows.push(row);
}

/** Rows stand in the order in which they were received: mostly there is nothing to drop. */
function dropBefore(rows: { receivedAt: number }[], at: number): void {
  const kept = rows.findIndex(({ receivedAt }) => receivedAt >= at);
  if (kept !== 0) rows.splice(0, kept < 0 ? rows.length : kept);
}
const dayMs = 86_400_000;

function copyOf(rows: Rows): Rows {
  const copy: Rows = { ...noRows(), gaps: [...rows.gaps] };
  for (const list of rowLists) append(copy[list], rows[list]);
  return copy;
}

function areasIn(changes: Rows['entities']): Set<string> {
  const areas = new Set<string>();
  for (const { change } of changes) {
    if (change.entity === 'every') areas.clear();
    if (change.entity !== 'area') continue;
    if (change.value) areas.add(change.id);
    else areas.delete(change.id);
  }
  return areas;
}

type Opened = Pick<Incident, 'openedAt' | 'incidentId'>;
const isOlder = (one: Opened, other: Opened): boolean =>
  one.openedAt < other.openedAt || (one.openedAt === other.openedAt && one.incidentId < other.incidentId);

/** As it is read back from text: without its version, samples counted, and with nothing that a database cannot hold. */
function storedReport({ sequence, part, receivedAt, occurredAt, clock, report, unread }: ReportRow): StoredReport {
  const { v, ...fields } = report;
  const said = JSON.parse(json({ ...fields, ...extraOf(report, unread) })) as StoredReport['report'];
  return { sequence, part, receivedAt, occurredAt, clock, report: said };
}

// What PostgreSQL has timestamps for: from 4713 BC up to the year 294276.
const earliestAt = -210_866_803_200_000;
const latestAt = 9_224_318_016_000_000;
