import type { Language } from '../../records/texts/texts.ts';
import { type Quantity, quantities } from '../../records/threshold.ts';

/** What a reading is called where people read it. */
export const quantityNames: Record<Language, Record<Quantity, string>> = {
  en: {
    'status.temperature': 'temperature at the device',
    'status.battery': 'battery voltage',
    'status.charge': 'state of charge',
    'status.rsrp': 'signal power',
    'status.snr': 'signal to noise',
    'alarm.obscuration': 'smoke',
    'alarm.temperature': 'temperature at the detector',
    'alarm.co': 'carbon monoxide',
    'alarm.gas': 'gas',
    'position.speed': 'speed',
    'vitals.pulse': 'pulse',
    'vitals.oxygen': 'oxygen saturation',
    'vitals.temperature': 'skin temperature',
    'vitals.systolic': 'upper blood pressure',
    'vitals.diastolic': 'lower blood pressure',
    'vitals.breaths': 'breathing',
  },
  'zh-CN': {
    'status.temperature': '设备处温度',
    'status.battery': '电池电压',
    'status.charge': '电量',
    'status.rsrp': '信号强度',
    'status.snr': '信噪比',
    'alarm.obscuration': '烟雾浓度',
    'alarm.temperature': '探测器处温度',
    'alarm.co': '一氧化碳',
    'alarm.gas': '燃气浓度',
    'position.speed': '移动速度',
    'vitals.pulse': '脉搏',
    'vitals.oxygen': '血氧饱和度',
    'vitals.temperature': '皮肤温度',
    'vitals.systolic': '收缩压',
    'vitals.diastolic': '舒张压',
    'vitals.breaths': '呼吸',
  },
};

/** A name of a quantity, as far as this version knows it. */
export const quantityText = (name: string, language: Language): string =>
  Object.hasOwn(quantities, name) ? quantityNames[language][name as Quantity] : name;

/** A unit as people read it. */
export const unitText = (unit: string, language: Language): string =>
  unit === '1/min' ? (language === 'en' ? 'a minute' : '次/分') : unit;
