import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { runScenario } from './scenario.ts';
import { readScenario, withExpected } from './scenario-file.ts';

const folder = new URL('../scenarios/', import.meta.url);
const usage = `usage: npm run scenarios -- [--rewrite] [case-01 ...]
Plays the scenario files on a virtual clock, and says which came out as expected; --rewrite writes into them what came out.`;

/** The names of the scenario files, without the county in which they play. */
export function scenarioNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('case-'))
    .sort();
}

export function scenarioText(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/** Plays one file. */
export async function playScenario(name: string) {
  const scenario = readScenario(scenarioText(name));
  return { scenario, ...(await runScenario(scenario, { registryText: scenarioText('county.yaml') })) };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rewrite: { type: 'boolean', default: false } },
  });
  const names = scenarioNames().filter(
    (name) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  if (names.length === 0) {
    process.stderr.write(`no scenario is called like that\n${usage}\n`);
    return 64;
  }
  let different = 0;
  for (const name of names) {
    const { scenario, outcome } = await playScenario(name);
    const same = isDeepStrictEqual(outcome, scenario.expected);
    if (!same && values.rewrite) writeFileSync(new URL(name, folder), withExpected(scenarioText(name), outcome));
    else if (!same) different += 1;
    process.stdout.write(`${same ? 'as expected' : values.rewrite ? 'rewritten  ' : 'DIFFERENT  '} ${name}\n`);
    if (!same && !values.rewrite) process.stdout.write(`${stringify(outcome, { lineWidth: 120 })}\n`);
  }
  return different === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
