import type { Language } from '../../records/texts/texts.ts';
import type { Sentence, Sentences, Words } from './explain.ts';
import { quantityText, unitText } from './quantities.ts';

/** What was measured, and against which limit. */
export const readingSentences: Sentences<'cold' | 'hot' | 'vitals' | 'threshold' | 'readings-stopped'> = {
  en: { ...everyLimit(beyond), 'readings-stopped': stopped },
  'zh-CN': { ...everyLimit(beyondZh), 'readings-stopped': stoppedZh },
};

function everyLimit(sentence: Sentence) {
  return { cold: sentence, hot: sentence, vitals: sentence, threshold: sentence };
}

function beyond(words: Words) {
  const { number, value, since, lasted, unsaid } = words;
  const { observed, limit } = measuredIn(words, 'en');
  return [
    observed,
    limit && `${value('side') === 'below' ? 'below' : 'above'} the limit of ${limit}`,
    since('sinceAt', (clock) => `since ${clock}`),
    number('readings', (count) => (count === '1' ? 'in one reading' : `in ${count} readings`)),
    value('holdMinutes') === 0 ? undefined : lasted('holdMinutes', (time) => `told after ${time}`),
    unsaid('transition', 'thresholdId'),
  ];
}

function stopped(words: Words) {
  const { since, lasted, unsaid, value } = words;
  const { observed, limit } = measuredIn(words, 'en');
  return [
    observed && `the last was ${observed}`,
    limit && `${value('side') === 'below' ? 'below' : 'above'} the limit of ${limit}`,
    since('lastSeenAt', (clock) => `nothing since ${clock}`),
    lasted('maxGapMinutes', (time) => `how it is now is unknown after ${time}`),
    unsaid('sinceAt', 'readings', 'holdMinutes', 'transition', 'thresholdId'),
  ];
}

function beyondZh(words: Words) {
  const { number, value, since, lasted, unsaid } = words;
  const { observed, limit } = measuredIn(words, 'zh-CN');
  return [
    observed,
    limit && `${value('side') === 'below' ? '低于下限' : '高于上限'}${limit}`,
    since('sinceAt', (clock) => `自${clock}起`),
    number('readings', (count) => `共${count}次读数`),
    value('holdMinutes') === 0 ? undefined : lasted('holdMinutes', (time) => `持续${time}后提醒`),
    unsaid('transition', 'thresholdId'),
  ];
}

function stoppedZh(words: Words) {
  const { since, lasted, unsaid, value } = words;
  const { observed, limit } = measuredIn(words, 'zh-CN');
  return [
    observed && `最后一次${observed}`,
    limit && `${value('side') === 'below' ? '低于下限' : '高于上限'}${limit}`,
    since('lastSeenAt', (clock) => `${clock}之后没有读数`),
    lasted('maxGapMinutes', (time) => `超过${time}，现状未知`),
    unsaid('sinceAt', 'readings', 'holdMinutes', 'transition', 'thresholdId'),
  ];
}

/** The reading with what it is, and its limit, each with the unit. */
function measuredIn({ number, text }: Words, language: Language) {
  const unit = text('unit', (name) => ` ${unitText(name, language)}`) ?? '';
  const name = text('quantity', (quantity) => `${quantityText(quantity, language)} `) ?? '';
  return {
    observed: number('observed', (value) => `${name}${value}${unit}`),
    limit: number('limit', (value) => `${value}${unit}`),
  };
}
