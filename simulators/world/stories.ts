import type { Chance } from '../../platform/random.ts';
import type { Fields } from '../device.ts';
import type { Home, HomeDevice } from '../home.ts';
import { between, oneOf } from '../seeded-chance.ts';
import type { Truth, TruthKind } from './evidence.ts';
import type { Window } from './faults.ts';

/**
 * What befalls one home from one moment on: what really happened, what its devices do, and when one of them is out of
 * coverage. Units: ms since the start.
 */
export type Story = { truths: Truth[]; deeds: WorldDeed[]; unheard: Unheard[] };
export type WorldDeed = { atMs: number; deviceId: string; deed: string; fields?: Fields };
/** What it has to say in this window it says afterwards. */
export type Unheard = Window & { deviceId: string };

/** Undefined: the home has no device for it. None lasts longer than half an hour, except that a watch may stay away. */
export type Plot = (home: Home, atMs: number, chance: Chance) => Story | undefined;

/** A detector alarms for 2 to 20 min; somebody may hush it, it may clear and come back, another room may follow. */
export const fire: Plot = (home, atMs, chance) => {
  const detectors = devicesOf(home, 'smoke-detector');
  if (detectors.length === 0) return undefined;
  const first = oneOf(chance, detectors);
  const second = detectors.find(({ id }) => id !== first.id);
  const untilMs = atMs + between(chance, 2, 20) * minuteMs;
  const alarms = [alarm(home, first, { fromMs: atMs, toMs: untilMs }, chance)];
  const followsMs = atMs + between(chance, 10_000, 90_000);
  if (second && chance.fraction() < 0.6) alarms.push(alarm(home, second, { fromMs: followsMs, toMs: untilMs }, chance));
  return together(alarms);
};

/** From the button or the watch; a person in need may well press a second time, within the minute. */
export const emergency: Plot = (home, atMs, chance) => {
  const devices = [...devicesOf(home, 'call-button'), ...devicesOf(home, 'wearable')];
  if (devices.length === 0) return undefined;
  const device = oneOf(chance, devices);
  return press(home, device, 'emergency', { atMs, again: chance.fraction() < 0.35 }, chance);
};

/**
 * Some get up and cancel in time, of some the watch is heard no more before its verdict, the others are confirmed by it.
 * Whoever lies may press the button 90 s later.
 */
export const fall: Plot = (home, atMs, chance) => {
  const [watch] = devicesOf(home, 'wearable');
  const [button] = devicesOf(home, 'call-button');
  if (!watch) return undefined;
  const kind = chance.fraction();
  const deeds = [{ atMs, deviceId: watch.id, deed: 'fall' }];
  const upAtMs = atMs + between(chance, 5_000, 25_000);
  const backAtMs = upAtMs + between(chance, 0.5, 4) * hourMs;
  const pressesAtMs = atMs + 90_000;
  if (kind < 0.3) {
    const cancelled = [...deeds, { atMs: upAtMs, deviceId: watch.id, deed: 'cancel' }];
    return { truths: [truth('fall-cancelled', home, watch, atMs, upAtMs)], deeds: cancelled, unheard: [] };
  }
  const unheard = kind < 0.55 ? [{ deviceId: watch.id, fromMs: upAtMs, toMs: backAtMs }] : [];
  const story = { truths: [truth('fall', home, watch, atMs)], deeds, unheard };
  if (!button || chance.fraction() >= 0.35) return story;
  return together([story, press(home, button, 'emergency', { atMs: pressesAtMs, again: false }, chance)]);
};

export const errand: Plot = (home, atMs, chance) => {
  const [button] = devicesOf(home, 'call-button');
  const call = chance.fraction() < 0.5 ? 'care' : 'service';
  return button && press(home, button, call, { atMs, again: chance.fraction() < 0.2 }, chance);
};

/** A detector's own button, after which it may sound for a moment; or the test of a call button. */
export const monthlyTest: Plot = (home, atMs, chance) => {
  const device = oneOf(chance, [...devicesOf(home, 'smoke-detector'), ...devicesOf(home, 'call-button')]);
  const deeds: WorldDeed[] = [{ atMs, deviceId: device.id, deed: 'test' }];
  const quietAtMs = atMs + between(chance, 6_000, 25_000);
  if (device.kind === 'smoke-detector' && chance.fraction() < 0.5) {
    deeds.push({ atMs: atMs + 3_000, deviceId: device.id, deed: 'alarm' });
    deeds.push({ atMs: quietAtMs, deviceId: device.id, deed: 'off' });
  }
  return { truths: [truth('test', home, device, atMs, quietAtMs)], deeds, unheard: [] };
};

export function truth(what: TruthKind, home: Home, device: HomeDevice, atMs: number, untilMs?: number): Truth {
  return { atMs, what, homeId: home.id, deviceId: device.id, ...(untilMs !== undefined && { untilMs }) };
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function alarm(home: Home, device: HomeDevice, { fromMs, toMs }: Window, chance: Chance): Story {
  const does = (atMs: number, deed: string, fields?: Fields): WorldDeed => {
    return { atMs, deviceId: device.id, deed, ...(fields && { fields }) };
  };
  const middleMs = (fromMs + toMs) / 2;
  const backAtMs = middleMs + between(chance, 0.1, 0.9) * (toMs - middleMs);
  const sees = oneOf(chance, sights);
  const course = chance.fraction();
  const onTheWay: WorldDeed[] = [];
  if (course < 0.3) onTheWay.push(does(middleMs, 'hush'));
  else if (course < 0.5) onTheWay.push(does(middleMs, 'off'), does(backAtMs, 'alarm', sees));
  const deeds = [does(fromMs, 'alarm', sees), ...onTheWay, does(toMs, 'off')];
  return { truths: [truth('fire', home, device, fromMs, toMs)], deeds, unheard: [] };
}

/** Mostly smoke. */
const sights: readonly Fields[] = [
  { source: 'smoke', obscuration: 0.4, temperature: 31 },
  { source: 'smoke', obscuration: 1.2, temperature: 44 },
  { source: 'heat', temperature: 71 },
  { source: 'co', co: 190 },
];

/** Two presses within a minute are one call: one thing that happened. */
function press(
  home: Home,
  device: HomeDevice,
  call: 'emergency' | 'care' | 'service',
  { atMs, again }: { atMs: number; again: boolean },
  chance: Chance,
): Story {
  const deed = device.kind === 'wearable' ? 'press' : call;
  const againAtMs = atMs + between(chance, 8_000, 55_000);
  const presses = again ? [atMs, againAtMs] : [atMs];
  const deeds = presses.map((pressedAtMs) => ({ atMs: pressedAtMs, deviceId: device.id, deed }));
  return { truths: [truth(`${call}-press`, home, device, atMs, presses.at(-1))], deeds, unheard: [] };
}

function together(stories: readonly Story[]): Story {
  return {
    truths: stories.flatMap(({ truths }) => truths),
    deeds: stories.flatMap(({ deeds }) => deeds),
    unheard: stories.flatMap(({ unheard }) => unheard),
  };
}

function devicesOf({ devices }: Home, kind: HomeDevice['kind']): HomeDevice[] {
  return devices.filter((device) => device.kind === kind);
}
