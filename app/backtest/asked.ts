import { parseArgs } from 'node:util';
import { localTimeIn } from '../../platform/local-time.ts';

export const usage = `usage: npm run backtest -- --settings FILE [--from 2026-10-01] [--to 2026-11-01] [--source journal|database]
                           [--learn-days 28] [--list 20]
       npm run backtest -- shadow [--from 2026-10-01] [--to 2026-11-01] [--list 20]

FILE has ruleSettings as a registry file has them. A time is a day of the county's clock, or an instant like
2026-10-01T08:00:00Z. The first compares what they would have raised with the settings in force; the second tells what
settings of the mode "shadow" said beside them.`;

/** `from` and `to`: epoch ms. `learnDays`: of the database, so many days before `from` are read for rules to learn from. */
export type Asked =
  | {
      type: 'compare';
      settings: string;
      source: 'journal' | 'database';
      from: number;
      to: number;
      list: number;
      learnDays: number;
    }
  | { type: 'trials'; from: number; to: number; list: number };

/** What the command line asks for, or what is wrong with it. */
export function askedOf(argv: string[], timeZone: string): Asked | { type: 'wrong'; problem: string } {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return wrong((error as Error).message);
  }
  const { values, positionals } = parsed;
  const from = values.from === undefined ? 0 : instantOf(values.from, timeZone);
  const to = values.to === undefined ? Number.MAX_SAFE_INTEGER : instantOf(values.to, timeZone);
  if (from === undefined) return wrong(`--from ${values.from} is no time: write 2026-10-01 or 2026-10-01T08:00:00Z`);
  if (to === undefined) return wrong(`--to ${values.to} is no time: write 2026-10-01 or 2026-10-01T08:00:00Z`);
  if (from >= to) return wrong('--from is before --to');
  const list = countOf(values.list);
  if (list === undefined) return wrong('--list is a whole number from 1 to 1000000');
  if (positionals.length === 1 && positionals[0] === 'shadow' && values.settings === undefined)
    return { type: 'trials', from, to, list };
  if (positionals.length > 0) return wrong(`what is "${positionals.join(' ')}"?`);
  const { settings, source } = values;
  if (settings === undefined) return wrong('--settings is missing');
  if (source !== 'journal' && source !== 'database') return wrong('--source is journal or database');
  const learnDays = countOf(values['learn-days']);
  if (learnDays === undefined) return wrong('--learn-days is a whole number of days from 1');
  return { type: 'compare', settings, source, from, to, list, learnDays };
}

const wrong = (problem: string) => ({ type: 'wrong' as const, problem });

const parse = (args: string[]) =>
  parseArgs({
    args,
    allowPositionals: true,
    options: {
      settings: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      source: { type: 'string', default: 'journal' },
      'learn-days': { type: 'string', default: '28' },
      list: { type: 'string', default: '20' },
    },
  });

function countOf(text: string): number | undefined {
  return /^[1-9]\d{0,6}$/.test(text) ? Math.min(Number(text), 1_000_000) : undefined;
}

/** A day begins at midnight of the county's clock. */
function instantOf(text: string, timeZone: string): number | undefined {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  if (!isDay && !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  if (!isDay) return at;
  const { day, minuteOfDay } = localTimeIn(timeZone)(at);
  return at - ((day * 1440 + minuteOfDay) * 60_000 - at);
}
