import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTopicFilter, matchesFilter, TopicTree } from './topic-filters.ts';

const level = fc.constantFrom('', 'a', 'b', 'a b', '$a', '+');
const filter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .filter(isTopicFilter);
const topic = fc
  .array(fc.constantFrom('', 'a', 'b', 'a b', '$a'), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'));

test('the tree finds whom the filters match, each once, with the highest QoS', () => {
  const subscriptions = fc.array(fc.record({ filter, member: fc.nat(4), qos: fc.nat(2), stays: fc.boolean() }));
  fc.assert(
    fc.property(subscriptions, topic, (all, name) => {
      const tree = new TopicTree<number>();
      const held = new Map<string, { member: number; filter: string; qos: number }>();
      for (const one of all) {
        tree.add(one.filter, one.member, one.qos);
        held.set(`${one.member} ${one.filter}`, one);
      }
      for (const one of all.filter(({ stays }) => !stays)) {
        tree.remove(one.filter, one.member);
        held.delete(`${one.member} ${one.filter}`);
      }
      const expected = new Map<number, number>();
      for (const { member, filter: wanted, qos } of held.values())
        if (matchesFilter(wanted, name)) expected.set(member, Math.max(qos, expected.get(member) ?? 0));
      expect(tree.match(name)).toEqual(expected);
    }),
    { seed: 1, numRuns: 2_000 },
  );
});
