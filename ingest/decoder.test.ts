import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBatch, encodeReport } from '../firmware-contracts/contracts.ts';
import type { DeviceKind, Report } from '../firmware-contracts/report.ts';
import { FoldState } from '../records/fold-state.ts';
import type { Device } from '../records/registry.ts';
import { createDecoder, type Decoded } from './decoder.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const alarm = { name: 'alarm', v: 1, boot: 3, seq: 7, age: 0, source: 'smoke', state: 'on' } as const;
const status = { name: 'status', v: 1, boot: 3, seq: 7, age: 0, battery: 2.9 } as const;

/** One detector (or what `kind` says) and the decoder it is heard by; time moves only when the test says so. */
function listen({ kind = 'smoke-detector' }: { kind?: DeviceKind | 'unregistered' } = {}) {
  const state = new FoldState();
  const registered = { id: 'd1', intervalMinutes: 1440, simulated: false };
  const device = (id: string): Device | undefined =>
    kind === 'unregistered' ? undefined : { ...registered, kind, id };
  const whereabouts = (deviceId: string) => ({ deviceId, placeId: 'house-1' });
  const decoder = createDecoder({ state, registry: { device, whereabouts, person: () => undefined } });
  let sequence = 0;
  const home = {
    state,
    decoder,
    now: 1_791_000_000_000,
    hear(report: string, payload: Uint8Array, deviceId = 'd1'): Decoded[] {
      const placed = { sequence: ++sequence, receivedAt: home.now };
      return decoder.step(
        { kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report, payload },
        placed,
      );
    },
    send: (report: Report): Decoded[] => home.hear(report.name, encodeReport(report, 'cbor')),
    batch: (reports: Report[]): Decoded[] => home.hear('batch', encodeBatch(reports, 'json')),
  };
  return home;
}
const types = (decoded: Decoded[]) => decoded.map((one) => (one.type === 'event' ? one.event.type : one.type));
const causes = (decoded: Decoded[]) => decoded.flatMap((one) => (one.type === 'event' ? [one.event.causeId] : []));

test('a smoke report says what, where, when and from what kind of device', () => {
  const home = listen();
  const decoded = home.send({ ...alarm, obscuration: 0.3 });
  expect(decoded).toEqual([
    {
      type: 'event',
      part: 0,
      event: {
        type: 'report',
        at: home.now,
        causeId: expect.stringMatching(/^d1:3:7:[0-9a-z]{6}$/),
        where: { deviceId: 'd1', placeId: 'house-1' },
        deviceKind: 'smoke-detector',
        report: { ...alarm, obscuration: 0.3 },
        unread: [],
        occurredAt: home.now,
        clock: 'trusted',
        lateMs: 0,
      },
      readings: [{ quantity: 'obscuration', value: 0.3, unit: 'dB/m' }],
    },
  ]);
});

describe('a report that was heard before', () => {
  test('is a repeat: the same bytes, another age, or inside a batch', () => {
    const home = listen();
    home.send(alarm);
    expect(types(home.send(alarm))).toEqual(['repeat']);
    expect(types(home.send({ ...alarm, age: 20 }))).toEqual(['repeat']);
    expect(
      types(
        home.batch([
          { ...alarm, age: 60 },
          { ...status, seq: 8 },
        ]),
      ),
    ).toEqual(['repeat', 'report']);
  });

  test('is known in a whole batch of 64 that was far behind, with a newer heartbeat in between', () => {
    const home = listen();
    home.send({ ...status, seq: 500 });
    const stored = Array.from({ length: 64 }, (_, index) => ({ ...status, seq: 300 + index, age: 6400 - index }));
    expect(new Set(types(home.batch(stored)))).toEqual(new Set(['report']));
    expect(new Set(types(home.batch(stored)))).toEqual(new Set(['repeat']));
  });

  test('is known when what was stored before it comes after it: the oldest are forgotten first', () => {
    const home = listen();
    const send = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) =>
        types(home.send({ ...status, seq: from + index, age: 5 })),
      ).flat();
    send(20, 60);
    send(70, 90);
    expect(new Set(send(60, 70))).toEqual(new Set(['report']));
    expect(new Set(send(60, 90))).toEqual(new Set(['repeat']));
  });

  test('is known across a restart of the device', () => {
    const home = listen();
    home.send(status);
    home.send({ ...status, boot: 4, seq: 0 });
    expect(types(home.send({ ...status, age: 30 }))).toEqual(['repeat']);
    expect(types(home.send({ ...status, seq: 8, age: 30 }))).toEqual(['report']);
  });

  test('is known by a decoder that was loaded from what the first one kept', () => {
    const home = listen();
    home.send(alarm);
    const other = listen();
    for (const entry of home.state.entries()) other.state.load(JSON.parse(JSON.stringify(entry)));
    expect(types(other.send(alarm))).toEqual(['repeat']);
  });

  test('is new again when it is no longer remembered: twice is better than never', () => {
    const home = listen();
    for (let seq = 0; seq < 200; seq++) home.send({ ...status, seq });
    expect(types(home.send({ ...status, seq: 5, age: 900 }))).toEqual(['report']);
  });
});

describe('a counter that is used again', () => {
  test('with other bytes raises, and is a fault', () => {
    const home = listen();
    home.send(status);
    const decoded = home.send(alarm);
    expect(types(decoded)).toEqual(['report', 'counter-reused']);
    expect(decoded[1]).toMatchObject({ event: { boot: 3, seq: 7 } });
  });

  test('after a factory reset raises, and is a fault once', () => {
    const home = listen();
    for (let seq = 0; seq < 100; seq++) home.send({ ...status, boot: 2, seq });
    const reset = { ...alarm, boot: 0, seq: 0 };
    expect(types(home.send(reset))).toEqual(['report', 'counter-reused']);
    expect(types(home.send({ ...status, boot: 0, seq: 1 }))).toEqual(['report']);
    expect(types(home.send(reset))).toEqual(['repeat']);
  });

  test('after a factory reset in the very first boot raises, and is a fault', () => {
    const home = listen();
    for (let seq = 0; seq < 300; seq++) home.send({ ...status, boot: 0, seq });
    expect(types(home.send({ ...alarm, boot: 0, seq: 0 }))).toEqual(['report', 'counter-reused']);
  });

  test('by the very same alarm a day later raises as an alarm of its own', () => {
    const home = listen();
    const first = home.send({ ...alarm, boot: 0, seq: 0 });
    home.now += 24 * HOUR_MS;
    const second = home.send({ ...alarm, boot: 0, seq: 0 });
    expect(types(second)).toEqual(['report', 'counter-reused']);
    expect(causes(second)).not.toContain(causes(first)[0]);
  });

  test('gives whatever it says from then on a name of its own, also what it said once before, byte for byte', () => {
    const home = listen();
    home.send({ ...status, boot: 0, seq: 0 });
    const before = home.send({ ...alarm, boot: 0, seq: 1 });
    home.now += 20 * MINUTE_MS;
    expect(types(home.send({ ...status, boot: 0, seq: 0, battery: 3 }))).toEqual(['report', 'counter-reused']);
    const after = home.send({ ...alarm, boot: 0, seq: 1 });
    expect(types(after)).toEqual(['report']);
    expect(causes(after)).not.toEqual(causes(before));
  });

  test('is not what an alarm is that is sent again for hours, or comes late with its age', () => {
    const home = listen();
    home.send(alarm);
    for (let minute = 1; minute < 300; minute++) {
      home.now += MINUTE_MS;
      expect(types(home.send(alarm))).toEqual(['repeat']);
    }
    home.now += 5 * HOUR_MS;
    expect(types(home.send({ ...alarm, age: 10 * 3600 }))).toEqual(['repeat']);
  });

  test('is not what a stored report of an earlier boot is', () => {
    const home = listen();
    home.send({ ...status, boot: 9 });
    expect(types(home.send({ ...status, boot: 8, seq: 70, age: 7200 }))).toEqual(['report']);
  });
});

test('a call without counters is heard each time, under a cause of its own', () => {
  const home = listen({ kind: 'call-button' });
  const press = { name: 'press', v: 1, call: 'emergency' } as const;
  const heard = [...home.send(press), ...home.send(press)];
  expect(types(heard)).toEqual(['report', 'report']);
  expect(causes(heard)).toEqual(['d1:@1.0', 'd1:@2.0']);
});

test('an alarm that cannot be read is heard once with its counters, and each time without', () => {
  const home = listen();
  const newer = new TextEncoder().encode('{"v":2,"boot":3,"seq":7}');
  expect(home.hear('alarm', newer)).toMatchObject([
    { event: { type: 'unreadable', reportName: 'alarm', problem: 'v 2' }, readings: [] },
  ]);
  expect(types(home.hear('alarm', newer))).toEqual(['repeat']);
  const cut = newer.subarray(0, 12);
  expect([...types(home.hear('alarm', cut)), ...types(home.hear('alarm', cut))]).toEqual(['unreadable', 'unreadable']);
});

test('an alarm that cannot be read is heard once, however late it is sent again with its age', () => {
  const home = listen();
  const newer = (age: number) => new TextEncoder().encode(`{"v":2,"boot":3,"seq":7,"age":${age}}`);
  home.hear('alarm', newer(0));
  home.now += 2 * HOUR_MS;
  expect(types(home.hear('alarm', newer(2 * 3600)))).toEqual(['repeat']);
  expect(types(home.send({ ...alarm, seq: 6, age: 2 * 3600 }))).toEqual(['report']);
  home.now += 2 * HOUR_MS;
  expect(types(home.hear('alarm', newer(0)))).toEqual(['unreadable', 'counter-reused']);
});

test('telemetry that the contract refuses keeps its reason', () => {
  const payload = new TextEncoder().encode('{"v":1,"boot":3,"seq":7,"foo":1}');
  expect(listen().hear('status', payload)).toMatchObject([{ type: 'rejection', part: 0, reason: 'unknown-field' }]);
});

describe('when it happened', () => {
  const fall = { name: 'fall', v: 1, boot: 3, state: 'confirmed' } as const;
  const heard = ([decoded]: Decoded[]) => (decoded?.type === 'event' ? decoded.event : undefined);

  test('a fall of three hours ago is three hours late, whatever the clock of the device says', () => {
    const home = listen({ kind: 'wearable' });
    const event = heard(home.send({ ...fall, seq: 1, age: 3 * 3600, at: home.now - 8 * HOUR_MS }));
    expect(event).toMatchObject({ occurredAt: home.now - 3 * HOUR_MS, lateMs: 3 * HOUR_MS, clock: 'trusted' });
    expect(event).toMatchObject({ report: { at: home.now - 8 * HOUR_MS } });
  });

  test('a clock two days ahead is believed once it is known how far it is off, in that boot alone', () => {
    const home = listen({ kind: 'wearable' });
    const ahead = 48 * HOUR_MS;
    expect(heard(home.send({ ...fall, seq: 1, at: home.now + ahead }))).toMatchObject({
      occurredAt: home.now,
      clock: 'untrusted',
    });
    home.send({ ...status, seq: 2, at: home.now + ahead });
    home.now += HOUR_MS;
    const stored = { ...fall, seq: 3, at: home.now + ahead - 20 * MINUTE_MS };
    expect(heard(home.send(stored))).toMatchObject({ lateMs: 20 * MINUTE_MS, clock: 'trusted' });
    const event = heard(home.send({ ...stored, boot: 4 }));
    expect(event).toMatchObject({ occurredAt: home.now, clock: 'untrusted' });
    expect(event).not.toHaveProperty('lateMs');
  });

  test('an age that cannot be read counts as now, whatever the clock beside it says', () => {
    const home = listen({ kind: 'call-button' });
    const press = { name: 'press', v: 1, boot: 3, call: 'emergency' } as const;
    home.send({ ...press, seq: 1, age: 0, at: 1_000 });
    home.now += 20 * MINUTE_MS;
    expect(heard(home.send({ ...press, seq: 2, age: -5, at: 1_000 }))).toMatchObject({
      occurredAt: home.now,
      clock: 'untrusted',
    });
  });

  test('a clock that stands still makes no new fire look like the last one', () => {
    const home = listen({ kind: 'smoke-detector' });
    const alarm = { name: 'alarm', v: 1, boot: 3, source: 'smoke', state: 'on' } as const;
    const stoppedAt = home.now;
    home.send({ ...alarm, seq: 1, age: 0, at: stoppedAt });
    home.now += 5 * HOUR_MS;
    const event = heard(home.send({ ...alarm, seq: 2, at: stoppedAt }));
    expect(event).toMatchObject({ occurredAt: home.now, clock: 'untrusted' });
    expect(event).not.toHaveProperty('lateMs');
  });

  test('a time in the future or years ago counts as now', () => {
    const home = listen({ kind: 'wearable' });
    home.send({ ...status, seq: 1, at: home.now });
    for (const at of [home.now + HOUR_MS, home.now - 500 * 24 * HOUR_MS, 0]) {
      expect(heard(home.send({ ...fall, seq: 2 + (at % 1000), at }))).toMatchObject({ occurredAt: home.now });
    }
    expect(heard(home.send({ ...fall, seq: 900 }))).toMatchObject({ occurredAt: home.now, clock: 'absent' });
  });
});

test('what is remembered of a device stays small, whatever it sends', () => {
  const home = listen();
  const counted = fc.record({ boot: fc.nat(5), seq: fc.nat(2000), age: fc.constantFrom(0, 60), battery: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(counted, { minLength: 1, maxLength: 100 }), (sent) => {
      for (const fields of sent) {
        const [first] = home.send({ ...status, ...fields });
        expect(first?.type).not.toBe('rejection');
        expect(types(home.send({ ...status, ...fields }))).toEqual(['repeat']);
      }
      expect(JSON.stringify([...home.state.entries()]).length).toBeLessThan(1000);
    }),
    { seed: 1, numRuns: 50 },
  );
});

test('devices that the registry does not know cannot fill the memory', () => {
  const home = listen({ kind: 'unregistered' });
  const payload = encodeReport(alarm, 'cbor');
  for (let device = 0; device < 10_050; device++) {
    expect(types(home.hear('alarm', payload, `d${device}`))).toEqual(['report']);
  }
  expect([...home.state.entries()].length).toBe(50);
});

test('a device that left the registry is forgotten', () => {
  const home = listen();
  home.send(alarm);
  home.decoder.forget('d1');
  expect([...home.state.entries()]).toEqual([]);
});
