import type { Severity } from '../records/alert.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import { DeadlineHeap } from '../rules/deadline-heap.ts';
import { isCry, keyOf } from './correlation.ts';

/**
 * The incidents and the ways to find them. Resolved ones are kept for a day, so that they can be reopened and late words
 * about their alerts find them. Every index is derived from the rows, joins the fold's undo, and is rebuilt after a load.
 */
export function createIncidentTable(state: FoldState) {
  const rows = state.table<Incident>('incidents');
  const byKey = state.table<string>('incident-by-key', { derived: true });
  const byAlert = state.table<string>('incident-by-alert', { derived: true });
  const byCode = state.table<string>('incident-by-code', { derived: true });
  const criesByPlace = state.table<readonly string[]>('cries-by-place', { derived: true });
  const counts = state.table<number>('incident-counts', { derived: true });
  const deadlines = createDeadlines(state, rows);

  /** Brings the indexes from what the row was to what it is; undefined: there is no row. */
  function index(incidentId: string, before: Incident | undefined, after: Incident | undefined): void {
    const gone = new Set(before?.alerts.map(({ alertId }) => alertId));
    for (const { alertId } of after?.alerts ?? []) if (!gone.delete(alertId)) byAlert.set(alertId, incidentId);
    for (const alertId of gone) byAlert.delete(alertId);
    if (before && !after) byCode.delete(before.code);
    if (after) byCode.set(after.code, incidentId);
    const wasOpen = before && isOpen(before) ? before : undefined;
    const nowOpen = after && isOpen(after) ? after : undefined;
    if (wasOpen) count(wasOpen.severity, -1);
    if (nowOpen) count(nowOpen.severity, 1);
    if (wasOpen && !nowOpen) {
      byKey.delete(keyOfIncident(wasOpen));
      setCry(wasOpen, (others) => others);
    } else if (nowOpen && !wasOpen) {
      byKey.set(keyOfIncident(nowOpen), incidentId);
      setCry(nowOpen, (others) => [...others, incidentId]);
    }
  }

  function setCry({ incidentId, where, alerts }: Incident, change: (others: string[]) => string[]): void {
    const [first] = alerts;
    if (where.placeId === undefined || !first || !isCry(first.condition)) return;
    const cries = change((criesByPlace.get(where.placeId) ?? []).filter((id) => id !== incidentId));
    if (cries.length > 0) criesByPlace.set(where.placeId, cries);
    else criesByPlace.delete(where.placeId);
  }

  function count(severity: Severity, change: number): void {
    counts.set(severity, (counts.get(severity) ?? 0) + change);
  }

  return {
    get: (incidentId: string): Incident | undefined => rows.get(incidentId),
    openWithKey: (key: string): Incident | undefined => find(byKey.get(key)),
    ofAlert: (alertId: string): Incident | undefined => find(byAlert.get(alertId)),
    openCriesAt: (placeId: string): Incident[] => (criesByPlace.get(placeId) ?? []).flatMap((id) => find(id) ?? []),
    hasCode: (code: string): boolean => byCode.has(code),
    *open(): Iterable<Incident> {
      for (const incident of rows.values()) if (isOpen(incident)) yield incident;
    },
    openCount: (severity: Severity): number => counts.get(severity) ?? 0,
    nextDeadline: deadlines.earliest,
    deadlineCount: deadlines.count,

    put(incident: Incident): void {
      const before = rows.get(incident.incidentId);
      rows.set(incident.incidentId, incident);
      index(incident.incidentId, before, incident);
      deadlines.note(incident);
    },

    remove(incidentId: string): void {
      index(incidentId, rows.get(incidentId), undefined);
      rows.delete(incidentId);
    },

    rebuild(): void {
      for (const table of [byKey, byAlert, byCode, criesByPlace, counts]) {
        for (const key of [...table.keys()]) table.delete(key);
      }
      for (const incident of rows.values()) index(incident.incidentId, undefined, incident);
      deadlines.rebuild();
    },
  };

  function find(incidentId: string | undefined): Incident | undefined {
    return incidentId === undefined ? undefined : rows.get(incidentId);
  }
}

export type IncidentTable = ReturnType<typeof createIncidentTable>;

/** When time alone changes it: a claim expires, a rung is due, a resolved one is dropped. */
export function deadlineOf({ state, ladder }: Incident): number | undefined {
  if (state.phase === 'resolved') return state.since + keepResolvedMs;
  const claimEnds = state.phase === 'claimed' && !state.acted ? state.expiresAt : Infinity;
  const rungDue = ladder.phase === 'running' || ladder.phase === 'waiting' ? (ladder.nextAt ?? Infinity) : Infinity;
  const due = Math.min(claimEnds, rungDue);
  return due === Infinity ? undefined : due;
}

export const isOpen = ({ state }: Incident): boolean => state.phase !== 'resolved';

export function keyOfIncident({ alerts, subject }: Incident): string {
  const [first] = alerts;
  if (!first) throw new Error('an incident without an alert has no key');
  return keyOf(first, subject);
}

/** A day, in which a resolved incident can be reopened. */
const keepResolvedMs = 24 * 3_600_000;

/** Every row with a deadline has a hint of just that time; hints that no row confirms any longer are dropped on top. */
function createDeadlines(
  state: FoldState,
  rows: { get(id: string): Incident | undefined; values(): Iterable<Incident>; size: number },
) {
  let heap = new DeadlineHeap();

  function rebuild(): void {
    const before = heap;
    heap = new DeadlineHeap([...rows.values()].flatMap((incident) => hintOf(incident) ?? []));
    state.onUndo(() => {
      heap = before;
    });
  }

  return {
    note(incident: Incident): void {
      const hint = hintOf(incident);
      if (hint) heap.add(hint);
      if (heap.size > 4 * rows.size + 1000) rebuild();
    },

    earliest(): { dueAt: number; incidentId: string } | undefined {
      for (let top = heap.top(); top; top = heap.top()) {
        const { subject, dueAt } = top;
        const incident = rows.get(subject);
        if (incident && deadlineOf(incident) === dueAt) return { dueAt, incidentId: subject };
        const dropped = top;
        heap.takeTop();
        // Its row may come back by an undo.
        state.onUndo(() => heap.add(dropped));
      }
      return undefined;
    },

    count(): number {
      let count = 0;
      for (const incident of rows.values()) if (deadlineOf(incident) !== undefined) count += 1;
      return count;
    },

    rebuild,
  };
}

function hintOf(incident: Incident) {
  const dueAt = deadlineOf(incident);
  return dueAt === undefined ? undefined : { dueAt, subject: incident.incidentId, rule: 'incidents' };
}
