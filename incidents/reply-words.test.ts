import { expect, test } from 'vitest';
import { parseReply } from './reply-words.ts';

const answers: { [answer: string]: string[] } = {
  going: [
    '1',
    '１',
    '1.',
    '1、',
    ' 1 ',
    '1 到了',
    '1到了',
    '收到',
    '好',
    '好的',
    '好！',
    '去',
    '我去',
    '我马上过去',
    'ok',
    'Going',
  ],
  cannot: ['2', '２。', '去不了', '来不了', '没空', '我不在家', '不去', '好像去不了', 'no', "I can't come"],
  arrived: ['3', '３', '到了', '我到了', '已到', 'arrived'],
  'false-alarm': ['4', '误报', '是假的', 'false alarm'],
  help: ['9', '９', '救命', '需要帮忙', 'help', '到了，请求增援'],
  unclear: ['', '？', '5', '119', '12', '谁', '不是误报', '到了，是误报', '还没到', '没到达', '。。。', 'where is it'],
};

for (const [answer, texts] of Object.entries(answers))
  test(`who writes ${texts.slice(0, 3).join(', ')} means "${answer}"`, () => {
    expect(texts.map((text) => [text, parseReply(text).answer])).toEqual(texts.map((text) => [text, answer]));
  });

test('the code may stand before or behind, in small letters, or with the two characters of the page', () => {
  for (const text of ['1 K7QM', 'k7qm 1', 'K7QM，1', '1 k7qmac', '收到K7XM'])
    expect(parseReply(text)).toMatchObject({ answer: 'going' });
  expect(parseReply('1 K7XM').code).toBe('K7XM');
  expect(parseReply('k7xm 1').code).toBe('K7XM');
  expect(parseReply('1 K7XMAC').code).toBe('K7XM');
  expect(parseReply('1 Ｋ７ＸＭ').code).toBe('K7XM');
  expect(parseReply('1').code).toBeUndefined();
});

test('a key that sticks to the code is the answer, where it can be nothing else', () => {
  expect(parseReply('1K7XM')).toEqual({ answer: 'going', code: 'K7XM' });
  expect(parseReply('k7xm2')).toEqual({ answer: 'cannot', code: 'K7XM' });
  expect(parseReply('９Ｋ７ＸＭＡＣ')).toEqual({ answer: 'help', code: 'K7XM' });
  expect(parseReply('3K7X9').answer).toBe('unclear');
});

test('whoever asks for help beside another answer gets it, and "no problem" is no refusal', () => {
  expect(parseReply('1 9').answer).toBe('help');
  expect(parseReply('No problem, on my way').answer).toBe('going');
});

test('a code that is made of digits is no answer', () => {
  expect(parseReply('3974')).toEqual({ answer: 'unclear', code: '3974' });
  expect(parseReply('3974 2')).toEqual({ answer: 'cannot', code: '3974' });
});

test('how far, which floor and how many is no key: nobody is taken for somebody who is there', () => {
  for (const text of [
    '还有3公里',
    '我3点到',
    '3楼着火了',
    '3 km to go',
    '2公里外',
    '2个人受伤',
    '第3户',
    '3 people hurt',
  ])
    expect(parseReply(text).answer, text).toBe('unclear');
  expect(parseReply('1 还有3公里').answer).toBe('going');
  expect(parseReply('3 二楼').answer).toBe('arrived');
  expect(parseReply('1个小时后到')).toMatchObject({ answer: 'going', minutes: 60 });
});

test('who says in how many minutes is waited for so long', () => {
  expect(parseReply('1 20分钟')).toMatchObject({ answer: 'going', minutes: 20 });
  expect(parseReply('1, 45 min')).toMatchObject({ answer: 'going', minutes: 45 });
  expect(parseReply('去，2小时')).toMatchObject({ answer: 'going', minutes: 120 });
  expect(parseReply('1 900分钟').minutes).toBeUndefined();
  expect(parseReply('1').minutes).toBeUndefined();
});

test('a text without an end is read to the end of its first lines', () => {
  expect(parseReply(`${'到'.repeat(100_000)} 1`).answer).toBe('unclear');
});
