import type { RuleEvent } from './event.ts';
import type { AnyRule } from './rule.ts';

/**
 * Which of some rules an event is to be brought to, in their order: those that hear its type, or the name of its report. What rules say about
 * devices is for the others. The lists are made once, until `forget` says that other rules are in `rows`.
 */
export function createHearers<Rows extends { rule: AnyRule }>(rows: ReadonlyMap<string, Rows>) {
  const lists = new Map<string, readonly Rows[]>();
  return {
    of(event: RuleEvent): readonly Rows[] {
      const heard = event.type === 'report' ? event.report.name : event.type;
      const known = lists.get(heard);
      if (known) return known;
      const list = [...rows.values()].filter(({ rule }) => hears(rule, event));
      lists.set(heard, list);
      return list;
    },
    forget: (): void => lists.clear(),
  };
}

function hears({ conditions, hears: heard }: AnyRule, event: RuleEvent): boolean {
  if (conditions && event.type === 'device-condition') return false;
  if (!heard) return true;
  return heard.some((one) => one === event.type || (event.type === 'report' && one === event.report.name));
}
