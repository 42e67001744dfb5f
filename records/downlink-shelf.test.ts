import { expect, test } from 'vitest';
import type { Downlink } from './downlink.ts';
import { createDownlinkShelf } from './downlink-shelf.ts';
import { FoldState } from './fold-state.ts';

const row = (id: string, state: Downlink['state'], deviceId = 'smoke-1'): Downlink => ({
  ...{ id, deviceId, ask: { name: 'reboot' }, by: { type: 'account', id: 'li' }, reason: 'why' },
  ...{ askedAt: Number(id.split('-').at(-1)), expiresAt: 1_000_000, sent: 0, state },
});
const waiting = { phase: 'waiting' } as const;
const over = (at: number) => ({ phase: 'expired', at }) as const;
const ids = (rows: Downlink[]) => rows.map(({ id }) => id);

test('of what is over the latest sixteen of a device are kept, and everything that waits', () => {
  const shelf = createDownlinkShelf(new FoldState());
  shelf.put(row('first-0', waiting));
  for (let at = 1; at <= 20; at++) shelf.put(row(`over-${at}`, over(at)));
  expect(ids(shelf.ofDevice('smoke-1'))).toEqual([
    'first-0',
    ...Array.from({ length: 16 }, (_, index) => `over-${index + 5}`),
  ]);
  expect(shelf.waiting()).toBe(1);
});

test('of all devices the latest ten thousand that are over are kept', () => {
  const shelf = createDownlinkShelf(new FoldState());
  for (let at = 1; at <= 10_001; at++) shelf.put(row(`over-${at}`, over(at), `device-${at}`));
  expect(shelf.get('over-1')).toBeUndefined();
  expect(shelf.has('device-1')).toBe(false);
  expect(shelf.get('over-2')).toBeDefined();
  expect([...shelf.all()]).toHaveLength(10_000);
});

test('what was decided and is read after it was sent once more does not take the sending back', () => {
  const shelf = createDownlinkShelf(new FoldState());
  const asked = row('asked-1', waiting);
  shelf.put(asked);
  expect(shelf.sent({ kind: 'downlink', id: 'asked-1', deviceId: 'smoke-1' }, 7)).toMatchObject({ sent: 1, sentAt: 7 });
  shelf.put({ ...asked, state: over(8) });
  expect(shelf.get('asked-1')).toMatchObject({ sent: 1, sentAt: 7, state: { phase: 'expired' } });
  expect(shelf.sent({ kind: 'downlink', id: 'gone-1', deviceId: 'smoke-1' }, 9)).toBeUndefined();
});

test('the order in which commands were asked, and in which they ended, survives a checkpoint', () => {
  const state = new FoldState();
  const shelf = createDownlinkShelf(state);
  for (const at of [1, 2, 3]) shelf.put(row(`asked-${at}`, waiting));
  shelf.put(row('asked-2', over(20)));
  shelf.put(row('asked-1', over(30)));
  const loaded = new FoldState();
  const again = createDownlinkShelf(loaded);
  for (const change of [...state.entries()].reverse()) loaded.load(change);
  again.rebuild();
  expect(ids(again.ofDevice('smoke-1'))).toEqual(['asked-1', 'asked-2', 'asked-3']);
  expect(again.waiting()).toBe(1);
  // With fifteen more the oldest goes, and in both it is the same one.
  for (let at = 40; at < 55; at++) for (const one of [shelf, again]) one.put(row(`over-${at}`, over(at)));
  expect(ids(again.ofDevice('smoke-1'))).toEqual(ids(shelf.ofDevice('smoke-1')));
});

test('rows of a checkpoint that counted no turns are counted from now on', () => {
  const loaded = new FoldState();
  const shelf = createDownlinkShelf(loaded);
  for (const value of [row('asked-1', waiting), row('over-2', over(7))])
    loaded.load({ table: 'downlinks', key: value.id, value });
  shelf.rebuild();
  expect([ids(shelf.ofDevice('smoke-1')), shelf.waiting()]).toEqual([['asked-1', 'over-2'], 1]);
});

test('a step that is undone leaves the indexes as they were', () => {
  const state = new FoldState();
  const shelf = createDownlinkShelf(state);
  shelf.put(row('asked-1', waiting));
  state.preview(() => {
    shelf.put(row('asked-1', over(5)));
    shelf.put(row('asked-2', waiting));
  });
  expect(ids(shelf.ofDevice('smoke-1'))).toEqual(['asked-1']);
  expect(shelf.waiting()).toBe(1);
  shelf.forget('smoke-1');
  expect(shelf.has('smoke-1')).toBe(false);
});

test('what ended first is forgotten first, whatever was only tried, and commands of one instant stay in their order', () => {
  const state = new FoldState();
  const shelf = createDownlinkShelf(state);
  for (let at = 1; at <= 10_000; at++) shelf.put(row(`over-${at}`, over(at), `device-${at}`));
  state.preview(() => shelf.put(row('tried-1', over(1), 'device-0')));
  shelf.put(row('over-10001', over(10_001), 'device-10001'));
  expect([shelf.get('over-1'), shelf.get('over-2')?.id]).toEqual([undefined, 'over-2']);

  const names = ['help-C-9', 'help-C-10'];
  for (const id of names) shelf.put({ ...row(id, waiting), askedAt: 5 });
  const loaded = new FoldState();
  const again = createDownlinkShelf(loaded);
  for (const change of state.entries()) loaded.load(change);
  again.rebuild();
  expect(ids(again.ofDevice('smoke-1'))).toEqual(names);
});
