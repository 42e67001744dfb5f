import { createPlan, type Plan, type PlanParts } from '../../api/registry/registry-plan.ts';
import { type LineProblem, readRegistryYaml } from './registry-yaml.ts';

/**
 * What a registry file in YAML asks for, as changes in plain text, or everything that is wrong with it, by line. An entry replaces what has
 * its id, but for what stands in no file (api/registry/registry-entry.ts); what the file does not name stays; `remove` takes away.
 */
export function planImport({ text, ...parts }: PlanParts & { text: string }): Omit<Plan<number>, 'problems'> & {
  problems: LineProblem[];
} {
  const file = readRegistryYaml(text);
  const plan = createPlan<number>(parts);
  for (const { line, problem } of file.problems) plan.problem({ at: line, problem, zh: problem });
  for (const entry of file.puts) plan.put(entry);
  for (const entry of file.removes) {
    if (typeof entry.value === 'string') plan.remove(entry, entry.value);
    else {
      const problem = `remove.${entry.section} is a list of ids`;
      plan.problem({ at: entry.at([]), problem, zh: problem });
    }
  }
  const { problems, ...planned } = plan.end(1);
  const byLine = problems.map(({ at, problem }) => ({ line: at, problem })).sort((a, b) => a.line - b.line);
  return { ...planned, problems: byLine };
}
