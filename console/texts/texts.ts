import type { Language } from '../../records/texts/texts.ts';
import { en, type Texts } from './en.ts';
import { zhCN } from './zh-CN.ts';

export const texts: Record<Language, Texts> = { 'zh-CN': zhCN, en };
/** Each in its own name, so that whoever cannot read the page finds theirs. */
export const languageNames: Record<Language, string> = { 'zh-CN': '中文', en: 'English' };
