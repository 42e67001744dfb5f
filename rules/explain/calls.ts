import type { Sentence, Sentences, Words } from './explain.ts';

/** The three calls, of the button or by telephone. */
export const callSentences: Sentences<'call-emergency' | 'call-care' | 'call-service'> = {
  en: everyCall(call),
  'zh-CN': everyCall(callZh),
};

function everyCall(sentence: Sentence) {
  return { 'call-emergency': sentence, 'call-care': sentence, 'call-service': sentence };
}

function call({ text, value, unsaid }: Words) {
  return [
    value('by') === 'telephone' ? 'by telephone' : 'the button was pressed',
    text('caller', (caller) => callers[caller]?.en),
    text('topic', (topic) => topics[topic]?.en),
    text('unread', (what) => `could not be read: ${what}`),
    unsaid('call'),
  ];
}

function callZh({ text, value, unsaid }: Words) {
  return [
    value('by') === 'telephone' ? '电话求助' : '按下了按钮',
    text('caller', (caller) => callers[caller]?.zh),
    text('topic', (topic) => topics[topic]?.zh),
    text('unread', (what) => `无法解读：${what}`),
    unsaid('call'),
  ];
}

type Both = { en: string; zh: string };
const callers: { [caller: string]: Both } = {
  person: { en: 'the person called', zh: '本人来电' },
  neighbour: { en: 'a neighbour called', zh: '邻居来电' },
  family: { en: 'somebody of the family called', zh: '家属来电' },
  unknown: { en: 'the caller is not known', zh: '来电人身份不明' },
};
const topics: { [topic: string]: Both } = {
  complaint: { en: 'a complaint', zh: '投诉' },
  silent: { en: 'nobody spoke', zh: '无人说话' },
  callback: { en: 'they ask to be called', zh: '要求回电' },
};
