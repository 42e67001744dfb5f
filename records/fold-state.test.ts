import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FoldState } from './fold-state.ts';

test('a step that throws leaves every table as it was', () => {
  const { state, homes, people } = village();
  expect(() =>
    state.attempt(() => {
      homes.set('h1', { warm: false });
      homes.delete('h2');
      people.set('p9', { name: 'new' });
      throw new Error('a rule threw');
    }),
  ).toThrow('a rule threw');
  expect([...homes.entries()]).toEqual([
    ['h1', { warm: true }],
    ['h2', { warm: true }],
  ]);
  expect(people.size).toBe(0);
});

test('a preview answers, and changes nothing', () => {
  const { state, homes } = village();
  expect(
    state.preview(() => {
      homes.set('h1', { warm: false });
      return homes.get('h1');
    }),
  ).toEqual({ warm: false });
  expect(homes.get('h1')).toEqual({ warm: true });
});

test('a preview that deletes rows leaves the others where they stood', () => {
  const { state, homes } = village();
  homes.set('h3', { warm: true });
  state.preview(() => {
    for (const key of homes.keys()) homes.delete(key);
    expect([homes.size, homes.has('h2'), [...homes.values()]]).toEqual([0, false, []]);
    homes.set('h2', { warm: false });
    homes.set('h4', { warm: false });
    homes.delete('h2');
  });
  expect([...homes.keys()]).toEqual(['h1', 'h2', 'h3']);
  expect(homes.size).toBe(3);
});

test('what a step deletes is gone when it stands, and what it puts there again is the newest', () => {
  const { state, homes } = village();
  homes.set('h3', { warm: true });
  state.attempt(() => {
    homes.delete('h1');
    homes.set('h1', { warm: false });
    homes.delete('h2');
    expect(() =>
      state.attempt(() => {
        homes.set('h2', { warm: false });
        homes.delete('h3');
        throw new Error('inner');
      }),
    ).toThrow('inner');
  });
  expect([...homes.entries()]).toEqual([
    ['h3', { warm: true }],
    ['h1', { warm: false }],
  ]);
  expect([homes.size, homes.has('h2')]).toEqual([2, false]);
});

test('an inner step that fails is undone alone, and the outer one goes on', () => {
  const { state, homes } = village();
  state.attempt(() => {
    homes.set('h1', { warm: false });
    expect(() =>
      state.attempt(() => {
        homes.set('h2', { warm: false });
        throw new Error('inner');
      }),
    ).toThrow('inner');
  });
  expect(homes.get('h1')).toEqual({ warm: false });
  expect(homes.get('h2')).toEqual({ warm: true });
});

test('an outer step that fails undoes what inner ones did', () => {
  const { state, homes } = village();
  const outer = () =>
    state.attempt(() => {
      state.attempt(() => homes.set('h1', { warm: false }));
      throw new Error('outer');
    });
  expect(outer).toThrow('outer');
  expect(homes.get('h1')).toEqual({ warm: true });
});

test('a checkpoint takes each changed row once, deletions too, and derived tables never', () => {
  const { state, homes } = village();
  state.table('index', { derived: true }).set('x', 1);
  state.takeChanges();
  homes.set('h1', { warm: false });
  homes.set('h1', { warm: true });
  homes.delete('h2');
  expect(state.takeChanges()).toEqual([
    { table: 'homes', key: 'h1', value: { warm: true } },
    { table: 'homes', key: 'h2', value: undefined },
  ]);
  expect(state.takeChanges()).toEqual([]);
  expect([...state.entries()].map(({ table }) => table)).not.toContain('index');
});

test('what a checkpoint kept makes the same state again', () => {
  const { state } = village();
  const restored = new FoldState();
  for (const change of state.entries()) restored.load(change);
  expect([...restored.entries()]).toEqual([...state.entries()]);
  expect(restored.takeChanges()).toEqual([]);
});

test('of what a preview touched first, and what really came later, a checkpoint keeps the order in which it came', () => {
  const { state, homes } = village();
  const restored = copyOf(state);
  state.preview(() => homes.set('h9', { warm: true }));
  homes.set('h3', { warm: true });
  homes.set('h9', { warm: true });
  homes.set('h3', { warm: false });
  homes.delete('h1');
  homes.set('h1', { warm: false });
  for (const change of state.takeChanges()) restored.load(change);
  expect([...restored.entries()]).toEqual([...state.entries()]);
  expect([...homes.keys()]).toEqual(['h2', 'h3', 'h9', 'h1']);
});

test('whatever steps, previews and failures came before, what checkpoints kept stands as the rows stand', () => {
  const change = fc.record({ key: fc.nat(5), value: fc.option(fc.nat(3), { nil: undefined }) });
  const inner = fc.record({ changes: fc.array(change, { maxLength: 4 }), fails: fc.boolean() });
  const step = fc.record({
    how: fc.constantFrom('attempt' as const, 'failure' as const, 'preview' as const, 'bare' as const),
    parts: fc.array(inner, { maxLength: 3 }),
    saves: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const state = new FoldState();
      const rows = state.table<number>('rows');
      const restored = new FoldState();
      const put = (changes: { key: number; value: number | undefined }[]) => {
        for (const { key, value } of changes) {
          if (value === undefined) rows.delete(`k${key}`);
          else rows.set(`k${key}`, value);
        }
      };
      for (const { how, parts, saves } of steps) {
        const run = () => {
          for (const { changes, fails } of parts) {
            if (how === 'bare') put(changes);
            else ended(() => state.attempt(() => [put(changes), failIf(fails)]));
          }
          failIf(how === 'failure');
        };
        if (how === 'preview') state.preview(run);
        else if (how === 'bare') run();
        else ended(() => state.attempt(run));
        if (saves) for (const saved of state.takeChanges()) restored.load(saved);
      }
      for (const saved of state.takeChanges()) restored.load(saved);
      expect([...restored.entries()]).toEqual([...state.entries()]);
    }),
    { seed: 7, numRuns: 500 },
  );
});

function failIf(fails: boolean): void {
  if (fails) throw new Error('a step failed');
}

function ended(step: () => unknown): void {
  try {
    step();
  } catch {
    // What it leaves is looked at.
  }
}

function copyOf(state: FoldState): FoldState {
  const copy = new FoldState();
  for (const change of state.entries()) copy.load(change);
  state.takeChanges();
  return copy;
}

function village() {
  const state = new FoldState();
  const homes = state.table<{ warm: boolean }>('homes');
  const people = state.table<{ name: string }>('people');
  homes.set('h1', { warm: true });
  homes.set('h2', { warm: true });
  return { state, homes, people };
}

test('of rows that came and went in great number each key is told once', () => {
  const state = new FoldState();
  const rows = state.table<number>('rows');
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 5_000; key++) rows.set(`k${key}`, round);
    for (let key = 0; key < 5_000; key++) rows.delete(`k${key}`);
  }
  const changes = state.takeChanges();
  expect(new Set(changes.map(({ key }) => key)).size).toBe(5_000);
  expect(changes).toHaveLength(5_000);
  expect(state.takeChanges()).toEqual([]);
});
