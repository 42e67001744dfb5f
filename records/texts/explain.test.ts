import { expect, test } from 'vitest';
import { duration, explain } from './explain.ts';

const HOUR_MS = 3_600_000;

test('an alarm says what was read, with units, in both languages', () => {
  const reason = { source: 'smoke', state: 'on', obscurationDbPerM: 3.2, celsius: 31, transition: 'quiet to on' };
  expect(explain({ condition: 'smoke', reason }, 'en')).toBe('Smoke alarm: smoke 3.2 dB/m; 31 °C.');
  expect(explain({ condition: 'smoke', reason }, 'zh-CN')).toBe('烟雾报警：烟雾浓度3.2 dB/m；温度31 °C。');
});

test('a fall says whose verdict it is, and how late it was reported', () => {
  const reason = { transition: 'suspected to no verdict', verdictWithinMs: 60_000 };
  expect(explain({ condition: 'fall', reason, lateMs: 3 * HOUR_MS + 5 * 60_000 }, 'en')).toBe(
    'Fall: suspected, and no all-clear from the device in time; reported 3 h 5 min after it happened.',
  );
});

test('what could not be read is said', () => {
  const reason = { report: 'alarm', unread: ['obscuration 300', 'v 2'] };
  expect(explain({ condition: 'unreadable', reason }, 'en')).toBe(
    'Alarm that could not be read: a report "alarm"; could not be read: obscuration 300, v 2.',
  );
});

test('a device that is silent says what it had promised, and no bare instants', () => {
  const reason = { silentSinceAt: 1_793_736_000_000, intervalMinutes: 60, missedReports: 2 };
  expect(explain({ condition: 'device-silent', reason }, 'en')).toBe(
    'Device is silent: promised to report every 1 h; 2 reports are missing.',
  );
});

test('a reading without a word keeps the name that the rule gave it', () => {
  expect(explain({ condition: 'water', reason: { depthMm: 12 } }, 'zh-CN')).toBe('漏水报警：depthMm 12。');
  expect(explain({ condition: 'water', reason: { toString: 'odd' } }, 'en')).toBe('Water alarm: toString odd.');
});

test('an alert without evidence is a sentence too', () => {
  expect(explain({ condition: 'call-emergency', reason: { call: 'emergency' } }, 'en')).toBe('Emergency call.');
});

test('a duration has two units at most', () => {
  expect(duration(0, 'en')).toBe('0 s');
  expect(duration(59_999, 'en')).toBe('59 s');
  expect(duration(26 * HOUR_MS + 61_000, 'en')).toBe('1 d 2 h');
  expect(duration(24 * HOUR_MS, 'zh-CN')).toBe('1天');
});
