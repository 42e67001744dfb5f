import { describe, expect, test } from 'vitest';
import { encodeBatch } from '../../firmware-contracts/contracts.ts';
import { shippedProducts } from '../../records/carrier-models.ts';
import { type Carrier, carrierProducts } from '../../records/carrier-products.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { ReportRecord } from '../../records/journal-record.ts';
import type { Device } from '../../records/registry.ts';
import { createDecoder } from '../decoder.ts';
import {
  bytesOf,
  imei,
  iotdaPush,
  lianPush,
  lwm2mMessage,
  sentAt,
  studioPush,
  transparentPush,
} from './pushes.test-support.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** One detector that is heard by carriers alone; time moves only when the test says so. */
function listen({ isRegistered = true } = {}) {
  const state = new FoldState();
  const device = (id: string): Device | undefined =>
    isRegistered ? { id, kind: 'smoke-detector', intervalMinutes: 1440, simulated: false } : undefined;
  const decoder = createDecoder({
    state,
    registry: { device, person: () => undefined, whereabouts: (deviceId) => ({ deviceId }) },
  });
  const models = { ...shippedProducts.models };
  const products = [
    ...shippedProducts.products,
    { platform: 'ctwing', productId: 'ours', model: 'steppewatch-batch' },
    { platform: 'onenet', productId: '*', model: 'siterwell-smoke' },
    { platform: 'iotda', productId: '*', model: 'lian-smoke' },
  ];
  decoder.adopt(carrierProducts.parse({ models, products }));
  const clock = { now: sentAt + 800 };
  let sequence = 0;
  function hear(body: unknown, source: Carrier = 'ctwing', standing: ReportRecord['standing'] = 'registered') {
    const placed = { sequence: ++sequence, receivedAt: clock.now };
    const record = {
      kind: 'report',
      source,
      deviceId: imei,
      standing,
      report: 'push',
      payload: bytesOf(body),
    } as const;
    return decoder.step(record, placed);
  }
  const events = (...heard: Parameters<typeof hear>) =>
    hear(...heard).flatMap((one) => (one.type === 'event' ? [one.event] : []));
  const reports = (...heard: Parameters<typeof hear>) =>
    events(...heard).flatMap((event) => (event.type === 'report' ? [event.report] : []));
  return Object.assign(clock, { state, hear, events, reports });
}
const types = (decoded: { type: string }[]) => decoded.map(({ type }) => type);

describe('a push that the platform delivers again', () => {
  test('is the same push, by CTWing', () => {
    const home = listen();
    expect(types(home.hear(lianPush(1)))).toEqual(['event', 'event']);
    home.now += HOUR_MS;
    expect(types(home.hear(lianPush(1)))).toEqual(['repeat']);
  });

  test('is the same push whatever the attempt adds, by OneNET and IoTDA', () => {
    const home = listen();
    expect(home.reports(studioPush({ smoke_state: 0 }), 'onenet')).toMatchObject([{ name: 'alarm' }]);
    const again = studioPush({ smoke_state: 0 }, { nonce: 'other', signature: 'y', id: 'a-2' });
    expect(types(home.hear(again, 'onenet'))).toEqual(['repeat']);
    const older = { msg: lwm2mMessage(0, { ds_id: 'smoke_state' }), nonce: 'n-1', time: sentAt + 40 };
    expect(home.reports(older, 'onenet')).toMatchObject([{ name: 'alarm' }]);
    expect(types(home.hear({ ...older, nonce: 'n-2', time: sentAt + 9_000 }, 'onenet'))).toEqual(['repeat']);
    expect(home.reports(iotdaPush({ Alarm_Status: 1 }), 'iotda')).toMatchObject([{ name: 'alarm' }]);
    expect(types(home.hear(iotdaPush({ Alarm_Status: 1 }, { request_id: 'r-2' }), 'iotda'))).toEqual(['repeat']);
  });

  test('leads to the same alert when it is no longer remembered', () => {
    const home = listen();
    const causeOf = () => home.events(lianPush(1)).map((event) => 'causeId' in event && event.causeId)[0];
    const first = causeOf();
    for (let later = 1; later <= 48; later++) home.hear(lianPush(12, { timestamp: sentAt + later }));
    expect(causeOf()).toBe(first);
    expect(first).toMatch(new RegExp(`^${imei}:ctwing:[0-9a-z]+:[0-9a-z]+\\.0$`));
  });

  test('is known while 47 others came in between, and nothing is kept of more', () => {
    const home = listen();
    home.hear(lianPush(1));
    for (let later = 1; later <= 47; later++) home.hear(lianPush(12, { timestamp: sentAt + later }));
    expect(types(home.hear(lianPush(1)))).toEqual(['repeat']);
    for (let later = 48; later <= 500; later++) home.hear(lianPush(12, { timestamp: sentAt + later }));
    const memory = home.state.table<object>('decoder').get(imei);
    expect(JSON.stringify(memory).length).toBeLessThan(1_600);
  });
});

test.each([HOUR_MS, 5 * HOUR_MS])(
  'a detector whose clock stands is heard when it burns again (%i ms later)',
  (later) => {
    const home = listen();
    const fire = () => studioPush({ smoke_state: 0 }, { time: home.now - 40 });
    const [first] = home.events(fire(), 'onenet');
    home.now += later;
    const [second] = home.events(fire(), 'onenet');
    expect(second).toMatchObject({ report: { name: 'alarm', state: 'on' }, occurredAt: home.now - 40 });
    expect(second).not.toHaveProperty('lateMs');
    expect(second?.causeId).not.toBe(first?.causeId);
  },
);

test('what has the same name after every attempt was made is another push, of now', () => {
  const home = listen();
  const [first] = home.events(lianPush(1));
  home.now += 2.9 * HOUR_MS;
  expect(types(home.hear(lianPush(1)))).toEqual(['repeat']);
  home.now += HOUR_MS;
  const [second] = home.events(lianPush(1));
  expect(second).toMatchObject({ report: { name: 'alarm', state: 'on' }, occurredAt: home.now });
  expect(second?.causeId).not.toBe(first?.causeId);
  home.now += MINUTE_MS;
  expect(types(home.hear(lianPush(1)))).toEqual(['repeat']);
});

test('the same words a second later are another push', () => {
  const home = listen();
  home.hear(lianPush(1));
  expect(types(home.hear(lianPush(1, { timestamp: sentAt + 1_000 })))).toEqual(['event', 'event']);
});

test('without an instant nothing is taken for a repeat', () => {
  const home = listen();
  const push = lianPush(1, { timestamp: 'soon' });
  expect(types(home.hear(push))).toEqual(['event', 'event']);
  expect(types(home.hear(push))).toEqual(['event', 'event']);
});

test('a report with counters is the same report by MQTT and by a carrier', () => {
  const home = listen();
  const alarm = { name: 'alarm', v: 1, boot: 3, seq: 7, age: 30, source: 'smoke', state: 'on' } as const;
  const push = { ...transparentPush(encodeBatch([alarm], 'cbor'), 'ours') };
  const [event] = home.events(push);
  expect(event).toMatchObject({ causeId: expect.stringContaining(`${imei}:3:7:`), clock: 'trusted', lateMs: 30_800 });
  expect(types(home.hear({ ...push, timestamp: sentAt + 5_000 }))).toEqual(['repeat']);
});

describe('when it happened', () => {
  test('is when the platform heard it; how long the device waited before, nobody knows', () => {
    const home = listen();
    expect(home.events(lianPush(1))[0]).toMatchObject({ occurredAt: sentAt, clock: 'untrusted' });
    expect(home.events(lianPush(1, { timestamp: sentAt + 1 }))[0]).not.toHaveProperty('lateMs');
  });

  test('is hours ago when the platform kept it for hours', () => {
    const home = listen();
    home.now = sentAt + 2 * HOUR_MS;
    expect(home.events(lianPush(1))[0]).toMatchObject({ occurredAt: sentAt, clock: 'untrusted', lateMs: 2 * HOUR_MS });
  });

  test.each([-10 * MINUTE_MS, 30 * 24 * HOUR_MS])('is now when the platform says otherwise by %i ms', (off) => {
    const home = listen();
    home.now = sentAt + off;
    const [event] = home.events(lianPush(1));
    expect(event).toMatchObject({ occurredAt: home.now, clock: 'untrusted' });
    expect(event).not.toHaveProperty('lateMs');
  });

  test('is never in the future, if the platform runs a little ahead', () => {
    const home = listen();
    home.now = sentAt - 20_000;
    expect(home.events(lianPush(1))[0]).toMatchObject({ occurredAt: home.now });
  });
});

describe('a detector that was muted', () => {
  test('silences the alarm that stands', () => {
    const home = listen();
    home.hear(lianPush(1));
    home.now += MINUTE_MS;
    const muted = home.reports(lianPush(2, { timestamp: sentAt + MINUTE_MS }));
    expect(muted[0]).toEqual({ name: 'alarm', v: 1, source: 'smoke', state: 'hushed' });
  });

  test('calls nobody when there was none, or when it is over', () => {
    const home = listen();
    const isQuiet = (over: { timestamp?: number }) =>
      home.reports(lianPush(2, over)).every(({ name }) => name === 'status');
    expect(isQuiet({})).toBe(true);
    home.hear(lianPush(1, { timestamp: sentAt + 1 }));
    home.hear(lianPush(7, { timestamp: sentAt + 2 }));
    expect(isQuiet({ timestamp: sentAt + 3 })).toBe(true);
    home.hear(lianPush(1, { timestamp: sentAt + 4 }));
    home.now += 24 * HOUR_MS;
    expect(isQuiet({ timestamp: sentAt + 5 })).toBe(true);
  });
});

test('a device that is not registered raises, and its telemetry is refused', () => {
  const home = listen({ isRegistered: false });
  expect(home.hear(lianPush(1), 'ctwing', 'enrolment')).toMatchObject([
    { type: 'event', event: { report: { name: 'alarm' } } },
    { type: 'rejection', reason: 'enrolment' },
  ]);
  expect(types(home.hear({ msg: lwm2mMessage(3) }, 'onenet', 'enrolment'))).toEqual(['rejection']);
});
