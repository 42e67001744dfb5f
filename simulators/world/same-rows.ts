import { isDeepStrictEqual } from 'node:util';

/** Whether two values say the same; a field that is `undefined` says nothing. Text is compared first: most are the same. */
export function isSame(a: unknown, b: unknown): boolean {
  const [one, other] = [JSON.stringify(a), JSON.stringify(b)];
  return one === other || isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
}

/** The fields in which two objects differ. */
export function differences<T extends object>(a: T, b: T): string[] {
  if (isSame(a, b)) return [];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof T & string)[];
  return names.filter((name) => !isSame(a[name] ?? null, b[name] ?? null));
}
