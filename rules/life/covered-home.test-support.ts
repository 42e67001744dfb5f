import type { Whereabouts } from '../../records/alert.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { batteryLow } from '../supervision/battery-low.ts';
import { deviceFault } from '../supervision/device-fault.ts';
import { deviceSilent } from '../supervision/device-silent.ts';
import { tamper } from '../supervision/tamper.ts';
import { type ShortReport, watch } from '../watch.test-support.ts';
import { coverage } from './coverage.ts';

type HomeParts = { people?: string[]; detectors?: string[]; settings?: Record<string, number> };

/** A house with detectors that report daily, and a wearable of the first of its people. */
export function homeOf({ people = ['her'], detectors = ['smoke-1'], settings = {} }: HomeParts = {}) {
  const registry = createRegistry({ state: new FoldState() });
  const daily = { intervalMinutes: 1440, simulated: false };
  const changes: RegistryChange[] = [
    { type: 'put', entity: 'area', value: { id: 'county', level: 'county', name: 'county' } },
    { type: 'put', entity: 'place', value: { id: 'house-1', areaId: 'county', kind: 'house', name: 'by the well' } },
    { type: 'put', entity: 'household', value: { id: 'h1', areaId: 'county', currentPlaceId: 'house-1' } },
    ...people.map((id): RegistryChange => ({ type: 'put', entity: 'person', value: person(id) })),
    ...detectors.map(
      (id): RegistryChange => ({
        ...{ type: 'put', entity: 'device' },
        value: { id, kind: 'smoke-detector', placeId: 'house-1', ...daily },
      }),
    ),
    { type: 'put', entity: 'device', value: { id: 'watch-1', kind: 'wearable', personId: people[0] ?? '', ...daily } },
  ];
  registry.apply(changes);
  const rules = [deviceSilent, deviceFault, tamper, batteryLow, coverage] as Parameters<typeof watch>[0];
  const overridden = { ...registry, ruleSettings: (rule: string) => (rule === coverage.name ? [settings] : []) };
  const driver = watch(rules, { registry: overridden });
  const whereOf = (deviceId: string): Whereabouts => registry.whereabouts(deviceId);
  const added = { type: 'device-added' as const, intervalMinutes: 1440 };
  for (const { id: deviceId } of registry.devices())
    driver.tell({ ...added, at: driver.now, where: whereOf(deviceId), deviceId });
  const covered = () => driver.changes.flatMap((change) => (change.type === 'coverage' ? [change] : []));
  return Object.assign(driver, {
    hear: (deviceId: string, report: ShortReport = status) => driver.read(report, { where: whereOf(deviceId) }),
    change(...ofRegistry: RegistryChange[]): void {
      const { homes } = registry.apply(ofRegistry);
      for (const householdId of homes) {
        const where = { ...registry.whereaboutsOf({ type: 'household', id: householdId }), householdId };
        driver.tell({ type: 'home-changed', at: driver.now, where, householdId });
      }
    },
    declareTest(deviceId: string, forMs: number): void {
      const event = { type: 'test-window', at: driver.now, where: whereOf(deviceId), deviceId } as const;
      driver.tell({ ...event, until: driver.now + forMs, by: 'account:li' });
    },
    coverages: () => covered().map(({ personId, harm, state, why }) => [personId, harm, state, why]),
    blinded: () => covered().filter(({ state }) => state === 'blind'),
    blindAlerts: () => driver.alerts.filter(({ condition }) => condition === 'blind'),
  });
}

const status: ShortReport = { name: 'status', battery: 3 };

export const person = (id: string) => ({
  ...{ id, householdId: 'h1', name: id, categories: [], language: 'zh-CN' as const },
});
