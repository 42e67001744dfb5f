import { expect, test } from 'vitest';
import { stoppedClock } from './broker.test-support.ts';
import { PublishRates } from './publish-rate.ts';

const limits = {
  telemetryPerSecond: 10,
  telemetryBurst: 20,
  lifeSafetyPerSecond: 10,
  lifeSafetyBurst: 20,
  aheadMs: 3_000,
  checkMs: 1_000,
};

function ratesUnderTest() {
  const clock = stoppedClock();
  const rates = new PublishRates({ clock, limits });
  const device = (deviceId = 'watch-1') => ({ sender: { deviceId } });
  const count = (one: ReturnType<typeof device>, times: number, lifeSafety = false, bytes = 100) =>
    Array.from({ length: times }, () => rates.count(one, lifeSafety, bytes, clock.monotonic()));
  return { clock, rates, device, count };
}

const inTime = (results: string[]) => results.filter((result) => result === 'in-time').length;

test('a device has its burst and a second more, is then slowed, and then cut', () => {
  const { rates, device, count } = ratesUnderTest();
  const watch = device();
  const results = count(watch, 60);
  expect(inTime(results)).toBe(30);
  expect(results.slice(30, 50)).toEqual(Array(20).fill('slow'));
  expect(results.slice(50)).toEqual(Array(10).fill('cut'));
  expect(rates.isAhead(watch)).toBe(true);
});

test('a device that is slowed is read again when it is back at its rate', () => {
  const { clock, rates, device, count } = ratesUnderTest();
  const watch = device();
  count(watch, 50);
  clock.advance(2_900);
  expect(rates.isAhead(watch)).toBe(true);
  clock.advance(100);
  expect(rates.isAhead(watch)).toBe(false);
});

test('a device that keeps to its rate is never slowed', () => {
  const { clock, device, count } = ratesUnderTest();
  const watch = device();
  for (let second = 0; second < 60; second++) {
    expect(inTime(count(watch, 10))).toBe(10);
    clock.advance(1_000);
  }
});

test('a flood of alarms is slowed and never cut, and takes nothing from telemetry, nor telemetry from it', () => {
  const { rates, device, count } = ratesUnderTest();
  const button = device('button-1');
  expect(new Set(count(button, 500, true))).toEqual(new Set(['in-time', 'slow']));
  expect(rates.isAhead(button)).toBe(false);
  expect(inTime(count(button, 30))).toBe(30);
  const watch = device();
  count(watch, 100);
  expect(inTime(count(watch, 30, true))).toBe(30);
});

test('a reconnect gives back nothing of a burst that was used', () => {
  const { clock, rates, device, count } = ratesUnderTest();
  for (const lifeSafety of [false, true]) {
    expect(inTime(count(device(), 15, lifeSafety))).toBe(15);
    clock.advance(1_000);
    rates.check();
    expect(inTime(count(device(), 40, lifeSafety))).toBe(25);
  }
});

test('what is large counts for as much as many small ones, and an alarm that is said first passes whatever its size', () => {
  const { device, count } = ratesUnderTest();
  expect(inTime(count(device('camera-1'), 20, false, 16_000))).toBe(1);
  const button = device('button-1');
  expect(count(button, 1, true, 16_000)).toEqual(['in-time']);
  expect(new Set(count(button, 20, true, 16_000))).toEqual(new Set(['slow']));
});

test('a flood of alarms that went on for long is over when the device has kept to its rate for a while', () => {
  const { clock, rates, device, count } = ratesUnderTest();
  count(device(), 10_000, true);
  clock.advance(5_000);
  rates.check();
  expect(inTime(count(device(), 30, true))).toBe(30);
});

test('a device that is slowed, and reconnects, is cut all the same until it is back at its rate', () => {
  const { clock, rates, device, count } = ratesUnderTest();
  count(device(), 100);
  expect(count(device(), 1)).toEqual(['cut']);
  clock.advance(3_000);
  rates.check();
  expect(count(device(), 1)).toEqual(['in-time']);
  clock.advance(5_000);
  rates.check();
  expect(inTime(count(device(), 40))).toBe(30);
});

test('one device that is too fast takes nothing from another', () => {
  const { device, count } = ratesUnderTest();
  count(device('watch-1'), 100);
  expect(inTime(count(device('watch-2'), 30))).toBe(30);
});
