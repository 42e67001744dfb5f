/** What a platform's own envelope says. Everything is as it came; `content` is what the device said. */
export type Envelope = {
  deviceId: unknown;
  /** The platform's own number of the device. */
  platformId: unknown;
  productId: unknown;
  /** When the platform heard it, epoch ms by its own clock. */
  sentAt: number | undefined;
  /** The platform speaks of itself, not for the device. */
  isNotice: boolean;
  /** The field with raw bytes of the device, which the platform did not look into. */
  opaque: string | undefined;
  content: unknown;
};

export type Platform = {
  open(body: Fields): Envelope | { problem: string };
  /** The messages of a push that holds several, as a push each. */
  split?(body: Uint8Array): Uint8Array[];
  /** Where a device is named, for a body that cannot be read. */
  deviceNames: readonly string[];
};
export type Fields = { readonly [name: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An instant that a platform wrote, in seconds or milliseconds since 1970, as epoch ms. */
export function instantOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{9,14}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number') return undefined;
  if (number >= 1e12 && number < 1e14) return Math.round(number);
  return number >= 1e9 && number < 1e11 ? Math.round(number * 1000) : undefined;
}
