import { expect, test } from 'vitest';
import { decodeBatch, decodeReport } from '../../firmware-contracts/decode.ts';
import { chanceOf } from '../seeded-chance.ts';
import { makeVillage } from '../village.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { HostileSay } from './evidence.ts';
import { drawHostile, type HostileClient, type Manner, sayNext } from './hostile.ts';
import { startHostile } from './hostile-clients.ts';

const dayMs = 86_400_000;
const manners: readonly Exclude<Manner, 'thief'>[] = [
  ...(['garbage', 'versions', 'counters', 'flood', 'flutter', 'batches', 'cbor', 'clock', 'extremes'] as const),
  ...(['replay', 'strangers'] as const),
];

test('seeds draw every manner, and nobody speaks after the storm', () => {
  const drawn = Array.from({ length: 100 }, (_, seed) =>
    drawHostile(chanceOf(seed, 'faults hostile'), 2 * dayMs),
  ).flat();
  expect([...new Set(drawn.map(({ manner }) => manner))].sort()).toEqual([...manners, 'thief'].sort());
  for (const { fromMs, count, everyMs } of drawn) expect(fromMs + count * everyMs).toBeLessThanOrEqual(2 * dayMs);
});

test.each(manners)('what a device of manner %s is said to cry, the contract can make out of it', (manner) => {
  const chance = chanceOf(1, manner);
  for (let index = 0; index < 200; index++) {
    const { report, payload, cries } = sayNext(manner, index, chance);
    const decoded = report === 'batch' ? decodeBatch({ payload }) : [decodeReport({ report, payload })];
    const heard = decoded.flatMap((one) => {
      if (one.type === 'unreadable') return 'unreadable';
      if (one.type !== 'report') return [];
      const said = one.report;
      if (said.name === 'alarm') return said.state === 'on' ? said.source : [];
      return said.name === 'press' ? `call-${said.call}` : [];
    });
    expect(heard).toEqual(cries);
  }
});

test('a thief says again what the device of a home said, and strangers have another name each time', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const { homes } = makeVillage({ seed: 1, homes: 4 });
  const said: HostileSay[] = [];
  const client = (manner: Manner): HostileClient => ({ manner, fromMs: 1_000, everyMs: 1_000, count: 30 });
  const hostile = startHostile({
    ...{ clock, chance: chanceOf(1, 'hostile'), clients: [client('thief'), client('strangers')], said },
    ...{ homes: homes.slice(2), victims: homes.slice(0, 1), deliver: async () => {} },
  });
  const [victim = ''] = hostile.thieves;
  expect(homes[0]?.devices.map(({ id }) => id)).toContain(victim);
  const payload = new TextEncoder().encode('as it was');
  const carry = hostile.overhears(async () => {});
  await carry({ deviceId: victim, payload, report: { name: 'status', v: 1, boot: 1, seq: 1 } });
  await clock.advance(60_000);
  const stolen = said.filter(({ deviceId }) => deviceId === victim);
  expect(stolen).toHaveLength(30);
  expect(
    Map.groupBy(stolen, ({ hash }) => hash)
      .values()
      .some((same) => same.length > 5),
  ).toBe(true);
  const strangers = said.filter(({ deviceId }) => deviceId.startsWith('stranger-'));
  expect(new Set(strangers.map(({ deviceId }) => deviceId)).size).toBe(30);
  expect(said.every(({ keptAtMs }) => keptAtMs !== undefined)).toBe(true);
});
