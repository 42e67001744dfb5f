import type { AlertChange, Prompt } from '../records/alert.ts';
import type { CommandResult, PromptAnswer } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Notice } from '../records/notice.ts';
import { createPromptShelf } from '../records/prompt-shelf.ts';
import type { RegistryView } from '../records/registry.ts';
import type { PromptAnsweredEvent } from '../rules/event.ts';
import { askable } from '../rules/home.ts';
import { codeFor } from './code.ts';
import { noticeIdOf } from './notices.ts';

/**
 * The questions to people whether all is well. One is told once, by every way that there is to the person, and is behind all life
 * safety in the outbox; what follows when nobody answers is the deadline of the rule that asked.
 */
export function createPrompts({ state, registry, hasCode }: PromptParts) {
  const shelf = createPromptShelf(state);

  return {
    /** The notices of the prompts among what rules said. */
    ask(changes: readonly AlertChange[]): Notice[] {
      return changes.flatMap((change) => {
        if (change.type !== 'prompt' || !shelf.put(change.prompt)) return [];
        const { promptId, personId, where } = change.prompt;
        const code = codeFor(promptId, hasCode);
        const ways = askable(registry, personId, where.householdId).slice(0, mostWays);
        return ways.map(({ id }) => noticeOf(change.prompt, id, code));
      });
    },

    /** `event`: what rules hear, absent where it is no news. */
    answer({ promptId, answer, by }: PromptAnswer, at: number): Answered {
      const row = shelf.get(promptId);
      if (!row) {
        const message = `nobody is asked by the name "${promptId}", or it was too long ago`;
        return { result: { ok: false, problem: 'not-found', message } };
      }
      if (row.answered?.answer === answer) return { result: { ok: true } };
      shelf.answer(promptId, answer, at);
      const { personId, where } = row.prompt;
      const named = { promptId, answer, by: `${by.type}:${by.id}`, ...(personId !== undefined && { personId }) };
      return { result: { ok: true }, event: { type: 'prompt-answered', at, where, ...named } };
    },
  };
}

type PromptParts = {
  state: FoldState;
  registry: Pick<RegistryView, 'referring'>;
  hasCode: (code: string) => boolean;
};
type Answered = { result: CommandResult; event?: PromptAnsweredEvent };

/** Ways that are tried for one question. */
const mostWays = 5;

/** What all notices of one prompt have in common, in the place of an incident. */
export const promptName = (promptId: string): string => `prompt:${promptId}`;

function noticeOf({ promptId, at, about, personId, where, until }: Prompt, contactId: string, code: string): Notice {
  const incidentId = promptName(promptId);
  const recipient = { type: 'contact', contactId } as const;
  return {
    noticeId: noticeIdOf({ incidentId, cause: 1, rung: 0, recipient }),
    ...{ incidentId, purpose: 'prompt', severity: 'urgent', rung: 0, recipient, at, until },
    text: {
      ...{ condition: about, incidentCode: code, openedAt: at, occurredAt: at },
      placeIds: where.placeId === undefined ? [] : [where.placeId],
      ...{ rooms: [], alertCount: 1 },
      ...(personId !== undefined && { personId }),
      ...(where.deviceId !== undefined && { deviceId: where.deviceId }),
    },
  };
}
