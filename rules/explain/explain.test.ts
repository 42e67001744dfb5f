import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition, Reason } from '../../records/alert.ts';
import { type Language, recordTexts } from '../../records/texts/texts.ts';
import { HOUR_MS, localTime, MINUTE_MS, START_AT } from '../watch.test-support.ts';
import { type Explained, explain } from './explain.ts';

/** At 11:00 of Monday, 2 November 2026, in the county. */
const about = (condition: Condition, reason: Reason, more: Partial<Explained> = {}): Explained => {
  return { condition, reason, at: START_AT, occurredAt: START_AT, ...more };
};
const say = (alert: Explained, language: Language) => explain(alert, { language, local: localTime });

test('an alarm says when, and what was read, with units, in both languages', () => {
  const reason = { source: 'smoke', state: 'on', obscurationDbPerM: 3.2, celsius: 31, transition: 'quiet to on' };
  expect(say(about('smoke', reason), 'en')).toBe('Smoke alarm at 11:00: smoke 3.2 dB/m; 31 °C.');
  expect(say(about('smoke', reason), 'zh-CN')).toBe('11:00烟雾报警：烟雾浓度3.2 dB/m；温度31 °C。');
});

test('a fall says whose verdict it is, and how late it was reported', () => {
  const reason = { transition: 'none to confirmed' };
  const late = { occurredAt: START_AT - 3 * HOUR_MS - 5 * MINUTE_MS, lateMs: 3 * HOUR_MS + 5 * MINUTE_MS };
  expect(say(about('fall', reason, late), 'en')).toBe(
    'Fall at 07:55: confirmed by the device; reported 3 h 5 min after it happened.',
  );
});

test('what could not be read is said', () => {
  const reason = { report: 'alarm', unread: ['obscuration 300', 'v 2'] };
  expect(say(about('unreadable', reason), 'en')).toBe(
    'Alarm that could not be read at 11:00: a report "alarm"; could not be read: obscuration 300, v 2.',
  );
});

test('what lasts says since when, with the day where it was another', () => {
  const reason = { silentSinceAt: START_AT - 26 * HOUR_MS, intervalMinutes: 720, missedReports: 2 };
  expect(say(about('device-silent', reason), 'en')).toBe(
    'Device is silent: nothing heard since 09:00 on 1 Nov; promised to report every 12 h; 2 reports are missing.',
  );
  expect(say(about('device-silent', reason), 'zh-CN')).toBe(
    '设备失联：11月1日09:00起没有任何上报；应每12小时上报一次；已缺2次上报。',
  );
});

test('a cold home says what was measured, the limit, since when and how often', () => {
  const seen = { quantity: 'status.temperature', observed: 3.249, unit: '°C', side: 'below', limit: 5 };
  const reason = {
    ...seen,
    sinceAt: START_AT - 2 * HOUR_MS,
    readings: 5,
    holdMinutes: 120,
    transition: 'pending to beyond',
  };
  expect(say(about('cold', reason), 'en')).toBe(
    'Cold home: temperature at the device 3.25 °C; below the limit of 5 °C; since 09:00; in 5 readings; told after 2 h.',
  );
  expect(say(about('cold', reason), 'zh-CN')).toBe(
    '室温过低：设备处温度 3.25 °C；低于下限5 °C；自09:00起；共5次读数；持续2小时后提醒。',
  );
});

test('what the sentence does not know stands at its end under the name that the rule gave it', () => {
  expect(say(about('water', { depthMm: 12 }), 'zh-CN')).toBe('11:00漏水报警：depthMm 12。');
  expect(say(about('water', { toString: 'odd' } as never), 'en')).toBe('Water alarm at 11:00: toString odd.');
  expect(say(about('of another version' as Condition, { depthMm: 12 }), 'en')).toBe(
    'of another version at 11:00: depthMm 12.',
  );
});

test('a call says that the button was pressed', () => {
  expect(say(about('call-emergency', { call: 'emergency' }), 'en')).toBe(
    'Emergency call at 11:00: the button was pressed.',
  );
});

const conditions = Object.keys(recordTexts.en.conditions) as Condition[];
const values = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));

test.each(conditions)('whatever the reason of %s holds, there is a sentence', (condition) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), values, { maxKeys: 6 }), (reason) => {
      for (const language of ['en', 'zh-CN'] as const) {
        const said = say(about(condition, { ...reason }), language);
        expect(said).toContain(recordTexts[language].conditions[condition]);
        expect(say(about(condition, {}), language)).not.toMatch(/undefined|NaN|null|\[object/);
      }
    }),
    { seed: 23, numRuns: 50 },
  );
});
