import type { Clock } from '../platform/clock.ts';
import type { BrokerLimits } from './limits.ts';

/** One admitted connection. `established` says that it has authenticated; `leave` that it is gone; both count once. */
export type Ticket = { established(): void; leave(): void };
export type AdmissionRefusal = 'rate' | 'connecting' | 'address';

/**
 * Those of one address, or of all, who have not said who they are, the longest wait first; and how many connections one
 * address has in all.
 */
type Strangers = Set<{ readonly since: number; giveWay(): void }>;
type Here = { connecting: Strangers; all: number };

/** Decides about a new connection before a byte of it is read: how many there are, from where, and how fast they come. */
export class Admission {
  readonly #clock: Clock;
  readonly #limits: BrokerLimits;
  readonly #addresses = new Map<string, Here>();
  readonly #connecting: Strangers = new Set();
  #tokens: number;
  #filledAt: number;
  #gradualUntil = Number.NEGATIVE_INFINITY;

  constructor({ clock, limits }: { clock: Clock; limits: BrokerLimits }) {
    this.#clock = clock;
    this.#limits = limits;
    this.#tokens = limits.connectsBurst;
    this.#filledAt = clock.monotonic();
  }

  /** `cut` ends the connection when it has been silent for `connectGraceMs` and its place is wanted by another. */
  admit(address: string, cut = () => {}): Ticket | { refused: AdmissionRefusal } {
    const limits = this.#limits;
    const here: Here = this.#addresses.get(address) ?? { connecting: new Set(), all: 0 };
    if (here.all >= limits.connectionsPerAddress) return { refused: 'address' };
    const crowd = this.#crowd(here);
    const slowest = crowd && first(crowd);
    if (crowd && !(slowest && this.#clock.monotonic() - slowest.since >= limits.connectGraceMs))
      return { refused: 'connecting' };
    if (!this.#takeToken()) return { refused: 'rate' };
    slowest?.giveWay();
    this.#addresses.set(address, here);
    here.all++;
    return this.#ticket(address, here, cut);
  }

  /** The journal does not keep up: those who were cut come back a few at a time, now and for `readmissionMs` more. */
  readmitGradually(): void {
    this.#fill();
    this.#tokens = 0;
    this.#gradualUntil = this.#filledAt + this.#limits.readmissionMs;
  }

  /** The strangers of whom there are too many, when there are. */
  #crowd(here: Here): Strangers | undefined {
    if (here.connecting.size >= this.#limits.connectingPerAddress) return here.connecting;
    return this.#connecting.size >= this.#limits.connecting ? this.#connecting : undefined;
  }

  #ticket(address: string, here: Here, cut: () => void): Ticket {
    let isGone = false;
    const leave = () => {
      if (isGone) return;
      isGone = true;
      established();
      here.all--;
      if (here.all === 0) this.#addresses.delete(address);
    };
    const giveWay = () => {
      leave();
      cut();
    };
    const stranger = { since: this.#clock.monotonic(), giveWay };
    const established = () => {
      this.#connecting.delete(stranger);
      here.connecting.delete(stranger);
    };
    this.#connecting.add(stranger);
    here.connecting.add(stranger);
    return { established, leave };
  }

  #takeToken(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #fill(): void {
    const { connectsPerSecond, connectsBurst, readmissionsPerSecond } = this.#limits;
    const now = this.#clock.monotonic();
    const [rate, burst] =
      now < this.#gradualUntil ? [readmissionsPerSecond, readmissionsPerSecond] : [connectsPerSecond, connectsBurst];
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * rate);
    this.#filledAt = now;
  }
}

const first = <T>(set: Set<T>): T | undefined => set.values().next().value;
