import type { Chance } from '../../platform/random.ts';
import { between, chanceOf, oneOf } from '../seeded-chance.ts';
import { drawHostile, type HostileClient } from './hostile.ts';

/** From `fromMs` up to `toMs`, both since the start of the world. */
export type Window = { readonly fromMs: number; readonly toMs: number };

/**
 * What goes wrong in one world. A number named `...Chance` is per occasion, 0 to 1; a kind that is not in `kinds` has no
 * windows, and chances of 0. Everything ends at `stormMs`: from then on the world is healed. Units: ms since the start.
 */
export type FaultPlan = {
  readonly kinds: readonly FaultKind[];
  readonly stormMs: number;
  /** `opMs`: what a sync takes; a hanging disk answers when its window ends. `roomBytes` is what is left in a window of `full`. */
  readonly disk: {
    readonly opMs: readonly [low: number, high: number];
    readonly hangs: readonly Window[];
    readonly full: readonly (Window & { readonly roomBytes: number })[];
    readonly failedSyncChance: number;
    /** At a power cut: that something of what was not synced stays, cut anywhere; and that a byte of that is another. */
    readonly tornChance: number;
    readonly flippedChance: number;
    /** At a start: that a byte of the newest snapshot is another. */
    readonly damagedSnapshotChance: number;
  };
  /** On the way up, and of the PUBACK on the way down. In a `cut` nothing passes; of one village, or of all. */
  readonly network: {
    readonly delayMs: readonly [low: number, high: number];
    readonly dropChance: number;
    readonly repeatChance: number;
    readonly reorderChance: number;
    readonly cuts: readonly (Window & { readonly village?: number })[];
  };
  /** Each is armed at its time, and strikes at the so-manieth call of a port after that. `power`: both, and the machine's memory. */
  readonly crashes: readonly Crash[];
  /** Per device and day. `clockAheadMs` is of the devices whose clock is wrong. */
  readonly devices: {
    readonly rebootChance: number;
    readonly factoryResetChance: number;
    readonly clockWrongChance: number;
    readonly clockJumpChance: number;
    readonly batteryDeathChance: number;
    /** Out of coverage for hours, so that what happens arrives late. */
    readonly lateChance: number;
    /** A life-safety report that is cut, of a newer version, or has a field that nobody knows. */
    readonly garbledChance: number;
  };
  readonly store: {
    readonly opMs: readonly [low: number, high: number];
    readonly away: readonly Window[];
    /** The batch is committed, and the answer never comes. */
    readonly lostAnswerChance: number;
    /** At these times the database is put back to what it was at `toMs`. */
    readonly restores: readonly { readonly atMs: number; readonly toMs: number }[];
  };
  /** Per attempt; the windows are of everything that one provider (a channel) does. */
  readonly providers: {
    readonly opMs: readonly [low: number, high: number];
    readonly refuseChance: number;
    readonly throttleChance: number;
    /** It arrives, and the answer is an error or never comes. */
    readonly deliveredButFailedChance: number;
    readonly down: readonly (Window & { readonly channel: 'webhook' | 'log' })[];
  };
  /** Of those who carry messages to telephones; per message, and windows of one line. `opMs`: until they answer. */
  readonly lines: {
    readonly opMs: readonly [low: number, high: number];
    readonly throttleChance: number;
    readonly refuseChance: number;
    /** It was taken and does not arrive, which the receipt says; and that there is no receipt. */
    readonly lostChance: number;
    readonly silentChance: number;
    readonly twiceChance: number;
    readonly lateChance: number;
    /** The receipt is there before the answer. */
    readonly earlyChance: number;
    readonly expired: readonly (Window & { readonly line: string })[];
    readonly down: readonly (Window & { readonly line: string })[];
  };
  readonly clockSteps: readonly { readonly atMs: number; readonly byMs: number }[];
  /** At these times the system is stopped, in good order or not, and started as the other release. */
  readonly releases: readonly {
    readonly atMs: number;
    readonly to: 'next' | 'present';
    readonly inGoodOrder: boolean;
  }[];
  readonly hostile: readonly HostileClient[];
  readonly restore?: Restore;
};

/**
 * A backup is taken at `takenAtMs`, the machine with its disk and its database is lost at `lostAtMs`, and another one goes on from the backup
 * at `backAtMs`. Devices, providers and people know what happened in between.
 */
export type Restore = { readonly takenAtMs: number; readonly lostAtMs: number; readonly backAtMs: number };

/** `darkMs`: how long there is no power, where it is longer than a moment. */
export type Crash = {
  readonly atMs: number;
  readonly who: 'alarm' | 'desk' | 'both' | 'power';
  readonly calls: number;
  readonly darkMs?: number;
};

export const faultKinds = [
  'disk',
  'network',
  'process',
  'devices',
  'store',
  'providers',
  'server-clock',
  'release',
  'hostile',
  'restore',
] as const;
export type FaultKind = (typeof faultKinds)[number];

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * Each seed has kinds of its own, nearly five of the first nine in the mean, and draws how often they strike; in one world of twenty the
 * machine is lost as well. `hours` is the storm's.
 */
export function drawFaults({ seed, hours }: { seed: number; hours: number }): FaultPlan {
  const chance = chanceOf(seed, 'faults');
  const stormMs = hours * hourMs;
  const restoreChance = chanceOf(seed, 'faults restore');
  const chances: { [kind in FaultKind]?: number } = { hostile: 0.4, restore: 0.05 };
  const kinds = faultKinds.filter(
    (kind) => (kind === 'restore' ? restoreChance : chance).fraction() < (chances[kind] ?? 0.55),
  );
  // Every kind draws, whether it exists or not: so one kind more or less moves nothing in the others.
  const draws = {
    disk: drawDisk(chanceOf(seed, 'faults disk'), stormMs),
    network: drawNetwork(chanceOf(seed, 'faults network'), stormMs),
    process: drawCrashes(chanceOf(seed, 'faults process'), chanceOf(seed, 'faults darkness'), stormMs),
    devices: drawDevices(chanceOf(seed, 'faults devices')),
    store: drawStore(chanceOf(seed, 'faults store'), stormMs),
    providers: drawProviders(chanceOf(seed, 'faults providers'), stormMs),
    lines: drawLines(chanceOf(seed, 'faults lines'), stormMs),
    'server-clock': drawClockSteps(chanceOf(seed, 'faults clock'), stormMs),
    release: drawReleases(chanceOf(seed, 'faults release'), stormMs),
    hostile: drawHostile(chanceOf(seed, 'faults hostile'), stormMs),
  };
  const has = (kind: FaultKind) => kinds.includes(kind);
  const calm = noFaults(stormMs);
  const plan: FaultPlan = {
    kinds,
    stormMs,
    disk: has('disk') ? draws.disk : calm.disk,
    network: has('network') ? draws.network : calm.network,
    crashes: has('process') ? draws.process : calm.crashes,
    devices: has('devices') ? draws.devices : calm.devices,
    store: has('store') ? draws.store : calm.store,
    providers: has('providers') ? draws.providers : calm.providers,
    lines: has('providers') ? draws.lines : calm.lines,
    clockSteps: has('server-clock') ? draws['server-clock'] : calm.clockSteps,
    releases: has('release') ? draws.release : calm.releases,
    hostile: has('hostile') ? draws.hostile : calm.hostile,
  };
  return has('restore') ? withRestore(plan, drawRestore(restoreChance, stormMs)) : plan;
}

/** What was copied from the database in the time that is lost is lost, too. */
export function withRestore(plan: FaultPlan, restore: Restore): FaultPlan {
  const { takenAtMs, lostAtMs } = restore;
  const restores = plan.store.restores.filter(
    ({ toMs, atMs }) => toMs < takenAtMs || toMs >= lostAtMs || atMs < lostAtMs,
  );
  const kinds = faultKinds.filter((kind) => kind === 'restore' || plan.kinds.includes(kind));
  return { ...plan, kinds, store: { ...plan.store, restores }, restore };
}

/** A world in which things take their usual time, and nothing goes wrong. */
export function noFaults(stormMs: number): FaultPlan {
  return {
    kinds: [],
    stormMs,
    disk: {
      opMs: [1, 5],
      hangs: [],
      full: [],
      failedSyncChance: 0,
      tornChance: 0,
      flippedChance: 0,
      damagedSnapshotChance: 0,
    },
    network: { delayMs: [50, 400], dropChance: 0, repeatChance: 0, reorderChance: 0, cuts: [] },
    crashes: [],
    devices: {
      rebootChance: 0,
      factoryResetChance: 0,
      clockWrongChance: 0,
      clockJumpChance: 0,
      batteryDeathChance: 0,
      lateChance: 0,
      garbledChance: 0,
    },
    store: { opMs: [1, 20], away: [], lostAnswerChance: 0, restores: [] },
    providers: { opMs: [50, 800], refuseChance: 0, throttleChance: 0, deliveredButFailedChance: 0, down: [] },
    lines: {
      ...{ opMs: [50, 800], throttleChance: 0, refuseChance: 0, lostChance: 0, silentChance: 0 },
      ...{ twiceChance: 0, lateChance: 0, earlyChance: 0, expired: [], down: [] },
    },
    clockSteps: [],
    releases: [],
    hostile: [],
  };
}

function drawDisk(chance: Chance, stormMs: number): FaultPlan['disk'] {
  return {
    opMs: [1, between(chance, 5, 400)],
    hangs: windows(chance, stormMs, between(chance, 0, 3), [5_000, 90_000]),
    full: windows(chance, stormMs, between(chance, 0, 3), [10 * minuteMs, 4 * hourMs]).map((window) => ({
      ...window,
      roomBytes: Math.round(between(chance, 0, 30_000)),
    })),
    failedSyncChance: between(chance, 0, 0.001),
    tornChance: 0.8,
    flippedChance: 0.3,
    damagedSnapshotChance: between(chance, 0, 0.5),
  };
}

function drawNetwork(chance: Chance, stormMs: number): FaultPlan['network'] {
  return {
    delayMs: [50, between(chance, 500, 8_000)],
    dropChance: between(chance, 0, 0.25),
    repeatChance: between(chance, 0, 0.3),
    reorderChance: between(chance, 0, 0.3),
    cuts: windows(chance, stormMs, between(chance, 0, 4), [minuteMs, 3 * hourMs]).map((window) =>
      chance.fraction() < 0.3 ? window : { ...window, village: chance.fraction() < 0.5 ? 0 : 1 },
    ),
  };
}

function drawCrashes(chance: Chance, darkness: Chance, stormMs: number): FaultPlan['crashes'] {
  const count = 3 + Math.floor(between(chance, 0, 7));
  const crashes = Array.from({ length: count }, () => {
    const atMs = between(chance, minuteMs, stormMs);
    const who = (['alarm', 'alarm', 'desk', 'both', 'power'] as const)[Math.floor(between(chance, 0, 5))] ?? 'alarm';
    const isLong = who === 'power' && darkness.fraction() < 0.2;
    // The power is back when everything is healed: what a stop left behind needs its time to be dealt with.
    const dark = isLong ? { darkMs: Math.min(between(darkness, 1.5 * hourMs, 4 * hourMs), stormMs - atMs) } : {};
    return { atMs, who, calls: Math.floor(between(chance, 1, 60)), ...dark };
  });
  // A process that dies soon after it was started again meets its own recovery.
  const again = crashes.filter(() => chance.fraction() < 0.4);
  const soon = again.map(({ atMs, who }) => ({ atMs: atMs + 200, who, calls: Math.floor(between(chance, 1, 25)) }));
  return [...crashes, ...soon].sort((a, b) => a.atMs - b.atMs);
}

function drawDevices(chance: Chance): FaultPlan['devices'] {
  return {
    rebootChance: between(chance, 0, 0.2),
    factoryResetChance: between(chance, 0, 0.05),
    clockWrongChance: between(chance, 0, 0.3),
    clockJumpChance: between(chance, 0, 0.1),
    batteryDeathChance: between(chance, 0, 0.03),
    lateChance: between(chance, 0, 0.1),
    garbledChance: between(chance, 0, 0.3),
  };
}

function drawStore(chance: Chance, stormMs: number): FaultPlan['store'] {
  const restores = windows(chance, stormMs, between(chance, 0, 2), [10 * minuteMs, 6 * hourMs]);
  return {
    opMs: [1, between(chance, 20, 3_000)],
    away: windows(chance, stormMs, between(chance, 0, 3), [minuteMs, 6 * hourMs]),
    lostAnswerChance: between(chance, 0, 0.05),
    restores: restores.map(({ fromMs, toMs }) => ({ atMs: toMs, toMs: fromMs })),
  };
}

function drawProviders(chance: Chance, stormMs: number): FaultPlan['providers'] {
  return {
    opMs: [50, between(chance, 500, 30_000)],
    refuseChance: between(chance, 0, 0.05),
    throttleChance: between(chance, 0, 0.3),
    deliveredButFailedChance: between(chance, 0, 0.2),
    down: windows(chance, stormMs, between(chance, 0, 3), [minuteMs, hourMs]).map((window) => ({
      ...window,
      channel: chance.fraction() < 0.8 ? 'webhook' : 'log',
    })),
  };
}

function drawLines(chance: Chance, stormMs: number): FaultPlan['lines'] {
  const some = (count: number, lengths: readonly [number, number]) =>
    windows(chance, stormMs, between(chance, 0, count), lengths).map((window) => {
      return { ...window, line: oneOf(chance, ['sms:first', 'sms:first', 'sms:second', 'voice:cloud']) };
    });
  return {
    opMs: [50, between(chance, 500, 20_000)],
    throttleChance: between(chance, 0, 0.2),
    refuseChance: between(chance, 0, 0.05),
    lostChance: between(chance, 0, 0.3),
    silentChance: between(chance, 0, 0.3),
    twiceChance: between(chance, 0, 0.4),
    lateChance: between(chance, 0, 0.3),
    earlyChance: between(chance, 0, 0.2),
    // A key that expired is renewed when somebody has noticed it.
    expired: some(3, [20 * minuteMs, 8 * hourMs]),
    down: some(3, [minuteMs, 2 * hourMs]),
  };
}

function drawClockSteps(chance: Chance, stormMs: number): FaultPlan['clockSteps'] {
  const count = 1 + Math.floor(between(chance, 0, 3));
  return Array.from({ length: count }, () => {
    const size = 10 ** between(chance, Math.log10(3_000), Math.log10(26 * hourMs));
    return { atMs: between(chance, hourMs, stormMs), byMs: Math.round(chance.fraction() < 0.5 ? size : -size) };
  }).sort((a, b) => a.atMs - b.atMs);
}

function drawReleases(chance: Chance, stormMs: number): FaultPlan['releases'] {
  const upAt = between(chance, hourMs, stormMs * 0.8);
  const up = { atMs: upAt, to: 'next', inGoodOrder: chance.fraction() < 0.5 } as const;
  if (chance.fraction() < 0.4) return [up];
  const down = {
    atMs: between(chance, upAt + minuteMs, stormMs),
    to: 'present',
    inGoodOrder: chance.fraction() < 0.5,
  } as const;
  return [up, down];
}

/** In two days: a backup of minutes to ten hours ago, and minutes to half a day until it is put back. */
export function drawRestore(chance: Chance, stormMs: number): Restore {
  const takenAtMs = Math.round(between(chance, 0.1, 0.5) * stormMs);
  const some = (least: number, often: number, most: number) =>
    Math.round(between(chance, least, chance.fraction() < 0.6 ? often : most) * stormMs);
  const lostAtMs = takenAtMs + some(0.001, 0.02, 0.2);
  return { takenAtMs, lostAtMs, backAtMs: lostAtMs + 5 * minuteMs + some(0, 0.01, 0.25) };
}

/** About `count` windows somewhere in the storm, each as long as drawn. */
function windows(chance: Chance, stormMs: number, count: number, [low, high]: readonly [number, number]): Window[] {
  const drawn = Array.from({ length: Math.round(count) }, () => {
    const fromMs = between(chance, minuteMs, stormMs - minuteMs);
    return { fromMs, toMs: Math.min(stormMs, fromMs + between(chance, low, Math.min(high, stormMs / 4))) };
  });
  return drawn.sort((a, b) => a.fromMs - b.fromMs);
}

/** The window that this moment is in. */
export function windowAt<W extends Window>(windows: readonly W[], atMs: number): W | undefined {
  return windows.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
}
