import { expect, test } from 'vitest';
import { Admission, type Place, type Visitor } from './admission.ts';
import { settled, stoppedClock } from './broker.test-support.ts';
import { type BrokerLimits, defaultLimits } from './limits.ts';

/** `fates` is what became of whom, in the order in which it happened. */
function admissionUnderTest(limits: Partial<BrokerLimits>) {
  const clock = stoppedClock();
  const admission = new Admission({ clock, limits: { ...defaultLimits, ...limits } });
  const fates: string[] = [];
  const ask = (name: string, options: Partial<Visitor> = {}): Place =>
    admission.ask({
      ...{ address: 'a', first: false, handshake: false, heard: () => 0, ...options },
      enter: () => fates.push(`${name} enters`),
      sendAway: (reason) => fates.push(`${name}: ${reason}`),
    });
  const crowd = (count: number, options = {}) =>
    Array.from({ length: count }, (_, index) => ask(String(index + 1), options));
  const entered = () => fates.filter((fate) => fate.endsWith('enters')).length;
  /** Lets time pass in steps, as it does for a server. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await settled();
    }
  };
  return { clock, admission, ask, crowd, entered, fates, pass };
}

test('strangers who say nothing fill their own places, not those of devices that are known', async () => {
  const { ask, fates, pass } = admissionUnderTest({ connecting: 2, connectingPerAddress: 1 });
  ask('known').established();
  ask('stranger');
  ask('another');
  ask('from b', { address: 'b' });
  ask('from c', { address: 'c' });
  await pass(50);
  expect(fates).toEqual(['known enters', 'stranger enters', 'from b enters']);
});

test('a stranger who stays silent gives way to who waits, one who has just come does not', async () => {
  const { ask, fates, pass } = admissionUnderTest({ connecting: 2, connectingPerAddress: 2, connectGraceMs: 1000 });
  ask('first');
  await pass(600);
  ask('second');
  ask('third');
  await pass(300);
  expect(fates).toEqual(['first enters', 'second enters']);
  await pass(200);
  expect(fates.slice(2)).toEqual(['first: gave-way', 'third enters']);
});

test('whoever is heard keeps its place, and gives way when it falls silent', async () => {
  const { ask, fates, pass } = admissionUnderTest({ connecting: 2, connectingPerAddress: 2, connectGraceMs: 1000 });
  let heard = 0;
  ask('talker', { heard: () => heard });
  ask('silent');
  ask('third');
  const talk = async (times: number) => {
    for (; times > 0; times--) {
      heard++;
      await pass(500);
    }
  };
  await talk(3);
  expect(fates).toEqual(['talker enters', 'silent enters', 'silent: gave-way', 'third enters']);
  ask('fourth');
  await talk(3);
  expect(fates.slice(4)).toEqual(['third: gave-way', 'fourth enters']);
  ask('fifth');
  ask('sixth');
  await pass(2_100);
  expect(fates).toContain('talker: gave-way');
});

test('after a power cut nine thousand slow devices behind one address come in within a minute', async () => {
  const { clock, admission, pass } = admissionUnderTest({ handshakesPerSecond: 800 });
  const devices = 9_000;
  let served = 0;
  function connect(number: number, attempt: number): void {
    let heard = 0;
    let cancel = () => {};
    admission.ask({
      ...{ address: 'carrier', first: false, handshake: true, heard: () => heard },
      enter(place) {
        // A handshake and CONNECT of 5 to 8 s, in four flights.
        const flightMs = (5_000 + ((number * 7919) % 3_000)) / 4;
        const hear = () => {
          heard += 300;
          if (heard < 1_200) cancel = clock.after(flightMs, hear);
          else {
            served++;
            place.established();
          }
        };
        cancel = clock.after(flightMs, hear);
      },
      sendAway() {
        cancel();
        clock.after(1_000 + ((number * 104_729 + attempt * 7919) % 4_000), () => connect(number, attempt + 1));
      },
    });
  }
  for (let number = 0; number < devices; number++) connect(number, 0);
  for (let second = 0; second < 60 && served < devices; second++) await pass(1_000);
  expect(served).toBe(devices);
});

test('one address that fills every place keeps nobody else out, and is refused itself', async () => {
  const limits = { connections: 16, connecting: 4, reservedShare: 1 / 8, connectGraceMs: 1000 };
  const { ask, crowd, fates, pass } = admissionUnderTest(limits);
  for (let index = 0; index < 6; index++) ask('known', { address: String(index) }).established();
  fates.length = 0;
  crowd(8, { address: 'host' });
  expect(fates.at(-1)).toBe('4 enters');
  ask('9', { address: 'host' });
  ask('from b', { address: 'b' });
  ask('smoke', { address: 'c', first: true });
  ask('more', { address: 'host' });
  expect(fates.slice(4)).toEqual(['9: full', '8: full', 'more: full']);
  await pass(1_020);
  expect(fates.slice(7, 11)).toEqual(['1: gave-way', 'smoke enters', '2: gave-way', expect.stringMatching(/enters/)]);
  await pass(1_000);
  expect(fates).toContain('from b enters');
});

test('one address that fills the queue keeps nobody else out', () => {
  const { ask, crowd, fates } = admissionUnderTest({ waitingConnects: 4, reservedShare: 0, connectsBurst: 0 });
  crowd(4);
  ask('from b', { address: 'b' });
  ask('from b', { address: 'b' });
  ask('from b', { address: 'b' });
  expect(fates).toEqual(['4: queue', '3: queue', 'from b: queue']);
});

test('of an address that holds strangers alone one that had its time makes room, though it drips', async () => {
  const { ask, crowd, fates, pass } = admissionUnderTest({ connections: 4, reservedShare: 0, connectGraceMs: 1000 });
  let heard = 0;
  crowd(4, { heard: () => heard++ });
  ask('from b', { address: 'b' });
  await pass(1_000);
  ask('from b again', { address: 'b' });
  expect(fates.slice(4)).toEqual(['from b: full', '1: gave-way', 'from b again enters']);
});

test('eleven thousand who wait from as many addresses are not asked one by one whether there is a place', async () => {
  const { clock, admission } = admissionUnderTest({ connecting: 1, handshakesPerSecond: 1 });
  let asked = 0;
  const visitor = { first: false, handshake: true, enter() {}, sendAway() {} };
  const heard = () => {
    asked++;
    return 0;
  };
  for (let index = 0; index < 11_000; index++) admission.ask({ ...visitor, address: String(index), heard });
  const monotonic = clock.monotonic;
  let looks = 0;
  clock.monotonic = () => {
    looks++;
    return monotonic();
  };
  for (let step = 0; step < 100; step++) clock.advance(10);
  expect(admission.waiting()).toBeGreaterThan(10_900);
  expect(looks).toBeLessThan(3_000);
  expect(asked).toBeLessThan(3_000);
});

test('a place is free again when its holder leaves, and is given back once', () => {
  const { ask, fates } = admissionUnderTest({ connections: 2, reservedShare: 0 });
  const first = ask('first');
  ask('second');
  ask('third');
  first.leave();
  first.leave();
  first.established();
  ask('fourth');
  ask('fifth');
  expect(fates).toEqual(['first enters', 'second enters', 'third: full', 'fourth enters', 'fifth: full']);
});

test('one address holds only so many connections', () => {
  const { ask, fates } = admissionUnderTest({ connectionsPerAddress: 2 });
  ask('first').established();
  const second = ask('second');
  ask('third');
  ask('from b', { address: 'b' });
  second.leave();
  ask('fourth');
  expect(fates).toEqual(['first enters', 'second enters', 'third: address', 'from b enters', 'fourth enters']);
});

test('connections come in at a bounded rate, and those beyond it wait', async () => {
  const { crowd, entered, pass } = admissionUnderTest({ connectsPerSecond: 10, connectsBurst: 20 });
  crowd(100);
  expect(entered()).toBe(20);
  await pass(1_010);
  expect(entered()).toBe(30);
  await pass(7_000);
  expect(entered()).toBe(100);
});

test('one address comes in at a bounded rate, and holds up no other', async () => {
  const { ask, crowd, entered, fates, pass } = admissionUnderTest({
    connectsPerSecondPerAddress: 10,
    connectsBurstPerAddress: 5,
  });
  crowd(50);
  expect(entered()).toBe(5);
  ask('from b', { address: 'b' });
  await pass(10);
  expect(fates.at(-1)).toBe('from b enters');
  await pass(1_000);
  expect(entered()).toBe(16);
});

test('of a crowd behind one address and a few behind others every address has its turn', async () => {
  const { ask, crowd, fates, pass } = admissionUnderTest({ connectsPerSecond: 100, connectsBurst: 1 });
  crowd(50);
  ask('from b', { address: 'b' });
  ask('from c', { address: 'c' });
  ask('from b again', { address: 'b' });
  await pass(60);
  expect(fates).toEqual(['1', '2', 'from b', 'from c', '3', 'from b again', '4'].map((name) => `${name} enters`));
});

test('smoke detectors go before all who waited longer, and do not keep the others out for ever', async () => {
  const { crowd, ask, fates, pass } = admissionUnderTest({ connectsPerSecond: 100, connectsBurst: 1 });
  crowd(6);
  for (const name of ['A', 'B', 'C', 'D', 'E']) ask(name, { first: true });
  await pass(70);
  expect(fates.map((fate) => fate.split(' ')[0])).toEqual(['1', 'A', 'B', 'C', '2', 'D', 'E', '3']);
});

test('a share of the places and of the queue is kept for smoke detectors', () => {
  const limits = { connections: 16, waitingConnects: 8, connectsBurst: 4, reservedShare: 1 / 4 };
  const { crowd, ask, fates } = admissionUnderTest(limits);
  crowd(11);
  expect(fates.slice(4)).toEqual(['11: queue']);
  ask('smoke', { first: true });
  ask('more smoke', { first: true });
  ask('too much smoke', { first: true });
  expect(fates.slice(5)).toEqual(['too much smoke: queue']);
});

test('nobody waits for longer than a while, and one address cannot fill the queue', async () => {
  const { crowd, ask, fates, pass } = admissionUnderTest({
    connectsPerSecond: 0,
    connectsBurst: 0,
    waitMs: 500,
    waitingConnectsPerAddress: 2,
  });
  crowd(3);
  ask('from b', { address: 'b' });
  expect(fates).toEqual(['3: queue']);
  await pass(520);
  expect(fates.slice(1)).toEqual(['1: waited', '2: waited', 'from b: waited']);
});

test('who gives up waiting holds nothing any more', async () => {
  const { ask, entered, pass } = admissionUnderTest({ connectsPerSecond: 100, connectsBurst: 1 });
  ask('first');
  ask('second').leave();
  await pass(100);
  expect(entered()).toBe(1);
});

test('in one turn of the event loop only so many handshakes begin, and all of them in the end', async () => {
  const { crowd, entered } = admissionUnderTest({ handshakesPerTurn: 8 });
  crowd(50, { handshake: true });
  const perTurn: number[] = [];
  while (entered() < 50) {
    perTurn.push(entered());
    await settled();
  }
  const steps = [...perTurn, 50].map((count, index, all) => count - (all[index - 1] ?? 0));
  expect(Math.max(...steps)).toBe(8);
});

test('handshakes have a rate of their own', async () => {
  const { crowd, ask, entered, fates, pass } = admissionUnderTest({ handshakesPerSecond: 10 });
  crowd(40, { handshake: true });
  await pass(1_010);
  expect(entered()).toBe(20);
  ask('without', { address: 'b' });
  await pass(10);
  expect(fates.at(-1)).toBe('without enters');
});

test('after a stall those who were cut come back a few at a time, and then as ever', async () => {
  const readmission = { readmissionsPerSecond: 5, readmissionMs: 10_000 };
  const limits = { connectsPerSecond: 100, connectsBurst: 100, waitMs: 60_000, ...readmission };
  const { admission, crowd, entered, pass } = admissionUnderTest(limits);
  admission.readmitGradually();
  crowd(500);
  expect(entered()).toBe(0);
  await pass(9_000);
  expect(entered()).toBe(45);
  await pass(2_000);
  expect(entered()).toBeGreaterThan(100);
});

test('a stop sends away who waits and who has not said who it is', () => {
  const { admission, ask, crowd, fates } = admissionUnderTest({ connectsBurst: 2 });
  ask('known').established();
  crowd(2);
  admission.close();
  expect(fates).toEqual(['known enters', '1 enters', '2: closing', '1: closing']);
});
