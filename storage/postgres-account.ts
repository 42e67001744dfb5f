import type { SpawnOptions } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { databaseNotStarted } from '../platform/errors.ts';

/**
 * How a program of PostgreSQL is run on `cluster`. PostgreSQL refuses to be root: an ordinary user runs it as himself, root
 * hands it to an account without rights. Where that account could not walk to the folders (a checkout in /root, a
 * private temporary folder), the program sees just its two folders under /mnt, in a mount namespace of its own; it gains
 * no right by that. Source: docs/decisions/0010-embedded-postgres.md
 */
export type PostgresAccount = {
  /** The owner that the cluster's folder must have; undefined: the one who runs us. */
  owner: Owner | undefined;
  command(program: 'initdb' | 'postgres', flags: string[]): { file: string; args: string[]; options: SpawnOptions };
};

type Owner = { uid: number; gid: number };
type Folders = { native: string; cluster: string };

/** Errors: DATABASE_NOT_STARTED, never: root without any account to hand PostgreSQL to. */
export async function choosePostgresAccount(folders: Folders): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) return { owner: undefined, command: plain(folders, undefined) };
  const owner = await ownerFor(folders.cluster);
  const reachable = (await canWalkTo(folders.native, owner)) && (await canWalkTo(dirname(folders.cluster), owner));
  return { owner, command: reachable ? plain(folders, owner) : enclosed(folders, owner) };
}

/** A cluster keeps its owner; a new one belongs to `postgres` where the system has it, else to `nobody`. */
async function ownerFor(cluster: string): Promise<Owner> {
  const existing = await stat(cluster).catch(() => undefined);
  if (existing && existing.uid !== 0) return existing;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const account = ['postgres', 'nobody'].map((name) => accounts.find((entry) => entry[0] === name)).find(Boolean);
  if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  throw databaseNotStarted({}, 'root may not run it, and the system has neither a "postgres" nor a "nobody" account');
}

async function canWalkTo(folder: string, owner: Owner): Promise<boolean> {
  const { mode, uid, gid } = await stat(folder);
  const search = uid === owner.uid ? 0o100 : gid === owner.gid ? 0o010 : 0o001;
  if ((mode & search) === 0) return false;
  return folder === dirname(folder) || canWalkTo(dirname(folder), owner);
}

function plain({ native, cluster }: Folders, owner: Owner | undefined): PostgresAccount['command'] {
  return (program, flags) => ({
    file: `${native}/bin/${program}`,
    args: ['-D', cluster, ...flags],
    options: { ...(owner && { uid: owner.uid, gid: owner.gid }), cwd: '/' },
  });
}

function enclosed({ native, cluster }: Folders, { uid, gid }: Owner): PostgresAccount['command'] {
  const drop = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--bounding-set=-all', '--no-new-privs'];
  return (program, flags) => ({
    file: 'unshare',
    // The shell and its successors replace each other, so that the process we started is PostgreSQL itself.
    args: [
      ...['--mount', '--propagation=private', 'sh', '-ec', mountBoth, 'sh', native, cluster],
      ...['setpriv', ...drop, `/mnt/native/bin/${program}`, '-D', '/mnt/cluster', ...flags],
    ],
    options: { cwd: '/' },
  });
}

const mountBoth = `
mount -t tmpfs -o size=64k,mode=755 none /mnt
mkdir /mnt/native /mnt/cluster
mount --bind "$1" /mnt/native
mount --bind "$2" /mnt/cluster
shift 2
exec "$@"`;
