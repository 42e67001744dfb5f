import { readJson } from '../../firmware-contracts/codec.ts';
import { instantOf, isFields, type Platform } from './envelope.ts';

/**
 * China Mobile's OneNET. `msg` is the message as a text (Studio) or as an object (NB-IoT suite), in which several may
 * be put into a list. The `nonce`, `signature` and `id` around it may belong to the attempt. `time` around it counts
 * where the message has no instant of the platform's; the `time` beside a value is the device's, whose clock may stand.
 * Source: docs/carriers.md, "OneNET"
 */
export const onenet: Platform = {
  open(body) {
    const msg = messageOf(body.msg);
    if (!isFields(msg)) return { problem: 'msg is no JSON object: is the push encrypted?' };
    return {
      deviceId: msg.imei ?? msg.IMEI ?? msg.deviceName ?? msg.dev_name,
      platformId: msg.dev_id ?? msg.deviceName ?? msg.dev_name,
      productId: msg.productId ?? msg.product_id ?? msg.pid,
      sentAt: instantOf(msg.at) ?? instantOf(msg.timestamp) ?? instantOf(body.time),
      isNotice: noticeTypes.has(msg.type) || msg.notifyType === 'lifeCycle',
      opaque: typeof msg.ds_id === 'string' && typeof msg.value === 'string' ? msg.ds_id : undefined,
      content: typeof msg.ds_id === 'string' ? { [msg.ds_id]: msg.value } : (msg.data ?? msg),
    };
  },
  split(body) {
    const read = readJson(body);
    if ('problem' in read || !isFields(read.value)) return [body];
    const outer = read.value;
    const messages = messageOf(outer.msg);
    if (!Array.isArray(messages) || messages.length === 0 || messages.length > mostMessages) return [body];
    const time = instantOf(outer.time);
    return messages.map((msg) => utf8.encode(JSON.stringify({ msg, ...(time !== undefined && { time }) })));
  },
  deviceNames: ['imei', 'IMEI', 'deviceName', 'dev_name'],
};

function messageOf(msg: unknown): unknown {
  if (typeof msg !== 'string') return msg;
  const read = readJson(utf8.encode(msg));
  return 'problem' in read ? undefined : read.value;
}

/** The device came or went; a command's result. */
const noticeTypes = new Set<unknown>([2, 7]);
/** More are no push that a platform would make; as one body they cannot be read. */
const mostMessages = 512;
const utf8 = new TextEncoder();
