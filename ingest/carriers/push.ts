import { crc32 } from 'node:zlib';
import { readJson } from '../../firmware-contracts/codec.ts';
import { isDeviceId } from '../../firmware-contracts/topics.ts';
import type { Carrier } from '../../records/carrier-products.ts';
import { ctwing } from './ctwing.ts';
import { danger } from './danger.ts';
import { isFields, type Platform } from './envelope.ts';
import { iotda } from './iotda.ts';
import { onenet } from './onenet.ts';

/**
 * One push of a platform, before anything in it is believed. `deviceId` is the IMEI, or whatever the registry knows
 * the device by; absent when the push names none. `sentAt`: when the platform heard it, epoch ms by its own clock.
 * `name` is the same for the platform's every attempt to deliver it, and absent where two pushes cannot be told from
 * one that comes twice. `platformId`: what the platform itself calls the device. `malformed`: not even fields could be
 * told apart. `notice`: the platform speaks of itself, not for the device.
 */
export type Push =
  | {
      type: 'uplink';
      deviceId?: string;
      platformId?: string;
      productId?: string;
      sentAt?: number;
      name?: string;
      opaque?: string;
      leaves: Leaf[];
    }
  | { type: 'notice'; deviceId?: string }
  | { type: 'malformed'; deviceId?: string; problem: string; text: string };

/**
 * A value, all names on the way to it, and the last of them; null for an object or a list with nothing in it. What a
 * platform wraps up is unwrapped: `{"smoke": {"value": 1, "time": 2}}` has `smoke` and, beside it, `time`.
 */
export type Leaf = { name: string; path: readonly string[]; value: string | number | boolean | null };

/** Reads a push of at most 64 KiB. Pure, and never throws, whatever it is. */
export function readPush(carrier: Carrier, body: Uint8Array): Push {
  const platform = platforms[carrier];
  const read = readJson(body);
  const value = 'problem' in read ? undefined : read.value;
  if (!isFields(value))
    return malformed(platform, body, 'problem' in read ? read.problem : 'a push is one JSON object');
  const envelope = platform.open(value);
  if ('problem' in envelope) return malformed(platform, body, envelope.problem);
  const deviceId = idOf(envelope.deviceId);
  const named = deviceId === undefined ? {} : { deviceId };
  const leaves = leavesOf(envelope.content);
  // A notice in which a detector speaks all the same is none.
  if (envelope.isNotice && leaves?.some(({ path }) => path.some((name) => danger.test(name))) === false)
    return { type: 'notice', ...named };
  if (!leaves) return malformed(platform, body, `more than ${mostLeaves} values`);
  const { sentAt, opaque } = envelope;
  const [productId, platformId] = [textOf(envelope.productId), textOf(envelope.platformId)];
  return {
    ...{ type: 'uplink', ...named, leaves },
    ...(platformId !== undefined && { platformId }),
    ...(opaque !== undefined && { opaque }),
    ...(productId !== undefined && { productId }),
    ...(sentAt !== undefined && { sentAt, name: nameOf(carrier, sentAt, leaves) }),
  };
}

/** The pushes of a body, of which each is kept by itself: a platform may put several devices into one. */
export function splitPush(carrier: Carrier, body: Uint8Array): Uint8Array[] {
  return platforms[carrier].split?.(body) ?? [body];
}

/** A platform's attempts have what was said and when in common; the rest of the envelope may differ. */
function nameOf(carrier: Carrier, sentAt: number, leaves: Leaf[]): string {
  const hash = crc32(JSON.stringify(leaves)).toString(36).padStart(7, '0');
  return `${carrier}:${sentAt.toString(36)}:${hash}`;
}

/** Undefined when there are too many to look at. The depth was bounded when the JSON was read. */
function leavesOf(content: unknown): Leaf[] | undefined {
  const leaves: Leaf[] = [];
  const collect = (value: unknown, path: readonly string[]): boolean => {
    if (Array.isArray(value) && value.length > 0) return value.every((item) => collect(item, path));
    const entries = isFields(value) ? Object.entries(value) : [];
    if (entries.length === 0) {
      const held = typeof value === 'object' ? null : (value as Leaf['value']);
      return leaves.push({ name: path.at(-1) ?? '', path, value: held }) <= mostLeaves;
    }
    const around = isFields(value) && Object.hasOwn(value, 'value') ? path.slice(0, -1) : path;
    return entries.every(([key, inner]) =>
      collect(inner, key === 'value' && path.length > 0 ? path : [...around, key]),
    );
  };
  return collect(content, []) ? leaves : undefined;
}

function malformed({ deviceNames }: Platform, body: Uint8Array, problem: string): Push {
  const text = lossy.decode(body);
  // Also inside a text within a text, where quotes are escaped.
  const pattern = new RegExp(`"(?:${deviceNames.join('|')})\\\\*"\\s*:\\s*\\\\*"?([^",\\\\}\\s]{1,64})`, 'g');
  const ids = new Set([...text.matchAll(pattern)].map(([, id]) => idOf(id)));
  const [deviceId] = ids;
  // Who is meant is not guessed: of two devices neither is.
  return { type: 'malformed', ...(ids.size === 1 && deviceId !== undefined && { deviceId }), problem, text };
}

/** Some platforms write `urn:imei:` before it, and a word for nothing where there is none. */
function idOf(value: unknown): string | undefined {
  const id = textOf(value)?.replace(/^urn:imei:/i, '');
  return id !== undefined && isDeviceId(id) && !noId.test(id) ? id : undefined;
}
const noId = /^(undefined|null|none|0+)$/i;

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;

const platforms: { readonly [C in Carrier]: Platform } = { ctwing, onenet, iotda };
const mostLeaves = 512;
const lossy = new TextDecoder();
