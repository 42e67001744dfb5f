import type { FoldState } from '../records/fold-state.ts';

/** What waits for its time. Units: epoch ms of the journal. */
export type Waiting = { noticeId: string; channel: string; line: Line; nextAt: number; at: number };

/**
 * Which line it stands in; the first is served first. 0: life safety of an incident of which nobody was about to be told. 1: life safety
 * that was not tried on this channel yet. 2: life safety, again. 3: everything else.
 */
export type Line = 0 | 1 | 2 | 3;

/**
 * What waits, by line and then in the order of its time, so that whoever asks sees only what is due, and pays for nothing behind it.
 * Equals stand in the order in which they came. It joins the fold's undo: a change is taken back at the place where it was made.
 */
export class DueList {
  readonly #state: FoldState;
  readonly #lines: Record<Line, Waiting[]> = { 0: [], 1: [], 2: [], 3: [] };

  constructor({ state }: { state: FoldState }) {
    this.#state = state;
  }

  add(waiting: Waiting): void {
    const list = this.#lines[waiting.line];
    const index = firstWhere(list, (one) => compare(one, waiting) > 0);
    list.splice(index, 0, waiting);
    this.#state.onUndo(() => list.splice(index, 1));
  }

  remove({ noticeId, channel, ...waiting }: Waiting): void {
    const list = this.#lines[waiting.line];
    let index = firstWhere(list, (one) => compare(one, waiting) >= 0);
    while (index < list.length && !(list[index]?.noticeId === noticeId && list[index]?.channel === channel)) index += 1;
    const [removed] = list.splice(index, 1);
    if (removed) this.#state.onUndo(() => list.splice(index, 0, removed));
  }

  /** As it stands at the first step of the walk; what comes or goes meanwhile does not move it. */
  *upTo(now: number): IterableIterator<Waiting> {
    for (const line of lines) {
      const list = this.#lines[line];
      yield* list.slice(
        0,
        firstWhere(list, ({ nextAt }) => nextAt > now),
      );
    }
  }

  nextAfter(now: number): number | undefined {
    const next = lines.map((line) => {
      const list = this.#lines[line];
      return list[firstWhere(list, ({ nextAt }) => nextAt > now)]?.nextAt ?? Infinity;
    });
    const earliest = Math.min(...next);
    return earliest === Infinity ? undefined : earliest;
  }

  clear(): void {
    for (const line of lines) this.#lines[line].length = 0;
  }
}

const lines = [0, 1, 2, 3] as const;

function compare(a: Pick<Waiting, 'nextAt' | 'at'>, b: Pick<Waiting, 'nextAt' | 'at'>): number {
  return a.nextAt - b.nextAt || a.at - b.at;
}

/** The first index for which that is so, where it is so for everything behind it, too; else the length. */
function firstWhere(list: readonly Waiting[], isSo: (waiting: Waiting) => boolean): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const one = list[middle];
    if (one && isSo(one)) to = middle;
    else from = middle + 1;
  }
  return from;
}
