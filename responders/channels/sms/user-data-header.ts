import type { Concat } from './sms-parts.ts';

/** The header that says which part of a long message this is. Source: 3GPP TS 23.040, 9.2.3.24.1. */
export function concatHeader({ reference, total, number }: Concat): Uint8Array {
  return Uint8Array.of(5, 0, 3, reference, total, number);
}

/**
 * Reads the header that `bytes` begin with: how long it is with its length, and the part, where it names one by a reference of 8 or 16
 * bits. Nothing where it claims to be longer than what there is.
 */
export function readHeader(bytes: Uint8Array): { length: number; concat?: Concat } | undefined {
  const length = (bytes[0] ?? 0) + 1;
  if (bytes.length === 0 || length > bytes.length) return undefined;
  for (let at = 1; at + 1 < length; at += 2 + (bytes[at + 1] ?? 0)) {
    const [id, size, ...element] = bytes.subarray(at, length);
    const wide = id === 8 && size === 4;
    if (!wide && !(id === 0 && size === 3)) continue;
    const [high = 0, low = 0] = element;
    const [total = 0, number = 0] = element.slice(wide ? 2 : 1);
    const isPlausible = number >= 1 && number <= total;
    return isPlausible ? { length, concat: { reference: wide ? high * 256 + low : high, total, number } } : { length };
  }
  return { length };
}
