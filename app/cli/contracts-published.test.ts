import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { release } from '../../firmware-contracts/published.ts';
import { manifestOf, publishedFiles, whatToDo } from './contracts-published.ts';

const root = join(import.meta.dirname, '../..');
const published = join(root, 'firmware-contracts/published');
const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined);
const made = publishedFiles((path) => (path.endsWith('released.json') ? undefined : read(path)));
const now = publishedFiles(read);
const advice = 'refused' in now ? now.refused : '`npm run contracts -- write` makes it anew';
const files = 'files' in made ? made.files : [];
const namesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.name !== 'released.json')
    .map((one) => join(one.parentPath, one.name).slice(folder.length + 1));

test.each(files)('%s is as the contracts say', (path, text) => {
  expect(read(path), advice).toBe(text);
});

test('nothing else is published', () => {
  const folder = join(published, release);
  const ours = files.map(([path]) => join(root, path)).filter((path) => path.startsWith(folder));
  expect(namesIn(folder).sort()).toEqual(ours.map((path) => path.slice(folder.length + 1)).sort());
});

const releases = readdirSync(published).filter((name) => readdirSync(join(published, name)).includes('released.json'));
test.each(releases)('%s is what it was when it was released', (name) => {
  const folder = join(published, name);
  const texts = new Map(namesIn(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const { files: found } = manifestOf(texts);
  const { files: then } = JSON.parse(readFileSync(join(folder, 'released.json'), 'utf8')) as ReturnType<
    typeof manifestOf
  >;
  const changed = [...new Set([...Object.keys(then), ...Object.keys(found)])].filter(
    (file) => then[file] !== found[file],
  );
  expect(changed, whatToDo(changed, name)).toEqual([]);
});
