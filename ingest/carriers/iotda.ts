import { isFields, type Platform } from './envelope.ts';

/**
 * Huawei Cloud's IoTDA, and what grew from it. `node_id` is what the device was registered by there: for NB-IoT its
 * IMEI. `request_id` belongs to the notification. What the device said is in `notify_data.body`.
 * Source: docs/carriers.md, "IoTDA"
 */
export const iotda: Platform = {
  open({ resource, event_time_ms, event_time, notify_data }) {
    if (!isFields(notify_data)) return { problem: 'notify_data is no JSON object' };
    const header = isFields(notify_data.header) ? notify_data.header : {};
    return {
      deviceId: header.node_id,
      platformId: header.device_id,
      productId: header.product_id,
      sentAt: utcInstant(event_time_ms) ?? utcInstant(event_time),
      isNotice: notices.has(resource),
      opaque: isFields(notify_data.body) && typeof notify_data.body.content === 'string' ? 'content' : undefined,
      content: notify_data.body ?? notify_data,
    };
  },
  deviceNames: ['node_id'],
};

/** `20201218T061229Z`, or with dashes, colons and a fraction. */
function utcInstant(value: unknown): number | undefined {
  const match = typeof value === 'string' ? pattern.exec(value) : null;
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const whole = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return whole + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

const pattern = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.(\d{1,9}))?Z$/;
const notices = new Set<unknown>([
  ...[
    'device',
    'device.status',
    'device.command.status',
    'device.message.status',
    'product',
    'batchtask',
    'device.upgrade',
  ],
]);
