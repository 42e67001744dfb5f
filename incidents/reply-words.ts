import type { Reply } from '../records/command.ts';
import { alphabet } from './code.ts';

/** What somebody means by a text or a key. `code`: what may be an incident's code in it; `minutes`: until they are there. */
export type ParsedReply = Pick<Reply, 'answer'> & { code?: string; minutes?: number };

/**
 * Reads an answer as people write it on a keypad: `1`, `１`, `1.`, `1 到了`, `K7QM 1`, or in words (`收到`, `好`, `去`, "going"). A digit that
 * stands by itself, or sticks to a code, is the answer, whatever is written beside it, and 9 before the others. Without one the words are, and where they say several things nobody is
 * sent or sent home by them: `unclear`; except that whoever asks for help gets it.
 */
export function parseReply(text: string): ParsedReply {
  const plain = text.normalize('NFKC').toUpperCase().slice(0, longestRead);
  const tokens = (
    plain
      .replaceAll(duration, ' ')
      .replaceAll(count, ' ')
      .match(/[A-Z0-9]+/g) ?? []
  ).flatMap(keyAndCode);
  const code = tokens.find((token) => isCode.test(token))?.slice(0, codeLength);
  const digits = tokens.filter((token) => Object.hasOwn(keys, token));
  const digit = digits.includes(helpKey) ? helpKey : digits[0];
  const minutes = minutesIn(plain);
  const answer = (digit !== undefined && keys[digit]) || answerInWords(plain);
  return { answer, ...(code !== undefined && { code }), ...(minutes !== undefined && { minutes }) };
}

/** What each key means, on the telephone and in a text. */
export const keys: { readonly [key: string]: Reply['answer'] } = {
  ...{ 1: 'going', 2: 'cannot', 3: 'arrived', 4: 'false-alarm', 9: 'help' },
};

const helpKey = '9';

/** `K7XM1` and `1K7XM`: two answers in one word; `3K7X9` could be either, and stays as it is. */
function keyAndCode(token: string): string[] {
  const [first = '', last = ''] = [token.slice(0, 1), token.slice(-1)];
  const isBefore = Object.hasOwn(keys, first) && isCode.test(token.slice(1));
  const isBehind = Object.hasOwn(keys, last) && isCode.test(token.slice(0, -1));
  if (isBefore === isBehind) return [token];
  return isBefore ? [first, token.slice(1)] : [last, token.slice(0, -1)];
}

/** In capital letters. Whoever writes "去不了" does not go, so that refusals are looked for first. */
const words: readonly [Reply['answer'], RegExp][] = [
  ['help', /救命|救援|增援|支援|帮忙|需要帮|要人帮|\bHELP\b|\bSOS\b/],
  [
    'cannot',
    /不能|不行|不了|不去|没空|没时间|没有时间|不在|走不开|\bCANNOT\b|\bCAN'?T\b|^\W*NO\b(?! PROBLEM)|\bBUSY\b/,
  ],
  ['false-alarm', /误报|假警|假的|虚惊|\bFALSE ALARM\b/],
  [
    'arrived',
    /已到|(?<![马就快没])(?<!马上|就要|快要|没有|还没)到(了|达)|在现场|\bARRIVED\b|\bI AM HERE\b|\bI'M HERE\b/,
  ],
  [
    'going',
    /收到|^\W*好|^\W*行|可以|^\W*去|我去|就去|过去|马上|这就|就到|(?:分钟?|小时)(?:以?后|左右|就)*能?到|来了|出发|在路上|知道了|\bOK\b|\bOKAY\b|\bYES\b|\bGOING\b|\bCOMING\b|\bON MY WAY\b/,
  ],
];

function answerInWords(plain: string): Reply['answer'] {
  const said = words.flatMap(([answer, pattern]) => (pattern.test(plain) ? answer : []));
  const [first, second] = said;
  if (first === undefined || /不是误报|不是假|NOT A FALSE ALARM/.test(plain)) return 'unclear';
  if (first === 'help' || second === undefined) return first;
  return first === 'cannot' && second === 'going' ? 'cannot' : 'unclear';
}

function minutesIn(plain: string): number | undefined {
  const [[, digits, unit] = []] = plain.matchAll(duration);
  const minutes = Number(digits) * (unit?.endsWith('小时') || unit === 'HOUR' ? 60 : 1);
  return minutes >= 1 && minutes <= 600 ? minutes : undefined;
}

/** Two hours are no key; neither are 3 km that are left, the third floor and two people. */
const duration = /(?<![0-9])([0-9]{1,3}) *(分|MIN|个?小时|HOUR)/g;
const count =
  /第 *[0-9]+|[0-9]+ *(?:[点楼层号个人里米天度岁头只辆次]|公里|千米|KM|KILOMET|MET(?:ER|RE)|PEOPLE|PERSON|(?:ST|ND|RD|TH)\b)/g;
const codeLength = 4;
/** As it is spoken, or with the two characters more by which the page knows whom it was sent to. */
const isCode = new RegExp(`^[${alphabet}]{4}([${alphabet}]{2})?$`);
const longestRead = 300;
