import { expect, test } from 'vitest';
import type { Language } from '../../records/texts/texts.ts';
import { MINUTE_MS, night, notice, registry } from '../home.test-support.ts';
import { countyTime } from './county-time.ts';
import { digestText, type Part, partOfDigest } from './digest.ts';
import { messageText } from './message.ts';
import { longestSign, segmentsOf } from './sms.ts';
import { longestVariable } from './template-check.ts';

const time = countyTime('Asia/Shanghai');

function digest(count: number, language: Language, now = night) {
  const partOf = (number: number): Part => {
    const one = notice(`n${number}`, { incidentId: `i:${number}` });
    const context = { language, registry, time, now, provisional: false, pageCode: `K7QM${number}A` };
    return partOfDigest(
      { ...one, text: { ...one.text, incidentCode: `K7Q${number}` } },
      messageText(one, context),
      context,
    );
  };
  return digestText([partOf(0), ...Array.from({ length: count - 1 }, (_, index) => partOf(index + 1))]);
}

test('a digest names each alarm with its place and its code', () => {
  const { title, body } = digest(7, 'en');
  expect(title).toBe('7 ALARMS');
  const lines = body.split('\n');
  expect(lines).toHaveLength(8);
  expect(lines[3]).toBe('K7Q2 Smoke alarm, Narin, west of the well, kitchen');
  expect(digest(7, 'zh-CN').body).toContain('K7Q2 烟雾报警，Narin，west of the well，kitchen');
});

test('of alarms that are told late together each says how old it is, in an SMS too', () => {
  const late = digest(2, 'en', night + 64 * MINUTE_MS);
  expect(late.body.split('\n').slice(1)).toEqual([
    'K7Q0 Smoke alarm, Narin, west of the well, kitchen (1 h 4 min ago)',
    'K7Q1 Smoke alarm, Narin, west of the well, kitchen (1 h 4 min ago)',
  ]);
  expect(late.sms).toContain('(1 h 4 min ago); K7QM1A');
  expect(digest(2, 'zh-CN', night + 64 * MINUTE_MS).sms).toContain('（1小时4分钟前）');
  expect(digest(2, 'en', night + 4 * MINUTE_MS).body).not.toContain('ago');
});

test('of an SMS two parts hold as many as find room, and it says how many more there are', () => {
  for (const [language, now] of [
    ...([['en'], ['zh-CN']] as const),
    ...([
      ['en', night + 64 * MINUTE_MS],
      ['zh-CN', night + 64 * MINUTE_MS],
    ] as const),
  ]) {
    const { sms } = digest(20, language, now);
    expect(segmentsOf(`${'-'.repeat(longestSign)}${sms}`)).toBeLessThanOrEqual(2);
    const named = sms.match(/K7QM\d+A/g) ?? [];
    expect(named.length).toBeGreaterThan(1);
    expect(sms).toContain(language === 'en' ? `and ${20 - named.length} more` : `另有${20 - named.length}起`);
  }
});

test('what a provider lets through of it stays within its variables, and no key answers for several', () => {
  const { template, voice } = digest(20, 'zh-CN');
  for (const word of Object.values(template?.variables ?? {}))
    expect([...word].length).toBeLessThanOrEqual(longestVariable);
  expect(template?.variables.what).toBe('20起报警');
  expect(voice?.keys).toBe('');
});
