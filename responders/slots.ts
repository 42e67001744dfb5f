import type { Rank } from './outbox.ts';

/** How many attempts may be under way at once. Those that hang give their place back after the attempt's time limit. */
export type SlotLimits = {
  /** By rank: what was not tried yet always finds room beside retries, and life safety beside everything else. */
  inAll: Record<Rank, number>;
  /** To the same address: one person's, one room's, one program's. */
  target: ShareLimits;
  /** Through the same provider or to the same host: when it hangs, half of all places are still everybody else's. */
  carrier: ShareLimits;
};

/** `first`: of one of which nothing is known. It grows by each quick answer up to `most`, and falls by half where answers fail, down to `least`. */
export type ShareLimits = { least: number; first: number; most: number };

export const slotLimits: SlotLimits = {
  inAll: { 0: 256, 1: 192, 2: 64 },
  target: { least: 2, first: 4, most: 32 },
  carrier: { least: 64, first: 128, most: 128 },
};

/** Whose patience an attempt takes; neither, where nobody's is. */
export type Takers = { target?: string; carrier?: string };

/** What became of an attempt, as far as it says how much more can be asked of whoever answered. `took`: how long that was, ms. */
export type Ended = { result: 'answered' | 'failed' | 'unknown'; tookMs: number };

/**
 * Counts the attempts under way, in all and by whom they are put to. How many one can take is found out: a receiver that answers
 * quickly gets more at once, one that fails or has become slow fewer, and half of its share is life safety's alone.
 * Bounds: `mostRemembered` of whom it is known, beside those who are being asked.
 */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #shares = new Map<string, Share>();
  #taken = 0;
  #count = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  isFull(rank: Rank): boolean {
    return this.#taken >= this.#limits.inAll[rank];
  }

  isBusy(takers: Takers, rank: Rank): boolean {
    return kinds.some((kind) => {
      const share = this.#shares.get(keyOf(kind, takers));
      if (!share) return false;
      return share.underWay >= (rank === 2 ? Math.floor(share.size / 2) : Math.floor(share.size));
    });
  }

  /** Takes a place and returns the function that gives it back. */
  take(takers: Takers): (ended: Ended) => void {
    this.#taken += 1;
    this.#count += 1;
    const begun = this.#count;
    const shares = kinds.flatMap((kind) => (takers[kind] === undefined ? [] : this.#begin(kind, takers)));
    return (ended) => {
      this.#taken -= 1;
      for (const [key, share] of shares) this.#end(key, share, { ...ended, begun });
    };
  }

  #begin(kind: Kind, takers: Takers): [string, Share][] {
    const key = keyOf(kind, takers);
    const limits = this.#limits[kind];
    const share = this.#shares.get(key) ?? { limits, size: limits.first, underWay: 0, fellAt: 0 };
    share.underWay += 1;
    this.#shares.set(key, share);
    return [[key, share]];
  }

  #end(key: string, share: Share, { result, tookMs, begun }: Ended & { begun: number }): void {
    share.underWay -= 1;
    const { least, first, most } = share.limits;
    if (result === 'answered' && tookMs < slowMs) share.size = Math.min(most, share.size + 1);
    // What began before the last fall says nothing that is not known: a burst that fails together halves it once.
    else if (result !== 'unknown' && begun > share.fellAt) {
      share.size = Math.min(share.size, Math.max(result === 'failed' ? least : first, share.size / 2));
      share.fellAt = this.#count;
    }
    if (share.underWay === 0 && this.#shares.size > mostRemembered) this.#shares.delete(key);
  }
}

/** `fellAt`: how many attempts had begun, of all, when it was halved last. */
type Share = { limits: ShareLimits; size: number; underWay: number; fellAt: number };
type Kind = keyof Takers;
const kinds = ['target', 'carrier'] as const;
const keyOf = (kind: Kind, takers: Takers): string => `${kind} ${takers[kind]}`;

/** Whoever takes as long as that is busy enough, ms. */
const slowMs = 2_000;
const mostRemembered = 10_000;
