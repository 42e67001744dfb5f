import { expect, test } from 'vitest';
import { planImport } from '../app/registry/registry-import.ts';
import { FoldState } from '../records/fold-state.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { allRules } from '../rules/all-rules.ts';
import { deeds } from './deeds.ts';
import { glassVault } from './glass-vault.ts';
import { plots } from './happenings.ts';
import { countyMidnight, dayOf } from './home.ts';
import { chanceOf } from './seeded-chance.ts';
import { makeVillage, registryFile } from './village.ts';

const webhook = { url: 'http://127.0.0.1:8090', secret: `whsec_${Buffer.alloc(32, 3).toString('base64')}` };

test.each(['en', 'zh-CN'] as const)(
  'a village in %s can be imported as it is, and every device in it is simulated',
  (language) => {
    const village = makeVillage({ seed: 7, homes: 40, language });
    const { changes, problems } = imported(registryFile(village, webhook));
    expect(problems).toEqual([]);
    const devices = changes.flatMap((change) =>
      change.type === 'put' && change.entity === 'device' ? change.value : [],
    );
    expect(devices).toHaveLength(village.homes.flatMap((home) => home.devices).length);
    expect(devices.every(({ simulated, credential }) => simulated && credential)).toBe(true);
  },
);

test('in every home that has another next to it somebody is asked to go, at every rung', () => {
  const village = makeVillage({ seed: 3, homes: 25 });
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(imported(registryFile(village)).changes);
  for (const { id } of village.homes.slice(0, 24)) {
    const roles = registry.contactsFor(registry.whereabouts(`${id}-kitchen`)).map(({ role }) => role);
    expect(new Set(roles)).toEqual(new Set(['neighbour', 'station', 'township', 'desk', 'county']));
    expect(roles.filter((role) => role === 'neighbour')).toHaveLength(2);
  }
});

test('villages are as large as is wished', () => {
  const areasIn = (villageSize: number) => {
    const text = registryFile(makeVillage({ seed: 3, homes: 12, villageSize }));
    const places = imported(text).changes.flatMap((change) =>
      change.type === 'put' && change.entity === 'place' ? change.value.areaId : [],
    );
    return [...Map.groupBy(places, (areaId) => areaId)].map(([areaId, homes]) => [areaId, homes.length]);
  };
  expect(areasIn(6)).toEqual([
    ['sim3-v1', 6],
    ['sim3-v2', 6],
  ]);
  expect(areasIn(12)).toEqual([['sim3-v1', 12]]);
});

test('the same seed makes the same village, another one other ids', () => {
  expect(makeVillage({ seed: 7, homes: 12 })).toEqual(makeVillage({ seed: 7, homes: 12 }));
  const ids = (seed: number) =>
    makeVillage({ seed, homes: 12 }).homes.flatMap(({ devices }) => devices.map(({ id }) => id));
  expect(ids(7).some((id) => ids(8).includes(id))).toBe(false);
  expect(() => makeVillage({ seed: 1, homes: 0 })).toThrow('1 to 2,000 homes');
});

test('an ordinary day begins in the morning, has a few doors and many movements, and ends in the evening', () => {
  const midnightAt = countyMidnight(Date.UTC(2026, 10, 3, 12));
  expect(new Date(midnightAt).toISOString()).toBe('2026-11-02T16:00:00.000Z');
  const home = makeVillage({ seed: 7, homes: 30 }).homes.find(({ devices }) =>
    devices.some(({ source }) => source === 'door'),
  );
  if (!home) throw new Error('no home has a door sensor');
  const day = dayOf(home, midnightAt, chanceOf(7, 'day'));
  const hours = day.filter(({ deed }) => deed === 'on').map(({ at }) => (at - midnightAt) / 3_600_000);
  const doors = day.filter(({ deviceId, deed }) => deviceId.endsWith('-door') && deed === 'on');
  expect(day.map(({ at }) => at)).toEqual(day.map(({ at }) => at).toSorted((a, b) => a - b));
  expect(doors.length).toBeGreaterThan(0);
  expect(doors.length).toBeLessThan(15);
  expect(hours.filter((hour) => hour >= home.rhythm.wakesAt && hour < home.rhythm.sleepsAt).length).toBeGreaterThan(40);
  expect(hours.filter((hour) => hour < 4).length).toBeLessThan(8);
});

test.each(Object.keys(plots))('what befalls a village in %s, its devices can do', (name) => {
  const { homes } = makeVillage({ seed: 7, homes: 40 });
  const kinds = new Map(homes.flatMap(({ devices }) => devices).map(({ id, kind }) => [id, kind]));
  for (const { deviceId, deed, at } of plots[name]?.(homes, 5_000, chanceOf(7, name)) ?? []) {
    const kind = kinds.get(deviceId);
    expect(kind && Object.keys(deeds[kind])).toContain(deed);
    expect(at).toBeGreaterThanOrEqual(5_000);
  }
});

function imported(text: string) {
  const registry = createRegistry({ state: new FoldState() });
  const credentialFor = (secret: string) => ({ salt: 's', hmac: secret });
  return planImport({ text, registry, rules: allRules, unseal: glassVault().unseal, credentialFor });
}
