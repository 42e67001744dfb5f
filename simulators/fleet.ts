import type { Format } from '../firmware-contracts/codec.ts';
import type { Clock } from '../platform/clock.ts';
import { newDevice } from './device.ts';
import { countyMidnight, dayOf, type Happening, type Home } from './home.ts';
import { type LiveDevice, liveDevice } from './live-device.ts';
import { openRadio, type Radio } from './radio.ts';
import { between, chanceOf } from './seeded-chance.ts';
import type { DeviceTls } from './tls-options.ts';

/**
 * Lets the devices of homes live against a real broker: each connects by itself, sends its heartbeats and what its home's
 * ordinary day brings, and does what `plan` says on top.
 */
export function runFleet(parts: FleetParts) {
  const { homes, clock, seed, onHappening } = parts;
  const counts = { devices: 0, connected: 0, sent: 0, acknowledged: 0 };
  const devices = new Map<string, { live: LiveDevice; radio: Radio }>();
  /** What is still to come, the latest first. */
  const planned: Happening[] = [];
  let cancel = () => {};
  let dayEndsAt = clock.now();
  let isStopped = false;

  for (const home of homes) {
    for (const device of home.devices) devices.set(device.id, startDevice(parts, device, counts));
  }
  const waking = [...devices.values()];
  const cancelWaking = oneAfterTheOther(clock, waking, ({ radio }) => radio.on());
  advance();

  function plan(happenings: readonly Happening[]): void {
    // One by one: a day of two thousand homes is more than a call takes as arguments.
    for (const happening of happenings) planned.push(happening);
    planned.sort((a, b) => b.at - a.at);
    arm();
  }

  function advance(): void {
    const now = clock.now();
    if (now >= dayEndsAt) planDay(now);
    for (let next = planned.at(-1); next && next.at <= now; next = planned.at(-1)) {
      planned.pop();
      devices.get(next.deviceId)?.live.does(next.deed, next.fields);
      onHappening?.(next);
    }
    arm();
  }

  function planDay(now: number): void {
    const midnightAt = countyMidnight(now);
    dayEndsAt = midnightAt + dayMs;
    const chance = chanceOf(seed, `day ${midnightAt}`);
    plan(homes.flatMap((home) => dayOf(home, midnightAt, chance)).filter(({ at }) => at >= now));
  }

  function arm(): void {
    cancel();
    if (isStopped) return;
    const nextAt = Math.min(planned.at(-1)?.at ?? Infinity, dayEndsAt);
    cancel = clock.after(Math.max(0, nextAt - clock.now()), advance);
  }

  return {
    plan,
    counts: () => ({ ...counts }),
    /** Disconnects everything in good order. */
    async stop(): Promise<void> {
      isStopped = true;
      cancel();
      cancelWaking();
      await Promise.all(
        waking.map(({ live, radio }) => {
          live.stop();
          return radio.off({ inGoodOrder: true });
        }),
      );
    },
  };
}

export type FleetParts = {
  homes: readonly Home[];
  url: string;
  tls?: DeviceTls;
  seed: number;
  clock: Clock;
  format?: Format;
  /** Secrets that differ from the homes' own, by device. */
  secrets?: ReadonlyMap<string, string>;
  onHappening?: (happening: Happening) => void;
  /** A device could not connect, or was cut off, for a reason that is known. */
  onProblem?: (deviceId: string, problem: string) => void;
};
export type Fleet = ReturnType<typeof runFleet>;
export type FleetCounts = ReturnType<Fleet['counts']>;

const dayMs = 86_400_000;
const connectEveryMs = 10;

function startDevice(
  { url, tls, clock, seed, secrets, format, onProblem }: FleetParts,
  home: Home['devices'][number],
  counts: FleetCounts,
) {
  const { id, kind, intervalMinutes, secret } = home;
  const chance = chanceOf(seed, `radio ${id}`);
  let isConnected = false;
  counts.devices += 1;
  const radio = openRadio({
    ...{ deviceId: id, secret: secrets?.get(id) ?? secret, url, tls, clock, chance },
    onState(state) {
      counts.connected += Number(state.phase === 'connected') - Number(isConnected);
      isConnected = state.phase === 'connected';
      if (state.phase === 'away' && state.problem !== undefined) onProblem?.(id, state.problem);
    },
    onCommand: (command) => live.obeys(command),
  });
  // A counter of restarts of its own for every run, so that nothing is taken for a repeat of an earlier run.
  const boot = Math.floor(clock.now() / 1000);
  const statusAt = clock.now() + between(chance, 2_000, 30_000);
  const live = liveDevice({
    device: newDevice({ id, kind, intervalMinutes, boot, statusAt }),
    clock,
    ...(format && { format }),
    async carry(sent) {
      counts.sent += 1;
      await radio.carry(sent);
      counts.acknowledged += 1;
    },
    onPower: (power) => void (power === 'on' ? radio.on() : radio.off()),
  });
  return { live, radio };
}

/** A broker takes a village that comes home one by one. */
function oneAfterTheOther<T>(clock: Clock, list: readonly T[], run: (one: T) => void): () => void {
  let cancel = () => {};
  let index = 0;
  function next(): void {
    const one = list[index++];
    if (one === undefined) return;
    run(one);
    cancel = clock.after(connectEveryMs, next);
  }
  next();
  return () => cancel();
}
