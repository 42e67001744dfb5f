import { createHash } from 'node:crypto';
import { withFirmwareTables } from '../../firmware-contracts/guide.ts';
import { firmwareFiles, release } from '../../firmware-contracts/published.ts';
import { webhookFiles } from '../../responders/channels/webhook-published.ts';

/** A file below the project's folder. */
export type ReadText = (path: string) => string | undefined;
/** Path below the project's folder, and what it should hold. */
export type Written = readonly [path: string, text: string];

const published = 'firmware-contracts/published';
const manifestPath = `${published}/${release}/released.json`;

/** `released`: these files never change again, each with its SHA-256. */
type Manifest = { released: typeof release; files: { [name: string]: string } };

/**
 * What is made from the contracts: the files of the release, and the tables in docs/firmware.md. `refused`: the release is out, and
 * the contracts no longer say what it says.
 */
export function publishedFiles(read: ReadText): { files: Written[] } | { refused: string } {
  const changed = changedSinceRelease(read);
  if (changed.length > 0) return { refused: whatToDo(changed) };
  const guide = read('docs/firmware.md') ?? '';
  return {
    files: [
      ...[...releaseFiles()].map(([name, text]): Written => [`${published}/${release}/${name}`, text]),
      ['docs/firmware.md', withFirmwareTables(guide)],
    ],
  };
}

/** The same with the manifest, after which nothing of the release can change. */
export function releasedFiles(read: ReadText): { files: Written[] } | { refused: string } {
  const made = publishedFiles(read);
  if ('refused' in made) return made;
  return { files: [...made.files, [manifestPath, `${JSON.stringify(manifestOf(releaseFiles()), null, 2)}\n`]] };
}

export function manifestOf(files: ReadonlyMap<string, string>): Manifest {
  const hashes = [...files].map(([name, text]) => [name, sha256(text)] as const);
  return { released: release, files: Object.fromEntries(hashes.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

export function whatToDo(changed: string[], released: string = release): string {
  return (
    `${released} is released, devices and receivers are built on it, and it never changes; not as it was released: ${changed.join(', ')}. ` +
    "Take the change back; or, if it is an addition, set `release` in firmware-contracts/published.ts to the next one ('v1.1') and " +
    'run `npm run contracts -- write`; if it changes what anything means, its `v` has to become 2 as well.'
  );
}

function releaseFiles(): ReadonlyMap<string, string> {
  const webhooks = [...webhookFiles()].map(([name, text]) => [`webhooks/${name}`, text] as const);
  return new Map([...firmwareFiles(), ...webhooks]);
}

function changedSinceRelease(read: ReadText): string[] {
  const text = read(manifestPath);
  if (text === undefined) return [];
  const { files: released } = JSON.parse(text) as Manifest;
  const { files: made } = manifestOf(releaseFiles());
  return [...new Set([...Object.keys(released), ...Object.keys(made)])].filter((name) => released[name] !== made[name]);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
