import type { Condition } from '../../records/alert.ts';
import type { Language } from '../../records/texts/texts.ts';
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

/** What whoever goes is to do, as messages say it. */
export const toDoAbout = (condition: Condition, language: Language): string =>
  ({ 'zh-CN': zhCN, en })[language].toDo[condition];
