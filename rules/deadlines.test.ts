import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import { Deadlines } from './deadlines.ts';

test('whatever moved meanwhile, deadlines come by time, then subject, then rule', () => {
  fc.assert(
    fc.property(fc.array(moves, { maxLength: 40 }), fc.integer({ min: 0, max: 5 }), (moved, askedEvery) => {
      const { deadlines, move, due } = someRules();
      for (const [index, one] of moved.entries()) {
        move(one);
        if (askedEvery > 0 && index % askedEvery === 0) expect(deadlines.earliest()).toEqual(due()[0]);
      }
      const fired = [];
      for (let next = deadlines.earliest(); next; next = deadlines.earliest()) {
        fired.push(next);
        move({ ...next, dueAt: undefined });
        if (fired.length > 6) break;
      }
      expect(fired).toEqual(due(moved));
    }),
  );
});

test('asked up to a moment, the earliest by then is told and nothing later', () => {
  fc.assert(
    fc.property(fc.array(moves, { maxLength: 40 }), fc.array(instants, { minLength: 1 }), (moved, asked) => {
      const { deadlines, move, due } = someRules();
      for (const [index, one] of moved.entries()) {
        move(one);
        const by = asked[index % asked.length] ?? 0;
        const [first] = due();
        expect(deadlines.earliest(by)).toEqual(first && (first.dueAt ?? 0) <= by ? first : undefined);
      }
      expect(deadlines.earliest()).toEqual(due()[0]);
    }),
  );
});

test('a step that is undone moves no deadline', () => {
  const { state, deadlines, move } = someRules();
  move({ rule: 'a', subject: 'x', dueAt: 120_000 });
  state.preview(() => {
    move({ rule: 'a', subject: 'x', dueAt: 600_000 });
    move({ rule: 'b', subject: 'y', dueAt: 30_000 });
    expect(deadlines.earliest()).toMatchObject({ rule: 'b', dueAt: 30_000 });
  });
  expect(deadlines.earliest()).toEqual({ rule: 'a', subject: 'x', dueAt: 120_000 });
});

const instants = fc.oneof(
  fc.integer({ min: 0, max: 5 }).map((minute) => minute * 60_000),
  fc.integer({ min: 0, max: 300_000 }),
);
const moves = fc.record({
  rule: fc.constantFrom('a', 'b'),
  subject: fc.constantFrom('x', 'y', 'z'),
  dueAt: fc.oneof(instants, fc.constant(undefined)),
});
type Move = { rule: string; subject: string; dueAt: number | undefined };

/** Two rules, whose rows move as those of the engine do: only a deadline that comes sooner is told. */
function someRules() {
  const state = new FoldState();
  const rows = new Map(['a', 'b'].map((rule) => [rule, { table: state.table<{ dueAt?: number }>(rule) }]));
  const deadlines = new Deadlines(rows, state);
  const move = ({ rule, subject, dueAt }: Move): void => {
    const table = rows.get(rule)?.table;
    const before = table?.get(subject)?.dueAt;
    if (dueAt === undefined) table?.delete(subject);
    else table?.set(subject, { dueAt });
    if (dueAt !== undefined && (before === undefined || dueAt < before)) deadlines.add({ dueAt, subject, rule });
  };
  /** What is due in the end of some moves, or now. */
  const due = (moved?: readonly Move[]) => {
    const known =
      moved ??
      [...rows].flatMap(([rule, { table }]) =>
        [...table.entries()].map(([subject, row]) => ({ rule, subject, dueAt: row.dueAt })),
      );
    const last = new Map(known.map((one) => [`${one.rule} ${one.subject}`, one]));
    return [...last.values()]
      .filter(({ dueAt }) => dueAt !== undefined)
      .sort(
        (a, b) =>
          (a.dueAt ?? 0) - (b.dueAt ?? 0) ||
          (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.rule < b.rule ? -1 : 1),
      );
  };
  return { state, deadlines, move, due };
}
