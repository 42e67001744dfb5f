import type { Chance } from '../platform/random.ts';
import type { Language } from '../records/texts/texts.ts';
import { oneOf } from './seeded-chance.ts';

/** Names of an invented county. Villages are counted from 0, houses within one too. */
export type VillageWords = {
  county: string;
  township: string;
  village: (index: number) => string;
  station: (index: number) => string;
  secondNeighbour: (index: number) => string;
  team: string;
  desk: string;
  lead: string;
  people: readonly string[];
  place: (index: number, chance: Chance) => string;
  rooms: { kitchen: string; bedroom: string; bedside: string; door: string };
};

const wells = ['East Well', 'West Well', 'Red Hill', 'Salt Lake', 'Willow Spring', 'Long Meadow'];
const zhWells = ['东井', '西井', '红山', '盐湖', '柳泉', '长滩'];
const spots = [
  'west of the well',
  'by the spring',
  'at the end of the road',
  'behind the school',
  'below the ovoo',
  'by the willows',
];
const zhSpots = ['井台西侧', '泉眼旁', '大路尽头', '学校后面', '敖包下', '柳树旁'];
const nth = (names: readonly string[], index: number) => {
  const round = Math.floor(index / names.length);
  return `${names[index % names.length]}${round > 0 ? ` ${round + 1}` : ''}`;
};

export const villageWords: Record<Language, VillageWords> = {
  en: {
    county: 'Wuli (simulated)',
    township: 'Bayan',
    village: (index) => nth(wells, index),
    station: (index) => `${nth(wells, index)} station`,
    secondNeighbour: (index) => nth(['Bao', 'Wulan', 'Temur', 'Aruna', 'Nasan', 'Hada'], index),
    team: 'Bayan mobile team',
    desk: 'Duty telephone',
    lead: 'County lead on duty',
    people: [
      'Sarangerel',
      'Batu',
      'Tuya',
      'Oyun',
      'Dorji',
      'Gaowa',
      'Narin',
      'Chulun',
      'Alta',
      'Mengke',
      'Wang Xiuying',
      'Li Defu',
      'Zhao Guilan',
    ],
    place: (index, chance) => `house ${index + 1}, ${oneOf(chance, spots)}`,
    rooms: { kitchen: 'kitchen', bedroom: 'bedroom', bedside: 'bedside', door: 'door' },
  },
  'zh-CN': {
    county: '乌力旗（模拟）',
    township: '巴彦苏木',
    village: (index) => `${nth(zhWells, index)}嘎查`,
    station: (index) => `${nth(zhWells, index)}邻里互助点`,
    secondNeighbour: (index) => nth(['宝音', '乌兰', '特木尔', '阿茹娜', '那顺', '哈达'], index),
    team: '巴彦流动服务队',
    desk: '旗呼叫中心',
    lead: '旗值班领导',
    people: [
      '萨仁高娃',
      '巴图',
      '图雅',
      '敖云',
      '道尔吉',
      '高娃',
      '娜仁',
      '朝鲁',
      '阿拉塔',
      '孟克',
      '王秀英',
      '李德福',
      '赵桂兰',
    ],
    place: (index, chance) => `${index + 1}号，${oneOf(chance, zhSpots)}`,
    rooms: { kitchen: '厨房', bedroom: '卧室', bedside: '床头', door: '门' },
  },
};
