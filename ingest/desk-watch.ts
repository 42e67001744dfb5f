import type { AlertChange } from '../records/alert.ts';
import type { DeskPresence } from '../records/command.ts';
import { deskWatches, everywhere, isWatched } from '../records/desk-watch.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Registry } from '../records/registry-fold.ts';
import { systemAlert } from './system-alerts.ts';

/**
 * Somebody came to a desk, or nobody is there any more: an alert for each area over which nobody watches now, until somebody does. Its
 * reason names the townships that are left alone with it, because they are told.
 */
export function deskChanges(
  { state, registry }: { state: FoldState; registry: Registry },
  { commandId, watched, why }: DeskPresence,
  at: number,
): AlertChange[] {
  const watches = deskWatches(state);
  const now = new Set(watched);
  const changes: AlertChange[] = [];
  for (const [areaId, { emptyAlertId }] of [...watches.entries()]) {
    const isGone = areaId !== everywhere && registry.area(areaId) === undefined;
    if (isGone || isWatched(areaId, now, registry)) {
      if (emptyAlertId !== undefined) changes.push({ type: 'clear', alertId: emptyAlertId, at, reason: {} });
      if (!now.has(areaId)) watches.delete(areaId);
    } else if (emptyAlertId === undefined) {
      const alert = emptyAlert(registry, { areaId, causeId: `${commandId}/${areaId}`, at, why });
      watches.set(areaId, { since: at, emptyAlertId: alert.alert.alertId });
      changes.push(alert);
    }
  }
  for (const areaId of now) {
    if (watches.get(areaId)?.emptyAlertId !== undefined || !watches.has(areaId)) watches.set(areaId, { since: at });
  }
  return changes;
}

type Empty = { areaId: string; causeId: string; at: number } & Pick<DeskPresence, 'why'>;

function emptyAlert(registry: Registry, { areaId, causeId, at, why }: Empty) {
  const where = areaId === everywhere ? {} : { areaId };
  const { type, alert } = systemAlert('desk-empty', causeId, at, where, { why });
  const townships = [...registry.list('area')].filter(
    ({ id, level }) => level === 'township' && isWatched(id, new Set([areaId]), registry),
  );
  const villageIds = townships.slice(0, mostTownships).map(({ id }) => id);
  const reason = { ...alert.reason, ...(villageIds.length > 0 && { villageIds }) };
  // Each empty desk is a matter of its own.
  return { type, alert: { ...alert, subject: { type: 'system' as const, id: `desk-empty:${areaId}` }, reason } };
}

/** As many as one message asks. */
const mostTownships = 50;
