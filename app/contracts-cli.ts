import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkedNames, checkPayload, payloadIn } from '../firmware-contracts/check.ts';
import { publishedFiles } from '../firmware-contracts/published.ts';

const usage = `usage: npm run contracts -- check FILE [--as NAME]
       npm run contracts -- write

FILE    a payload as JSON, CBOR, or either of them as hexadecimal text; "-" reads it from standard input
--as    what it is, when the name of the file does not begin with it: ${checkedNames.join(', ')}`;

export type ContractsCliParts = {
  argv: string[];
  read: (file: string) => Uint8Array;
  /** `name` is below the folder of what is published. */
  write: (name: string, text: string) => void;
  print: (line: string) => void;
};

/**
 * `npm run contracts -- check FILE`: whether firmware may send a payload, in one line. 0: right. 1: wrong, or the file
 * cannot be read. 64: wrong usage. `write` makes what is published for firmware engineers anew.
 */
export function runContractsCli({ argv, read, write, print }: ContractsCliParts): 0 | 1 | 64 {
  if (argv.length === 1 && argv[0] === 'write') {
    for (const [name, text] of publishedFiles()) write(name, text);
    return 0;
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

if (import.meta.main) {
  process.exitCode = runContractsCli({
    argv: process.argv.slice(2),
    read: (file) => readFileSync(file === '-' ? 0 : file),
    write(name, text) {
      const file = join(import.meta.dirname, '../firmware-contracts/published', name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    print: (line) => void process.stdout.write(`${line}\n`),
  });
}
