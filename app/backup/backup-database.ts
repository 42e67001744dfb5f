import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { databaseUnfit } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { dumpTables, type TablesDumped } from '../../storage/table-dump.ts';
import { type Loaded, loadTables } from '../../storage/table-load.ts';
import { type KeptFile, writeNew } from './backup-files.ts';

/** What is in the other files of a dump. */
const descriptionFile = 'tables.json';
const fileOf = (table: string): string => `${table}.ndjson.gz`;

/** Writes the tables into a folder, each in a file of lines of JSON. Errors: DATABASE_AWAY, DATABASE_UNFIT. */
export async function dumpDatabase(url: string, folder: string): Promise<DatabaseDump> {
  const files: KeptFile[] = [];
  const dumped = await dumpTables({
    url,
    async write(table, lines) {
      let rows = 0;
      async function* counted() {
        for await (const some of lines) {
          rows += some.split('\n').length - 1;
          yield Buffer.from(some);
        }
      }
      const name = fileOf(table);
      const zipped = Readable.from(counted()).compose(createGzip({ level: 1 }));
      files.push({ name, ...(await writeNew(join(folder, name), zipped)) });
      return rows;
    },
  });
  const description = Readable.from([Buffer.from(JSON.stringify(dumped, null, 1))]);
  files.push({ name: descriptionFile, ...(await writeNew(join(folder, descriptionFile), description)) });
  const position = dumped.tables.find(({ name }) => name === 'projection_position');
  return { files, holdsCopy: position !== undefined && position.rows > 0 };
}

/** `holdsCopy`: something of a journal was copied into that database before. */
export type DatabaseDump = { files: KeptFile[]; holdsCopy: boolean };

/**
 * Puts what `dumpDatabase` wrote into a database that holds no copy yet.
 * Errors: DATABASE_AWAY, try later. DATABASE_UNFIT, DATABASE_REFUSED.
 */
export async function loadDatabase({ url, folder, log }: { url: string; folder: string; log: Log }): Promise<Loaded> {
  const dumped = JSON.parse(await readFile(join(folder, descriptionFile), 'utf8')) as TablesDumped;
  const read = (table: string) => linesOf(createReadStream(join(folder, fileOf(table))).compose(createGunzip()));
  return loadTables({ url, log, dumped, read });
}

/** Only a line feed ends a row: names may hold other separators of lines, U+2028 for one, which JSON leaves as they are. */
async function* linesOf(source: AsyncIterable<Buffer>): AsyncIterable<string> {
  let begun: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end)]).toString();
      [begun, bytes, from] = [[], 0, end + 1];
    }
    begun.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > mostRowBytes) throw databaseUnfit({}, `a row of the backup has more than ${mostRowBytes} bytes`);
  }
  if (bytes > 0) yield Buffer.concat(begun).toString();
}
const lineFeed = 0x0a;
const mostRowBytes = 64 * 1024 * 1024;
