import { expect, test } from 'vitest';
import type { Disk } from '../../platform/disk.ts';
import { chanceOf } from '../seeded-chance.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { FaultPlan } from './faults.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const slow = { opMs: [10, 10] } as const;

test('what is written can be read before it is synced, and lasts only when it is', async () => {
  const { disk, start, clock } = world(slow);
  const first = start();
  const file = await answer(clock, first.openAppend('journal/1'));
  const kept = file.append([bytesOf('sm'), bytesOf('oke')]);
  await clock.advance(9);
  expect([await wordsOf(start(), 'journal/1'), file.bytes]).toEqual(['smoke', 0]);
  await clock.advance(1);
  expect([await kept, file.bytes]).toEqual(['kept', 5]);
  file.append([bytesOf('fall')]);
  await clock.advance(9);
  disk.powerCut();
  expect(await wordsOf(start(), 'journal/1')).toBe('smoke');
});

test('a power cut leaves any beginning of what was not synced, with another byte in it by chance', async () => {
  const left = await seeds(200, { ...slow, tornChance: 0.8, flippedChance: 0.3 }, async ({ disk, start, clock }) => {
    const mine = start();
    const file = await answer(clock, mine.openAppend('journal/1'));
    await answer(clock, file.append([bytesOf('ab')]));
    file.append([bytesOf('cdef')]);
    await clock.advance(5);
    disk.powerCut();
    return wordsOf(start(), 'journal/1');
  });
  const intact = left.filter((words) => 'abcdef'.startsWith(words));
  expect([...new Set(intact)].sort()).toEqual(['ab', 'abc', 'abcd', 'abcde', 'abcdef']);
  expect(left.length - intact.length).toBeGreaterThan(20);
  expect(left.every((words) => words.startsWith('ab') && words.length <= 6)).toBe(true);
});

test('bytes of a failed sync read well and are lost, a hole before what follows, unless they are written once more', async () => {
  const unlucky = { fails: false };
  const chance = { ...chanceOf(1, 'disk'), fraction: () => (unlucky.fails ? 0 : 0.9) };
  const run = async (repeated: boolean) => {
    const disk = new SimulatedDisk({ chance, faults: { failedSyncChance: 0.5 } });
    const clock = new VirtualClock({ startAt: 0 });
    const dying = disk.open({ clock });
    const file = await dying.openAppend('journal/1');
    await file.append([bytesOf('ab')]);
    unlucky.fails = true;
    await expect(file.append([bytesOf('cd')])).rejects.toMatchObject({ code: 'EIO' });
    unlucky.fails = false;
    const next = disk.open({ clock });
    expect(await wordsOf(next, 'journal/1')).toBe('abcd');
    const again = await next.openAppend('journal/1');
    if (repeated) await again.repeat(2);
    await again.append([bytesOf('ef')]);
    expect(await wordsOf(next, 'journal/1')).toBe('abcdef');
    disk.powerCut();
    return wordsOf(disk.open({ clock }), 'journal/1');
  };
  expect(await run(false)).toBe('ab\0\0ef');
  expect(await run(true)).toBe('abcdef');
});

test('a process that is struck in an append leaves any beginning of it, and is never answered', async () => {
  const left = await seeds(200, slow, async ({ start, clock }) => {
    const struck = start((what) => what.startsWith('append'));
    const file = await answer(clock, struck.openAppend('journal/1'));
    let isAnswered = false;
    const answered = () => {
      isAnswered = true;
    };
    file.append([bytesOf('abc')]).then(answered, answered);
    struck.size('journal/1').then(answered, answered);
    await clock.advance(1_000);
    expect(isAnswered).toBe(false);
    return wordsOf(start(), 'journal/1');
  });
  expect([...new Set(left)].sort()).toEqual(['', 'a', 'ab', 'abc']);
});

test('what a process had not begun when it ended has no effect, and what it had written stays', async () => {
  const { disk: simulated, start, clock } = world(slow);
  let end = () => {};
  const dying = simulated.open({
    clock,
    whenOver: (run) => {
      end = run;
    },
  });
  const file = await answer(clock, dying.openAppend('journal/1'));
  file.append([bytesOf('begun')]);
  file.append([bytesOf(' waiting')]);
  dying.writeWhole('journal/2', bytesOf('waiting'));
  dying.remove('journal/1');
  await clock.advance(5);
  end();
  await clock.advance(1_000);
  const disk = start();
  expect([await wordsOf(disk, 'journal/1'), await disk.list('journal')]).toEqual(['begun', [{ name: '1', bytes: 5 }]]);
});

test('calls of a process are done in their order, and no process waits for another', async () => {
  const { start, clock } = world(slow);
  const disk = start();
  const order: string[] = [];
  const note = (name: string) => () => void order.push(`${name}@${clock.monotonic()}`);
  disk.writeWhole('a', bytesOf('a')).then(note('written'));
  disk.size('a').then(note('sized'));
  const other = start();
  other.list('').then(note('listed'));
  disk.rename('a', 'b').then(note('renamed'));
  await clock.advance(100);
  expect(order).toEqual(['listed@0', 'written@20', 'sized@20', 'renamed@30']);
});

test('syncs of a disk that hangs are answered when the window is over', async () => {
  const { start, clock } = world({ opMs: [1, 1], hangs: [{ fromMs: 1_000, toMs: 5_000 }] });
  const disk = start();
  const file = await answer(clock, disk.openAppend('journal/1'));
  await clock.advance(1_000 - clock.monotonic());
  const kept = file.append([bytesOf('smoke')]).then(() => clock.monotonic());
  await clock.advance(10_000);
  expect(await kept).toBe(5_000);
});

test('in a window of little room, what does not fit changes nothing, and what is removed gives room', async () => {
  const { start, clock } = world({ full: [{ fromMs: 1_000, toMs: 2_000, roomBytes: 10 }] });
  const disk = start();
  await disk.writeWhole('old', bytesOf('123'));
  const file = await disk.openAppend('journal/1');
  expect(await disk.freeBytes('journal')).toBeGreaterThan(1_000_000_000);
  await clock.advance(1_500);
  expect(await file.append([bytesOf('12345678')])).toBe('kept');
  expect(await disk.freeBytes('journal')).toBe(2);
  expect(await file.append([bytesOf('123')])).toBe('full');
  expect(await disk.writeWhole('journal/2', bytesOf('123'))).toBe('full');
  expect([file.bytes, await disk.list('journal')]).toEqual([8, [{ name: '1', bytes: 8 }]]);
  await disk.remove('old');
  expect([await disk.freeBytes('journal'), await disk.writeWhole('journal/2', bytesOf('123'))]).toEqual([5, 'kept']);
  await clock.advance(500);
  expect(await file.append([bytesOf('123')])).toBe('kept');
});

test('a name lasts from its answer on; without one it may be undone, and never names a part', async () => {
  const left = await seeds(100, { ...slow, tornChance: 0.8 }, async ({ disk, start, clock }, seed) => {
    const mine = start();
    await answer(clock, mine.writeWhole('a', bytesOf('answered')));
    await answer(clock, mine.rename('a', 'b'));
    mine.writeWhole('c', bytesOf('under way'));
    await clock.advance(seed % 20);
    disk.powerCut();
    const found = start();
    expect([await found.size('a'), await wordsOf(found, 'b')]).toEqual([undefined, 'answered']);
    return (await found.size('c')) === undefined ? 'undone' : wordsOf(found, 'c');
  });
  expect([...new Set(left)].sort()).toEqual(['under way', 'undone']);
});

test('a struck writer leaves a part beside, or the whole file, which lasts once a later process has opened it', async () => {
  const left = await seeds(100, slow, async ({ disk, start, clock }) => {
    const struck = start((what) => what.startsWith('write'));
    struck.writeWhole('a', bytesOf('whole'));
    await clock.advance(100);
    const next = start();
    if ((await next.size('a')) === undefined) return 'not there';
    expect(await wordsOf(next, 'a')).toBe('whole');
    await answer(clock, next.openAppend('a'));
    disk.powerCut();
    return wordsOf(start(), 'a');
  });
  expect([...new Set(left)].sort()).toEqual(['not there', 'whole']);
});

test('what was removed may be back after a power cut, in no other order than it went', async () => {
  const left = await seeds(100, { tornChance: 0.8 }, async ({ disk, start }) => {
    const mine = start();
    for (const name of ['1', '2', '3']) await mine.writeWhole(`journal/${name}`, bytesOf('old'));
    for (const name of ['1', '2', '3']) await mine.remove(`journal/${name}`);
    disk.powerCut();
    return (await start().list('journal')).map(({ name }) => name).join();
  });
  expect([...new Set(left)].sort()).toEqual(['', '1,2,3', '2,3', '3']);
});

test('the newest snapshot is damaged by chance, never both of the two newest', async () => {
  const { disk, start } = world({ damagedSnapshotChance: 1 });
  const mine = start();
  const write = (name: string) => mine.writeWhole(`checkpoints/${name}.snapshot`, bytesOf('state'));
  for (const name of ['alarm/1', 'alarm/2', 'duty/1']) await write(name);
  expect(disk.damageNewestSnapshot()).toEqual(['checkpoints/alarm/2.snapshot']);
  expect(await wordsOf(mine, 'checkpoints/alarm/1.snapshot')).toBe('state');
  expect(await wordsOf(mine, 'checkpoints/alarm/2.snapshot')).not.toBe('state');
  await write('alarm/3');
  expect(disk.damageNewestSnapshot()).toEqual([]);
  await mine.remove('checkpoints/alarm/3.snapshot');
  await mine.remove('checkpoints/alarm/2.snapshot');
  await write('alarm/0');
  expect(disk.damageNewestSnapshot()).toEqual([]);
  await write('alarm/3');
  expect(disk.damageNewestSnapshot()).toEqual(['checkpoints/alarm/3.snapshot']);
  for (const number of [4, 5]) await write(`alarm/${number}`);
  disk.heal();
  expect(disk.damageNewestSnapshot()).toEqual([]);
});

test('whoever listens hears of each file that appears or changes', async () => {
  const { disk, start } = world({});
  const heard: string[] = [];
  disk.onWritten((name) => heard.push(name));
  const mine = start();
  const file = await mine.openAppend('journal/1');
  await file.append([bytesOf('smoke')]);
  await mine.read('journal/1', 0, 5);
  await file.truncate(0);
  await mine.writeWhole('a', bytesOf('a'));
  expect(heard).toEqual(['journal/1', 'journal/1', 'journal/1', 'a.part', 'a']);
});

test('a healed disk neither fails nor hangs', async () => {
  const { disk, start, clock } = world({
    ...{ failedSyncChance: 1, opMs: [1_000, 1_000] },
    ...{ hangs: [{ fromMs: 0, toMs: 1e9 }], full: [{ fromMs: 0, toMs: 1e9, roomBytes: 0 }] },
  });
  const mine = start();
  disk.heal();
  expect(await answer(clock, mine.writeWhole('a', bytesOf('a')))).toBe('kept');
});

test('a copy has what can be read, all of it durable, and hears nothing of what is written later', async () => {
  const { disk, start, clock } = world(slow);
  const mine = start();
  await answer(clock, mine.writeWhole('checkpoints/alarm/1.snapshot', bytesOf('state')));
  const file = await answer(clock, mine.openAppend('journal/1'));
  file.append([bytesOf('smoke')]);
  await clock.advance(5);
  const copy = disk.copy({ without: (name) => name.startsWith('checkpoints/') });
  await clock.advance(5);
  file.append([bytesOf(' fall')]);
  await clock.advance(20);
  copy.powerCut();
  const found = copy.open({ clock });
  expect([await wordsOf(found, 'journal/1'), await found.list('checkpoints/alarm')]).toEqual(['smoke', []]);
  expect(await wordsOf(mine, 'journal/1')).toBe('smoke fall');
});

test('a power cut at a call takes the process, and what it had just begun to write may be torn', async () => {
  const left = await seeds(100, { tornChance: 0.8 }, async ({ disk, start, clock }) => {
    const struck = disk.open({ clock, onCall: (what) => what.startsWith('append') && disk.powerCut() });
    const file = await struck.openAppend('journal/1');
    file.append([bytesOf('abc')]);
    await clock.settled();
    return wordsOf(start(), 'journal/1');
  });
  expect([...new Set(left)].sort()).toEqual(['', 'a', 'ab', 'abc']);
});

test('a disk that a process has closed takes no more calls of it', async () => {
  const { start } = world({});
  const disk = start();
  await disk.close();
  await expect(disk.size('journal/1')).rejects.toThrow('closed');
});

type World = ReturnType<typeof world>;

function world(faults: Partial<FaultPlan['disk']>, seed = 1) {
  const clock = new VirtualClock({ startAt: 0 });
  const disk = new SimulatedDisk({ chance: chanceOf(seed, 'disk'), faults });
  /** A process with the disk open, which ends at the first call that is `fatal`. */
  const start = (fatal: (what: string) => boolean = () => false) => {
    let end = () => {};
    const whenOver = (run: () => void) => {
      end = run;
    };
    return disk.open({ clock, whenOver, onCall: (what) => fatal(what) && end() });
  };
  return { clock, disk, start };
}

/** What came of it under each seed. */
async function seeds<T>(
  count: number,
  faults: Partial<FaultPlan['disk']>,
  story: (world: World, seed: number) => Promise<T>,
): Promise<T[]> {
  const all: T[] = [];
  for (let seed = 1; seed <= count; seed++) all.push(await story(world(faults, seed), seed));
  return all;
}

/** Lets time pass until it is answered. */
async function answer<T>(clock: VirtualClock, asked: Promise<T>): Promise<T> {
  await clock.advance(100);
  return asked;
}

const bytesOf = (words: string) => new TextEncoder().encode(words);
async function wordsOf(disk: Disk, name: string): Promise<string> {
  return Buffer.from(await disk.read(name, 0, 1_000)).toString('latin1');
}
