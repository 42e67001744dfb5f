import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offersOf } from '../../ingest/carriers/offers.ts';
import { bytesOf, ctwingPush, imei, lianPush } from '../../ingest/carriers/pushes.test-support.ts';
import { createProjectionFold } from '../../ingest/projection-fold.ts';
import { noRows } from '../../ingest/projection-rows.ts';
import { systemClock } from '../../platform/clock.ts';
import { journalFull } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics, type Metrics } from '../../platform/metrics.ts';
import { shippedProducts } from '../../records/carrier-models.ts';
import { carriers } from '../../records/carrier-products.ts';
import { type County, openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import type { Alarm } from './alarm-core.ts';
import { startCarriers } from './carriers.ts';

// The carriers' way in through the alarm path as one piece, in a county on a virtual clock: Sarna's kitchen is watched
// by a detector
// behind CTWing.

const text = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const registryText = text.replaceAll('sarna-kitchen', `'${imei}'`);
const startAt = Date.parse('2026-11-22T20:00:00Z');
const HOUR_MS = 3_600_000;
const token = 't'.repeat(32);

async function open() {
  const county = await openCounty({ startAt, seed: 7, registryText, disk: new SimulatedDisk() });
  await settle(county, county.alarm.adoptProducts(shippedProducts));
  return county;
}
/** What the listener does with a push, up to its answer. */
function push(county: County, body: object): Promise<unknown> {
  const device = (id: string) => {
    const known = county.alarm.registry.device(id);
    return { kind: known?.kind, isRegistered: known !== undefined };
  };
  const offers = offersOf({ carrier: 'ctwing', body: bytesOf(body), isCut: false, products: shippedProducts, device });
  const kept = offers.map((offer) => offer.type === 'keep' && county.alarm.keep(offer.record, offer.lifeSafety));
  return Promise.all(kept);
}
async function settle(county: County, work: Promise<unknown>): Promise<void> {
  await county.clock.advance(1_000);
  await work;
}
const at = (county: County) => ({ timestamp: county.clock.now() });
const openIncidents = (county: County) => [...county.alarm.incidents.openIncidents()];
const told = (county: County) => county.delivered.map(({ to }) => to).sort();
const everybody = ['bao', 'daughter', 'desk', 'station'];

test("smoke that CTWing pushes is an incident of Sarna's home, and the neighbours are told", async () => {
  const county = await open();
  await settle(county, push(county, lianPush(1, at(county))));
  await county.clock.advance(5_000);
  expect(openIncidents(county)).toMatchObject([
    {
      category: 'fire',
      alerts: [{ condition: 'smoke', clock: 'untrusted', where: { deviceId: imei, placeId: 'sarna-home' } }],
    },
  ]);
  expect(told(county)).toEqual(everybody);
  expect(county.complaints).toEqual([]);
});

test('killed between the sync and the answer, the platform comes again and makes no second incident', async () => {
  const county = await open();
  const body = lianPush(1, at(county));
  await settle(
    county,
    push(county, body).then(() => county.kill()),
  );
  expect(told(county)).toEqual([]);
  await county.clock.advance(10_000);
  await county.start();
  await settle(county, push(county, body));
  await county.clock.advance(10_000);
  await settle(county, push(county, body));
  await county.clock.advance(10_000);
  expect(openIncidents(county)).toHaveLength(1);
  expect(openIncidents(county)[0]?.alerts).toHaveLength(1);
  expect(told(county)).toEqual(everybody);
});

test('killed before the sync, the platform comes again and the neighbours are told', async () => {
  const county = await open();
  const body = lianPush(1, at(county));
  push(county, body).catch(() => {});
  county.kill();
  await county.clock.advance(20_000);
  await county.start();
  expect(told(county)).toEqual([]);
  await settle(county, push(county, body));
  await county.clock.advance(5_000);
  expect(told(county)).toEqual(everybody);
});

describe('nobody is called', () => {
  test.each([
    ['muted', 2],
    ['well', 7],
    ['tested', 14],
    ['taken down', 10],
    ['out of order', 5],
  ])('when the detector says that it is %s', async (_, code) => {
    const county = await open();
    await settle(county, push(county, lianPush(code, at(county))));
    await county.clock.advance(60_000);
    expect(openIncidents(county).filter(({ severity }) => severity === 'critical')).toEqual([]);
    expect(told(county)).toEqual([]);
  });
});

test('a code that nobody has explained calls people, and says what could not be read', async () => {
  const county = await open();
  await settle(county, push(county, lianPush(3, at(county))));
  await county.clock.advance(5_000);
  expect(openIncidents(county)).toMatchObject([
    { alerts: [{ condition: 'unreadable', reason: { unread: ['Alarm_Status 3 is no code of its model'] } }] },
  ]);
  expect(told(county)).toEqual(everybody);
});

test('a detector that nobody registered calls the desk', async () => {
  const county = await open();
  await settle(county, push(county, lianPush(1, { ...at(county), IMEI: '860374051000000' })));
  await county.clock.advance(5_000);
  expect(openIncidents(county)).toMatchObject([{ alerts: [{ where: { unregistered: true } }] }]);
});

test('an alarm that is muted and over stays with people until one of them ends it', async () => {
  const county = await open();
  for (const code of [1, 2, 7]) {
    await settle(county, push(county, lianPush(code, at(county))));
    await county.clock.advance(30_000);
  }
  expect(openIncidents(county)).toMatchObject([{ alerts: [{ condition: 'smoke', clearedAt: expect.any(Number) }] }]);
});

test('a detector is not silent while the platform pushes what it says, and is when that ends', async () => {
  const county = await open();
  const isSilent = () =>
    openIncidents(county).some(({ alerts }) =>
      alerts.some(({ condition, where }) => condition === 'device-silent' && where.deviceId === imei),
    );
  for (let day = 0; day < 4; day++) {
    await settle(county, push(county, ctwingPush({ Alarm_Status: 7, Battery_Level: 90 }, at(county))));
    await county.clock.advance(24 * HOUR_MS);
  }
  expect(isSilent()).toBe(false);
  // What the platform says of itself is no word of the device.
  for (let day = 0; day < 2; day++) {
    await settle(county, push(county, ctwingPush({}, { ...at(county), messageType: 'deviceOnlineOfflineReport' })));
    await county.clock.advance(24 * HOUR_MS);
  }
  expect(isSilent()).toBe(true);
});

test('the copy for the database has the same reports, by the models that the journal holds', async () => {
  const county = await open();
  await settle(county, push(county, lianPush(1, at(county))));
  await settle(county, push(county, lianPush(99, at(county))));
  const fold = createProjectionFold();
  const rows = noRows();
  for (const stored of await county.journal()) fold.step(stored, rows);
  expect(rows.reports.map(({ report, deviceId }) => [report.name, deviceId])).toEqual([
    ['alarm', imei],
    ['status', imei],
    ['status', imei],
  ]);
  expect(rows.rejections).toMatchObject([{ reason: 'unreadable-alarm', deviceId: imei }]);
});

test('a replay of the journal comes to the same incidents', async () => {
  const county = await open();
  for (const code of [1, 2, 99, 7]) await settle(county, push(county, lianPush(code, at(county))));
  const { openIncidents: replayed } = await county.replay();
  expect(replayed.map(({ incidentId }) => incidentId)).toEqual(
    openIncidents(county).map(({ incidentId }) => incidentId),
  );
});

test('while another program has the port, it is tried again, and opened when it is free', async () => {
  const other = createServer();
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
  const { port } = other.address() as AddressInfo;
  const [waits, metrics]: [(() => void)[], Metrics] = [[], createMetrics()];
  const after = (_delayMs: number, run: () => void) => {
    waits.push(run);
    return () => {};
  };
  const clock = { ...systemClock, after };
  let refusals = 0;
  const adoptProducts = async () => {
    if (refusals++ === 0) throw journalFull({}, 0);
  };
  const opening = startCarriers({
    carriers: {
      listen: { host: '127.0.0.1', port },
      tokens: { ctwing: token, onenet: token, iotda: token },
      products: shippedProducts,
    },
    alarm: { adoptProducts, keep: async () => {}, caughtUp: Promise.resolve() } as unknown as Alarm,
    ...{ died: () => {}, clock, log: silentLog, metrics },
  });
  const failed = async () => (await metrics.carrierOpeningsFailed.get()).values[0]?.value;
  await expect.poll(failed).toBe(1);
  waits.pop()?.();
  await expect.poll(failed).toBe(2);
  await new Promise((closed) => other.close(closed));
  waits.pop()?.();
  const listener = await opening;
  expect(listener?.address().port).toBe(port);
  await listener?.close();
});

test('whatever is pushed, the platform is never refused for it', async () => {
  const registry = { device: () => undefined };
  const died: unknown[] = [];
  const listener = await startCarriers({
    carriers: {
      listen: { host: '127.0.0.1', port: 0 },
      tokens: { ctwing: token, onenet: token, iotda: token },
      products: shippedProducts,
    },
    alarm: {
      adoptProducts: async () => {},
      keep: async () => {},
      caughtUp: Promise.resolve(),
      registry,
    } as unknown as Alarm,
    ...{ died: (error) => died.push(error), clock: systemClock, log: silentLog, metrics: createMetrics() },
  });
  const port = listener?.address().port;
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((json) => new TextEncoder().encode(json)),
    fc
      .constantFrom('['.repeat(60_000), '{"msg":'.repeat(9_000), `{"IMEI":"${'9'.repeat(60_000)}"}`)
      .map((wide) => new TextEncoder().encode(wide)),
  );
  try {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...carriers), body, async (carrier, bytes) => {
        const url = `http://127.0.0.1:${port}/${carrier}/${token}`;
        const { status } = await fetch(url, { method: 'POST', body: Buffer.from(bytes) });
        expect(status).toBe(200);
      }),
      { seed: 6, numRuns: 300 },
    );
    expect(died).toEqual([]);
  } finally {
    await listener?.close();
  }
});
