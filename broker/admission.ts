import type { Clock } from '../platform/clock.ts';
import type { BrokerLimits } from './limits.ts';
import { type Bucket, refill, take } from './token-bucket.ts';

/** A new connection that asks for a place, before a byte of it is read. One of the two is called, once, perhaps at once. */
export type Visitor = {
  address: string;
  /** It came to the door of the smoke detectors, who go first. */
  first: boolean;
  handshake: boolean;
  enter(place: Place): void;
  /** It is refused, or was silent for so long that another gets its place. */
  sendAway(reason: AdmissionRefusal): void;
};
export type AdmissionRefusal = 'full' | 'address' | 'queue' | 'waited' | 'gave-way' | 'closing';
/** What a visitor holds. `established` says that it has authenticated; `leave` that it is gone; both count once. */
export type Place = { established(): void; leave(): void };

/** `waiting`: for its turn. `stranger`: let in, and has not said who it is. */
type Guest = {
  readonly visitor: Visitor;
  readonly here: Here;
  readonly place: Place;
  phase: 'waiting' | 'stranger' | 'established' | 'gone';
  /** Of this phase, on the monotonic clock. */
  since: number;
};
/** What is known of one address. Strangers stand in the order in which they were let in, the longest first. */
type Here = { all: number; waiting: number; strangers: Set<Guest>; bucket: Bucket };
/** Those who wait, by address. Whose turn it was goes to the end, so that a crowd behind one address holds up no other. */
type Line = Map<Here, Set<Guest>>;

/**
 * Decides about a new connection before a byte of it is read: how many there are, from where, and how fast they come. Who
 * cannot come in at once waits for a turn, smoke detectors first, then address by address.
 */
export class Admission {
  readonly #clock: Clock;
  readonly #limits: BrokerLimits;
  readonly #addresses = new Map<string, Here>();
  readonly #strangers = new Set<Guest>();
  /** All who wait, the longest first, and the same as the two lines. */
  readonly #waiting = new Set<Guest>();
  readonly #firstLine: Line = new Map();
  readonly #otherLine: Line = new Map();
  readonly #connects: Bucket;
  readonly #handshakes: Bucket;
  #all = 0;
  #turns = 0;
  #handshakesLeft: number;
  #gradualUntil = Number.NEGATIVE_INFINITY;
  #sweptAt: number;
  #cancelStep: (() => void) | undefined;

  constructor({ clock, limits }: { clock: Clock; limits: BrokerLimits }) {
    this.#clock = clock;
    this.#limits = limits;
    const now = clock.monotonic();
    this.#connects = { tokens: limits.connectsBurst, at: now };
    this.#handshakes = { tokens: limits.handshakesPerSecond, at: now };
    this.#handshakesLeft = limits.handshakesPerTurn;
    this.#sweptAt = now;
  }

  ask(visitor: Visitor): Place {
    const here = this.#here(visitor.address);
    const refused = this.#refusal(visitor, here);
    if (refused !== undefined) {
      visitor.sendAway(refused);
      return nowhere;
    }
    const guest = this.#guest(visitor, here);
    const canEnter = this.#waiting.size === 0 && this.#mayEnter(guest);
    this.#waiting.add(guest);
    here.waiting++;
    const line = this.#lineOf(visitor);
    const sameAddress = line.get(here);
    if (sameAddress) sameAddress.add(guest);
    else line.set(here, new Set([guest]));
    if (canEnter) this.#letIn(guest);
    else this.#lookAgain();
    return guest.place;
  }

  /** The journal does not keep up: those who were cut come back a few at a time, now and for `readmissionMs` more. */
  readmitGradually(): void {
    const now = this.#clock.monotonic();
    this.#connects.tokens = 0;
    this.#connects.at = now;
    this.#gradualUntil = now + this.#limits.readmissionMs;
  }

  /** Who waits for a turn now. */
  waiting(): number {
    return this.#waiting.size;
  }

  /** Nobody waits any more, and nobody is shaking hands. */
  close(): void {
    for (const guest of [...this.#waiting, ...this.#strangers]) this.#sendAway(guest, 'closing');
    this.#cancelStep?.();
  }

  #refusal({ first }: Visitor, here: Here): AdmissionRefusal | undefined {
    const limits = this.#limits;
    const share = first ? 1 : 1 - limits.reservedShare;
    if (this.#all >= Math.ceil(limits.connections * share)) return 'full';
    if (here.all >= limits.connectionsPerAddress) return 'address';
    const isCrowded =
      this.#waiting.size >= Math.ceil(limits.waitingConnects * share) ||
      here.waiting >= limits.waitingConnectsPerAddress;
    return isCrowded ? 'queue' : undefined;
  }

  #guest(visitor: Visitor, here: Here): Guest {
    const place: Place = { established: () => this.#establish(guest), leave: () => this.#leave(guest) };
    const guest: Guest = { visitor, here, place, phase: 'waiting', since: this.#clock.monotonic() };
    here.all++;
    this.#all++;
    return guest;
  }

  /** Lets in who may come in now. What is left is looked at again when there are tokens, places, or a new turn. */
  #serve(): void {
    const now = this.#clock.monotonic();
    for (const guest of this.#waiting) {
      if (now - guest.since < this.#limits.waitMs) break;
      this.#sendAway(guest, 'waited');
    }
    for (let guest = this.#next(); guest !== undefined; guest = this.#next()) this.#letIn(guest);
    if (this.#waiting.size > 0) this.#lookAgain();
  }

  #lookAgain(): void {
    this.#cancelStep ??= this.#clock.after(STEP_MS, () => {
      this.#cancelStep = undefined;
      this.#serve();
    });
  }

  #takeHandshake(): void {
    take(this.#handshakes);
    const isFirstOfTurn = this.#handshakesLeft === this.#limits.handshakesPerTurn;
    this.#handshakesLeft--;
    if (!isFirstOfTurn) return;
    void this.#clock.turn().then(() => {
      this.#handshakesLeft = this.#limits.handshakesPerTurn;
      this.#serve();
    });
  }

  /** Of four places three are the smoke detectors', as long as any of them waits; the fourth keeps the others going. */
  #next(): Guest | undefined {
    if (this.#waiting.size === 0 || !this.#has(this.#connects, 'connects')) return undefined;
    const lines = this.#turns % 4 === 3 ? [this.#otherLine, this.#firstLine] : [this.#firstLine, this.#otherLine];
    for (const line of lines) {
      for (const [here, guests] of line) {
        const guest = firstOf(guests);
        if (guest === undefined || !this.#mayEnter(guest)) continue;
        line.delete(here);
        line.set(here, guests);
        this.#turns++;
        return guest;
      }
    }
    return undefined;
  }

  #mayEnter({ visitor, here }: Guest): boolean {
    if (visitor.handshake && (this.#handshakesLeft <= 0 || !this.#has(this.#handshakes, 'handshakes'))) return false;
    if (!this.#has(this.#connects, 'connects') || !this.#has(here.bucket, 'address')) return false;
    const crowd = this.#crowd(here);
    const slowest = crowd && firstOf(crowd);
    return (
      crowd === undefined ||
      (slowest !== undefined && this.#clock.monotonic() - slowest.since >= this.#limits.connectGraceMs)
    );
  }

  #letIn(guest: Guest): void {
    const { visitor, here } = guest;
    const crowd = this.#crowd(here);
    const slowest = crowd && firstOf(crowd);
    if (slowest) this.#sendAway(slowest, 'gave-way');
    this.#leaveLine(guest);
    take(this.#connects);
    take(here.bucket);
    if (visitor.handshake) this.#takeHandshake();
    guest.phase = 'stranger';
    guest.since = this.#clock.monotonic();
    this.#strangers.add(guest);
    here.strangers.add(guest);
    visitor.enter(guest.place);
  }

  /** The strangers of whom there are too many, when there are. */
  #crowd(here: Here): Set<Guest> | undefined {
    if (here.strangers.size >= this.#limits.connectingPerAddress) return here.strangers;
    return this.#strangers.size >= this.#limits.connecting ? this.#strangers : undefined;
  }

  #sendAway(guest: Guest, reason: AdmissionRefusal): void {
    this.#leave(guest);
    guest.visitor.sendAway(reason);
  }

  #establish(guest: Guest): void {
    if (guest.phase !== 'stranger') return;
    guest.phase = 'established';
    this.#strangers.delete(guest);
    guest.here.strangers.delete(guest);
  }

  #leave(guest: Guest): void {
    if (guest.phase === 'gone') return;
    if (guest.phase === 'waiting') this.#leaveLine(guest);
    this.#establish(guest);
    guest.phase = 'gone';
    guest.here.all--;
    this.#all--;
  }

  #leaveLine(guest: Guest): void {
    const line = this.#lineOf(guest.visitor);
    const sameAddress = line.get(guest.here);
    sameAddress?.delete(guest);
    if (sameAddress?.size === 0) line.delete(guest.here);
    this.#waiting.delete(guest);
    guest.here.waiting--;
  }

  #lineOf({ first }: Visitor): Line {
    return first ? this.#firstLine : this.#otherLine;
  }

  #here(address: string): Here {
    const now = this.#clock.monotonic();
    if (now - this.#sweptAt >= SWEEP_MS) this.#sweep(now);
    const known = this.#addresses.get(address);
    if (known) return known;
    const bucket = { tokens: this.#limits.connectsBurstPerAddress, at: now };
    const here: Here = { all: 0, waiting: 0, strangers: new Set(), bucket };
    this.#addresses.set(address, here);
    return here;
  }

  /** An address that holds nothing, and came long ago, is forgotten: its bucket is full again. */
  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [address, here] of this.#addresses) {
      if (here.all > 0) continue;
      this.#has(here.bucket, 'address');
      if (here.bucket.tokens >= this.#limits.connectsBurstPerAddress) this.#addresses.delete(address);
    }
  }

  #has(bucket: Bucket, of: 'connects' | 'handshakes' | 'address'): boolean {
    const now = this.#clock.monotonic();
    refill(bucket, this.#pace(of, now), now);
    return bucket.tokens >= 1;
  }

  #pace(of: 'connects' | 'handshakes' | 'address', now: number): { perSecond: number; burst: number } {
    const limits = this.#limits;
    switch (of) {
      case 'handshakes':
        return { perSecond: limits.handshakesPerSecond, burst: limits.handshakesPerSecond };
      case 'address':
        return { perSecond: limits.connectsPerSecondPerAddress, burst: limits.connectsBurstPerAddress };
      case 'connects':
        return now < this.#gradualUntil
          ? { perSecond: limits.readmissionsPerSecond, burst: limits.readmissionsPerSecond }
          : { perSecond: limits.connectsPerSecond, burst: limits.connectsBurst };
    }
  }
}

/** How soon those who wait for a token or a place are looked at again. */
const STEP_MS = 10;
const SWEEP_MS = 10_000;
const nowhere: Place = { established() {}, leave() {} };
const firstOf = <T>(set: Set<T>): T | undefined => set.values().next().value;
