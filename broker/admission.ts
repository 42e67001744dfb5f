import type { Clock } from '../platform/clock.ts';
import type { BrokerLimits } from './limits.ts';

/** One admitted connection. `established` says that it has authenticated; `leave` that it is gone; both count once. */
export type Ticket = { established(): void; leave(): void };
export type AdmissionRefusal = 'rate' | 'connecting' | 'address';

/** Decides about a new connection before a byte of it is read: how many there are, from where, and how fast they come. */
export class Admission {
  readonly #clock: Clock;
  readonly #limits: BrokerLimits;
  readonly #addresses = new Map<string, { connecting: number; all: number }>();
  #connecting = 0;
  #tokens: number;
  #filledAt: number;
  #gradualUntil = Number.NEGATIVE_INFINITY;

  constructor({ clock, limits }: { clock: Clock; limits: BrokerLimits }) {
    this.#clock = clock;
    this.#limits = limits;
    this.#tokens = limits.connectsBurst;
    this.#filledAt = clock.monotonic();
  }

  admit(address: string): Ticket | { refused: AdmissionRefusal } {
    const limits = this.#limits;
    const here = this.#addresses.get(address) ?? { connecting: 0, all: 0 };
    if (here.all >= limits.connectionsPerAddress) return { refused: 'address' };
    if (this.#connecting >= limits.connecting || here.connecting >= limits.connectingPerAddress)
      return { refused: 'connecting' };
    if (!this.#takeToken()) return { refused: 'rate' };
    this.#addresses.set(address, here);
    this.#connecting++;
    here.connecting++;
    here.all++;
    return this.#ticket(address, here);
  }

  /** The journal does not keep up: those who were cut come back a few at a time, now and for `readmissionMs` more. */
  readmitGradually(): void {
    this.#fill();
    this.#tokens = 0;
    this.#gradualUntil = this.#filledAt + this.#limits.readmissionMs;
  }

  #ticket(address: string, here: { connecting: number; all: number }): Ticket {
    let phase: 'connecting' | 'established' | 'gone' = 'connecting';
    const connected = () => {
      this.#connecting--;
      here.connecting--;
    };
    return {
      established: () => {
        if (phase !== 'connecting') return;
        phase = 'established';
        connected();
      },
      leave: () => {
        if (phase === 'gone') return;
        if (phase === 'connecting') connected();
        phase = 'gone';
        here.all--;
        if (here.all === 0) this.#addresses.delete(address);
      },
    };
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
