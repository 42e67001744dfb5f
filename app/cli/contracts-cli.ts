import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkedNames, checkPayload, payloadIn } from '../../firmware-contracts/check.ts';
import { publishedFiles, type ReadText, releasedFiles } from './contracts-published.ts';

const usage = `usage: npm run contracts -- check FILE [--as NAME]
       npm run contracts -- write
       npm run contracts -- release

FILE    a payload as JSON, CBOR, or either of them as hexadecimal text; "-" reads it from standard input
--as    what it is, when the name of the file does not begin with it: ${checkedNames.join(', ')}`;

export type ContractsCliParts = {
  argv: string[];
  read: (file: string) => Uint8Array;
  /** Of a file below the project's folder; undefined when there is none. */
  readText: ReadText;
  /** The same. */
  write: (path: string, text: string) => void;
  print: (line: string) => void;
};

/**
 * `npm run contracts -- check FILE`: whether firmware may send a payload, in one line. `write` makes what is published, and the tables
 * in docs/firmware.md, anew; `release` does so for the last time, and from then on nothing published can change.
 * 0: right, or done. 1: wrong, or the file cannot be read, or what would change is released. 64: wrong usage.
 */
export function runContractsCli({ argv, read, readText, write, print }: ContractsCliParts): 0 | 1 | 64 {
  if (argv.length === 1 && (argv[0] === 'write' || argv[0] === 'release')) {
    const made = argv[0] === 'write' ? publishedFiles(readText) : releasedFiles(readText);
    if ('files' in made) for (const [path, text] of made.files) write(path, text);
    else print(made.refused);
    return 'files' in made ? 0 : 1;
  }
  const asked = questionIn(argv);
  if ('problem' in asked) {
    print(`${asked.problem}\n${usage}`);
    return 64;
  }
  const { file, name } = asked;
  let content: Uint8Array;
  try {
    content = read(file);
  } catch (error) {
    print(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  const { right, says } = checkPayload({ name, payload: payloadIn(content) });
  print(says);
  return right ? 0 : 1;
}

function questionIn(argv: string[]): { file: string; name: string } | { problem: string } {
  let values: { as?: string | undefined };
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({ args: argv, options: { as: { type: 'string' } }, allowPositionals: true }));
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const [verb, file, ...rest] = positionals;
  if (verb !== 'check' || file === undefined || rest.length > 0) return { problem: 'name one file to check' };
  const name = values.as ?? checkedNames.find((one) => basename(file).startsWith(one));
  if (name === undefined) return { problem: `${file}: say what it is, for example --as alarm` };
  return { file, name };
}

function below(path: string): string {
  return join(import.meta.dirname, '../..', path);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

if (import.meta.main) {
  process.exitCode = runContractsCli({
    argv: process.argv.slice(2),
    read: (file) => readFileSync(file === '-' ? 0 : file),
    readText: (path) => textOf(below(path)),
    write(path, text) {
      mkdirSync(dirname(below(path)), { recursive: true });
      writeFileSync(below(path), text);
    },
    print: (line) => void process.stdout.write(`${line}\n`),
  });
}
