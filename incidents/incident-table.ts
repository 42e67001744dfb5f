import type { Alert, Condition, Severity } from '../records/alert.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { Incident, IncidentAlert } from '../records/incident.ts';
import { DeadlineHeap } from '../rules/deadline-heap.ts';
import { isCry, keyOf } from './correlation.ts';

/**
 * The incidents and the ways to find them. Resolved ones are kept for a day, so that they can be reopened and late
 * words about their alerts find them. Every index is derived from the rows, joins the fold's undo, and is rebuilt after
 * a load.
 */
export function createIncidentTable(state: FoldState) {
  const rows = state.table<Incident>('incidents');
  const index = createIndex(state);
  const stalls = state.table<number>('incident-stalls');
  /** By alert: what stands and found no room in its incident's list, which counts it. */
  const uncarried = state.table<Uncarried>('alerts-uncarried');
  const dueOf = (incident: Incident): number | undefined => {
    const dueAt = deadlineOf(incident);
    return dueAt === undefined ? undefined : Math.max(dueAt, stalls.get(incident.incidentId) ?? 0);
  };
  const deadlines = createDeadlines(state, rows, dueOf);
  const find = (incidentId: string | undefined) => (incidentId === undefined ? undefined : rows.get(incidentId));

  return {
    get: (incidentId: string): Incident | undefined => rows.get(incidentId),
    /** The open incident of that key, else the one that such an incident became part of. */
    openWithKey: (key: string): Incident | undefined => find(index.byKey.get(key) ?? index.byMergedKey.get(key)?.[0]),
    /** Work of a week that ended by itself: more of the same week belongs to it. */
    restingWithKey: (key: string): Incident | undefined => find(index.byRest.get(key)),
    ofAlert: (alertId: string): Incident | undefined => find(index.byAlert.get(alertId)),
    /** Open incidents to which that contact is on the way, or where they are. */
    takenBy: (contactId: string): readonly string[] => index.byGoer.get(contactId) ?? [],
    openCriesAt: (placeId: string): Incident[] =>
      (index.criesByPlace.get(placeId) ?? []).flatMap((id) => find(id) ?? []),
    hasCode: (code: string): boolean => index.byCode.has(code),
    withCode: (code: string): Incident | undefined => find(index.byCode.get(code)),
    /** The one that it goes on as, however often that became part of another. What became part of one is never opened again: no circle. */
    wholeOf(incident: Incident | undefined): Incident | undefined {
      let whole = incident;
      for (let next = whole; next; next = find(next.mergedInto)) whole = next;
      return whole;
    },
    all: (): Incident[] => [...rows.values()],
    *open(): Iterable<Incident> {
      for (const incident of rows.values()) if (isOpen(incident)) yield incident;
    },
    openCounts(): Record<Severity, number> {
      const open = (severity: Severity) => index.counts.get(severity) ?? 0;
      return { critical: open('critical'), urgent: open('urgent'), service: open('service') };
    },
    nextDeadline: deadlines.earliest,
    deadlineCount: (): number => index.counts.get('deadlines') ?? 0,

    put(incident: Incident): void {
      const before = rows.get(incident.incidentId);
      const dueBefore = before && dueOf(before);
      stalls.delete(incident.incidentId);
      rows.set(incident.incidentId, incident);
      index.move(before, incident);
      if (dueBefore !== dueOf(incident)) deadlines.note(incident);
    },

    /** Its deadline could not be stepped: it is due again at `until`, or when it has changed. */
    stall(incidentId: string, until: number): void {
      const incident = rows.get(incidentId);
      if (!incident) return;
      stalls.set(incidentId, until);
      deadlines.note(incident);
    },

    isUncarried: (alertId: string): boolean => uncarried.has(alertId),
    /** Past the bound nobody knows any more when it is over: a person ends the incident. */
    countUncarried({ alertId, condition }: Pick<Alert, 'alertId' | 'condition'>, incidentId: string): void {
      if (uncarried.size < mostUncarried) uncarried.set(alertId, { incidentId, condition });
    },
    takeUncarried(alertId: string): { standing: Incident | undefined; condition: Condition } | undefined {
      const row = uncarried.get(alertId);
      if (!row) return undefined;
      uncarried.delete(alertId);
      return { standing: rows.get(row.incidentId), condition: row.condition };
    },

    remove(incidentId: string): void {
      stalls.delete(incidentId);
      for (const [alertId, row] of uncarried.entries()) if (row.incidentId === incidentId) uncarried.delete(alertId);
      index.move(rows.get(incidentId), undefined);
      rows.delete(incidentId);
    },

    rebuild(): void {
      index.clear();
      for (const incident of rows.values()) index.move(undefined, incident);
      deadlines.rebuild();
    },
  };
}

type Uncarried = { incidentId: string; condition: Condition };
const mostUncarried = 10_000;

export type IncidentTable = ReturnType<typeof createIncidentTable>;

/** When time alone changes it: a claim expires, a rung is due, a resolved one is dropped. */
export function deadlineOf({ state, ladder, week }: Incident): number | undefined {
  if (state.phase === 'resolved') return Math.max(state.since + keepResolvedMs, week?.endsAt ?? 0);
  const claimEnds = state.phase === 'claimed' && !state.acted ? state.expiresAt : Infinity;
  const rungDue = ladder.phase === 'running' || ladder.phase === 'waiting' ? (ladder.nextAt ?? Infinity) : Infinity;
  const due = Math.min(claimEnds, rungDue);
  return due === Infinity ? undefined : due;
}

export const isOpen = ({ state }: Incident): boolean => state.phase !== 'resolved';

const isResting = ({ state, week }: Incident): boolean =>
  week !== undefined && state.phase === 'resolved' && state.by.type === 'system';

export function keyOfIncident({ alerts, subject, week }: Incident): string {
  const [first] = alerts;
  if (!first) throw new Error('an incident without an alert has no key');
  return keyOf(first, subject, week);
}

/** Also those of incidents that became part of it. */
export const keysOfIncident = (incident: Incident): string[] => [
  keyOfIncident(incident),
  ...(incident.merged ?? []).map(({ key }) => key),
];

/** What became part of another incident is found there. */
const carried = ({ alerts, mergedInto }: Incident): readonly IncidentAlert[] =>
  mergedInto === undefined ? alerts : [];

/** A day, in which a resolved incident can be reopened; a week's work until the week is over. */
const keepResolvedMs = 24 * 3_600_000;

/** What the rows are found by. `cries` are falls and emergency calls that are open, by the place where they began. */
function createIndex(state: FoldState) {
  const byKey = state.table<string>('incident-by-key', { derived: true });
  const byMergedKey = state.table<readonly string[]>('incident-by-merged-key', { derived: true });
  const byRest = state.table<string>('incident-by-rest', { derived: true });
  const byAlert = state.table<string>('incident-by-alert', { derived: true });
  const byCode = state.table<string>('incident-by-code', { derived: true });
  const byGoer = state.table<readonly string[]>('incident-by-goer', { derived: true });
  const criesByPlace = state.table<readonly string[]>('cries-by-place', { derived: true });
  const counts = state.table<number>('incident-counts', { derived: true });

  function count(incident: Incident, change: 1 | -1): void {
    const add = (what: string) => counts.set(what, (counts.get(what) ?? 0) + change);
    if (isOpen(incident)) add(incident.severity);
    if (deadlineOf(incident) !== undefined) add('deadlines');
  }

  function moveOpen(incident: Incident, isNowOpen: boolean): void {
    if (isNowOpen) byKey.set(keyOfIncident(incident), incident.incidentId);
    else if (byKey.get(keyOfIncident(incident)) === incident.incidentId) byKey.delete(keyOfIncident(incident));
    for (const { key } of incident.merged ?? []) listUnder(byMergedKey, key, incident.incidentId, isNowOpen);
    moveCry(criesByPlace, incident, isNowOpen);
  }

  function moveResting(incident: Incident, isNowResting: boolean): void {
    if (isNowResting) byRest.set(keyOfIncident(incident), incident.incidentId);
    else if (byRest.get(keyOfIncident(incident)) === incident.incidentId) byRest.delete(keyOfIncident(incident));
  }

  return {
    byKey,
    byMergedKey,
    byRest,
    byAlert,
    byCode,
    byGoer,
    criesByPlace,
    counts,

    /** From what a row was to what it is; undefined: there is no row. */
    move(before: Incident | undefined, after: Incident | undefined): void {
      const gone = new Set(before && carried(before).map(({ alertId }) => alertId));
      for (const { alertId } of (after && carried(after)) ?? [])
        if (!gone.delete(alertId)) byAlert.set(alertId, after?.incidentId ?? '');
      for (const alertId of gone) if (byAlert.get(alertId) === before?.incidentId) byAlert.delete(alertId);
      if (before) count(before, -1);
      if (after) count(after, 1);
      const [went, goes] = [goerOf(before), goerOf(after)];
      if (went !== goes) {
        if (before && went !== undefined) listUnder(byGoer, went, before.incidentId, false);
        if (after && goes !== undefined) listUnder(byGoer, goes, after.incidentId, true);
      }
      if (after) byCode.set(after.code, after.incidentId);
      else if (before) byCode.delete(before.code);
      if (before && isResting(before)) moveResting(before, false);
      if (after && isResting(after)) moveResting(after, true);
      const wasOpen = before !== undefined && isOpen(before);
      const isNowOpen = after !== undefined && isOpen(after);
      if (wasOpen && isNowOpen && keysOfIncident(before).join() === keysOfIncident(after).join()) return;
      if (wasOpen) moveOpen(before, false);
      if (isNowOpen) moveOpen(after, true);
    },

    clear(): void {
      for (const table of [byKey, byMergedKey, byRest, byAlert, byCode, byGoer, criesByPlace, counts]) {
        for (const key of [...table.keys()]) table.delete(key);
      }
    },
  };
}

function goerOf(incident: Incident | undefined): string | undefined {
  const state = incident?.state;
  const isThere = state?.phase === 'responding' || state?.phase === 'on-scene';
  return isThere && state.by.type === 'contact' ? state.by.id : undefined;
}

function moveCry(criesByPlace: Table<readonly string[]>, incident: Incident, isNowOpen: boolean): void {
  const { incidentId, where, alerts } = incident;
  const [first] = alerts;
  if (where.placeId === undefined || !first || !isCry(first.condition)) return;
  listUnder(criesByPlace, where.placeId, incidentId, isNowOpen);
}

/** In the order of their ids, whatever was first: an index says the same when it is made anew. */
function listUnder(table: Table<readonly string[]>, key: string, incidentId: string, isListed: boolean): void {
  const others = (table.get(key) ?? []).filter((id) => id !== incidentId);
  const ids = isListed ? [...others, incidentId].sort() : others;
  if (ids.length > 0) table.set(key, ids);
  else table.delete(key);
}

/** Every row with a deadline has a hint of just that time; hints that no row confirms any longer are dropped on top. */
function createDeadlines(
  state: FoldState,
  rows: { get(id: string): Incident | undefined; values(): Iterable<Incident>; size: number },
  dueOf: (incident: Incident) => number | undefined,
) {
  let heap = new DeadlineHeap();

  function rebuild(): void {
    const before = heap;
    heap = new DeadlineHeap([...rows.values()].flatMap((incident) => hintOf(incident, dueOf(incident)) ?? []));
    state.onUndo(() => {
      heap = before;
    });
  }

  return {
    note(incident: Incident): void {
      const hint = hintOf(incident, dueOf(incident));
      if (hint) heap.add(hint);
      if (heap.size > 4 * rows.size + 1000) rebuild();
    },

    earliest(): { dueAt: number; incidentId: string } | undefined {
      for (let top = heap.top(); top; top = heap.top()) {
        const { subject, dueAt } = top;
        const incident = rows.get(subject);
        if (incident && dueOf(incident) === dueAt) return { dueAt, incidentId: subject };
        const dropped = top;
        heap.takeTop();
        // Its row may come back by an undo.
        state.onUndo(() => heap.add(dropped));
      }
      return undefined;
    },

    rebuild,
  };
}

function hintOf({ incidentId }: Incident, dueAt: number | undefined) {
  return dueAt === undefined ? undefined : { dueAt, subject: incidentId, rule: 'incidents' };
}
