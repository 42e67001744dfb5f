import { livesThere } from '../records/absence.ts';
import type { AlertChange, Condition, Prompt } from '../records/alert.ts';
import type { CommandResult, PromptAnswer } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Notice } from '../records/notice.ts';
import { type Asked, createPromptShelf } from '../records/prompt-shelf.ts';
import type { Contact, RegistryView } from '../records/registry.ts';
import type { PromptAnsweredEvent } from '../rules/event.ts';
import { askable } from '../rules/home.ts';
import { codeFor } from './code.ts';
import { noticeIdOf } from './notices.ts';
import type { Round } from './round.ts';
import { type Turn, write } from './turn.ts';

/**
 * The questions to people whether all is well. One is told once, by every way that there is to the person, and is behind all life
 * safety in the outbox; what follows when nobody answers is the deadline of the rule that asked.
 */
export function createPrompts({ state, registry, hasCode }: PromptParts) {
  const shelf = createPromptShelf(state);
  // Nobody rings up a dead woman's telephone and asks whether all is well.
  const isThere = ({ of }: Contact, at: number) => {
    const person = of.type === 'person' ? registry.person(of.id) : undefined;
    return !person || livesThere(person, at);
  };
  const waysOf = ({ personId, where, at }: Prompt) =>
    askable(registry, { personId, householdId: where.householdId, at })
      .filter((contact) => isThere(contact, at))
      .slice(0, mostWays);

  return {
    /** The notices of the prompts among what rules said. */
    ask(changes: readonly AlertChange[]): Notice[] {
      return changes.flatMap((change) => {
        if (change.type !== 'prompt' || !shelf.put(change.prompt)) return [];
        const code = codeFor(change.prompt.promptId, hasCode);
        return waysOf(change.prompt).map(({ id }) => noticeOf(change.prompt, id, { code, cause: 1 }));
      });
    },

    /**
     * Step 0 of what is told of for the first time in this round: fire, gas and calls for help. The person is asked, too; what they say is a
     * sign of life, and ends nothing. `alerts`: the questions, for the record.
     */
    askBeside(round: Round): { alerts: AlertChange[]; notices: Notice[] } {
      const alerts: AlertChange[] = [];
      const notices: Notice[] = [];
      for (const turn of round.touched()) {
        const prompt = stepZero(turn);
        const ways = prompt && !shelf.get(prompt.promptId) ? waysOf(prompt) : [];
        if (!prompt || ways.length === 0) continue;
        shelf.put(prompt);
        alerts.push({ type: 'prompt', prompt });
        // Asked again when the first time is forgotten, it is another message.
        const { code, version: cause } = turn.incident;
        notices.push(...ways.map(({ id }) => noticeOf(prompt, id, { code, cause })));
        write(turn, 'person-asked', { contacts: ways.map(({ id }) => id) });
      }
      return { alerts, notices };
    },

    /** The newest question to that contact that is open at that time, and that nobody has answered yet. */
    openFor(contactId: string, at: number): string | undefined {
      const isOpen = ({ prompt, answered }: Asked) =>
        !answered && prompt.until > at && waysOf(prompt).some(({ id }) => id === contactId);
      return shelf.all().findLast(isOpen)?.prompt.promptId;
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
  registry: Pick<RegistryView, 'referring' | 'person'>;
  hasCode: (code: string) => boolean;
};
export type Answered = { result: CommandResult; event?: PromptAnsweredEvent };

/** Ways that are tried for one question. */
const mostWays = 5;

/** Who sees or smells it themselves, or called, may be able to say more, and hears that help is coming. */
const besides: ReadonlySet<Condition> = new Set(['smoke', 'heat', 'co', 'gas', 'call-emergency']);
const stepZeroPrefix = 'step-0:';
/** How long it is worth saying, ms: people are on the way meanwhile. */
const stepZeroMs = 5 * 60_000;

/** The incident that the person was asked about. */
export const incidentAsked = (promptId: string): string | undefined =>
  promptId.startsWith(stepZeroPrefix) ? promptId.slice(stepZeroPrefix.length) : undefined;

function stepZero({ at, incident, timeline }: Turn): Prompt | undefined {
  const isNews = timeline.some(({ what }) => what === 'opened' || what === 'alert' || what === 'reclassed');
  const alert = incident.alerts.find(({ condition, severity }) => besides.has(condition) && severity === 'critical');
  if (!isNews || !alert || incident.state.phase === 'resolved') return undefined;
  const { where, condition: about } = alert;
  const { personId } = where;
  const promptId = `${stepZeroPrefix}${incident.incidentId}`;
  const asked = { promptId, rule: 'step-0', at, about, where, until: at + stepZeroMs };
  return { ...asked, ...(personId !== undefined && { personId }) };
}

/** What all notices of one prompt have in common, in the place of an incident. */
export const promptName = (promptId: string): string => `${namePrefix}${promptId}`;
const namePrefix = 'prompt:';

/** The question that notices of that name are about. */
export const promptIn = (incidentId: string): string | undefined =>
  incidentId.startsWith(namePrefix) ? incidentId.slice(namePrefix.length) : undefined;

function noticeOf(
  { promptId, at, about, personId, where, until }: Prompt,
  contactId: string,
  { code, cause }: { code: string; cause: number },
): Notice {
  const incidentId = promptName(promptId);
  const recipient = { type: 'contact', contactId } as const;
  return {
    noticeId: noticeIdOf({ incidentId, cause, rung: 0, recipient }),
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
