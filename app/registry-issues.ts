import type { z } from 'zod';

/** One thing that is wrong with an entry: where in it, and in words that say what would be right. */
export type Issue = { path: PropertyKey[]; problem: string };

/** What a schema found, for people who wrote the entry by hand. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], value: unknown, fields: string[]): Issue[] {
  return issues.flatMap((issue) => describeIssue(issue, value, fields));
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, fields: string[]): Issue[] {
  const { path } = issue;
  const found = path.reduce<unknown>(
    (inside, step) => (inside as Record<PropertyKey, unknown> | undefined)?.[step],
    value,
  );
  const name = path.length === 0 ? 'it' : path.join('.');
  const say = (problem: string): Issue[] => [{ path, problem: `${name} ${problem}` }];
  const shown = JSON.stringify(found)?.slice(0, 60);
  if (found === undefined) return say('is missing');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = path.length === 0 ? `; these are: ${fields.join(', ')}` : '';
      return issue.keys.map((key) => ({ path: [...path, key], problem: `there is no field "${key}"${known}` }));
    }
    case 'invalid_type':
      return say(`is ${words[issue.expected] ?? issue.expected}, not ${shown}`);
    case 'invalid_value':
      return say(`is one of ${issue.values.map(String).join(', ')}, not ${shown}`);
    case 'too_small':
      return say(bound('at least', issue.minimum, issue.origin));
    case 'too_big':
      return say(
        bound('at most', issue.maximum, issue.origin) + (name === 'position.lat' ? ' (is it the longitude?)' : ''),
      );
    case 'invalid_union':
      return describeUnion(issue, value, fields) ?? say(`cannot be ${shown}`);
    default:
      return [{ path, problem: `${name}: ${issue.message}` }];
  }
}

/** A personal field is text or sealed: what is wrong with the text is what its writer wants to hear. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, value: unknown, fields: string[]): Issue[] | undefined {
  if (issue.discriminator !== undefined) {
    const known = 'options' in issue ? String(issue.options).replaceAll(',', ', ') : '';
    return [{ path: issue.path, problem: `${issue.path.join('.')} is one of ${known}` }];
  }
  const first = issue.errors[0]?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  return first && describeIssues(first, value, fields);
}

function bound(which: string, limit: number | bigint, origin: string): string {
  if (origin === 'string') return limit === 1 && which === 'at least' ? 'is empty' : `has ${which} ${limit} characters`;
  return origin === 'array' ? `has ${which} ${limit} entries` : `is ${which} ${limit}`;
}

const words: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
};
