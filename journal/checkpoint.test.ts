import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import type { Change } from './change-file.ts';
import { Checkpoint } from './checkpoint.ts';
import { settled, TestDisk } from './journal.test-support.ts';

const journalId = '00112233445566778899aabbccddeeff';

test('a state comes back as it was saved, with its position and without what was removed', async () => {
  const { disk, follower } = await world();
  follower.set('silent', 'smoke-1', { since: 5 });
  follower.set('open', 'incident-1', ['fire']);
  await follower.save();
  follower.set('silent', 'smoke-1', undefined);
  follower.set('open', 'incident-2', '火');
  await follower.save();
  follower.set('open', 'incident-3', 'never saved');
  expect(await loaded(disk)).toEqual({
    sequence: 3 + 1,
    state: { 'open/incident-1': ['fire'], 'open/incident-2': '火' },
  });
});

test('a new follower begins with nothing', async () => {
  expect(await loaded(new TestDisk())).toEqual({ sequence: 0, state: {} });
});

test('whoever looks while the follower works sees its state, and leaves every file as it is', async () => {
  const { disk, follower } = await world();
  follower.set('open', 'incident-1', ['fire']);
  await follower.save();
  const files = () => disk.list('checkpoints/alarm');
  const before = await files();
  const bytes = disk.bytesOf(changes(1));
  // A save under way is not whole yet: it is not of the state, and not cut off either.
  disk.files.set(changes(1), new Uint8Array([...bytes, 1, 2, 3]));
  const state: Change[] = [];
  const checkpoint = new Checkpoint({ disk, name: 'alarm', journalId, log: silentLog });
  expect(await checkpoint.peek((change) => void state.push(change))).toBe(follower.savedSequence);
  expect(state).toMatchObject([{ table: 'open', key: 'incident-1', value: ['fire'] }]);
  expect(await files()).toMatchObject(before.map(({ name }) => ({ name })));
  expect(disk.bytesOf(changes(1))).toHaveLength(bytes.length + 3);
});

test('a state of another journal is refused by name', async () => {
  const { disk, follower } = await world();
  follower.set('open', 'incident-1', 1);
  await follower.save();
  const other = new Checkpoint({ disk, name: 'alarm', journalId: 'f'.repeat(32), log: silentLog });
  await expect(other.load(() => {})).rejects.toMatchObject({ code: 'POSITION_UNKNOWN' });
});

test('a save that is not allowed yet is not on the disk, and those after it wait for it', async () => {
  const disk = new TestDisk();
  const checkpoint = new Checkpoint({ disk, name: 'alarm', journalId, log: silentLog });
  const allowed = Promise.withResolvers<void>();
  const saves = [
    checkpoint.save(1, [{ table: 'open', key: 'a', value: 1 }], allowed.promise),
    checkpoint.save(2, [{ table: 'open', key: 'b', value: 2 }]),
  ];
  await settled();
  expect(await loaded(disk)).toEqual({ sequence: 0, state: {} });
  allowed.resolve();
  expect(await Promise.all(saves)).toEqual(['kept', 'kept']);
  expect(await loaded(disk)).toEqual({ sequence: 2, state: { 'open/a': 1, 'open/b': 2 } });
});

test('wherever a save was torn, the state is that of the save before, and goes on from there', async () => {
  const { disk, follower } = await world();
  follower.set('open', 'a', 1);
  await follower.save();
  const before = disk.bytesOf(changes(1)).length;
  follower.set('open', 'a', 2);
  follower.set('open', 'b', 2);
  await follower.save();
  const whole = disk.bytesOf(changes(1));
  for (let cut = before; cut < whole.length; cut++) {
    const torn = disk.afterCrash();
    torn.files.set(changes(1), whole.slice(0, cut));
    const checkpoint = open(torn);
    expect(await checkpoint.load(() => {})).toBe(1);
    await checkpoint.save(9, [{ table: 'open', key: 'c', value: 3 }]);
    expect(await loaded(torn)).toEqual({ sequence: 9, state: { 'open/a': 1, 'open/c': 3 } });
  }
});

test('a snapshot that was taken while the state changed gives exactly the state of its last save', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let number = 0; number < 3_000; number++) follower.set('device', `d${number}`, filler(number));
  await follower.save();
  const slicing = checkpoint.snapshotIfDue(follower.entries);
  for (let round = 0; round < 30; round++) {
    // Changes, removals and new keys, before and behind the place where the snapshot is.
    for (let number = round; number < 3_000; number += 97) follower.set('device', `d${number}`, filler(9_000 + round));
    for (let number = round; number < 3_000; number += 211) follower.set('device', `d${number}`, undefined);
    follower.set('device', `new${round}`, round);
    if (round % 7 === 0) await follower.save();
    await settled();
  }
  await slicing;
  await follower.save();
  expect((await disk.list('checkpoints/alarm')).map(({ name }) => name).sort()).toEqual([
    '00000001.changes',
    '00000002.changes',
    '00000002.snapshot',
  ]);
  expect(await loaded(disk)).toEqual({ sequence: follower.sequence, state: follower.saved() });
  disk.files.delete(changes(1));
  expect(await loaded(disk)).toEqual({ sequence: follower.sequence, state: follower.saved() });
});

test('killed anywhere around a snapshot, what was saved is there', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let number = 0; number < 3_000; number++) follower.set('device', `d${number}`, filler(number));
  await follower.save();
  const slicing = checkpoint.snapshotIfDue(follower.entries);
  for (let turn = 0; turn < 40; turn++) {
    await settled();
    follower.set('device', `d${turn}`, 'changed');
    if (turn % 5 === 4) await follower.save();
    expect(await loaded(disk.afterCrash())).toEqual({ sequence: follower.savedSequence, state: follower.saved() });
  }
  await slicing;
  await follower.save();
  expect(await loaded(disk.afterCrash())).toEqual({ sequence: follower.savedSequence, state: follower.saved() });
});

test('two snapshots are kept; with the newer damaged, the older leads to the same state', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let generation = 0; generation < 4; generation++) {
    for (let number = 0; number < 400; number++) follower.set('device', `d${number}`, filler(generation));
    await follower.save();
    await checkpoint.snapshotIfDue(follower.entries);
    await follower.save();
  }
  const names = (await disk.list('checkpoints/alarm')).map(({ name }) => name).sort();
  expect(names).toEqual(['00000004.changes', '00000004.snapshot', '00000005.changes', '00000005.snapshot']);
  expect(checkpoint.reachesBackTo).toBeGreaterThan(0);
  disk.flip('checkpoints/alarm/00000005.snapshot', 50_000);
  const again = open(disk);
  expect(await loaded(disk)).toEqual({ sequence: follower.sequence, state: follower.saved() });
  expect(await again.load(() => {})).toBe(follower.sequence);
  expect(again.reachesBackTo).toBe(0);
});

test('damage in the changes falls back to a state that was saved, no further back than the journal reaches', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let generation = 0; generation < 3; generation++) {
    for (let number = 0; number < 400; number++) follower.set('device', `d${number}`, filler(generation));
    await follower.save();
    const slicing = checkpoint.snapshotIfDue(follower.entries);
    follower.set('device', 'd1', 'changed while the snapshot was taken');
    await slicing;
    await follower.save();
  }
  const file = changes(4);
  for (const at of [3, 60, disk.bytesOf(file).length - 1]) {
    const damaged = disk.afterCrash();
    damaged.flip(file, at);
    const { sequence, state } = await loaded(damaged);
    expect(sequence).toBeGreaterThanOrEqual(checkpoint.reachesBackTo);
    expect(sequence).toBeLessThan(follower.sequence);
    expect(state).toEqual(follower.history.get(sequence));
    expect(await loaded(damaged)).toEqual({ sequence, state });
  }
});

test('a save that was asked for before the snapshot was taken does not make it whole', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let number = 0; number < 3_000; number++) follower.set('device', `d${number}`, filler(number));
  await follower.save();
  const slicing = checkpoint.snapshotIfDue(follower.entries);
  // Longer than the snapshot, so that it ends after it; what changes now is in the snapshot and in no save.
  const all = [...follower.entries()].slice(0, -1);
  const saving = checkpoint.save(follower.sequence, [...all, ...all, ...all]);
  follower.set('device', 'd2999', 'not saved');
  await Promise.all([slicing, saving]);
  expect(await loaded(disk.afterCrash())).toEqual({ sequence: follower.savedSequence, state: follower.saved() });
});

test('a snapshot that does not read back as it was written replaces none', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let number = 0; number < 400; number++) follower.set('device', `d${number}`, filler(number));
  await follower.save();
  await checkpoint.snapshotIfDue(follower.entries);
  disk.flip('checkpoints/alarm/00000002.snapshot.part', 1_000);
  await follower.save();
  expect((await disk.list('checkpoints/alarm')).map(({ name }) => name)).toEqual([
    '00000001.changes',
    '00000002.changes',
  ]);
  expect(await loaded(disk)).toEqual({ sequence: follower.sequence, state: follower.saved() });
});

test('a save that the full disk cut leaves no trace, and later ones count', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let number = 0; number < 3_000; number++) follower.set('device', `d${number}`, filler(number));
  await follower.save();
  for (let number = 0; number < 3_000; number++) follower.set('device', `d${number}`, filler(-number - 1));
  disk.room = 250_000;
  expect(await follower.save()).toBe('full');
  disk.room = 10_000_000;
  await checkpoint.snapshotIfDue(follower.entries);
  await follower.save();
  expect(await loaded(disk)).toEqual({ sequence: follower.sequence, state: follower.saved() });
  disk.flip('checkpoints/alarm/00000002.snapshot', 1_000);
  expect(await loaded(disk)).toEqual({ sequence: follower.sequence, state: follower.saved() });
});

test('what came back behind all others is told so when it is loaded, also what the full disk held meanwhile', async () => {
  const disk = new TestDisk();
  const checkpoint = open(disk);
  const table = 'open';
  const b: Change = { table, key: 'b', value: 2, isLast: true };
  const c: Change = { table, key: 'c', value: 2, isLast: true };
  await checkpoint.save(1, [{ table, key: 'a', value: 1 }, b]);
  disk.room = 0;
  expect(await checkpoint.save(2, [{ table, key: 'a', value: 3 }, b, c])).toBe('full');
  // It went and came again behind `c`; what is merely changed afterwards stays where it is.
  expect(await checkpoint.save(3, [{ table, key: 'a', value: 4, isLast: true }])).toBe('full');
  expect(await checkpoint.save(4, [{ table, key: 'b', value: 5 }])).toBe('full');
  disk.room = 100_000;
  expect(await checkpoint.save(5, [])).toBe('kept');
  const found: Change[] = [];
  await open(disk).load((change) => void found.push(change));
  expect(found).toEqual([
    { table, key: 'a', value: 1 },
    { table, key: 'b', value: 2, isLast: true },
    { table, key: 'b', value: 5, isLast: true },
    { table, key: 'c', value: 2, isLast: true },
    { table, key: 'a', value: 4, isLast: true },
  ]);
});

test('on a full disk state is held, and the next save that finds room has all of it', async () => {
  const { disk, follower } = await world();
  follower.set('open', 'a', 1);
  await follower.save();
  disk.room = 0;
  follower.set('open', 'b', 2);
  follower.set('open', 'a', undefined);
  expect(await follower.save()).toBe('full');
  expect((await loaded(disk.afterCrash())).state).toEqual({ 'open/a': 1 });
  disk.room = 100_000;
  follower.set('open', 'c', 3);
  expect(await follower.save()).toBe('kept');
  expect((await loaded(disk)).state).toEqual({ 'open/b': 2, 'open/c': 3 });
});

test('what the disk failed to take is kept with the next save, and counts for nothing until then', async () => {
  for (const isBetweenGenerations of [false, true]) {
    const { disk, follower, checkpoint } = await world();
    for (let number = 0; number < 3_000; number++) follower.set('device', `d${number}`, filler(number));
    await follower.save();
    follower.set('device', 'd1', 'while it failed');
    disk.failsNextSync = true;
    await expect(follower.save()).rejects.toThrow();
    disk.failsNextSync = false;
    if (isBetweenGenerations) await checkpoint.snapshotIfDue(follower.entries);
    follower.set('device', 'd2', 'afterwards');
    expect(await follower.save()).toBe('kept');
    const { sequence, state } = await loaded(disk.afterCrash());
    expect({ sequence, state }).toEqual({ sequence: follower.sequence, state: follower.now() });
    expect(state).toMatchObject({ 'device/d1': 'while it failed', 'device/d2': 'afterwards' });
  }
});

test('a snapshot that finds the disk full leaves everything as it was', async () => {
  const { disk, follower, checkpoint } = await world();
  for (let number = 0; number < 3_000; number++) follower.set('device', `d${number}`, filler(number));
  await follower.save();
  disk.room = 300_000;
  await checkpoint.snapshotIfDue(follower.entries);
  expect((await disk.list('checkpoints/alarm')).some(({ name }) => name.includes('snapshot'))).toBe(false);
  disk.room = 10_000_000;
  follower.set('device', 'd1', 'changed');
  await follower.save();
  expect(await loaded(disk)).toEqual({ sequence: follower.sequence, state: follower.saved() });
});

test('any order of changes, saves, snapshots and crashes leaves the state of a save', async () => {
  const step = fc.oneof(
    fc.record({
      type: fc.constant('set' as const),
      key: fc.integer({ min: 0, max: 20 }),
      value: fc.option(fc.nat(9), { nil: undefined }),
    }),
    fc.record({ type: fc.constantFrom('save' as const, 'snapshot' as const, 'crash' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let { disk, follower, checkpoint } = await world(1);
      for (const one of steps) {
        if (one.type === 'set') follower.set('t', `k${one.key}`, one.value);
        if (one.type === 'save') await follower.save();
        if (one.type === 'snapshot') await checkpoint.snapshotIfDue(follower.entries);
        if (one.type !== 'crash') continue;
        const [sequence, state] = [follower.savedSequence, follower.saved()];
        disk = disk.afterCrash();
        checkpoint = open(disk, 1);
        follower = followerOf(checkpoint);
        follower.sequence = await checkpoint.load(follower.load);
        expect(follower.sequence).toBe(sequence);
        expect(follower.now()).toEqual(state);
        follower.noteSaved();
      }
    }),
    { seed: 7, numRuns: 150 },
  );
});

async function world(minChangeBytes = 10_000) {
  const disk = new TestDisk();
  const checkpoint = open(disk, minChangeBytes);
  await checkpoint.load(() => {});
  return { disk, checkpoint, follower: followerOf(checkpoint) };
}

function open(disk: TestDisk, minChangeBytes = 10_000): Checkpoint {
  return new Checkpoint({ disk, name: 'alarm', journalId, log: silentLog, minChangeBytes });
}

async function loaded(disk: TestDisk) {
  const follower = followerOf(open(disk));
  const sequence = await open(disk).load(follower.load);
  return { sequence, state: follower.now() };
}

/** A follower with a state as the real ones have it: a map that goes on changing, and what changed since the last save. */
function followerOf(checkpoint: Checkpoint) {
  const state = new Map<string, Change>();
  const changed = new Set<string>();
  let saved = {};
  const now = () => Object.fromEntries([...state].map(([path, { value }]) => [path, value]));
  const load = (change: Change) => {
    const path = `${change.table}/${change.key}`;
    if (change.value === undefined) state.delete(path);
    else state.set(path, change);
  };
  const follower = {
    sequence: 0,
    savedSequence: 0,
    now,
    load,
    saved: () => saved,
    /** The state at each sequence that was saved. */
    history: new Map<number, object>(),
    noteSaved() {
      saved = now();
      follower.savedSequence = follower.sequence;
    },
    set(table: string, key: string, value: unknown) {
      follower.sequence += 1;
      load({ table, key, value });
      changed.add(`${table}/${key}`);
    },
    async save() {
      const changes = [...changed].map((path) => {
        const [table = '', key = ''] = path.split('/');
        return { table, key, value: state.get(path)?.value };
      });
      changed.clear();
      const [sequence, snapshot] = [follower.sequence, now()];
      const kept = await checkpoint.save(sequence, changes);
      if (kept === 'kept') {
        saved = snapshot;
        follower.history.set(sequence, snapshot);
        follower.savedSequence = sequence;
      }
      return kept;
    },
    entries: () => state.values(),
  };
  return follower;
}

const filler = (number: number) => ({ number, text: 'x'.repeat(200) });
const changes = (generation: number) => `checkpoints/alarm/0000000${generation}.changes`;
