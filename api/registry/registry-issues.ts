import type { z } from 'zod';

/** One thing that is wrong with an entry: where in it, and in words that say what would be right; `zh` says it in Chinese. */
export type Issue = { path: PropertyKey[]; problem: string; zh: string };

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
  const say = (problem: string, zh: string): Issue[] => [{ path, problem: `${name} ${problem}`, zh }];
  const shown = JSON.stringify(found)?.slice(0, 60);
  if (found === undefined) return say('is missing', '不能为空');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = path.length === 0 ? `; these are: ${fields.join(', ')}` : '';
      return issue.keys.map((key) => ({
        ...{ path: [...path, key], problem: `there is no field "${key}"${known}`, zh: `没有名为“${key}”的字段` },
      }));
    }
    case 'invalid_type': {
      if (name === 'absence.since' || name === 'absence.until')
        return say(
          `is a time (in a sheet like 2026-11-23 08:00, else epoch ms), not ${shown}`,
          '应为时间，例如 2026-11-23 08:00',
        );
      const [english, chinese] = words[issue.expected] ?? [issue.expected, issue.expected];
      return say(`is ${english}, not ${shown}`, `应为${chinese}`);
    }
    case 'invalid_value':
      return say(
        `is one of ${issue.values.map(String).join(', ')}, not ${shown}`,
        `只能是：${issue.values.map(String).join('、')}`,
      );
    case 'too_small':
      return say(...bound('at least', issue.minimum, issue.origin));
    case 'too_big': {
      const [problem, zh] = bound('at most', issue.maximum, issue.origin);
      return name === 'position.lat'
        ? say(`${problem} (is it the longitude?)`, `${zh}（是否与经度颠倒？）`)
        : say(problem, zh);
    }
    case 'invalid_union':
      return describeUnion(issue, value, fields) ?? say(`cannot be ${shown}`, '格式不正确');
    default:
      return [{ path, problem: `${name}: ${issue.message}`, zh: ourMessages[issue.message] ?? '格式不正确' }];
  }
}

/** A personal field is text or sealed: what is wrong with the text is what its writer wants to hear. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, value: unknown, fields: string[]): Issue[] | undefined {
  if (issue.discriminator !== undefined) {
    const known = 'options' in issue ? (issue.options as unknown[]).map(String) : [];
    const problem = `${issue.path.join('.')} is one of ${known.join(', ')}`;
    return [{ path: issue.path, problem, zh: `只能是：${known.join('、')}` }];
  }
  const first = issue.errors[0]?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  return first && describeIssues(first, value, fields);
}

function bound(which: 'at least' | 'at most', limit: number | bigint, origin: string): [string, string] {
  const chinese = which === 'at least' ? '至少' : '最多';
  if (origin === 'string' && limit === 1 && which === 'at least') return ['is empty', '不能为空'];
  if (origin === 'string') return [`has ${which} ${limit} characters`, `${chinese}${limit}个字符`];
  if (origin === 'array') return [`has ${which} ${limit} entries`, `${chinese}${limit}项`];
  return [`is ${which} ${limit}`, which === 'at least' ? `不小于${limit}` : `不大于${limit}`];
}

const words: Record<string, [english: string, chinese: string]> = {
  string: ['text', '文字'],
  int: ['a whole number', '整数'],
  number: ['a number', '数字'],
  boolean: ['true or false', '是或否'],
  array: ['a list', '列表'],
  object: ['a group of fields', '一组字段'],
};

/** What the registry's own schemas say of a format, in Chinese. */
const ourMessages: Record<string, string> = {
  'an id is 1-32 letters, digits, "_" or "-"': '编号为1-32位字母、数字、“_”或“-”',
  'an address begins with https:// or http://': '地址以 https:// 或 http:// 开头',
  'a webhook secret is "whsec_" and 24-64 bytes in base64': '回调密钥为“whsec_”加24-64字节的 base64',
  'a phone number has digits, spaces and "-" only': '电话号码只能有数字、空格和“-”',
};
