import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shippedProducts } from '../../records/carrier-models.ts';
import { type Carrier, carrierProducts, carriers } from '../../records/carrier-products.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Device } from '../../records/registry.ts';
import { createDecoder } from '../decoder.ts';
import { type Offer, offersOf } from './offers.ts';
import {
  bytesOf,
  ctwingPush,
  imei,
  iotdaPush,
  lianData,
  lianPush,
  lwm2mMessage,
  sentAt,
  studioEvent,
  studioPush,
} from './pushes.test-support.ts';

const products = carrierProducts.parse({
  ...shippedProducts,
  products: carriers.map((platform) => ({ platform, productId: '*', model: 'lian-smoke' })),
});
/** The detector of the samples is registered, and nobody else. */
function offered(body: unknown, { carrier = 'ctwing' as Carrier, isCut = false } = {}): Offer[] {
  const device = (id: string) =>
    id === imei ? { kind: 'smoke-detector' as const, isRegistered: true } : { kind: undefined, isRegistered: false };
  return offersOf({ carrier, body: body instanceof Uint8Array ? body : bytesOf(body), isCut, products, device });
}
const isCall = (offer: Offer) => offer.type === 'keep' && offer.lifeSafety;
const another = '860374051000000';

describe('a push is kept', () => {
  test('as it came, under the device that it names', () => {
    const body = bytesOf(lianPush(1));
    expect(offered(body)).toEqual([
      {
        type: 'keep',
        record: { source: 'ctwing', deviceId: imei, standing: 'registered', report: 'alarm', payload: body },
        lifeSafety: true,
      },
    ]);
  });

  test.each([
    [1, true],
    [2, true],
    [99, true],
    [7, false],
    [4, false],
    [14, false],
  ])('with code %i as life safety: %j', (code, lifeSafety) => {
    expect(offered(lianPush(code))).toMatchObject([{ type: 'keep', lifeSafety }]);
  });

  test('of a stranger when it calls for help, and is dropped otherwise', () => {
    expect(offered(lianPush(1, { IMEI: another }))).toMatchObject([
      { type: 'keep', record: { deviceId: another, standing: 'enrolment' }, lifeSafety: true },
    ]);
    expect(offered(lianPush(7, { IMEI: another }))).toEqual([{ type: 'drop', reason: 'enrolment' }]);
  });

  test('of nobody when it calls for help: somebody can ask the platform', () => {
    expect(offered(lianPush(1, { IMEI: undefined }))).toMatchObject([
      {
        type: 'keep',
        record: { deviceId: expect.stringMatching(/^unknown-ctwing-[0-9a-z]{7}$/), standing: 'enrolment' },
      },
    ]);
    expect(offered(lianPush(7, { IMEI: undefined }))).toEqual([{ type: 'drop', reason: 'no-device' }]);
  });

  test('of two that nobody can name as of two, by what the platform calls them', () => {
    const idOf = (over: object) =>
      offered(lianPush(1, { IMEI: undefined, ...over })).map(
        (offer) => offer.type === 'keep' && offer.record.deviceId,
      )[0];
    expect(idOf({})).toBe(idOf({ timestamp: sentAt + 60_000 }));
    expect(idOf({})).not.toBe(idOf({ deviceId: 'another' }));
    expect(idOf({ deviceId: undefined })).not.toBe(idOf({ deviceId: undefined, tenantId: '2' }));
  });

  test('never when the platform speaks of itself', () => {
    const online = { messageType: 'deviceOnlineOfflineReport', eventType: 1, payload: undefined };
    expect(offered(lianPush(1, online))).toEqual([{ type: 'drop', reason: 'notice' }]);
    const speaking = { messageType: 'deviceOnlineOfflineReport' };
    expect(offered(lianPush(1, speaking)).every(isCall)).toBe(true);
  });

  test('of what was too large only when it may call for help', () => {
    const whole = JSON.stringify(lianPush(1, { padding: ' '.repeat(70_000) }));
    const cut = (text: string) => new TextEncoder().encode(text.slice(0, 65_536));
    expect(offered(cut(whole), { isCut: true }).every(isCall)).toBe(true);
    expect(offered(cut('x'.repeat(70_000)), { isCut: true })).toEqual([{ type: 'drop', reason: 'too-large' }]);
  });
});

test('several messages in one push of OneNET are kept each for its own device', () => {
  const list = [lwm2mMessage(3, { ds_id: 'Alarm_Status' }), lwm2mMessage(1, { ds_id: 'Alarm_Status', imei: another })];
  const offers = offered({ msg: list, msg_signature: 's', nonce: 'n' }, { carrier: 'onenet' });
  expect(offers).toMatchObject([
    { record: { deviceId: imei }, lifeSafety: true },
    { record: { deviceId: another }, lifeSafety: true },
  ]);
});

test('more messages than a platform would put together are one that cannot be read', () => {
  const list = Array.from({ length: 600 }, () => ({ a: 1 }));
  expect(offered({ msg: list }, { carrier: 'onenet' })).toEqual([{ type: 'drop', reason: 'no-device' }]);
});

describe('whatever is sent', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.json({ maxDepth: 10 }).map((text) => new TextEncoder().encode(text)),
    fc
      .record({ IMEI: fc.anything(), payload: fc.anything(), timestamp: fc.anything(), productId: fc.anything() })
      .map(bytesOfAny),
    fc.record({ msg: fc.anything(), time: fc.anything() }).map(bytesOfAny),
    fc
      .record({ notify_data: fc.record({ header: fc.anything(), body: fc.anything() }), event_time: fc.anything() })
      .map(bytesOfAny),
  );

  test('it is looked at without a fault', () => {
    fc.assert(
      fc.property(fc.constantFrom(...carriers), anything, fc.boolean(), (carrier, body, isCut) => {
        expect(offered(body, { carrier, isCut }).length).toBeGreaterThan(0);
      }),
      { seed: 4, numRuns: 2_000 },
    );
  });

  test('a name that sounds like fire is heard wherever it stands, and whatever it holds', () => {
    const names = fc.array(fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('value', 'time', 'params')), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.constantFrom(...carriers), names, fc.jsonValue({ maxDepth: 3 }), (carrier, around, held) => {
        const content = around.reduceRight<object>((inner, name) => ({ value: 1, [name]: inner }), { fireAlarm: held });
        const bodies = {
          ctwing: ctwingPush({}, { messageType: 'eventReport', payload: undefined, eventContent: content }),
          onenet: { msg: { deviceName: imei, productId: 'Xq1', data: { params: content } }, time: sentAt },
          iotda: iotdaPush({ ...content, Battery_Level: 80 }),
        };
        const offers = offered(bodies[carrier], { carrier });
        expect(offers.every(isCall) && offers.some(raises), JSON.stringify(content)).toBe(true);
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });

  const fires: { carrier: Carrier; body: Uint8Array }[] = [
    { carrier: 'ctwing', body: bytesOf(lianPush(1)) },
    {
      carrier: 'ctwing',
      body: bytesOf(ctwingPush({}, { messageType: 'eventReport', payload: undefined, eventContent: lianData(1) })),
    },
    { carrier: 'onenet', body: bytesOf(studioPush({ Alarm_Status: 1, Battery_Level: 90 })) },
    { carrier: 'iotda', body: bytesOf(iotdaPush(lianData(1))) },
    { carrier: 'onenet', body: bytesOf(studioEvent('fireAlarm', { level: 2 })) },
    { carrier: 'onenet', body: bytesOf(studioEvent('Alarm_Status', { level: 1 })) },
    { carrier: 'iotda', body: bytesOf(iotdaPush({ Alarm_Status: { level: 1 }, Battery_Level: 80 })) },
  ];
  test('a push that is damaged on the way and still names its fire is kept as a call for help, and raises', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...fires),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        ({ carrier, body }, damages) => {
          const damaged = damages.reduce((bytes, hurt) => hurt(bytes), body);
          fc.pre(stillNamesFire(damaged));
          const offers = offered(damaged, { carrier });
          expect(offers.some(isCall) && offers.some(raises), Buffer.from(damaged).toString()).toBe(true);
        },
      ),
      { seed: 5, numRuns: 4_000, maxSkipsPerRun: 1_000 },
    );
  });
});

/** The field of the alarm with the code of a fire in it, in whatever form, or an event that is named for it. */
function stillNamesFire(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('latin1').replaceAll('\\', '');
  return /"Alarm_Status":(\{"value":)?(\{"level":)?1[,}]|"fireAlarm":\{"value":\{/.test(text);
}

/** Whether the journal's record of it, judged by itself, is a fire or an alarm that cannot be read. */
function raises(offer: Offer): boolean {
  if (offer.type !== 'keep') return false;
  const device = (id: string): Device | undefined =>
    id === imei ? { id, kind: 'smoke-detector', intervalMinutes: 1440, simulated: false } : undefined;
  const registry = { device, person: () => undefined, whereabouts: (deviceId: string) => ({ deviceId }) };
  const decoder = createDecoder({ state: new FoldState(), registry });
  decoder.adopt(products);
  const decoded = decoder.step({ kind: 'report', ...offer.record }, { sequence: 1, receivedAt: sentAt });
  return decoded.some((one) => {
    if (one.type !== 'event') return false;
    if (one.event.type !== 'report') return one.event.type === 'unreadable';
    return one.event.report.name === 'alarm' && one.event.report.state === 'on';
  });
}

const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const place = (bytes: Uint8Array, where: number) => Math.floor(where * bytes.length);
const damage: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc.oneof(
  fc.tuple(at, fc.nat({ max: 255 })).map(
    ([where, byte]) =>
      (bytes: Uint8Array) =>
        bytes.map((old, index) => (index === place(bytes, where) ? byte : old)),
  ),
  fc.tuple(at, fc.nat({ max: 40 })).map(
    ([where, length]) =>
      (bytes: Uint8Array) =>
        Uint8Array.of(...bytes.subarray(0, place(bytes, where)), ...bytes.subarray(place(bytes, where) + length)),
  ),
  fc.tuple(at, fc.uint8Array({ maxLength: 20 })).map(
    ([where, more]) =>
      (bytes: Uint8Array) =>
        Uint8Array.of(...bytes.subarray(0, place(bytes, where)), ...more, ...bytes.subarray(place(bytes, where))),
  ),
  fc.tuple(at, at).map(
    ([from, to]) =>
      (bytes: Uint8Array) =>
        Uint8Array.of(...bytes.subarray(0, place(bytes, to)), ...bytes.subarray(place(bytes, from))),
  ),
  at.map((where) => (bytes: Uint8Array) => bytes.subarray(0, place(bytes, where) + 1)),
);

/** What JSON has no word for is left out. */
function bytesOfAny(value: unknown): Uint8Array {
  try {
    return bytesOf(value);
  } catch {
    return new Uint8Array();
  }
}
