import type { Rank } from './outbox.ts';

/** How many attempts may be under way at once. Those that hang give their place back after the attempt's time limit. */
export type SlotLimits = {
  /** By rank: what was not tried yet always finds room beside retries, and life safety beside everything else. */
  inAll: Record<Rank, number>;
  /** To the same address: a busy receiver is not run over, and life safety does not queue behind the rest. */
  perTarget: Record<Rank, number>;
};

export const slotLimits: SlotLimits = { inAll: { 0: 256, 1: 192, 2: 64 }, perTarget: { 0: 2, 1: 2, 2: 1 } };

/** Counts the attempts under way, in all and by target. */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #byTarget = new Map<string, number>();
  #taken = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  isFull(rank: Rank): boolean {
    return this.#taken >= this.#limits.inAll[rank];
  }

  isBusy(target: string, rank: Rank): boolean {
    return (this.#byTarget.get(target) ?? 0) >= this.#limits.perTarget[rank];
  }

  /** Takes a place and returns the function that gives it back. */
  take(target: string): () => void {
    this.#taken += 1;
    this.#byTarget.set(target, (this.#byTarget.get(target) ?? 0) + 1);
    return () => {
      this.#taken -= 1;
      const left = (this.#byTarget.get(target) ?? 0) - 1;
      if (left > 0) this.#byTarget.set(target, left);
      else this.#byTarget.delete(target);
    };
  }
}
