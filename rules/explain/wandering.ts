import type { Sentences, Words } from './explain.ts';

/** Somebody who left where they are expected, or of whom nobody knows where they are; and a household that seems to have moved. */
export const wanderingSentences: Sentences<'wandering' | 'position-unknown' | 'camp-moved'> = {
  en: { wandering, 'position-unknown': unknown, 'camp-moved': moved },
  'zh-CN': { wandering: wanderingZh, 'position-unknown': unknownZh, 'camp-moved': movedZh },
};

function wandering({ number, text, time, since, lasted, unsaid }: Words) {
  return [
    since('sinceAt', (clock) => `outside since ${clock}`),
    time('seenAt', (clock) => `seen last at ${clock}`),
    number('homeMeters', (meters) => `${far(meters)} from home`),
    number('bearingDegrees', (degrees) => `to the ${pointOf(degrees, points)}`),
    number('outsideMeters', (meters) => `${far(meters)} beyond the edge`),
    number('limitMeters', (meters) => `more than ${meters} m count`),
    number('accuracyMeters', (meters) => `measured to ${meters} m`),
    number('speedMetersPerSecond', (speed) => `at ${speed} m/s`),
    text('because', (why) => `critical because of ${namedAll(why, reasons, ' and ')}`),
    lasted('heldMs', (duration) => `and not back for ${duration}`),
    unsaid('transition', 'fixes'),
  ];
}

function wanderingZh({ number, text, time, since, lasted, unsaid }: Words) {
  return [
    since('sinceAt', (clock) => `自${clock}起在范围外`),
    time('seenAt', (clock) => `最后出现于${clock}`),
    number('homeMeters', (meters) => `距家${farZh(meters)}`),
    number('bearingDegrees', (degrees) => `在家的${pointOf(degrees, pointsZh)}方向`),
    number('outsideMeters', (meters) => `超出边界${farZh(meters)}`),
    number('limitMeters', (meters) => `超过${meters}米即算离开`),
    number('accuracyMeters', (meters) => `定位误差约${meters}米`),
    number('speedMetersPerSecond', (speed) => `速度${speed}米/秒`),
    text('because', (why) => `因${namedAll(why, reasonsZh, '、')}列为危急`),
    lasted('heldMs', (duration) => `${duration}未返回`),
    unsaid('transition', 'fixes'),
  ];
}

function unknown({ number, text, time, since, lasted, unsaid }: Words) {
  return [
    since('seenAt', (clock) => `seen last at ${clock}`),
    number('homeMeters', (meters) => `${far(meters)} from home`),
    number('bearingDegrees', (degrees) => `to the ${pointOf(degrees, points)}`),
    number('outsideMeters', (meters) => `${far(meters)} beyond the edge`),
    lasted('limitMs', (duration) => `nothing to go by for more than ${duration}`),
    time('heardAt', (clock) => `the device itself was heard at ${clock}`),
    text('device', (state) => deviceStates[state]),
    unsaid('transition', 'accuracyMeters', 'speedMetersPerSecond'),
  ];
}

function unknownZh({ number, text, time, since, lasted, unsaid }: Words) {
  return [
    since('seenAt', (clock) => `最后出现于${clock}`),
    number('homeMeters', (meters) => `距家${farZh(meters)}`),
    number('bearingDegrees', (degrees) => `在家的${pointOf(degrees, pointsZh)}方向`),
    number('outsideMeters', (meters) => `超出边界${farZh(meters)}`),
    lasted('limitMs', (duration) => `超过${duration}没有可用定位`),
    time('heardAt', (clock) => `设备最近一次通信为${clock}`),
    text('device', (state) => deviceStatesZh[state]),
    unsaid('transition', 'accuracyMeters', 'speedMetersPerSecond'),
  ];
}

function moved({ text, since, time, number, unsaid }: Words) {
  return [
    text('toPlace', (place) => `they seem to live at ${place}`),
    since('sinceAt', (clock) => `there since ${clock}`),
    time('seenAt', (clock) => `seen there last at ${clock}`),
    number('homeMeters', (meters) => `${far(meters)} from where the registry has them`),
    unsaid('transition', 'toPlaceId', 'limitMs', 'fixes'),
  ];
}

function movedZh({ text, since, time, number, unsaid }: Words) {
  return [
    text('toPlace', (place) => `似已住在${place}`),
    since('sinceAt', (clock) => `自${clock}起`),
    time('seenAt', (clock) => `最后出现于${clock}`),
    number('homeMeters', (meters) => `距登记住所${farZh(meters)}`),
    unsaid('transition', 'toPlaceId', 'limitMs', 'fixes'),
  ];
}

/** A distance that somebody has to go. */
const kilometres = (meters: string): string | undefined =>
  Number(meters) < 2000 ? undefined : (Number(meters) / 1000).toFixed(1);
const far = (meters: string): string => (kilometres(meters) === undefined ? `${meters} m` : `${kilometres(meters)} km`);
const farZh = (meters: string): string =>
  kilometres(meters) === undefined ? `${meters}米` : `${kilometres(meters)}公里`;

const points = ['north', 'north-east', 'east', 'south-east', 'south', 'south-west', 'west', 'north-west'];
const pointsZh = ['北', '东北', '东', '东南', '南', '西南', '西', '西北'];
const pointOf = (degrees: string, names: readonly string[]): string =>
  names[Math.round(Number(degrees) / 45) % 8] ?? '';

const reasons: { [reason: string]: string } = { night: 'night', cold: 'cold', care: 'the need for care' };
const reasonsZh: { [reason: string]: string } = { night: '夜间', cold: '严寒', care: '需特别照护' };
const namedAll = (list: string, names: { [name: string]: string }, between: string): string =>
  list
    .split(', ')
    .map((name) => names[name] ?? name)
    .join(between);

const deviceStates: { [state: string]: string } = { 'not-worn': 'nobody wears it', charging: 'it is being charged' };
const deviceStatesZh: { [state: string]: string } = { 'not-worn': '设备未佩戴', charging: '设备正在充电' };
