import type { Sentence, Sentences, Words } from './explain.ts';

/** Fire, gas and water, and what could not be read. */
export const hazardSentences: Sentences<'smoke' | 'heat' | 'co' | 'gas' | 'water' | 'unreadable'> = {
  en: { ...everyHazard(hazard), unreadable },
  'zh-CN': { ...everyHazard(hazardZh), unreadable: unreadableZh },
};

function everyHazard(sentence: Sentence) {
  return { smoke: sentence, heat: sentence, co: sentence, gas: sentence, water: sentence };
}

function hazard({ number, text, lasted, unsaid }: Words) {
  return [
    text('state', (state) => (state === 'hushed' ? 'silenced by hand while the cause lasts' : undefined)),
    number('obscurationDbPerM', (value) => `smoke ${value} dB/m`),
    number('celsius', (value) => `${value} °C`),
    number('coPpm', (value) => `carbon monoxide ${value} ppm`),
    number('gasPercentLel', (value) => `gas ${value} % LEL`),
    text('transition', (change) => (change === 'testing to on' ? 'went on after the end of a test' : undefined)),
    lasted('lastedMs', (duration) => `after ${duration}`),
    text('unread', (what) => `could not be read: ${what}`),
    unsaid('source'),
  ];
}

function hazardZh({ number, text, lasted, unsaid }: Words) {
  return [
    text('state', (state) => (state === 'hushed' ? '已手动静音，原因仍在' : undefined)),
    number('obscurationDbPerM', (value) => `烟雾浓度${value} dB/m`),
    number('celsius', (value) => `温度${value} °C`),
    number('coPpm', (value) => `一氧化碳${value} ppm`),
    number('gasPercentLel', (value) => `燃气浓度${value} % LEL`),
    text('transition', (change) => (change === 'testing to on' ? '测试结束后仍在报警' : undefined)),
    lasted('lastedMs', (duration) => `持续${duration}`),
    text('unread', (what) => `无法解读：${what}`),
    unsaid('source'),
  ];
}

function unreadable({ text }: Words) {
  return [text('report', (name) => `a report "${name}"`), text('unread', (what) => `could not be read: ${what}`)];
}

function unreadableZh({ text }: Words) {
  return [text('report', (name) => `上报类型“${name}”`), text('unread', (what) => `无法解读：${what}`)];
}
