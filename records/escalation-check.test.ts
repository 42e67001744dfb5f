import { expect, test } from 'vitest';
import { policy, roster } from './escalation.ts';
import { policyProblems, rosterProblems } from './escalation-check.ts';
import { FoldState } from './fold-state.ts';
import { put, smallCounty } from './registry.test-support.ts';
import { createRegistry } from './registry-fold.ts';

const first = { afterSeconds: 0, desk: true, tell: [{ role: 'neighbour' }] };
const policyOf = (words: object) =>
  policy.parse({ id: 'p', name: 'p', scope: { type: 'all' }, severity: 'critical', rungs: [first], ...words });
const problems = (words: object) => policyProblems(policyOf(words)).map(({ problem }) => problem);
const rosterOf = (words: object) =>
  roster.parse({ id: 'r', name: 'r', of: { type: 'area', id: 'east' }, shifts: [], ...words });

test('a ladder on which everybody has their place is in order', () => {
  const rungs = [first, { afterSeconds: 60, tell: [{ nearest: 2, role: 'neighbour' }], inform: 'family' }];
  expect(problems({ rungs, hours: { from: '22:00', to: '06:00' } })).toEqual([]);
});

test('each thing that could not work is named with what would be right', () => {
  expect(problems({ rungs: [first, { afterSeconds: 60, tell: [] }] })).toEqual([
    expect.stringContaining('tells nobody'),
  ]);
  const backwards = [
    first,
    { afterSeconds: 90, tell: [{ each: 'station' }] },
    { afterSeconds: 60, tell: [{ each: 'county' }] },
  ];
  expect(problems({ rungs: backwards })).toEqual([expect.stringContaining('comes later')]);
  expect(problems({ hours: { from: '08:00', to: '08:00' } })).toEqual([expect.stringContaining('whole day')]);
  const slow = [
    { afterSeconds: 0, desk: true, tell: [] },
    { afterSeconds: 61, tell: [{ each: 'station' }] },
  ];
  expect(problems({ rungs: slow })).toEqual([expect.stringContaining('within 60 seconds')]);
  expect(problems({ rungs: slow, severity: 'urgent' })).toEqual([]);
  expect(problems({ rungs: [{ afterSeconds: 5, desk: true, tell: [{ each: 'station' }] }] })).toEqual([
    expect.stringContaining('sounds the desk at once'),
  ]);
});

test('what is critical is never left alone for longer than half an hour', () => {
  const repeat = (thenEverySeconds: number) => ({ repeat: { everySeconds: 120, times: 3, thenEverySeconds } });
  expect(problems(repeat(1_800))).toEqual([]);
  const tooLong = [expect.stringContaining('no more than 30 minutes')];
  expect(problems(repeat(86_400))).toEqual(tooLong);
  expect(problems({ rungs: [first, { afterSeconds: 1_801, tell: [{ each: 'station' }] }] })).toEqual(tooLong);
  expect(problems({ severity: 'urgent', ...repeat(86_400) })).toEqual([]);
});

test('a shift is on weekdays or on a date, a holiday is one day', () => {
  const shift = { contactId: 'near', from: '08:00', to: '20:00' };
  const both = rosterOf({ shifts: [{ ...shift, weekdays: [1], date: '2026-11-23' }] });
  expect(rosterProblems(both).map(({ field }) => field)).toEqual(['shifts']);
  const twice = [1, 7].map((as) => ({ date: '2026-10-01', as }));
  expect(rosterProblems(rosterOf({ shifts: [shift], holidays: twice })).map(({ field }) => field)).toEqual([
    'holidays',
  ]);
  expect(
    roster.safeParse({ ...rosterOf({ shifts: [shift] }), swaps: [{ date: '2026-02-30', from: 'a', to: 'b' }] }).success,
  ).toBe(false);
});

test('a scope has room for so many policies, however they come', () => {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const many = Array.from({ length: 33 }, (_, at) => put('policy', policyOf({ id: `p${at}` })));
  expect(registry.check(many)).toMatchObject([{ entity: 'policy', field: 'scope' }]);
  registry.apply(many.slice(0, 32));
  expect(registry.check(many.slice(31))).toMatchObject([{ entity: 'policy', id: 'p32' }]);
  expect(registry.check(many.slice(0, 1))).toEqual([]);
});

test('nobody is told who is not in the registry, and who is on a ladder cannot leave without it', () => {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const named = put(
    'policy',
    policyOf({ rungs: [{ ...first, tell: [{ contactId: 'near' }, { rosterId: 'nobody' }] }] }),
  );
  expect(registry.check([named])).toMatchObject([{ field: 'rungs', missing: 'roster:nobody' }]);
  registry.apply([put('policy', policyOf({ rungs: [{ ...first, tell: [{ contactId: 'near' }] }] }))]);
  expect(registry.check([{ type: 'remove', entity: 'contact', id: 'near' }])).toMatchObject([
    { problem: expect.stringContaining('policy "p"') },
  ]);
});
