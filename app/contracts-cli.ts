import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { checkedNames, checkPayload, payloadIn } from '../firmware-contracts/check.ts';

const usage = `usage: npm run contracts -- check FILE [--as NAME]

FILE    a payload as JSON, CBOR, or either of them as hexadecimal text; "-" reads it from standard input
--as    what it is, when the name of the file does not begin with it: ${checkedNames.join(', ')}`;

export type ContractsCliParts = { argv: string[]; read: (file: string) => Uint8Array; print: (line: string) => void };

/**
 * `npm run contracts -- check FILE`: whether firmware may send a payload, in one line. 0: right. 1: wrong, or the file
 * cannot be read. 64: wrong usage.
 */
export function runContractsCli({ argv, read, print }: ContractsCliParts): 0 | 1 | 64 {
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
    print: (line) => void process.stdout.write(`${line}\n`),
  });
}
