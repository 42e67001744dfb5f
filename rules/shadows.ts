import type { ShadowWord } from '../records/alert.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { RegistryView, RuleSetting } from '../records/registry.ts';
import type { AnyRule } from './rule.ts';

/**
 * Keeps a copy of a rule among `rows` for each setting of the registry that is only tried, in a table of its own, behind the rules that are in
 * force. The copy hears what those hear and is heard by none of them. `begin` gives it what its rule knows at `at` (epoch ms). A setting
 * that goes, or is for another rule from now on, takes its table with it; one whose numbers change goes on with what it knows, as
 * one that is in force does. The answer brings `rows` to what the registry says; it costs a comparison while nothing changes, and says whether anything did.
 */
export function followShadows<Row>(
  { rules, state, registry }: ShadowParts,
  rows: Map<string, Shadowed<Row>>,
  begin: (live: Shadowed<Row>, trial: Shadowed<Row>, at: number) => void,
) {
  /** By key: which have begun, so that a restart goes on with them. */
  const begun = state.table<true>('shadows');
  let known: readonly string[] | undefined;

  function trialOf(id: string): Shadowed<Row>[] {
    const shadow = registry.ruleSetting(id);
    const rule = shadow && rules.find(({ name }) => name === shadow.rule);
    if (!rule) return [];
    const key = `shadow:${id}:${rule.name}`;
    return [{ key, rule, table: state.table<Row>(key), shadow }];
  }

  function forget(key: string): void {
    const table = state.table<Row>(key);
    for (const subject of [...table.keys()]) table.delete(subject);
    begun.delete(key);
  }

  return (at: number): boolean => {
    const ids = registry.shadowSettings();
    if (ids === known) return false;
    known = ids;
    const trials = [...ids].sort().flatMap(trialOf);
    const keys = new Set(trials.map(({ key }) => key));
    for (const { key, shadow } of [...rows.values()]) if (shadow) rows.delete(key);
    for (const key of [...begun.keys()]) if (!keys.has(key)) forget(key);
    for (const trial of trials) {
      rows.set(trial.key, trial);
      const live = rows.get(trial.rule.name);
      if (!live || begun.has(trial.key)) continue;
      begun.set(trial.key, true);
      begin(live, trial, at);
    }
    return true;
  };
}

/** What a copy said, as it goes on record. */
export const shadowWord = ({ id, rule }: RuleSetting, at: number, change: ShadowWord['change']): ShadowWord => ({
  ...{ type: 'shadow', rule, settingId: id, at, change },
});

type ShadowParts = {
  rules: readonly AnyRule[];
  state: FoldState;
  registry: Pick<RegistryView, 'shadowSettings' | 'ruleSetting'>;
};
type Shadowed<Row> = { key: string; rule: AnyRule; table: Table<Row>; shadow?: RuleSetting };
