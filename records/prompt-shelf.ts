import type { Prompt } from './alert.ts';
import type { PromptAnswer } from './command.ts';
import type { FoldState } from './fold-state.ts';

/** A question to a person, and what was answered last (`at`: epoch ms). */
export type Asked = { prompt: Prompt; answered?: { answer: PromptAnswer['answer']; at: number } };

/**
 * The questions whether all is well, in the order in which they were asked. An answer that comes late is a sign of life all the same, so that each is
 * kept for `keepMs` after its end. Bound: `mostPrompts`; the oldest makes room.
 */
export function createPromptShelf(state: FoldState) {
  const rows = state.table<Asked>('prompts');

  function forget(at: number): void {
    for (const [promptId, { prompt }] of rows.entries()) {
      if (prompt.until + keepMs > at && rows.size < mostPrompts) return;
      rows.delete(promptId);
    }
  }

  return {
    /** False: it was asked before. */
    put(prompt: Prompt): boolean {
      if (rows.has(prompt.promptId)) return false;
      forget(prompt.at);
      rows.set(prompt.promptId, { prompt });
      return true;
    },
    answer(promptId: string, answer: PromptAnswer['answer'], at: number): void {
      const row = rows.get(promptId);
      if (row) rows.set(promptId, { ...row, answered: { answer, at } });
    },
    get: (promptId: string): Asked | undefined => rows.get(promptId),
    all: (): Asked[] => [...rows.values()],
  };
}

export type PromptShelf = ReturnType<typeof createPromptShelf>;

const mostPrompts = 10_000;
const keepMs = 12 * 3_600_000;
