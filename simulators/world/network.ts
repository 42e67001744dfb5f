import { hash } from 'node:crypto';
import type { Incoming, Keep } from '../../broker/intake.ts';
import { isLifeSafety, type Report } from '../../firmware-contracts/report.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Home } from '../home.ts';
import type { Carry } from '../live-device.ts';
import { between, msBetween, oneOf } from '../seeded-chance.ts';
import type { Publish, Truth } from './evidence.ts';
import { type FaultPlan, noFaults, windowAt } from './faults.ts';
import { homesPerVillage } from './life.ts';

export type NetworkParts = {
  /** The world's, whose wall nobody sets. */
  clock: Clock;
  chance: Chance;
  faults: FaultPlan;
  homes: readonly Home[];
  truth: readonly Truth[];
  /** The alarm process. Rejects when it is down or has no room; one that dies meanwhile never answers. */
  deliver: Keep;
  /** Its PUBACK leaves, and may be lost. */
  acknowledged?: (incoming: Incoming, lifeSafety: boolean) => void;
  /** Gains every attempt of a device, and what became of it. */
  publishes: Publish[];
};

/** For the whole world, over all lives of the server. */
export function openNetwork(parts: NetworkParts): Network {
  return new Network(parts);
}

/**
 * The road between devices and the alarm process. Reports of one device keep their order, except those that are held up.
 * What is lost, or was never acknowledged, is the device's own to send again. Guards what the road remembers: how each call
 * for help is garbled, and when the newest report of a device will be there.
 */
export class Network {
  readonly #parts: NetworkParts;
  readonly #villages: ReadonlyMap<string, number>;
  readonly #tells: ReturnType<typeof tellsOf>;
  readonly #garblings = new Map<string, Garbling | undefined>();
  readonly #lastArrivalMs = new Map<string, number>();
  #road: FaultPlan['network'];
  #garbledChance: number;

  constructor(parts: NetworkParts) {
    const { homes, truth, faults } = parts;
    this.#parts = parts;
    this.#villages = villageOfEach(homes);
    this.#tells = tellsOf(truth);
    this.#road = faults.network;
    this.#garbledChance = faults.devices.garbledChance;
  }

  readonly carry: Carry = ({ deviceId, report, payload }) => {
    const { clock, chance, publishes } = this.#parts;
    const garbled = this.#garblingOf(deviceId, report);
    const bytes = garbled ? garblers[garbled](payload, chance) : payload;
    const { name, boot, seq, age = 0 } = report;
    const atMs = clock.monotonic();
    const publish: Publish = {
      ...{ atMs, deviceId, report: name, hash: hash('sha256', bytes, 'hex'), arrivedAtMs: [] },
      ...(boot !== undefined && { boot }),
      ...(seq !== undefined && { seq }),
      ...(garbled && { garbled }),
      ...this.#tells(deviceId, report, atMs - age * 1_000),
    };
    publishes.push(publish);
    const { promise, resolve: done } = Promise.withResolvers<void>();
    const incoming: Incoming = { deviceId, standing: 'registered', report: name, payload: bytes };
    const packet = { publish, incoming, done };
    const reachesMs = this.#arrivesInMs(deviceId);
    if (!this.#isLost(deviceId)) clock.after(reachesMs, () => this.#arrive(packet));
    if (chance.fraction() < this.#road.repeatChance)
      clock.after(reachesMs + msBetween(chance, 100, longestHoldMs), () => this.#arrive(packet));
    return promise;
  };

  /** From now on everything arrives, once, as it was sent. */
  heal(): void {
    this.#road = noFaults(0).network;
    this.#garbledChance = 0;
  }

  #arrive(packet: Packet): void {
    const { clock, deliver } = this.#parts;
    const { publish, incoming } = packet;
    if (this.#isCut(incoming.deviceId)) return;
    publish.arrivedAtMs.push(clock.monotonic());
    deliver(incoming, isLifeSafety(incoming.report)).then(
      () => {
        publish.keptAtMs ??= clock.monotonic();
        this.#parts.acknowledged?.(incoming, isLifeSafety(incoming.report));
        this.#acknowledge(packet);
      },
      () => {}, // Refused: there is no PUBACK.
    );
  }

  #acknowledge({ publish, incoming, done }: Packet): void {
    const { clock } = this.#parts;
    if (this.#isLost(incoming.deviceId)) return;
    clock.after(this.#delayMs(), () => {
      if (this.#isCut(incoming.deviceId)) return;
      publish.acknowledgedAtMs ??= clock.monotonic();
      done();
    });
  }

  /** Nothing that is not held up overtakes what its device sent before. */
  #arrivesInMs(deviceId: string): number {
    const { clock, chance } = this.#parts;
    if (chance.fraction() < this.#road.reorderChance) return this.#delayMs() + msBetween(chance, 1_000, longestHoldMs);
    const now = clock.monotonic();
    const atMs = Math.max(now + this.#delayMs(), this.#lastArrivalMs.get(deviceId) ?? 0);
    this.#lastArrivalMs.set(deviceId, atMs);
    return atMs - now;
  }

  /** What is wrong with a report is wrong with it each time that it is sent. */
  #garblingOf(deviceId: string, { name, boot, seq }: Report): Garbling | undefined {
    if (this.#garbledChance === 0 || !isLifeSafety(name)) return undefined;
    const { chance } = this.#parts;
    const key = `${deviceId} ${boot} ${seq}`;
    if (!this.#garblings.has(key)) {
      const isGarbled = chance.fraction() < this.#garbledChance;
      this.#garblings.set(key, isGarbled ? oneOf(chance, kindsOfGarbling) : undefined);
    }
    return this.#garblings.get(key);
  }

  #isCut(deviceId: string): boolean {
    const ofVillage = this.#villages.get(deviceId);
    const cuts = this.#road.cuts.filter(({ village }) => village === undefined || village === ofVillage);
    return windowAt(cuts, this.#parts.clock.monotonic()) !== undefined;
  }

  #isLost(deviceId: string): boolean {
    return this.#isCut(deviceId) || this.#parts.chance.fraction() < this.#road.dropChance;
  }

  #delayMs(): number {
    const [low, high] = this.#road.delayMs;
    return msBetween(this.#parts.chance, low, high);
  }
}

type Packet = { publish: Publish; incoming: Incoming; done: () => void };
type Garbling = NonNullable<Publish['garbled']>;

/** A report that is held up on the way, or sent a second time, comes at most so much later. */
const longestHoldMs = 60_000;

const kindsOfGarbling: readonly Garbling[] = ['cut', 'newer-version', 'unknown-field'];
const garblers: { readonly [kind in Garbling]: (payload: Uint8Array, chance: Chance) => Uint8Array } = {
  cut: (payload, chance) => payload.subarray(0, Math.floor(between(chance, 0, payload.length))),
  'newer-version': (payload) => rewritten(payload, (text) => text.replace('"v":1', '"v":2')),
  'unknown-field': (payload) => rewritten(payload, (text) => text.replace('{', '{"mood":"dusk",')),
};
const rewritten = (payload: Uint8Array, change: (text: string) => string) =>
  Buffer.from(change(Buffer.from(payload).toString()));

function villageOfEach(homes: readonly Home[]): ReadonlyMap<string, number> {
  return new Map(
    homes.flatMap(({ devices }, index) => devices.map(({ id }) => [id, Math.floor(index / homesPerVillage)] as const)),
  );
}

/** Which truth a life-safety report tells of: of its device, of its kind, at that time. */
function tellsOf(truth: readonly Truth[]) {
  const ofDevice = Map.groupBy(truth.entries(), ([, { deviceId }]) => deviceId);
  return (deviceId: string, report: Report, happenedAtMs: number): { truth?: number } => {
    if (!isLifeSafety(report.name)) return {};
    const told = ofDevice.get(deviceId)?.find(([, { what, atMs, untilMs = atMs }]) => {
      const isThen = happenedAtMs >= atMs - roundingMs && happenedAtMs <= untilMs + verdictMs;
      return isThen && wordFor(report).includes(what);
    });
    return told ? { truth: told[0] } : {};
  };
}

function wordFor(report: Report): readonly Truth['what'][] {
  switch (report.name) {
    case 'alarm':
      return ['fire', 'test'];
    case 'fall':
      return ['fall', 'fall-cancelled'];
    case 'press':
      return report.call === 'cancel' ? [] : [report.call === 'test' ? 'test' : `${report.call}-press`];
    default:
      return [];
  }
}

/** Ages count tenths of a second. */
const roundingMs = 1_000;
/** The verdict on a fall comes half a minute after it, and what lasts until then is told a moment later. */
const verdictMs = 35_000;
