import type { PresenceReport } from '../../firmware-contracts/presence-sensor.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { deviceSilent } from '../supervision/device-silent.ts';
import { type Circumstances, HOUR_MS, watch } from '../watch.test-support.ts';
import { inactivity } from './inactivity.ts';

export const DAY_MS = 24 * HOUR_MS;

type QuietHome = {
  people?: string[];
  sensors?: string[];
  canAsk?: boolean;
  intervalMinutes?: number;
  /** Buttons of other homes of the village, which are heard with its sensors. */
  neighbours?: number;
};

/** A house with presence sensors, a button and a watch of the first who lives there. It begins on a Monday at 11:00. */
export function quietHome({
  people = ['her'],
  sensors = ['kitchen', 'bedroom', 'door'],
  canAsk = true,
  intervalMinutes = 60,
  neighbours = 0,
}: QuietHome = {}) {
  const registry = createRegistry({ state: new FoldState() });
  const put = <E extends 'device' | 'person' | 'contact'>(entity: E, value: object) =>
    ({ type: 'put', entity, value }) as RegistryChange;
  const position = { lat: 43.94, lon: 116.04, datum: 'WGS-84' as const };
  const personOf = (id: string) => ({ id, householdId: 'h1', name: id, categories: [], language: 'zh-CN' as const });
  const place = { id: 'house-1', areaId: 'county', kind: 'house' as const, name: 'by the well', position };
  const self = { id: 'self', of: { type: 'household', id: 'h1' }, role: 'self', order: 1, name: 'they' };
  const nextDoor = Array.from({ length: neighbours }, (_, index) => `next-door-${index}`);
  registry.apply([
    { type: 'put', entity: 'area', value: { id: 'county', level: 'county', name: 'county' } },
    { type: 'put', entity: 'place', value: place },
    { type: 'put', entity: 'place', value: { ...place, id: 'house-2' } },
    { type: 'put', entity: 'household', value: { id: 'h1', areaId: 'county', currentPlaceId: 'house-1' } },
    ...people.map((id) => put('person', personOf(id))),
    ...sensors.map((id) =>
      put('device', { id, kind: 'presence-sensor', placeId: 'house-1', intervalMinutes, simulated: false }),
    ),
    ...nextDoor.map((id) =>
      put('device', { id, kind: 'call-button', placeId: 'house-2', intervalMinutes: 120, simulated: false }),
    ),
    put('device', { id: 'button', kind: 'call-button', placeId: 'house-1', intervalMinutes: 1440, simulated: false }),
    put('device', { id: 'watch', kind: 'wearable', personId: people[0], intervalMinutes: 1440, simulated: false }),
    ...(canAsk ? [put('contact', { ...self, language: 'zh-CN', channels: [{ type: 'log' }] })] : []),
  ]);
  const rules = [deviceSilent, inactivity] as Parameters<typeof watch>[0];
  const driver = watch(rules, { registry });
  const whereOf = (deviceId: string) => registry.whereabouts(deviceId);
  for (const { id: deviceId, intervalMinutes: promised } of registry.devices()) {
    const added = { type: 'device-added' as const, at: driver.now, where: whereOf(deviceId), deviceId };
    driver.tell({ ...added, intervalMinutes: promised });
  }
  const where = { householdId: 'h1', placeId: 'house-1', areaId: 'county' };
  const home = {
    registry,
    whereOf,
    sign(deviceId = 'kitchen', { source = sourceOf(deviceId), ...circumstances }: Sign = {}) {
      driver.read({ name: 'presence', source, state: 'on' }, { where: whereOf(deviceId), ...circumstances });
    },
    /** The sensors say every half hour that they live, and see nobody. */
    quiet(forMs: number, heard: string[] = [...sensors, ...nextDoor]): void {
      const until = driver.now + forMs;
      while (driver.now < until) {
        for (const deviceId of heard) driver.read({ name: 'status', battery: 3 }, { where: whereOf(deviceId) });
        driver.advance(Math.min(HOUR_MS / 2, until - driver.now));
      }
    },
    /** Up from 7 to 22 with a sign every half hour (or `everyMs`), every other night up at 2, until the same time so many days later. */
    live(days: number, everyMs = HOUR_MS / 2): void {
      const until = driver.now + days * DAY_MS;
      while (driver.now < until) {
        const hour = hourOf(driver.now);
        const isDay = hour >= 7 && hour < 22;
        if (isDay) home.sign('kitchen');
        else if (hour === 2 && Math.floor(driver.now / DAY_MS) % 2 === 0) home.sign('bedroom');
        home.quiet(isDay ? everyMs : HOUR_MS / 2);
      }
    },
    until(hour: number): void {
      home.quiet(((hour - hourOf(driver.now) + 24) % 24) * HOUR_MS);
    },
    visit: (visitedAt: number): void =>
      driver.tell({ type: 'visit', at: driver.now, where, householdId: 'h1', visitedAt, result: 'well' }),
    answer(answer: 'fine' | 'help', promptId = home.prompts().at(-1)?.promptId ?? 'nothing was asked'): void {
      driver.tell({ type: 'prompt-answered', at: driver.now, where, promptId, answer, by: 'contact:self' });
    },
    change(...changes: RegistryChange[]): void {
      registry.apply(changes);
      driver.tell({ type: 'home-changed', at: driver.now, where, householdId: 'h1' });
    },
    absent: (absence: object | undefined): void =>
      home.change(put('person', { ...personOf(people[0] ?? ''), ...(absence && { absence }) })),
    prompts: () => driver.changes.flatMap((change) => (change.type === 'prompt' ? [change.prompt] : [])),
    silences: () => driver.alerts.filter(({ condition }) => condition === 'inactivity'),
    /** What followed an alert of silence. */
    after: () => driver.later.filter(({ alertId }) => alertId.startsWith('inactivity')),
    phase: () => (driver.state('inactivity', 'household:h1') as { phase: string } | undefined)?.phase ?? 'unwatched',
    hour: () => hourOf(driver.now),
  };
  return Object.assign(driver, home);
}

type Sign = Circumstances & { source?: PresenceReport['source'] };
const sourceOf = (deviceId: string) => (deviceId === 'door' ? 'door' : 'motion');
/** Of the county's clock, which is eight hours ahead. */
const hourOf = (at: number): number => (at / HOUR_MS + 8) % 24;
