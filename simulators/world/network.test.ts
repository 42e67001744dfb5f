import { expect, test } from 'vitest';
import type { Incoming } from '../../broker/intake.ts';
import { encodeReport } from '../../firmware-contracts/contracts.ts';
import { decodeReport } from '../../firmware-contracts/decode.ts';
import type { Report } from '../../firmware-contracts/report.ts';
import { chanceOf } from '../seeded-chance.ts';
import { makeVillage } from '../village.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { Publish, Truth } from './evidence.ts';
import { type FaultPlan, noFaults } from './faults.ts';
import { homesPerVillage } from './life.ts';
import { liveHomes } from './live-homes.ts';
import { openNetwork } from './network.ts';

const { homes } = makeVillage({ seed: 1, homes: 12, villageSize: homesPerVillage });
const button = deviceOf(0, 'button');
const farButton = deviceOf(homesPerVillage, 'button');

test('a report arrives after a while, is kept, and its device hears of it', async () => {
  const { clock, send, publishes, arrived } = road();
  const answers = send(press(0));
  expect(publishes).toMatchObject([{ atMs: 0, deviceId: button, report: 'press', boot: 1, seq: 0, arrivedAtMs: [] }]);
  await clock.advance(5_000);
  expect(answers).toEqual([0]);
  expect(arrived).toMatchObject([{ deviceId: button, standing: 'registered', report: 'press' }]);
  const [{ arrivedAtMs = [], keptAtMs = 0, acknowledgedAtMs = 0 } = {}] = publishes;
  expect(arrivedAtMs).toHaveLength(1);
  expect(arrivedAtMs[0]).toBeGreaterThan(0);
  expect(keptAtMs).toBe(arrivedAtMs[0]);
  expect(acknowledgedAtMs).toBeGreaterThan(keptAtMs);
});

test('what the alarm process refuses, or never answers, is not acknowledged', async () => {
  for (const answer of [() => Promise.reject(new Error('full')), () => new Promise<void>(() => {})]) {
    const { clock, send, publishes } = road({}, { answer });
    const answers = send(press(0));
    await clock.advance(60_000);
    expect(answers).toEqual([]);
    expect(publishes).toMatchObject([{ arrivedAtMs: [expect.any(Number)] }]);
    expect([publishes[0]?.keptAtMs, publishes[0]?.acknowledgedAtMs]).toEqual([undefined, undefined]);
  }
});

test('some reports are lost on the way up, and some PUBACKs on the way down', async () => {
  const { clock, send, publishes } = road({ dropChance: 0.4 });
  for (let seq = 0; seq < 200; seq++) send(press(seq));
  await clock.advance(60_000);
  const arrived = publishes.filter(({ arrivedAtMs }) => arrivedAtMs.length > 0);
  const known = arrived.filter(({ acknowledgedAtMs }) => acknowledgedAtMs !== undefined);
  expect(arrived.length).toBeGreaterThan(90);
  expect(arrived.length).toBeLessThan(150);
  expect(known.length).toBeGreaterThan(45);
  expect(known.length).toBeLessThan(arrived.length - 20);
});

test('a repeat brings the same bytes a second time', async () => {
  const { clock, send, arrived, publishes } = road({ repeatChance: 1 });
  const answers = send(press(0));
  await clock.advance(200_000);
  expect(arrived).toHaveLength(2);
  expect(arrived[0]?.payload).toEqual(arrived[1]?.payload);
  expect(publishes[0]?.arrivedAtMs).toHaveLength(2);
  expect(answers).toEqual([0]);
});

test('reports of one device keep their order, except those that are held up', async () => {
  const orderOf = async (reorderChance: number) => {
    const { clock, send, arrived } = road({ reorderChance, delayMs: [50, 20_000] });
    for (let seq = 0; seq < 50; seq++) {
      send(press(seq));
      await clock.advance(100);
    }
    await clock.advance(200_000);
    return arrived.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()).seq);
  };
  const inOrder = Array.from({ length: 50 }, (_, seq) => seq);
  expect(await orderOf(0)).toEqual(inOrder);
  const mixed = await orderOf(0.3);
  expect(mixed).not.toEqual(inOrder);
  expect(mixed.toSorted((a, b) => a - b)).toEqual(inOrder);
});

test('in a cut of one village nothing passes there in either direction, and elsewhere everything does', async () => {
  const { clock, send, publishes } = road({ cuts: [{ fromMs: 1_000, toMs: 60_000, village: 0 }], delayMs: [800, 801] });
  send(press(0));
  await clock.advance(2_000);
  expect(publishes.map(({ arrivedAtMs, acknowledgedAtMs }) => [arrivedAtMs.length, acknowledgedAtMs])).toEqual([
    [1, undefined],
  ]);
  const [near, far] = [send(press(1)), send(press(0), farButton)];
  await clock.advance(30_000);
  expect([near, far]).toEqual([[], [0]]);
  await clock.advance(30_000);
  const after = send(press(2));
  await clock.advance(5_000);
  expect(after).toEqual([2]);
});

test('a call that is garbled is garbled the same way each time, and telemetry never', async () => {
  const { clock, send, publishes } = road({}, { garbledChance: 1 });
  for (let seq = 0; seq < 30; seq++) for (let times = 0; times < 2; times++) send(press(seq));
  send({ name: 'status', v: 1, boot: 1, seq: 90, age: 0 } as Report);
  await clock.advance(60_000);
  const bySeq = [...Map.groupBy(publishes, ({ seq }) => seq).values()];
  expect(bySeq.every(([first, again]) => !again || first?.garbled === again.garbled)).toBe(true);
  expect(new Set(publishes.map(({ garbled }) => garbled))).toEqual(
    new Set(['cut', 'newer-version', 'unknown-field', undefined]),
  );
  expect(publishes.filter(({ garbled }) => garbled === undefined).map(({ report }) => report)).toEqual(['status']);
});

test('a call that is cut or of a newer version cannot be read, and a field that nobody knows does no harm', async () => {
  const { clock, send, publishes, arrived } = road({}, { garbledChance: 1 });
  for (let seq = 0; seq < 30; seq++) send(press(seq));
  await clock.advance(60_000);
  for (const [index, { payload }] of arrived.entries()) {
    const { type } = decodeReport({ report: 'press', kind: 'call-button', payload });
    expect(type).toBe(publishes[index]?.garbled === 'unknown-field' ? 'report' : 'unreadable');
  }
});

test('each call names the truth that it tells of, however late it comes', async () => {
  const truth: Truth[] = [
    { atMs: 0, what: 'emergency-press', homeId: '1', deviceId: farButton },
    { atMs: 10_000, what: 'emergency-press', homeId: '1', deviceId: button, untilMs: 40_000 },
    { atMs: 10_000, what: 'test', homeId: '1', deviceId: button },
  ];
  const { clock, send, publishes } = road({}, { truth });
  await clock.advance(40_000);
  send(press(0));
  await clock.advance(3_600_000);
  send({ ...press(1), age: 3_600 });
  send({ ...press(2), age: 3_630.1 });
  send({ ...press(3), call: 'test', age: 3_630 } as Report);
  send({ ...press(4), call: 'care', age: 3_630 } as Report);
  send(press(5));
  expect(publishes.map((publish) => publish.truth)).toEqual([1, 1, 1, 2, undefined, undefined]);
});

test('when all is healed everything arrives, once, as it was sent', async () => {
  const faults = { dropChance: 1, repeatChance: 1, reorderChance: 1, cuts: [{ fromMs: 0, toMs: 10 ** 9 }] };
  const { clock, send, publishes, network } = road(faults, { garbledChance: 1 });
  network.heal();
  const answers = send(press(0));
  await clock.advance(5_000);
  expect(answers).toEqual([0]);
  expect(publishes).toMatchObject([{ arrivedAtMs: [expect.any(Number)] }]);
  expect(publishes[0]?.garbled).toBeUndefined();
});

test('devices of a village live by their own deadlines, and send until they are heard', async () => {
  let isUp = false;
  const { clock, publishes, network } = road({}, { answer: async () => void (isUp || (await Promise.reject())) });
  const devices = liveHomes({
    ...{ homes, clock, chance: chanceOf(1, 'devices'), carry: network.carry },
    happenings: [
      { at: 60_000, deviceId: button, deed: 'emergency' },
      { at: 90_000, deviceId: farButton, deed: 'care' },
    ],
  });
  await clock.advance(120_000);
  const pressesOf = (id: string) => publishes.filter(({ deviceId, report }) => deviceId === id && report === 'press');
  expect(pressesOf(button).map(({ atMs }) => atMs)).toEqual([60_000, 65_000, 75_000, 95_000]);
  expect(pressesOf(farButton)[0]?.atMs).toBe(90_000);
  expect(devices.waiting()).toBeGreaterThanOrEqual(2);
  isUp = true;
  await clock.advance(24 * 3_600_000);
  expect(devices.waiting()).toBe(0);
  expect(new Set(publishes.filter(({ report }) => report === 'status').map(({ deviceId }) => deviceId)).size).toBe(
    homes.flatMap((home) => home.devices).length,
  );
  devices.stop();
});

type Conditions = { garbledChance?: number; truth?: Truth[]; answer?: () => Promise<unknown> };

/** A road on which nothing goes wrong but what the test says, and a house that keeps what arrives. */
function road(faults: Partial<FaultPlan['network']> = {}, conditions: Conditions = {}) {
  const { garbledChance = 0, truth = [], answer = async () => {} } = conditions;
  const clock = new VirtualClock({ startAt: 0 });
  const publishes: Publish[] = [];
  const arrived: Incoming[] = [];
  const calm = noFaults(0);
  const network = openNetwork({
    ...{ clock, chance: chanceOf(1, 'network'), homes, truth, publishes },
    faults: {
      ...calm,
      network: { ...calm.network, ...faults },
      devices: { ...calm.devices, garbledChance },
    },
    deliver(incoming) {
      arrived.push(incoming);
      return answer();
    },
  });
  /** Gains the report's `seq` when the device has its PUBACK. */
  function send(report: Report, deviceId = button): number[] {
    const answers: number[] = [];
    network
      .carry({ deviceId, report, payload: encodeReport(report, 'json') })
      .then(() => answers.push(report.seq ?? -1));
    return answers;
  }
  return { clock, publishes, arrived, network, send };
}

function press(seq: number): Report {
  return { name: 'press', v: 1, boot: 1, seq, age: 0, call: 'emergency' };
}

function deviceOf(index: number, name: string): string {
  return `${homes[index]?.id}-${name}`;
}
