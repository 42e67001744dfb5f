import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { refuse, runCommand } from '../terminal.ts';
import type { Verdict } from './verdict.ts';

const usage = `usage: npm run simulate:world -- [--seeds 1..200] [--hours 48] [--jobs ${availableParallelism()}] [--no-commands] [--no-office] [--no-telephones] [--no-duty] [--quiet]
Lets seeded worlds break the system in every way they know, and checks every promise after each. Prints a line a seed (what went
wrong in it, its trace) and the story of what was not kept. Without --no-commands somebody asks things of devices all the time; without --no-office
somebody looks, visits and edits, desk keeps account of it, and a program elsewhere is told what happens; without --no-telephones
people are told by SMS and calls as well, and answer by keypad; without --no-duty somebody sits at the desk or does not, shifts are taken over, people
are asked themselves, and a button is tried each night.
Ends with 0: all was kept; 1: something was not; 2: a world did not come to rest; 3: a world broke; 64: not understood.`;

const exitCodes = { kept: 0, wrong: 1, stuck: 2, broken: 3 } as const;
/** A world takes some seconds, on a busy machine a minute; one that takes this long turns in a circle. */
const longestSeedMs = 300_000;

type Answer = { type: 'verdict'; verdict: Verdict } | { type: 'broken'; seed: number; error: string };
type World = { hours: number; commands: boolean; office: boolean; telephones: boolean; duty: boolean };
type Ending = 'kept' | 'wrong' | 'stuck' | 'broken';

async function main(): Promise<number> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      seeds: { type: 'string', default: '1..20' },
      hours: { type: 'string', default: '48' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      commands: { type: 'boolean', default: true },
      office: { type: 'boolean', default: true },
      telephones: { type: 'boolean', default: true },
      duty: { type: 'boolean', default: true },
      quiet: { type: 'boolean', default: false },
    },
  });
  const [, first, last] = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seeds) ?? [];
  const [hours, jobs] = [Number(values.hours), Number(values.jobs)];
  if (first === undefined) return refuse('--seeds is a number, or two like 1..200', usage);
  if (!(hours >= 1 && hours <= 1_000)) return refuse('--hours is 1 to 1000', usage);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64)) return refuse('--jobs is 1 to 64', usage);
  const seeds = range(Number(first), Number(last ?? first));
  const endings: Ending[] = [];
  const sums = { records: 0, reports: 0, crashes: 0, alerts: 0, notices: 0, messages: 0 };
  const startedAt = performance.now();
  const { commands, office, telephones, duty } = values;
  await Promise.all(
    Array.from({ length: jobs }, () =>
      judgeAll(seeds, { hours, commands, office, telephones, duty }, (answer) => {
        endings.push(tell(answer, values.quiet));
        if (answer.type !== 'verdict') return;
        for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += answer.verdict.counts[key];
      }),
    ),
  );
  const count = (ending: Ending) => endings.filter((one) => one === ending).length;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  process.stdout.write(
    `${endings.length} worlds of ${hours} h in ${seconds} s: ${count('kept')} kept every promise, ${count('wrong')} did not, ` +
      `${count('stuck')} did not come to rest, ${count('broken')} broke. ` +
      `${sums.records} records, ${sums.reports} reports, ${sums.crashes} crashes, ${sums.alerts} alerts, ` +
      `${sums.notices} notices, ${sums.messages} messages arrived.\n`,
  );
  const worst = (['broken', 'stuck', 'wrong'] as const).find((ending) => endings.includes(ending)) ?? 'kept';
  return exitCodes[worst];
}

function* range(first: number, last: number): Generator<number> {
  for (let seed = first; seed <= last; seed++) yield seed;
}

/** Takes one seed after the other in a thread of its own, which is ended when it turns in a circle. */
async function judgeAll(seeds: Iterator<number>, world: World, onAnswer: (answer: Answer) => void): Promise<void> {
  let thread: Worker | undefined;
  for (let next = seeds.next(); !next.done; next = seeds.next()) {
    const seed = next.value;
    thread ??= new Worker(new URL('./world-thread.ts', import.meta.url));
    const answer = await judgeIn(thread, { seed, ...world });
    onAnswer(answer);
    if (answer.type === 'verdict') continue;
    await thread.terminate();
    thread = undefined;
  }
  await thread?.terminate();
}

function judgeIn(thread: Worker, options: World & { seed: number }): Promise<Answer> {
  const { seed } = options;
  return new Promise((resolve) => {
    const broken = (error: unknown) => settle({ type: 'broken', seed, error: String(error) });
    const timer = setTimeout(() => broken(`no end after ${longestSeedMs / 1000} s`), longestSeedMs);
    const settle = (answer: Answer) => {
      clearTimeout(timer);
      thread.off('message', settle).off('error', broken);
      resolve(answer);
    };
    thread.on('message', settle).on('error', broken);
    thread.postMessage(options);
  });
}

function tell(answer: Answer, isQuiet: boolean): Ending {
  if (answer.type === 'broken') {
    process.stdout.write(`seed ${answer.seed} BROKEN: ${answer.error}\n`);
    return 'broken';
  }
  const { seed, kinds, trace, counts, violations, stuck } = answer.verdict;
  const ending = stuck.length > 0 ? 'stuck' : violations.length > 0 ? 'wrong' : 'kept';
  if (isQuiet && ending === 'kept') return ending;
  const faults = kinds.length > 0 ? kinds.join(', ') : 'no faults';
  process.stdout.write(
    `seed ${seed} ${ending === 'kept' ? 'kept' : ending.toUpperCase()}, trace ${trace}, ${counts.records} records, ` +
      `${counts.crashes} crashes (${faults})\n`,
  );
  for (const what of stuck) process.stdout.write(`  not at rest: ${what}\n`);
  for (const { invariant, says, story } of violations) {
    process.stdout.write(`  NOT KEPT: ${invariant}\n${says.map((one) => `    ${one}\n`).join('')}${story}\n`);
  }
  return ending;
}

await runCommand(main, usage);
