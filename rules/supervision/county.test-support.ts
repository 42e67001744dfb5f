import { registryEvents } from '../../ingest/registry-events.ts';
import { FoldState } from '../../records/fold-state.ts';
import { put } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import type { AnyRule } from '../rule.ts';
import { MINUTE_MS, watch } from '../watch.test-support.ts';

/** A county of townships with villages of homes, each with one person who lives alone and one detector. */
export function countyOf({ townships, villages, homes }: { townships: number; villages: number; homes: number }) {
  const changes: RegistryChange[] = [put('area', { id: 'county', level: 'county', name: 'Wulan' })];
  const detectors: string[] = [];
  for (let t = 0; t < townships; t++) {
    changes.push(put('area', { id: `t${t}`, level: 'township', parentId: 'county', name: `Township ${t}` }));
    for (let v = 0; v < villages; v++) {
      const areaId = `t${t}v${v}`;
      changes.push(put('area', { id: areaId, level: 'village', parentId: `t${t}`, name: `Village ${t} ${v}` }));
      for (let h = 0; h < homes; h++) {
        const id = `${areaId}h${h}`;
        detectors.push(id);
        changes.push(
          put('place', { id, areaId, kind: 'house', name: `house ${h}` }),
          put('household', { id, areaId, currentPlaceId: id }),
          put('person', { id, householdId: id, name: 'somebody', categories: ['living-alone'] }),
          put('device', { id, kind: 'smoke-detector', placeId: id }),
        );
      }
    }
  }
  return { changes, detectors };
}

/** The rules over that registry; time moves only when the test says so. Every device has been heard once. */
export function watchCounty(rules: readonly AnyRule[], { changes, detectors }: ReturnType<typeof countyOf>) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const house = watch(rules, { from: state, registry });
  const change = (...more: RegistryChange[]) => {
    for (const event of registryEvents(registry, registry.apply(more), house.now)) house.tell(event);
  };
  change(...changes);
  const speak = (deviceId: string) =>
    house.read({ name: 'status' }, { where: registry.whereabouts(deviceId), deviceKind: 'smoke-detector' });
  for (const id of detectors) speak(id);
  return {
    house,
    registry,
    change,
    speak,
    /** Outages and lost uplinks that stand: the alert's subject, in the order in which they were raised. */
    out(): string[] {
      const over = new Set(house.changes.flatMap((one) => (one.type === 'clear' ? one.alertId : [])));
      const raised = house.alerts.filter(({ rule, alertId }) => rule === 'village-outage' && !over.has(alertId));
      return raised.map(({ subject }) => `${subject.type}:${subject.id}`);
    },
    /** Those devices miss their heartbeats, spread evenly over `spreadMs`; all others go on to speak. */
    missed(deviceIds: readonly string[], spreadMs: number, others: readonly string[]): void {
      const stepMs = spreadMs / deviceIds.length;
      for (const id of deviceIds) {
        speak(id);
        house.advance(stepMs);
      }
      const until = house.now + 2 * 1440 * MINUTE_MS + 15 * MINUTE_MS;
      while (house.now < until) {
        for (const id of others) speak(id);
        house.advance(Math.min(until - house.now, 10 * 60 * MINUTE_MS));
      }
    },
  };
}
