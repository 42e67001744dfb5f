import { expect, test } from 'vitest';
import type { Chance } from '../../platform/random.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { type Answer, answers, away, county, type Got, HOUR_MS, SECOND_MS } from './feed.test-support.ts';

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
const below = (chance: Chance, most: number) => Math.floor(chance.fraction() * most);
const types = { opened: 'incident.opened', claimed: 'incident.changed', resolved: 'incident.resolved' } as const;
const nameOf = ({ type, data }: Pick<Got, 'type' | 'data'>) => `${type} of ${data.incidentId}`;
const sequenceOf = (position: unknown): number => Number(String(position).split('/')[2]);

/** Forty incidents, a sender that dies now and then, and two receivers in changing moods. `taken`: what they answered with 2xx. */
async function life(seed: number) {
  const chance = chanceOf(seed, 'life');
  const world = await county({ limits: { each: 40, all: 60 } });
  const taken: Got[] = [];
  const moods = [undefined, answers(503), away, new Promise<never>(() => {})];
  let mood = 0;
  const answer: Answer = (got) => {
    const refusal = chance.fraction() < 0.7 ? moods[mood] : undefined;
    if (!refusal) taken.push(got);
    return refusal ?? answers(204);
  };
  for (const id of ['one', 'two']) {
    world.receivers.set(id, answer);
    world.subscribe(id);
  }
  let feed = await world.open();
  const happened: { name: string; sequence: number }[] = [];
  for (let number = 1; number <= 40; number++) {
    for (const what of ['opened', 'claimed', 'resolved'] as const) {
      await world.incident(number, what);
      happened.push({ name: `${types[what]} of i:${number}`, sequence: world.journal.headSequence });
      await world.clock.advance(below(chance, 4) * SECOND_MS + below(chance, 1_000));
    }
    if (chance.fraction() < 0.3) mood = below(chance, moods.length);
    if (chance.fraction() > 0.25) continue;
    feed.kill();
    await world.clock.advance(below(chance, 30) * SECOND_MS);
    feed = await world.open();
  }
  mood = 0;
  await world.clock.advance(26 * HOUR_MS);
  return { world, taken, happened, health: feed.health('one') };
}

test.each(seeds)(
  'whenever it dies, everything is heard in its order, or said to be missing (seed %i)',
  async (seed) => {
    const { world, taken, happened, health } = await life(seed);
    expect(world.failures).toEqual([]);
    expect(health.waiting).toBe(0);
    for (const receiver of ['one', 'two']) {
      const mine = taken.filter(({ to }) => to === receiver);
      const gaps = mine
        .filter(({ type }) => type === 'subscription.gap')
        .map(({ data }) => ({ from: sequenceOf(data.from), to: sequenceOf(data.to) }));
      const first = new Map<string, number>();
      for (const [index, got] of mine.entries()) if (!first.has(nameOf(got))) first.set(nameOf(got), index);
      for (const { name, sequence } of happened) {
        const isTold = first.has(name) || gaps.some(({ from, to }) => from <= sequence && sequence <= to);
        expect(isTold, `${name} to ${receiver}`).toBe(true);
      }
      for (let number = 1; number <= 40; number++) {
        const order = Object.values(types).flatMap((type) => first.get(`${type} of i:${number}`) ?? []);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    }
  },
);

test('one event has one id, and one id is one event, over all lives and for every receiver', async () => {
  const idOf = new Map<string, string>();
  const { taken } = await life(1);
  expect(new Set(taken.map(({ to }) => to)).size).toBe(2);
  for (const got of taken) {
    if (got.type === 'subscription.gap') continue;
    expect(idOf.get(nameOf(got)) ?? got.id).toBe(got.id);
    idOf.set(nameOf(got), got.id);
  }
  expect(new Set(idOf.values()).size).toBe(idOf.size);
});
