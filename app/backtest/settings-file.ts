import { entities, type RuleSetting } from '../../records/registry.ts';
import type { AnyRule } from '../../rules/rule.ts';
import { settingProblems } from '../../rules/settings.ts';
import { type LineProblem, readRegistryYaml } from '../registry/registry-yaml.ts';

/**
 * The rule settings of a registry file in YAML, as they would be in force: an entry replaces what has its id, and whether it says `mode: shadow`
 * does not matter here. Everything that is wrong is said with its line.
 */
export function readSettings(
  text: string,
  rules: readonly AnyRule[],
): { settings: RuleSetting[]; problems: LineProblem[] } {
  const { puts, removes, problems: ofFile } = readRegistryYaml(text);
  const problems = [...ofFile];
  const settings: RuleSetting[] = [];
  for (const { section, value, line, at } of puts) {
    if (section !== 'ruleSettings') {
      problems.push({ line, problem: `holds ${section}: a file of settings has the section ruleSettings alone` });
      continue;
    }
    const parsed = entities.ruleSetting.safeParse(value);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) problems.push({ line: at(issue.path), problem: issue.message });
      continue;
    }
    const { mode: _, ...setting } = parsed.data;
    for (const problem of settingProblems(rules, setting.rule, setting.settings, setting.scope))
      problems.push({ line: at(['settings']), problem });
    settings.push(setting);
  }
  for (const { line } of removes)
    problems.push({ line, problem: 'nothing is removed here: give an entry that is to count no more empty settings' });
  if (problems.length === 0 && settings.length === 0)
    problems.push({ line: 1, problem: 'holds no ruleSettings: there is nothing to try' });
  return { settings, problems: problems.sort((a, b) => a.line - b.line) };
}
