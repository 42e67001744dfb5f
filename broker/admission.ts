import type { Clock } from '../platform/clock.ts';
import type { BrokerLimits } from './limits.ts';
import { Tally } from './tally.ts';
import { type Bucket, refill, take } from './token-bucket.ts';

/** A new connection that asks for a place, before a byte of it is read. One of the two is called, once, perhaps at once. */
export type Visitor = {
  address: string;
  /** It came to the door of the smoke detectors, who go first. */
  first: boolean;
  handshake: boolean;
  /** The bytes that came from it: whoever makes progress keeps its place. */
  heard(): number;
  enter(place: Place): void;
  /** It is refused, or another gets its place: it was silent for too long, or one of too many behind its address. */
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
  /** What had come from a stranger when it was last looked at, and when that was. */
  heard: number;
  heardAt: number;
};
/**
 * What is known of one address. Strangers stand in the order in which they were heard, the most silent first. `latest`: who waits, the
 * newest last, and some who do not any more.
 */
type Here = { all: number; waiting: number; strangers: Set<Guest>; latest: Guest[]; bucket: Bucket };
/** Those who wait for the same, by address. Whose turn it was goes to the end: a crowd behind one address holds up no other. */
type Line = { first: boolean; handshake: boolean; guests: Map<Here, Set<Guest>> };

/**
 * Decides about a new connection before a byte of it is read: how many there are, from where, and how fast they come. Who
 * cannot come in at once waits for a turn, smoke detectors first, then address by address.
 */
export class Admission {
  readonly #clock: Clock;
  readonly #limits: BrokerLimits;
  readonly #addresses = new Map<string, Here>();
  readonly #strangers = new Set<Guest>();
  /** How many of each address have not said who they are, waiting or let in. */
  readonly #unknown = new Tally<Here>();
  /** All who wait, the longest first, and the same as lines: whose turn it was stands last of those. */
  readonly #waiting = new Set<Guest>();
  readonly #lines: Line[] = [];
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
    for (const first of [true, false])
      for (const handshake of [true, false]) this.#lines.push({ first, handshake, guests: new Map() });
  }

  ask(visitor: Visitor): Place {
    const here = this.#here(visitor.address);
    const refused = this.#refusal(visitor, here);
    if (refused !== undefined) {
      visitor.sendAway(refused);
      return nowhere;
    }
    const guest = this.#guest(visitor, here);
    const isAlone = this.#waiting.size === 0;
    this.#joinLine(guest);
    if (isAlone && this.#next() === guest) this.#letIn(guest);
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
    if (here.all >= limits.connectionsPerAddress) return 'address';
    if (here.waiting >= limits.waitingConnectsPerAddress) return 'queue';
    if (this.#all >= Math.ceil(limits.connections * share) && !this.#makeRoom(here, 'full')) return 'full';
    const isCrowded = this.#waiting.size >= Math.ceil(limits.waitingConnects * share);
    return isCrowded && !this.#makeRoom(here, 'queue') ? 'queue' : undefined;
  }

  /**
   * One address shuts no door: of the address that holds most of those who have not said who they are, the newest in line goes; when
   * all the places are taken and it has nobody in line, a stranger that had its time, even one that drips.
   */
  #makeRoom(here: Here, reason: 'full' | 'queue'): boolean {
    const most = this.#unknown.most();
    if (most === undefined || this.#unknown.of(most) <= this.#unknown.of(here) + 1) return false;
    const newest = this.#newestInLine(most);
    if (newest) {
      this.#sendAway(newest, reason);
      return true;
    }
    const stranger = firstOf(most.strangers);
    if (reason === 'queue' || !stranger || this.#clock.monotonic() - stranger.since < this.#limits.connectGraceMs)
      return false;
    this.#sendAway(stranger, 'gave-way');
    return true;
  }

  #guest(visitor: Visitor, here: Here): Guest {
    const place: Place = { established: () => this.#establish(guest), leave: () => this.#leave(guest) };
    const now = this.#clock.monotonic();
    const guest: Guest = { visitor, here, place, phase: 'waiting', since: now, heard: 0, heardAt: now };
    here.all++;
    this.#all++;
    this.#unknown.add(here, 1);
    return guest;
  }

  /** Lets in who may come in now. What is left is looked at again when there are tokens, places, or a new turn. */
  #serve(): void {
    const now = this.#clock.monotonic();
    for (const guest of this.#waiting) {
      if (now - guest.since < this.#limits.waitMs) break;
      this.#sendAway(guest, 'waited');
    }
    for (let guest = this.#next(); guest !== undefined; guest = this.#next()) {
      this.#endTurn(guest);
      this.#letIn(guest);
    }
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
    // What holds for everybody is asked once, not for each of thousands of addresses.
    if (this.#waiting.size === 0 || !this.#has(this.#connects, 'connects')) return undefined;
    if (!this.#leavesPlace(this.#crowd())) return undefined;
    const canShake = this.#handshakesLeft > 0 && this.#has(this.#handshakes, 'handshakes');
    const isTurnOfFirst = this.#turns % 4 !== 3;
    for (const first of [isTurnOfFirst, !isTurnOfFirst]) {
      for (const line of this.#lines) {
        if (line.first !== first || (line.handshake && !canShake)) continue;
        for (const [here, guests] of line.guests) {
          if (this.#has(here.bucket, 'address') && this.#leavesPlace(this.#crowdOf(here))) return firstOf(guests);
        }
      }
    }
    return undefined;
  }

  #letIn(guest: Guest): void {
    const { visitor, here } = guest;
    const crowd = this.#crowdOf(here) ?? this.#crowd();
    const silent = crowd && this.#silent(crowd);
    if (silent) this.#sendAway(silent, 'gave-way');
    this.#leaveLine(guest);
    take(this.#connects);
    take(here.bucket);
    if (visitor.handshake) this.#takeHandshake();
    guest.phase = 'stranger';
    guest.since = this.#clock.monotonic();
    guest.heardAt = guest.since;
    guest.heard = visitor.heard();
    this.#strangers.add(guest);
    here.strangers.add(guest);
    visitor.enter(guest.place);
  }

  /** The next turn is another address's, and of the smoke detectors' or the others' lines the other one's. */
  #endTurn({ visitor, here }: Guest): void {
    const line = this.#lineOf(visitor);
    const guests = line.guests.get(here);
    line.guests.delete(here);
    if (guests) line.guests.set(here, guests);
    this.#lines.push(...this.#lines.splice(this.#lines.indexOf(line), 1));
    this.#turns++;
  }

  /** The strangers, when there are too many, in all and of one address. */
  #crowd(): Set<Guest> | undefined {
    return this.#strangers.size >= this.#limits.connecting ? this.#strangers : undefined;
  }

  #crowdOf({ strangers }: Here): Set<Guest> | undefined {
    return strangers.size >= this.#limits.connectingPerAddress ? strangers : undefined;
  }

  #leavesPlace(crowd: Set<Guest> | undefined): boolean {
    return crowd === undefined || this.#silent(crowd) !== undefined;
  }

  /**
   * Who was silent for longest, when that is too long. Whoever was heard since the last look begins anew, so that each is looked at
   * once in `connectGraceMs`; how long it may go on so, the limits of the handshake and of CONNECT say.
   */
  #silent(strangers: Set<Guest>): Guest | undefined {
    const now = this.#clock.monotonic();
    for (const guest of strangers) {
      if (now - guest.heardAt < this.#limits.connectGraceMs) return undefined;
      const heard = guest.visitor.heard();
      if (heard === guest.heard) return guest;
      guest.heard = heard;
      guest.heardAt = now;
      for (const all of [this.#strangers, guest.here.strangers]) {
        all.delete(guest);
        all.add(guest);
      }
    }
    return undefined;
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
    this.#unknown.add(guest.here, -1);
  }

  #leave(guest: Guest): void {
    if (guest.phase === 'gone') return;
    if (guest.phase === 'waiting') {
      this.#leaveLine(guest);
      this.#unknown.add(guest.here, -1);
    }
    this.#establish(guest);
    guest.phase = 'gone';
    guest.here.all--;
    this.#all--;
  }

  #joinLine(guest: Guest): void {
    const { here, visitor } = guest;
    const { guests } = this.#lineOf(visitor);
    const sameAddress = guests.get(here);
    if (sameAddress) sameAddress.add(guest);
    else guests.set(here, new Set([guest]));
    this.#waiting.add(guest);
    here.waiting++;
    here.latest.push(guest);
  }

  #leaveLine(guest: Guest): void {
    const { here, visitor } = guest;
    const { guests } = this.#lineOf(visitor);
    const sameAddress = guests.get(here);
    sameAddress?.delete(guest);
    if (sameAddress?.size === 0) guests.delete(here);
    this.#waiting.delete(guest);
    here.waiting--;
    if (here.latest.length > 2 * here.waiting) here.latest = here.latest.filter((one) => this.#waiting.has(one));
  }

  #newestInLine({ latest }: Here): Guest | undefined {
    let newest = latest.pop();
    while (newest && !this.#waiting.has(newest)) newest = latest.pop();
    return newest;
  }

  #lineOf({ first, handshake }: Visitor): Line {
    const line = this.#lines.find((one) => one.first === first && one.handshake === handshake);
    if (line === undefined) throw new Error('there is a line for every visitor');
    return line;
  }

  #here(address: string): Here {
    const now = this.#clock.monotonic();
    if (now - this.#sweptAt >= SWEEP_MS) this.#sweep(now);
    const known = this.#addresses.get(address);
    if (known) return known;
    const bucket = { tokens: this.#limits.connectsBurstPerAddress, at: now };
    const here: Here = { all: 0, waiting: 0, strangers: new Set(), latest: [], bucket };
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
