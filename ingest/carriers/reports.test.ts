import { describe, expect, test } from 'vitest';
import { encodeBatch, encodeReport } from '../../firmware-contracts/contracts.ts';
import type { DeviceKind, Report } from '../../firmware-contracts/report.ts';
import { shippedProducts } from '../../records/carrier-models.ts';
import { type Carrier, type CarrierProducts, carrierProducts, modelOf } from '../../records/carrier-products.ts';
import { readPush } from './push.ts';
import {
  bytesOf,
  ctwingPush,
  imei,
  iotdaPush,
  lianPush,
  lwm2mMessage,
  sentAt,
  studioEvent,
  studioPush,
  transparentPush,
} from './pushes.test-support.ts';
import { isUrgent, reportsOf } from './reports.ts';

type Setting = { carrier?: Carrier; kind?: DeviceKind | 'stranger'; products?: CarrierProducts };
function read(
  body: unknown,
  { carrier = 'ctwing', kind = 'smoke-detector', products = shippedProducts }: Setting = {},
) {
  const push = readPush(carrier, body instanceof Uint8Array ? body : bytesOf(body));
  const model = push.type === 'uplink' ? modelOf(products, carrier, push.productId) : undefined;
  return reportsOf(push, model, kind === 'stranger' ? undefined : kind);
}
/** The shipped models, and one product each of `models` under its own name. */
function withProducts(models: object, platform: Carrier = 'ctwing'): CarrierProducts {
  const all = { ...shippedProducts.models, ...models };
  const products = Object.keys(all).map((model) => ({ platform, productId: model, model }));
  return carrierProducts.parse({ models: all, products });
}
const said = (body: unknown, setting?: Setting) =>
  read(body, setting).map((one) => (one.type === 'report' ? one.report : one));
const types = (body: unknown, setting?: Setting) => read(body, setting).map(({ type }) => type);

describe('a detector of the published sample', () => {
  test('that sees smoke says so, with its battery and its signal', () => {
    expect(said(lianPush(1))).toEqual([
      { name: 'alarm', v: 1, source: 'smoke', state: 'on', temperature: 30 },
      { name: 'status', v: 1, charge: 100, temperature: 30, rsrp: -114, snr: 1, cell: '38848339' },
    ]);
  });

  test.each([
    [2, 'muted'],
    [8, 'muted'],
    [9, 'muted'],
  ])('code %i silences, and is no fire by itself', (code, meaning) => {
    expect(read(lianPush(code))[0]).toEqual({ type: meaning, source: 'smoke' });
  });

  test.each([
    [4, { faults: ['low-battery'] }],
    [5, { faults: ['Alarm_Status=5'] }],
    [6, { faults: ['Alarm_Status=6'] }],
    [12, {}],
    [13, { faults: ['Alarm_Status=13'] }],
  ])('code %i is a status', (code, fields) => {
    const reports = said(lianPush(code)) as Report[];
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ name: 'status', charge: 100, ...fields });
  });

  test.each([
    [7, { name: 'alarm', state: 'off' }],
    [10, { name: 'tamper', state: 'on' }],
    [11, { name: 'tamper', state: 'off' }],
    [14, { name: 'test', by: 'button' }],
  ])('code %i is no fire', (code, report) => {
    const all = read(lianPush(code));
    expect(all[0]).toMatchObject({ type: 'report', report });
    expect(all.some(isUrgent)).toBe(false);
  });

  test.each([3, 99, -1, null, true, 'one', '', 1.5, '01'])(
    'an unknown code (%j) is an alarm that cannot be read',
    (code) => {
      expect(read(lianPush(code))[0]).toMatchObject({
        type: 'unreadable',
        reportName: 'alarm',
        problem: expect.stringMatching(/^Alarm_Status .* is no code of its model$/),
      });
    },
  );

  test('a code as text is the same code', () => {
    expect(said(lianPush('1'))[0]).toMatchObject({ name: 'alarm', state: 'on' });
  });

  test('a figure that cannot be is dropped and told, and the alarm stands', () => {
    const body = ctwingPush({ Alarm_Status: 1, TData: 900, Battery_Level: 'full' });
    expect(read(body)).toEqual([
      {
        type: 'report',
        report: { name: 'alarm', v: 1, source: 'smoke', state: 'on' },
        unread: ['TData 900', 'Battery_Level "full"'],
      },
    ]);
  });

  test('whose field has another name is an alarm that cannot be read, not a silence', () => {
    expect(read(ctwingPush({ alarm_status: 1, Battery_Level: 100 }))).toMatchObject([
      { type: 'unreadable', problem: 'alarm_status 1' },
    ]);
  });

  test('that tells its battery alone is alive', () => {
    expect(said(ctwingPush({ Battery_Level: 80, CSQ: 4 }))).toEqual([{ name: 'status', v: 1, charge: 80 }]);
  });
});

test('zero is the alarm where the maker says so', () => {
  const products = withProducts({});
  const push = (smoke_state: number) =>
    ctwingPush({}, { productId: 'siterwell-smoke', payload: { smoke_state, battery_value: 96, cell_ID: 1 } });
  expect(said(push(0), { products })[0]).toMatchObject({ name: 'alarm', source: 'smoke', state: 'on' });
  expect(said(push(1), { products })[0]).toMatchObject({ name: 'alarm', state: 'off' });
});

test('an event says what its product says, as data do', () => {
  const products = withProducts({});
  const event = { messageType: 'eventReport', eventType: 2, payload: undefined };
  const push = (eventContent: object, productId: string) => ctwingPush({}, { ...event, productId, eventContent });
  expect(said(push({ tamper_alarm: 1, battery_value: 50 }, 'siterwell-smoke'), { products })).toEqual([
    { name: 'tamper', v: 1, state: 'on' },
    { name: 'status', v: 1, charge: 50 },
  ]);
  expect(said(push({ gas_sensor_state: 2 }, 'siterwell-gas'), { products })).toEqual([
    { name: 'alarm', v: 1, source: 'gas', state: 'on' },
  ]);
});

describe('an event that is named for its fire', () => {
  const explained = carrierProducts.parse({
    models: { eventful: { codes: { fireAlarm: { values: { 1: 'normal', 2: 'alarm' } } } } },
    products: [{ platform: 'onenet', productId: 'Xq1', model: 'eventful' }],
  });
  const other = carrierProducts.parse({
    ...shippedProducts,
    products: [{ platform: 'onenet', productId: 'Xq1', model: 'lian-smoke' }],
  });

  test.each([[{ level: 2 }], [{}], [[]], [[{ level: 2 }]], [null]])('is heard with %j in it', (value) => {
    for (const products of [shippedProducts, other]) {
      expect(read(studioEvent('fireAlarm', value), { carrier: 'onenet', kind: 'stranger', products })).toMatchObject([
        { type: 'unreadable', reportName: 'alarm', problem: expect.stringContaining('fireAlarm') },
      ]);
    }
  });

  test('says what its model says of the value inside', () => {
    const level = (inside: object) =>
      said(studioEvent('fireAlarm', inside), { carrier: 'onenet', products: explained });
    expect(level({ level: 2 })).toEqual([{ name: 'alarm', v: 1, source: 'smoke', state: 'on' }]);
    expect(level({ level: 1, since: sentAt })).toEqual([{ name: 'alarm', v: 1, source: 'smoke', state: 'off' }]);
    for (const inside of [{}, { level: 3 }, { since: sentAt }])
      expect(level(inside)).toMatchObject([
        { type: 'unreadable', problem: expect.stringMatching(/no code of its model/) },
      ]);
  });

  test('is no notice of the platform', () => {
    const body = ctwingPush({ fireAlarm: {} }, { messageType: 'deviceOnlineOfflineReport' });
    expect(types(body)).toEqual(['unreadable']);
  });
});

describe('a name of danger beside a code that is known', () => {
  const products = withProducts({});
  const push = (serviceData: object) =>
    ctwingPush({}, { productId: 'siterwell-smoke', payload: { serviceId: 'smokeService', serviceData } });

  test('is an alarm that cannot be read, and what was understood stands', () => {
    expect(said(push({ smoke_state: 1, co_alarm: 1, battery_value: 90 }), { products })).toEqual([
      { name: 'alarm', v: 1, source: 'smoke', state: 'off' },
      { name: 'status', v: 1, charge: 90 },
      { type: 'unreadable', reportName: 'alarm', problem: 'co_alarm 1', salvaged: {} },
    ]);
  });

  test('is heard around it too: an event for a fire may hold nothing but a fault', () => {
    const body = push({ fireAlarm: { error: 4 } });
    expect(said(body, { products }).at(-1)).toMatchObject({ type: 'unreadable', problem: 'fireAlarm.error 4' });
  });

  test('is nothing when it is known to say nothing', () => {
    const { models } = shippedProducts;
    const calm = { ...models['siterwell-smoke'], ignored: ['smoke_value', 'smokeDetector'] };
    const body = push({ smokeDetector: { smoke_state: 1, battery_value: 90 }, smoke_value: 3 });
    expect(types(body, { products: withProducts({ 'siterwell-smoke': calm }) })).toEqual(['report', 'report']);
  });
});

describe('a product that nobody has explained', () => {
  const unknown = { productId: '999' };

  test('raises when its words sound like danger', () => {
    expect(read(lianPush(7, unknown))).toMatchObject([
      {
        type: 'unreadable',
        reportName: 'alarm',
        problem: expect.stringContaining('product 999 has no model: Alarm_Status 7'),
      },
    ]);
    expect(read(lianPush(7, unknown), { kind: 'wearable' })).toMatchObject([{ reportName: 'fall' }]);
    expect(types(ctwingPush({ 状态: '火警' }, unknown), { kind: 'stranger' })).toEqual(['unreadable']);
  });

  test('raises bytes of a device on which a life hangs, and drops those of others', () => {
    const push = transparentPush(Uint8Array.of(1, 2, 3), '999');
    expect(types(push)).toEqual(['unreadable']);
    expect(types(push, { kind: 'call-button' })).toEqual(['unreadable']);
    expect(types(push, { kind: 'presence-sensor' })).toEqual(['rejection']);
    expect(types(push, { kind: 'stranger' })).toEqual(['rejection']);
  });

  test('is refused, with its number, when it tells nothing but its battery', () => {
    expect(read(ctwingPush({ heartbeat_time: 1440, battery_value: 88 }, unknown))).toEqual([
      { type: 'rejection', reason: 'unknown-product', problem: 'product 999 has no model' },
    ]);
  });

  test('speaks the model of all products of its platform, where one is named', () => {
    const products = carrierProducts.parse({
      ...shippedProducts,
      products: [{ platform: 'ctwing', productId: '*', model: 'lian-smoke' }],
    });
    expect(said(lianPush(1, unknown), { products })[0]).toMatchObject({ name: 'alarm', state: 'on' });
  });
});

test('what the platform says of itself is nothing that the device said', () => {
  expect(read(ctwingPush({}, { messageType: 'deviceOnlineOfflineReport', eventType: 1 }))).toEqual([]);
  expect(read(ctwingPush({}, { messageType: 'commandResponse', result: { resultCode: 'DELIVERED' } }))).toEqual([]);
  expect(read({ msg: lwm2mMessage(1, { type: 2, status: 1 }) }, { carrier: 'onenet' })).toEqual([]);
  expect(read(iotdaPush({}, { resource: 'device.status' }), { carrier: 'iotda' })).toEqual([]);
});

describe('our own payload behind a platform', () => {
  const products = withProducts({
    'one-alarm': { contract: { field: 'APPdata', report: 'alarm' } },
  });
  const alarm = { name: 'alarm', v: 1, boot: 3, seq: 7, age: 0, source: 'smoke', state: 'on' } as const;
  const status = { name: 'status', v: 1, boot: 3, seq: 6, age: 60, charge: 90 } as const;

  test.each(['cbor', 'json'] as const)('is read as if it had been published (%s)', (format) => {
    const push = transparentPush(encodeBatch([status, alarm], format), 'steppewatch-batch');
    expect(said(push, { products })).toEqual([status, alarm]);
  });

  test.each(['cbor', 'json'] as const)('a single report that names itself is a batch of one (%s)', (format) => {
    const list = encodeBatch([alarm], format);
    const one = format === 'cbor' ? list.subarray(1) : list.subarray(1, -1);
    expect(said(transparentPush(one, 'steppewatch-batch'), { products })).toEqual([alarm]);
  });

  test('may be one report that the product names', () => {
    expect(said(transparentPush(encodeReport(alarm, 'cbor'), 'one-alarm'), { products })).toEqual([alarm]);
  });

  test('that is cut raises when it still names its alarm', () => {
    const bytes = encodeBatch([alarm], 'cbor');
    const push = transparentPush(bytes.subarray(0, bytes.length - 3), 'steppewatch-batch');
    expect(types(push, { products })).toEqual(['unreadable']);
  });
});

describe('bytes by a table', () => {
  const byTable = {
    'by-table': {
      bytes: { field: 'APPdata', layout: { alert: { at: 2, type: 'uint8' }, volts: { at: 3, type: 'uint16' } } },
      codes: { alert: { values: { 0: 'normal', 1: 'alarm' } } },
      readings: { volts: { as: 'battery', scale: 0.01 } },
    },
  };
  const products = withProducts(byTable);
  const push = (bytes: number[]) => transparentPush(Uint8Array.from(bytes), 'by-table');

  test('say what the table says', () => {
    expect(said(push([0x55, 0x50, 1, 0x01, 0x23]), { products })).toEqual([
      { name: 'alarm', v: 1, source: 'smoke', state: 'on' },
      { name: 'status', v: 1, battery: 2.91 },
    ]);
  });

  test('that end before the alarm are an alarm that cannot be read', () => {
    expect(types(push([0x55, 0x50]), { products })).toEqual(['unreadable']);
  });

  test('that end after a reading and before the alarm are no sign of life', () => {
    const late = { volts: { at: 0, type: 'uint16' }, alert: { at: 2, type: 'uint8' } };
    const model = { ...byTable['by-table'], bytes: { field: 'APPdata', layout: late } };
    const body = transparentPush(Uint8Array.of(0x01, 0x23), 'late');
    expect(read(body, { products: withProducts({ late: model }) })).toMatchObject([
      { type: 'unreadable', reportName: 'alarm', problem: 'APPdata: its bytes end before alert' },
    ]);
  });

  test('in hexadecimal are the same', () => {
    const hex = withProducts(
      {
        hex: { ...byTable['by-table'], bytes: { ...byTable['by-table'].bytes, field: '3200_0_5750', encoding: 'hex' } },
      },
      'onenet',
    );
    const body = { msg: { ...lwm2mMessage('5550010123'), productId: 'hex' } };
    expect(said(body, { carrier: 'onenet', products: hex })[0]).toMatchObject({ name: 'alarm', state: 'on' });
  });
});

describe('the envelope of', () => {
  test('CTWing names the device by its IMEI, never by the number that the platform gave it', () => {
    expect(readPush('ctwing', bytesOf(lianPush(1)))).toMatchObject({ deviceId: imei, productId: '15014772', sentAt });
    for (const IMEI of [undefined, 'undefined', 'null', '', '000000000000000'])
      expect(readPush('ctwing', bytesOf(lianPush(1, { IMEI })))).not.toHaveProperty('deviceId');
  });

  test('OneNET, in both of its forms', () => {
    const products = withProducts({}, 'onenet');
    const body = studioPush({ smoke_state: 0 });
    expect(readPush('onenet', bytesOf(body))).toMatchObject({ deviceId: imei, productId: 'Xq1', sentAt: sentAt + 40 });
    const mine = carrierProducts.parse({
      ...products,
      products: [{ platform: 'onenet', productId: 'Xq1', model: 'siterwell-smoke' }],
    });
    expect(said(body, { carrier: 'onenet', products: mine })[0]).toMatchObject({ name: 'alarm', state: 'on' });
    expect(readPush('onenet', bytesOf({ msg: lwm2mMessage(7) }))).toMatchObject({
      deviceId: imei,
      sentAt,
      leaves: [{ name: '3200_0_5750', value: 7 }],
    });
  });

  test('IoTDA names it by the node', () => {
    const body = iotdaPush({ Alarm_Status: 1 });
    expect(readPush('iotda', bytesOf(body))).toMatchObject({ deviceId: imei, productId: 'p-9', sentAt });
    const products = carrierProducts.parse({
      ...shippedProducts,
      products: [{ platform: 'iotda', productId: 'p-9', model: 'lian-smoke' }],
    });
    expect(said(body, { carrier: 'iotda', products })[0]).toMatchObject({ name: 'alarm', state: 'on' });
  });
});

describe('a body that cannot be read', () => {
  const whole = JSON.stringify(lianPush(1));
  const text = (body: string) => new TextEncoder().encode(body);

  test('is an alarm of the device that it names', () => {
    for (const body of [
      `${whole}}`,
      whole.replace(/[}]+$/, ''),
      whole.replaceAll('"Alarm', '"Alarm_Status":7,"Alarm'),
    ]) {
      const push = readPush('ctwing', text(body));
      expect(push).toMatchObject({ type: 'malformed', deviceId: imei });
      expect(reportsOf(push, undefined, 'smoke-detector')).toMatchObject([{ type: 'unreadable', reportName: 'alarm' }]);
    }
  });

  test('is nobody in particular when it names two', () => {
    const two = `${whole.slice(0, -1)},"imei":"111111111111111"`;
    expect(readPush('ctwing', text(two))).not.toHaveProperty('deviceId');
  });

  test('of a stranger raises when its words sound like danger, and is refused otherwise', () => {
    expect(types(text(whole.slice(0, 400)), { kind: 'stranger' })).toEqual(['unreadable']);
    expect(types(text('{"IMEI":"860374051096202","payload":'), { kind: 'stranger' })).toEqual(['rejection']);
  });

  test('inside OneNET is found through its quotes', () => {
    const body = JSON.stringify(studioPush({ smoke_state: 0 }))
      .slice(0, -30)
      .replace('deviceName', 'imei');
    expect(readPush('onenet', text(body))).toMatchObject({ type: 'malformed', deviceId: imei });
  });
});
