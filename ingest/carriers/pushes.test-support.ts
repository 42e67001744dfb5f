/** Bodies as the platforms publish them, of one detector with one IMEI. */
export const imei = '860374051096202';
export const sentAt = Date.parse('2026-11-20T08:00:00Z');

type Body = { [name: string]: unknown };
export const bytesOf = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

/** A push of CTWing's, of the model `lian-smoke` unless the product is another. */
export function ctwingPush(serviceData: Body, over: Body = {}): Body {
  return {
    ...{
      upPacketSN: -1,
      upDataSN: -1,
      topic: 'v1/up/ad19prof',
      timestamp: sentAt,
      tenantId: '10461180',
      serviceId: '',
    },
    ...{ protocol: 'lwm2m', productId: '15014772', payload: { serviceId: 'notification', serviceData } },
    ...{ messageType: 'dataReport', deviceType: '', deviceId: 'acf7baaee65e431eadfb8f5fe50e8b81', assocAssetId: '' },
    ...{ IMSI: 'undefined', IMEI: imei },
    ...over,
  };
}

export const lianData = (status: unknown): Body => ({
  ...{ TData: 30, SNR: 1, RSRP: 114, IMEI: imei, Cell_ID_Length: 8, Cell_ID: '38848339', CSQ: 5 },
  ...{ Battery_Level: 100, Alarm_Status: status, AlarmLevel: 100 },
});
export const lianPush = (status: unknown, over: Body = {}): Body => ctwingPush(lianData(status), over);

/** Bytes as a device behind CTWing sends them, when the platform does not look into them. */
export const transparentPush = (bytes: Uint8Array, productId: string): Body =>
  ctwingPush({}, { productId, payload: { APPdata: Buffer.from(bytes).toString('base64') } });

/** Studio's form: `msg` is a text. */
export function studioPush(params: Body, over: Body = {}): Body {
  const values = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { value, time: sentAt }]));
  const msg = {
    ...{ messageType: 'notify', notifyType: 'property', productId: 'Xq1', deviceName: imei },
    data: { id: '3', version: '1.0', params: values },
  };
  return { msg: JSON.stringify(msg), nonce: 'nKj8H2', signature: 'x', time: sentAt + 40, id: 'a-1', ...over };
}

/** An event of Studio's thing model: `value` holds what belongs to it, and may be empty. */
export function studioEvent(name: string, value: unknown): Body {
  const data = { id: '4', version: '1.0', params: { [name]: { value, time: sentAt } } };
  const msg = { messageType: 'notify', notifyType: 'event', productId: 'Xq1', deviceName: imei, data };
  return studioPush({}, { msg: JSON.stringify(msg) });
}

/** The NB-IoT suite's form: `msg` is an object, or a list of them. */
export const lwm2mMessage = (value: unknown, over: Body = {}): Body => ({
  ...{ at: sentAt, imei, type: 1, ds_id: '3200_0_5750', dev_id: 2016617, value },
  ...over,
});

export function iotdaPush(properties: Body, over: Body = {}): Body {
  return {
    ...{ resource: 'device.property', event: 'report', event_time: '20261120T080000Z', request_id: 'r-1' },
    event_time_ms: '2026-11-20T08:00:00.000Z',
    notify_data: {
      header: { device_id: '5fd_865', node_id: imei, product_id: 'p-9', gateway_id: '5fd_865', tags: [] },
      body: { services: [{ service_id: 'Smoke', properties, event_time: '20261120T080000Z' }] },
    },
    ...over,
  };
}
