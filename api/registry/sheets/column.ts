import { beijingTime, readBeijingTime } from './beijing-time.ts';

/**
 * A column of a sheet: the field it fills (`position.lat`), its heading, and how a cell becomes a value and back. What a cell says that it
 * cannot read goes on as it is: the entry's own schema says what would be right.
 */
export type Column = {
  key: string;
  zh: string;
  parse(text: string): unknown;
  format(value: unknown): string;
  /** What a cell may say, in Chinese, by the word that stands for it; `isMany`: several of them. */
  choices?: Record<string, string>;
  isMany?: true;
  /** Names, numbers and addresses of people, and who is away. */
  personal?: true;
  needed?: true;
  /** What has to be known to fill it in. */
  note?: { zh: string; en: string };
};

export type About = Omit<Column, 'key' | 'zh' | 'parse' | 'format' | 'choices' | 'isMany'>;

export const asText = (value: unknown): string =>
  value === undefined || typeof value === 'object' ? '' : String(value);
export const asItStands: Pick<Column, 'parse' | 'format'> = { parse: (cell) => cell, format: asText };
export const text = (key: string, zh: string, about: About = {}): Column => ({ key, zh, ...asItStands, ...about });
export const number = (key: string, zh: string, about: About = {}): Column => ({
  ...text(key, zh, about),
  parse: (cell) => numberIn(cell) ?? cell,
});
export const yesNo = (key: string, zh: string, about: About = {}): Column => ({
  ...text(key, zh, about),
  parse: (cell) => switches.get(spelling(cell)) ?? cell,
  format: (value) => (value === true ? '是' : ''),
});
export const choice = (key: string, zh: string, choices: Record<string, string>, about: About = {}): Column => ({
  ...text(key, zh, about),
  choices,
  parse: (cell) => wordFor(cell, choices),
  format: (value) => choices[String(value)] ?? asText(value),
});
export const choices = (key: string, zh: string, of: Record<string, string>, about: About = {}): Column => ({
  ...text(key, zh, about),
  ...{ choices: of, isMany: true as const },
  parse: (cell) => partsOf(cell).map((part) => wordFor(part, of)),
  format: (value) =>
    listOf(value)
      .map((one) => of[String(one)] ?? asText(one))
      .join('、'),
});
/** One thing a line. */
export const lines = (key: string, zh: string, each: Pick<Column, 'parse' | 'format'>, about: About = {}): Column => ({
  ...text(key, zh, about),
  parse: (cell) => linesOf(cell).map(each.parse),
  format: (value) => listOf(value).map(each.format).join('\n'),
});

/** A time by the clock of Beijing, which is China's; epoch ms where it is kept. */
export const instant = (key: string, zh: string, about: About = {}): Column => ({
  ...text(key, zh, about),
  parse: (cell) => readBeijingTime(cell) ?? cell,
  format: (value) => (typeof value === 'number' ? beijingTime(value) : asText(value)),
});

/** Numbers of days or months: what is no number goes on as it is. */
export const numbers = (key: string, zh: string, about: About = {}): Column => ({
  ...text(key, zh, about),
  parse: (cell) => partsOf(cell).map((part) => numberIn(part) ?? part),
  format: (value) => listOf(value).join('、'),
});

/** Also of the wide digits that Chinese keyboards write. */
export function numberIn(cell: string): number | undefined {
  const value = cell.trim() === '' ? Number.NaN : Number(cell.normalize('NFKC'));
  return Number.isNaN(value) ? undefined : value;
}

/** Spelt without blanks, dashes and what stands in brackets, in small letters. */
export const spelling = (words: string): string =>
  words
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\(.*?\)|[\s_.-]/g, '');

export const switches = new Map([
  ...['是', '有', 'yes', 'y', 'true', '1', '√'].map((word) => [word, true] as const),
  ...['否', '无', 'no', 'n', 'false', '0'].map((word) => [word, false] as const),
]);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const partsOf = (cell: string): string[] => cell.split(/[、,，;；\s]+/).filter((part) => part !== '');
export const linesOf = (cell: string, apart = /[\r\n]+/): string[] =>
  cell
    .split(apart)
    .map((line) => line.trim())
    .filter((line) => line !== '');
/** Also on one line, where nothing can hold the sign that separates them. */
export const orOnOneLine = /[\r\n;；]+/;

export function wordFor(cell: string, among: Record<string, string>): string {
  const spelt = spelling(cell);
  return Object.keys(among).find((word) => spelling(word) === spelt || spelling(among[word] ?? '') === spelt) ?? cell;
}
