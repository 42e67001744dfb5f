/** Whether two values, of those that JSON has, say the same; a field that is `undefined` says nothing. */
export function isSame(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b) || (Array.isArray(a) && a.length !== (b as unknown as unknown[]).length))
    return false;
  for (const name in a) if (!isSame(a[name], b[name])) return false;
  for (const name in b) if (a[name] === undefined && b[name] !== undefined) return false;
  return true;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/** The fields in which two objects differ. */
export function differences<T extends object>(a: T, b: T): string[] {
  if (isSame(a, b)) return [];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof T & string)[];
  return names.filter((name) => !isSame(a[name] ?? null, b[name] ?? null));
}
