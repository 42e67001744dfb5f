import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { score as scoreFalls } from './score-falls.ts';
import { score as scoreInactivity } from './score-inactivity.ts';
import { score as scoreSmoke } from './score-smoke.ts';
import { score as scoreWandering } from './score-wandering.ts';

const usage = `usage: npm run score -- falls FILE... [--placement wrist|waist] [--range G] [--rate HZ]
       npm run score -- inactivity FILE... [--cuts 200] [--seed 1] [--learn-days 7]
       npm run score -- wandering FILE...
       npm run score -- smoke FILE...

How the rules that ship do on recordings, with nothing fitted to them: one figure a line, as NAME VALUE UNIT. What a file says of
its sensor goes before --placement, --range and --rate. Formats and figures: docs/detection.md`;

export type ScoreCliParts = {
  argv: string[];
  exists(path: string): boolean;
  print(text: string): void;
  complain(text: string): void;
};
/** 0: scored. 64: wrong usage. 65: a file is in no format that is known, or nothing in it can be scored. 66: a file is not there. */
export type ScoreExitCode = 0 | 64 | 65 | 66;

type Figures = AsyncIterable<{ figure: string; value: number; unit: string }>;
type Values = { [Name in keyof typeof options]?: string };

/** `npm run score`. Source: docs/detection.md */
export async function runScoreCli({ argv, exists, print, complain }: ScoreCliParts): Promise<ScoreExitCode> {
  const asked = askedOf(argv);
  if ('problem' in asked) {
    complain(`${asked.problem}\n${usage}`);
    return 64;
  }
  const missing = asked.files.filter((file) => !exists(file));
  if (missing.length > 0) {
    complain(`there is no file ${missing.join(', ')}`);
    return 66;
  }
  try {
    for await (const { figure, value, unit } of asked.score())
      print(`${figure} ${Number.isInteger(value) ? value : Number(value.toPrecision(4))} ${unit}\n`);
    return 0;
  } catch (error) {
    // Whatever a scorer throws is about what stands in a file, which is somebody else's.
    complain(`the recording cannot be scored: ${(error as Error).message}`);
    return 65;
  }
}

function askedOf(argv: string[]): { files: string[]; score: () => Figures } | { problem: string } {
  let parsed: { positionals: string[]; values: Values };
  try {
    parsed = parseArgs({ args: argv, allowPositionals: true, options });
  } catch (error) {
    return { problem: (error as Error).message };
  }
  const [kind = '', ...files] = parsed.positionals;
  const scorer = scorers.get(kind);
  if (!scorer) return { problem: kind === '' ? 'what is to be scored?' : `nothing is known of "${kind}"` };
  if (files.length === 0) return { problem: `${kind} of which files?` };
  for (const name of Object.keys(parsed.values))
    if (!scorer.takes.includes(name)) return { problem: `--${name} means nothing to ${kind}` };
  const problem = valueProblem(parsed.values);
  return problem === undefined ? { files, score: () => scorer.score(files, parsed.values) } : { problem };
}

const options = {
  placement: { type: 'string' },
  range: { type: 'string' },
  rate: { type: 'string' },
  cuts: { type: 'string' },
  seed: { type: 'string' },
  'learn-days': { type: 'string' },
} as const;

const scorers = new Map<string, { takes: string[]; score(files: string[], values: Values): Figures }>([
  [
    'falls',
    {
      takes: ['placement', 'range', 'rate'],
      score: (files, { placement, range, rate }) =>
        scoreFalls(files, {
          ...((placement === 'wrist' || placement === 'waist') && { placement }),
          ...(range !== undefined && { rangeG: Number(range) }),
          ...(rate !== undefined && { hz: Number(rate) }),
        }),
    },
  ],
  [
    'inactivity',
    {
      takes: ['cuts', 'seed', 'learn-days'],
      score: (files, { cuts, seed, 'learn-days': learnDays }) =>
        scoreInactivity(files, {
          ...(cuts !== undefined && { cuts: Number(cuts) }),
          ...(seed !== undefined && { seed: Number(seed) }),
          ...(learnDays !== undefined && { learnDays: Number(learnDays) }),
        }),
    },
  ],
  ['wandering', { takes: [], score: (files) => scoreWandering(files) }],
  ['smoke', { takes: [], score: (files) => scoreSmoke(files) }],
]);

const limits = {
  range: [1, 32, 'g'],
  rate: [5, 1000, 'Hz'],
  cuts: [1, 100_000, 'cuts'],
  seed: [0, 2 ** 31, ''],
  'learn-days': [0, 365, 'days'],
} as const;

function valueProblem({ placement, ...numbers }: Values): string | undefined {
  if (placement !== undefined && placement !== 'wrist' && placement !== 'waist')
    return `--placement is wrist or waist, not "${placement}"`;
  for (const [name, [lowest, highest, unit]] of Object.entries(limits)) {
    const text = numbers[name as keyof typeof limits];
    if (text === undefined) continue;
    const value = Number(text);
    const isWhole = name === 'range' || name === 'rate' || Number.isInteger(value);
    if (text.trim() === '' || !isWhole || !(value >= lowest && value <= highest))
      return `--${name} is a number from ${lowest} to ${highest}${unit === '' ? '' : ` ${unit}`}, not "${text}"`;
  }
  return undefined;
}

if (import.meta.main) {
  process.exitCode = await runScoreCli({
    argv: process.argv.slice(2),
    exists: existsSync,
    print: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(`${text}\n`),
  });
}
