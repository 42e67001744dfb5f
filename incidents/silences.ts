import type { Alert, AlertChange } from '../records/alert.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { RegistryView } from '../records/registry.ts';
import type { IncidentTable } from './incident-table.ts';

/**
 * Silence becomes work only when it has lasted a little, and is no part of an outage: a village that falls silent together is one
 * incident and not one for each of its devices, and a device that speaks again a minute later is nobody's work. What waits is
 * on record already; it becomes work on the hour, all of a village together, or is over before.
 * Bounds: one row an alert that stands, so one a device and one a person.
 */
export function createSilences({ state }: { state: FoldState }) {
  const rows = state.table<Waiting>('silences');
  const counts = state.table<number>('silences-due', { derived: true });

  function count(dueAt: number, by: 1 | -1): void {
    const after = (counts.get(String(dueAt)) ?? 0) + by;
    if (after > 0) counts.set(String(dueAt), after);
    else counts.delete(String(dueAt));
  }

  function drop(alertId: string): Alert | undefined {
    const row = rows.get(alertId);
    if (!row) return undefined;
    rows.delete(alertId);
    count(row.dueAt, -1);
    return row.alert;
  }

  function wait(alert: Alert, dueAt: number, wasPart = false): void {
    drop(alert.alertId);
    rows.set(alert.alertId, { alert, dueAt, ...(wasPart && { wasPart }) });
    count(dueAt, 1);
  }

  return {
    has: (alertId: string): boolean => rows.has(alertId),
    drop,
    /** It becomes work at the first full hour after it has lasted; that nobody watches over somebody waits for no hour. */
    wait: (alert: Alert, at: number): void => wait(alert, dueAfter(alert, at)),

    /** Nobody listened until `at`: all that waits has its time again in which it may be over. */
    waitAnew(at: number): void {
      for (const { alert } of [...rows.values()]) wait(alert, dueAfter(alert, at));
    },

    /** What the rule adds to it while it waits. */
    strengthen({ alertId, severity, reason }: Extract<AlertChange, { type: 'strengthen' }>): boolean {
      const row = rows.get(alertId);
      if (row)
        rows.set(alertId, { ...row, alert: { ...row.alert, severity, reason: { ...row.alert.reason, ...reason } } });
      return row !== undefined;
    },

    nextDeadline(): number | undefined {
      let earliest: number | undefined;
      for (const key of counts.keys()) earliest = Math.min(Number(key), earliest ?? Number.POSITIVE_INFINITY);
      return earliest;
    },

    /**
     * What has waited until `dueAt`; as long as `isPart` says that it is part of an outage, it waits on, and once more when that is
     * over: it had no time yet to speak again.
     */
    take(dueAt: number, isPart: (alert: Alert) => boolean): Alert[] {
      const due = [...rows.values()].filter((row) => row.dueAt <= dueAt);
      for (const { alert, wasPart } of due) {
        const isPartNow = isPart(alert);
        if (isPartNow || wasPart) wait(alert, dueAfter(alert, dueAt), isPartNow);
      }
      const ready = due
        .map(({ alert }) => alert)
        .filter(({ alertId }) => (rows.get(alertId)?.dueAt ?? 0) <= dueAt)
        .sort(inLine);
      for (const alert of ready.slice(mostAtOnce)) wait(alert, dueAt + soonMs);
      const taken = ready.slice(0, mostAtOnce);
      for (const { alertId } of taken) drop(alertId);
      return taken;
    },

    rebuild(): void {
      for (const key of [...counts.keys()]) counts.delete(key);
      for (const { dueAt } of rows.values()) count(dueAt, 1);
    },
  };
}

export type Silences = ReturnType<typeof createSilences>;

/** Silence, and what nobody watches over because of it. */
export function isSilence({ condition, severity, where, reason }: Alert): boolean {
  if (where.areaId === undefined) return false;
  return (
    (condition === 'device-silent' && severity === 'service') || (condition === 'blind' && reason.why === 'silent')
  );
}

/**
 * Whether an alert stands that says the same of the whole area, of one above it, or of the system itself. An incident that
 * somebody has in hand stays open when its outage is over, and then says nothing of what falls silent later.
 */
export function isPartOfOutage(table: IncidentTable, registry: RegistryView, { where }: Alert): boolean {
  const stands = (key: string) => table.openWithKey(key)?.alerts.some(({ clearedAt }) => clearedAt === undefined);
  if (stands('system/system:uplink-lost')) return true;
  let areaId = where.areaId;
  for (let level = 0; areaId !== undefined && level < 3; level++) {
    if (stands(`outage/area:${areaId}`)) return true;
    areaId = registry.area(areaId)?.parentId;
  }
  return false;
}

/** `wasPart`: of an outage, when it was last looked at. */
type Waiting = { alert: Alert; dueAt: number; wasPart?: boolean };

function dueAfter({ condition }: Alert, at: number): number {
  return condition === 'device-silent' ? hourAfter(at + waitMs) : minuteAfter(at + waitMs);
}

const hourMs = 60 * 60_000;
const hourAfter = (at: number): number => Math.ceil(at / hourMs) * hourMs;
const minuteAfter = (at: number): number => Math.ceil(at / 60_000) * 60_000;

/** As long as devices of a village may take to fall silent together. */
const waitMs = 15 * 60_000;
/** Bounds the record of a step; the rest comes a little later. */
const mostAtOnce = 500;
const soonMs = 60_000;

/** What goes into one incident goes together, and how the rows stand, which a restart may change, has no part in it. */
export function inLine(one: Alert, other: Alert): number {
  return placeInLine(one) < placeInLine(other) ? -1 : 1;
}
const placeInLine = ({ where: { areaId = '' }, at, alertId }: Alert): string => `${areaId} ${at} ${alertId}`;
