import type { Look } from '../../records/command.ts';
import type { FoldState } from '../../records/fold-state.ts';
import { type Access, mayAnywhere } from '../../records/rights.ts';
import type { Looked } from './looks.ts';

/** How long a broken glass shows what is behind it. */
export const glassMs = 60 * 60_000;

/**
 * Whose glass is broken for what, folded from the journal: it is known to everybody before anything is shown for it, and a restart forgets
 * none. Bounded: the latest 2,000, and of one who breaks them the latest 50, so that nobody closes those of others by breaking many.
 */
export function createGlassShelf(state: FoldState) {
  const broken = state.table<BrokenGlass>('duty-glass');
  /** The oldest first. */
  const ofOne = ({ type, id }: Look['by']) => [...broken.values()].filter(({ by }) => by.type === type && by.id === id);
  return {
    put({ commandId, by, of, reason }: Look, at: number): void {
      const key = keyOf(by, of);
      broken.delete(key);
      const own = ofOne(by);
      if (own.length >= mostOfOne && own[0]) broken.delete(keyOf(own[0].by, own[0].of));
      broken.set(key, { id: commandId, by, of, at, ...(reason !== undefined && { reason }) });
      const [oldest] = broken.keys();
      if (broken.size > mostKept && oldest !== undefined) broken.delete(oldest);
    },
    get: (by: Look['by'], of: Looked): BrokenGlass | undefined => broken.get(keyOf(by, of)),
    /** How long until somebody may break another, ms: 0 when they have fewer than 50 that are open. */
    waitMs(by: Look['by'], of: Looked, now: number): number {
      const others = ofOne(by).filter((one) => keyOf(one.by, one.of) !== keyOf(by, of) && now - one.at < glassMs);
      const [oldest] = others;
      return others.length < mostOfOne || !oldest ? 0 : oldest.at + glassMs - now;
    },
    /** The latest first. */
    list: (): BrokenGlass[] => [...broken.values()].reverse(),
  };
}

export type GlassShelf = Pick<ReturnType<typeof createGlassShelf>, 'get' | 'list' | 'waitMs'>;
/** `at`: epoch ms of journal time. */
export type BrokenGlass = Pick<Look, 'by' | 'of' | 'reason'> & { id: string; at: number };

/** What is open to whom now, as long as they hold the right to it; `now`: journal time. */
export function watchGlass({ shelf, now }: { shelf: GlassShelf; now: () => number }) {
  const isOpen = ({ at }: BrokenGlass) => now() - at < glassMs;
  return {
    isBroken(access: Access, of: Looked): boolean {
      const one = shelf.get(access.actor, of);
      return one !== undefined && isOpen(one) && mayAnywhere(access, 'personal:glass');
    },
  };
}

export type Glass = ReturnType<typeof watchGlass>;

const mostKept = 2_000;
const mostOfOne = 50;
const keyOf = (by: Look['by'], of: Looked): string => `${by.type}:${by.id} ${of.type}:${of.id}`;
