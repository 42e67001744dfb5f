import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Disk, openDisk } from './disk.ts';

let root = '';
let disk: Disk;
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'disk-')), 'data');
  disk = openDisk(root);
});
afterEach(async () => {
  await disk.close();
  rmSync(join(root, '..'), { recursive: true });
});
const bytes = (words: string) => new TextEncoder().encode(words);
const words = (read: Uint8Array) => Buffer.from(read).toString();

test('a file grows by what is appended, in call order, from shared memory too', async () => {
  const file = await disk.openAppend('journal/a');
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set(bytes('ghi'));
  const kept = await Promise.all([file.append([bytes('abc'), bytes('def')]), file.append([shared])]);
  expect(kept).toEqual(['kept', 'kept']);
  expect(file.bytes).toBe(9);
  expect(words(await disk.read('journal/a', 0, 100))).toBe('abcdefghi');
  expect(words(await disk.read('journal/a', 4, 3))).toBe('efg');
  expect((await disk.read('journal/a', 50, 3)).length).toBe(0);
  await file.repeat(3);
  await file.truncate(4);
  await file.append([bytes('X')]);
  expect(readFileSync(join(root, 'journal/a'), 'utf8')).toBe('abcdX');
  await file.close();
  expect((await disk.openAppend('journal/a')).bytes).toBe(5);
});

test('a file that is written whole is there whole, over what was there before', async () => {
  expect(await disk.writeWhole('checkpoints/alarm/1', bytes('before'))).toBe('kept');
  expect(await disk.writeWhole('checkpoints/alarm/1', bytes('after'))).toBe('kept');
  expect(await disk.list('checkpoints/alarm')).toEqual([{ name: '1', bytes: 5 }]);
  await disk.rename('checkpoints/alarm/1', 'checkpoints/alarm/2');
  await disk.remove('checkpoints/alarm/1');
  expect(await disk.list('checkpoints/alarm')).toEqual([{ name: '2', bytes: 5 }]);
  expect(await disk.size('checkpoints/alarm/2')).toBe(5);
  await disk.remove('checkpoints/alarm/2');
  expect(await disk.size('checkpoints/alarm/2')).toBeUndefined();
});

test('what is not there is not there: no folder lists nothing, a missing file is an error with its code', async () => {
  expect(await disk.list('journal')).toEqual([]);
  expect(await disk.size('journal/a')).toBeUndefined();
  await disk.remove('journal/a');
  await expect(disk.read('journal/a', 0, 1)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await disk.freeBytes('not/there/yet')).toBeGreaterThan(0);
});

test('a failed call leaves the next ones their own answers', async () => {
  writeFileSync(join(root, '..', 'x'), 'x');
  const answers = await Promise.allSettled([disk.size('a'), disk.read('a', 0, 1), disk.size('../x')]);
  expect(answers).toMatchObject([{ value: undefined }, { reason: { code: 'ENOENT' } }, { value: 1 }]);
});

test('a disk that was closed refuses', async () => {
  const other = openDisk(root);
  await other.close();
  await expect(other.size('a')).rejects.toThrow('closed');
});
