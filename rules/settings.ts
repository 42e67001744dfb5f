import type { AnyRule, Rule, RuleSettings } from './rule.ts';

/** What a registry entry may hold: it was valid for the version that it was entered under. */
type Override = { readonly [name: string]: number | string | boolean };

/** A rule's settings with its overrides merged over them, widest first. Values that it cannot use are left out. */
export function settingsOf<Settings extends RuleSettings>(
  rule: Configurable<Settings>,
  overrides: Override[],
): Settings {
  if (overrides.length === 0) return rule.settings;
  const usable = overrides.flatMap((override) =>
    Object.entries(override).filter(([name, value]) => problemOf(rule, name, value) === undefined),
  );
  return { ...rule.settings, ...Object.fromEntries(usable) };
}

/**
 * What is wrong with an override that somebody enters, each problem with what would be right; empty when it is usable.
 */
export function settingProblems(
  rules: readonly AnyRule[],
  ruleName: string,
  override: Override,
  scope: { type: string } = { type: 'all' },
): string[] {
  const rule = rules.find(({ name }) => name === ruleName);
  if (!rule) return [`there is no rule "${ruleName}": use one of ${rules.map(({ name }) => name).join(', ')}`];
  const problems = Object.entries(override).flatMap(([name, value]) => problemOf(rule, name, value) ?? []);
  return rule.isOfAll && scope.type !== 'all'
    ? [...problems, `${ruleName} looks at the whole installation: its scope is all, not ${scope.type}`]
    : problems;
}

function problemOf<Settings extends RuleSettings>(
  rule: Configurable<Settings>,
  name: string,
  value: unknown,
): string | undefined {
  const range = Object.hasOwn(rule.ranges, name) ? rule.ranges[name] : undefined;
  if (!range) return `${rule.name} has no setting "${name}": use one of ${Object.keys(rule.settings).join(', ')}`;
  const [lowest, highest] = range;
  if (typeof value === 'number' && value >= lowest && value <= highest) return undefined;
  return `${rule.name}: ${name} is a number from ${lowest} to ${highest}, not ${JSON.stringify(value)}`;
}

type Configurable<Settings extends RuleSettings> = Pick<Rule<unknown, Settings>, 'name' | 'settings' | 'ranges'>;
