import { expect, test } from 'vitest';
import { segmentsOf, smsWords } from './sms.ts';
import { templateProblems } from './template-check.ts';
import { templateNames, templates } from './templates.ts';

test('every template that is shipped passes what providers check, in both languages', () => {
  expect(templateProblems()).toEqual([]);
  expect(Object.keys(templates).sort()).toEqual([...templateNames].sort());
});

const wrong: { [what: string]: { text: string; problem: RegExp } } = {
  'two variables that touch': { text: '火警：{home}{time}', problem: /touch/ },
  'nothing but variables': { text: '{home}', problem: /nothing but/ },
  'a variable twice': { text: '{home}，{home}报警', problem: /twice/ },
  'the brackets of a sender': { text: '【守护】火警', problem: /refused: 【/ },
  'a picture': { text: '🔥火警', problem: /refused/ },
  'a link': { text: '火警 https://example.org', problem: /refused: https:/ },
  'the telephone number of somebody': { text: '请致电13800000000', problem: /telephone number/ },
  'more numbers to call than carriers let through': { text: '119 或 120 或 110', problem: /numbers to call/ },
  'more than two messages': { text: `火警：{home}${'请立即前往'.repeat(25)}`, problem: /more than 2 messages/ },
};

for (const [what, { text, problem }] of Object.entries(wrong))
  test(`a template with ${what} is refused before a provider refuses it`, () => {
    expect(templateProblems({ fire: { 'zh-CN': text, en: text } }).join('\n')).toMatch(problem);
  });

test('a template that names something in one language alone is refused', () => {
  expect(templateProblems({ fire: { 'zh-CN': '火警：{home}。', en: 'Fire: {place}.' } }).join('\n')).toMatch(
    /elsewhere/,
  );
});

test('seventy signs are one message, and one more are two; of plain letters 160', () => {
  expect([70, 71, 134, 135].map((length) => segmentsOf('火'.repeat(length)))).toEqual([1, 2, 2, 3]);
  expect([160, 161, 306, 307].map((length) => segmentsOf('a'.repeat(length)))).toEqual([1, 2, 2, 3]);
  expect(segmentsOf('€'.repeat(80))).toBe(1);
  expect(segmentsOf('€'.repeat(81))).toBe(2);
});

test('a place that is called after a telephone number, a sender or a link does not keep the message from going', () => {
  expect(smsWords('【移动】井台 13800000000\nhttp://x.cn 🔥西侧', 40)).toBe('移动 井台 .. 西侧');
  expect(smsWords('很'.repeat(50), 35)).toBe(`${'很'.repeat(33)}..`);
});
