import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { IncidentCard, IncidentDetail, Problem } from '../api/answers.ts';
import { transfersOf } from '../records/transfer.ts';
import { ReopenForm, ResolveForm } from './incident-forms.ts';
import { linkTo, StateClock } from './incident-list.ts';
import { type Move, type MoveAsked, MoveForm, moveLabel, moves, movesFor } from './incident-moves.ts';
import type { DeskClock } from './marks.ts';
import { type Answer, type AskedCommand, sendCommand } from './requests.ts';
import { actorName, dayAndMinute, type Speech, stateWords } from './words.ts';

/**
 * What a person at the desk can do now. `send` of a plain button names the version on the screen; a form names the one
 * that was there when it was opened, so that news in between is noticed.
 */
export function IncidentActions({ card, others, speech, now, act, may }: ActionProps) {
  const [opened, setForm] = useState<OpenForm>();
  const { state, closing } = card;
  // Somebody else may have ended it while the form was open.
  const isOfOpen = opened !== undefined && opened.type !== 'reopen';
  const form = isOfOpen === (state.phase === 'resolved') ? undefined : opened;
  const { isBusy } = act;
  const agrees = closing !== undefined && closing.by.id !== speech.accountId;
  const send = async (asked: AskedCommand) => {
    const { isRecorded, version: versionNow } = await act.send(asked);
    setForm((open) => (isRecorded || !open ? undefined : { ...open, version: versionNow }));
  };
  return html`<div class="actions" aria-busy=${isBusy}>
    ${closing && html`<${Closing} ...${{ closing, speech, now }} />`}
    <${Standing} ...${{ card, speech, now }} />
    <p class="actions-state">
      <strong>${stateWords(card, speech)}</strong> <${StateClock} ...${{ card, speech, now }} />
    </p>
    ${act.message && html`<p class=${`message message-${act.message.tone}`} role="status">${act.message.text}</p>`}
    ${
      form?.type === 'resolve' &&
      html`<${ResolveForm}
        ...${{ speech, isBusy, agrees }}
        cancel=${() => setForm(undefined)}
        send=${(ended: { outcome: string; contact: string; note?: string }) =>
          send({ type: 'resolve', expectedVersion: form.version, ...ended })}
      />`
    }
    ${
      form?.type === 'reopen' &&
      html`<${ReopenForm}
        ...${{ speech, isBusy }}
        cancel=${() => setForm(undefined)}
        send=${(reason: string) => send({ type: 'reopen', expectedVersion: form.version, reason })}
      />`
    }
    ${
      form &&
      isMove(form.type) &&
      html`<${MoveForm}
        key=${form.type}
        ...${{ move: form.type, card, others, speech, isBusy }}
        cancel=${() => setForm(undefined)}
        send=${(asked: MoveAsked) => send({ ...asked, expectedVersion: form.version } as AskedCommand)}
      />`
    }
    ${!form && html`<${ActionButtons} ...${{ card, speech, may, isBusy, send, openForm: setForm, agrees }} />`}
  </div>`;
}

/** What can be done in this state, the next step first. */
function ActionButtons({ card, speech, may, isBusy, send, openForm, agrees }: ButtonProps) {
  const { actions: words, resolveForm } = speech.texts;
  const { state, version } = card;
  const isMine = state.phase === 'claimed' && state.by.type === 'account' && state.by.id === speech.accountId;
  const [isMore, setMore] = useState(false);
  const offered = movesFor(card, speech, may);
  const { duty } = speech.texts;
  const about = { expectedVersion: version };
  const button = (label: string, press: () => void, kind = '', hint?: string) =>
    html`<button type="button" class=${`button ${kind}`} disabled=${isBusy} onClick=${press} title=${hint}>
      ${label}
    </button>`;
  const act = () => send({ type: 'act', action: 'on-it', ...about });
  if (!may.act && !may.resolve) return html`<p class="quiet">${words.none}</p>`;
  return html`<div class="buttons">
    ${may.act && state.phase === 'open' && button(words.claim, () => send({ type: 'claim', ...about }), 'primary')}
    ${may.act && isMine && !state.acted && button(words.act, act, 'primary', words.actHint)}
    ${may.act && (state.phase === 'responding' || isMine) && button(words.arrive, () => send({ type: 'arrive', ...about }))}
    ${may.act && isMine && button(words.release, () => send({ type: 'release', ...about }))}
    ${
      may.resolve &&
      (state.phase === 'resolved'
        ? button(words.reopen, () => openForm({ type: 'reopen', version }))
        : button(agrees ? resolveForm.agree : words.resolve, () => openForm({ type: 'resolve', version }), 'resolve'))
    }
    ${offered.includes('take-over') && button(duty.takeOver.button, () => openForm({ type: 'take-over', version }))}
    ${
      isMore &&
      offered
        .filter((move) => move !== 'take-over')
        .map((move) => button(moveLabel(move, speech), () => openForm({ type: move, version }), 'move'))
    }
    ${
      offered.length > 0 &&
      html`<button type="button" class="button quiet-button" aria-expanded=${isMore} onClick=${() => setMore(!isMore)}>
        ${isMore ? duty.less : duty.more}
      </button>`
    }
  </div>`;
}
type OpenForm = { type: 'resolve' | 'reopen' | Move; version: number } | undefined;
const isMove = (type: string): type is Move => moves.some((move) => move === type);
type ButtonProps = Pick<ActionProps, 'card' | 'speech' | 'may'> & {
  isBusy: boolean;
  send: (asked: AskedCommand) => void;
  openForm: (form: OpenForm) => void;
  agrees: boolean;
};

/** `may`: what the rights of whoever looks allow here; what is not allowed is not offered. */
type ActionProps = {
  card: IncidentCard;
  others: IncidentCard[];
  speech: Speech;
  now: DeskClock;
  act: Acting;
  may: IncidentDetail['may'];
};

/** Sends what a person decided, and says what came of it. One at a time. */
export function useActing({ card, speech, learn, signedOut }: ActingParts): Acting {
  const [isBusy, setBusy] = useState(false);
  const [message, setMessage] = useState<Acting['message']>();
  useEffect(() => {
    // That it was recorded is soon to be seen in the state itself; a refusal stays until the next try.
    if (message?.tone !== 'good') return;
    const soon = setTimeout(() => setMessage(undefined), 4_000);
    return () => clearTimeout(soon);
  }, [message]);
  return {
    isBusy,
    message,
    async send(asked) {
      setBusy(true);
      setMessage(undefined);
      const answer = await sendCommand(card.incidentId, asked);
      setBusy(false);
      const now =
        answer.type === 'done' ? answer.body : answer.type === 'refused' ? answer.problem.incident : undefined;
      if (now) learn(now);
      if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
      setMessage(messageOf(answer, now, speech));
      const isAsked = answer.type === 'refused' && answer.problem.code === 'second-person-needed';
      return { isRecorded: answer.type === 'done' || isAsked, version: now?.version ?? asked.expectedVersion };
    },
  };
}

export type Acting = {
  isBusy: boolean;
  message?: { tone: 'good' | 'kind'; text: string } | undefined;
  /** Whether it is on record, and the version that is true now: what is asked next names that. */
  send: (asked: AskedCommand) => Promise<{ isRecorded: boolean; version: number }>;
};
type ActingParts = {
  card: IncidentCard;
  speech: Speech;
  learn: (card: IncidentCard) => void;
  signedOut: () => void;
};

function messageOf(
  answer: Answer<IncidentCard | undefined>,
  now: IncidentCard | undefined,
  speech: Speech,
): Acting['message'] {
  const { refused, done } = speech.texts;
  if (answer.type === 'done') return { tone: 'good', text: done };
  if (answer.type === 'away') return { tone: 'kind', text: refused.unavailable };
  return { tone: 'kind', text: refusalWords(answer.problem, now, speech) };
}

function refusalWords({ code }: Problem, now: IncidentCard | undefined, speech: Speech): string {
  const { refused } = speech.texts;
  const state = now ? stateWords(now, speech) : '';
  switch (code) {
    case 'version-conflict':
    case 'not-allowed':
      return refused[code](state);
    case 'second-person-needed':
    case 'not-found':
    case 'unavailable':
    case 'signed-out':
    case 'forbidden':
      return refused[code];
    default:
      return refused.other;
  }
}

/** What is true of it beside its state: at which level it is, who else was told, what whoever was there says. */
function Standing({ card, speech, now }: Pick<ActionProps, 'card' | 'speech' | 'now'>) {
  const { duty, timelineWords, outcomes } = speech.texts;
  const { level, report, mergedInto, told } = card;
  const time = (at: number) => dayAndMinute(at, now() ?? at, speech);
  const who = told.find(({ contactId }) => contactId === report?.contactId)?.name ?? report?.contactId ?? '';
  return html`
    ${
      report &&
      card.state.phase !== 'resolved' &&
      html`<p class="message message-good">
        ${duty.report(who, outcomes[report.outcome], duty.contactsOfReport[report.contact], time(report.at))}
      </p>`
    }
    ${transfersOf(card).map(
      ({ to, at, result }) => html`<p key=${to} class="message message-kind">
        ${result === undefined ? duty.transferred(to, time(at)) : duty.transferResult(to, timelineWords.transferResults[result])}
      </p>`,
    )}
    ${mergedInto !== undefined && html`<p class="message message-kind">${duty.mergedInto} <a href=${linkTo(mergedInto)}>${duty.openIt}</a></p>`}
    ${level && html`<p class="quiet">${duty.level(timelineWords.levels[level])}</p>`}
  `;
}

function Closing({ closing, speech, now }: ClosingProps) {
  const { by, askedAt } = closing;
  const isMine = by.type === 'account' && by.id === speech.accountId;
  return html`<p class="message message-kind">
    ${speech.texts.closing(actorName(by, speech), dayAndMinute(askedAt, now() ?? askedAt, speech))}
    ${isMine && ` ${speech.texts.closingYours}`}
  </p>`;
}
type ClosingProps = { closing: NonNullable<IncidentCard['closing']>; speech: Speech; now: DeskClock };
