import type { hazards, heatings, rescueNeeds, waters } from '../registry.ts';
import type { Language } from './texts.ts';

/** What whoever goes to a home has to know of it, in words: its stove, its water, what is dangerous there, who cannot walk or hear. */
export const homeWords: Record<Language, HomeWords> = {
  en: {
    heating: {
      ...{ stove: 'stove', gas: 'gas heating', electric: 'electric heating', district: 'district heating' },
      none: 'no heating',
    },
    water: { tap: 'tap water', well: 'water from a well', tank: 'water from a tank', none: 'no water' },
    hazards: {
      ...{ 'gas-bottle': 'gas bottle', 'gas-pipe': 'gas pipe', fuel: 'fuel is kept', oxygen: 'oxygen is kept' },
      ...{ dog: 'dog', 'power-line': 'power line', 'bad-road': 'bad road' },
    },
    needs: {
      ...{ bedridden: 'cannot leave the bed', wheelchair: 'wheelchair', deaf: 'cannot hear', blind: 'cannot see' },
      ...{ mute: 'cannot speak', disabled: 'needs help to leave' },
    },
  },
  'zh-CN': {
    heating: { stove: '炉子', gas: '燃气取暖', electric: '电取暖', district: '集中供暖', none: '无取暖' },
    water: { tap: '自来水', well: '水井', tank: '水箱', none: '无水源' },
    hazards: {
      ...{ 'gas-bottle': '液化气瓶', 'gas-pipe': '燃气管道', fuel: '存有燃油', oxygen: '存有氧气' },
      ...{ dog: '有狗', 'power-line': '电线', 'bad-road': '道路难行' },
    },
    needs: {
      ...{ bedridden: '卧床', wheelchair: '坐轮椅', deaf: '听不见', blind: '看不见' },
      ...{ mute: '不能说话', disabled: '行动需要帮助' },
    },
  },
};

type HomeWords = {
  heating: Record<(typeof heatings)[number], string>;
  water: Record<(typeof waters)[number], string>;
  hazards: Record<(typeof hazards)[number], string>;
  needs: Record<(typeof rescueNeeds)[number] | 'disabled', string>;
};
