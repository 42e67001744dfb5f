import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dataFolderLocked, dataFolderUnwritable } from './errors.ts';

export type DataLock = { release(): void };

/**
 * Takes the data folder for this process alone, until `release` or the end of the process, however it ends.
 * Errors: DATA_FOLDER_LOCKED, naming the holder's process, host and start; DATA_FOLDER_UNWRITABLE.
 *
 * Node offers no lock on a file, except through SQLite: a transaction that stays open holds the kernel's own lock on
 * `lock.db`. So a killed holder leaves nothing stale behind, two starts cannot race, and no process id is ever compared.
 */
export function lockDataFolder(folder: string): DataLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const holderFile = join(folder, 'lock.json');
  const database = beginLock(join(folder, 'lock.db'), () => nameOfHolder(holderFile));
  const holder = { pid: process.pid, host: hostname(), startedAt: new Date(performance.timeOrigin).toISOString() };
  // Renamed into place, so that a second start reads the whole of it or the one before.
  writeFileSync(`${holderFile}.part`, JSON.stringify(holder));
  renameSync(`${holderFile}.part`, holderFile);
  const release = () => {
    process.off('exit', release);
    database.close();
  };
  // Also keeps the database from being collected as garbage, and the lock with it, where nobody keeps what is returned.
  process.once('exit', release);
  return { release };
}

function nameOfHolder(holderFile: string): string {
  try {
    const { pid, host, startedAt } = JSON.parse(readFileSync(holderFile, 'utf8'));
    return `process ${pid} on ${host}, started ${startedAt}`;
  } catch {
    // The holder has the lock and is about to write its name.
    return 'a process that is just starting';
  }
}

function beginLock(path: string, holder: () => string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN IMMEDIATE');
    return database;
  } catch (cause) {
    database?.close();
    const { errcode, message } = cause as { errcode?: number; message: string };
    if (errcode === SQLITE_BUSY) throw dataFolderLocked({ cause }, dirname(path), holder());
    throw dataFolderUnwritable({ cause }, `${path}: ${message}`);
  }
}

/** Somebody else has the lock. Source: sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
