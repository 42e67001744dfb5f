import { crc32 } from 'node:zlib';
import type { DeviceKind } from '../../firmware-contracts/report.ts';
import { type Carrier, type CarrierProducts, modelOf } from '../../records/carrier-products.ts';
import type { ReportRecord } from '../../records/journal-record.ts';
import { type Push, readPush, splitPush } from './push.ts';
import { isUrgent, reportsOf } from './reports.ts';

/** What to do with a message of a push: keep it, or drop it because nothing that may be kept is in it. */
export type Offer =
  | { type: 'keep'; record: Omit<ReportRecord, 'kind'>; lifeSafety: boolean }
  | { type: 'drop'; reason: 'notice' | 'no-device' | 'enrolment' | 'too-large' };

/**
 * Looks at a push before it is kept: whose it is, and whether a life may hang on it, by the same eyes that will judge
 * it later. The bytes are kept as they came. `kind` of a device that is not registered is undefined, and such a
 * device may send life safety alone. A call for help that names no device is kept too, as of
 * `unknown-{carrier}-{hash}`: somebody can ask the platform. `isCut`: the body was larger than what is read, and only
 * what may be a call for help is kept of it. Pure, and never throws.
 */
export function offersOf(parts: {
  carrier: Carrier;
  body: Uint8Array;
  isCut: boolean;
  products: CarrierProducts;
  device(id: string): { kind: DeviceKind | undefined; isRegistered: boolean };
}): Offer[] {
  return splitPush(parts.carrier, parts.body).map((payload) => offerOf(parts, payload));
}

function offerOf({ carrier, isCut, products, device }: Parameters<typeof offersOf>[0], payload: Uint8Array): Offer {
  const push = readPush(carrier, payload);
  if (push.type === 'notice') return { type: 'drop', reason: 'notice' };
  const { kind, isRegistered } =
    push.deviceId === undefined ? { kind: undefined, isRegistered: false } : device(push.deviceId);
  const model = push.type === 'uplink' ? modelOf(products, carrier, push.productId) : undefined;
  const lifeSafety = reportsOf(push, model, kind).some(isUrgent);
  if (!lifeSafety && isCut) return { type: 'drop', reason: 'too-large' };
  if (!lifeSafety && push.deviceId === undefined) return { type: 'drop', reason: 'no-device' };
  if (!lifeSafety && !isRegistered) return { type: 'drop', reason: 'enrolment' };
  const deviceId = push.deviceId ?? namelessId(carrier, push, payload);
  const standing = isRegistered ? 'registered' : 'enrolment';
  const report = lifeSafety ? 'alarm' : 'push';
  return { type: 'keep', record: { source: carrier, deviceId, standing, report, payload }, lifeSafety };
}

/**
 * Two homes whose devices nobody can name are two: told apart by the platform's own numbers, or else by all that was
 * pushed, so that one fire may count twice and never two as one.
 */
function namelessId(carrier: Carrier, push: Push, payload: Uint8Array): string {
  const mark = (push.type === 'uplink' ? push.platformId : undefined) ?? payload;
  return `unknown-${carrier}-${crc32(mark).toString(36).padStart(7, '0')}`;
}
