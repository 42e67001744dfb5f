import type { Sentence, Sentences, Words } from './explain.ts';

/** The three calls of the button. */
export const callSentences: Sentences<'call-emergency' | 'call-care' | 'call-service'> = {
  en: everyCall(call),
  'zh-CN': everyCall(callZh),
};

function everyCall(sentence: Sentence) {
  return { 'call-emergency': sentence, 'call-care': sentence, 'call-service': sentence };
}

function call({ text, unsaid }: Words) {
  return ['the button was pressed', text('unread', (what) => `could not be read: ${what}`), unsaid('call')];
}

function callZh({ text, unsaid }: Words) {
  return ['按下了按钮', text('unread', (what) => `无法解读：${what}`), unsaid('call')];
}
