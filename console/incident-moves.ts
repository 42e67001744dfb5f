import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { IncidentCard, IncidentDetail } from '../api/answers.ts';
import { awaitedTransfers } from '../records/transfer.ts';
import { Choices, Form, textOf } from './incident-forms.ts';
import type { AskedCommand } from './requests.ts';
import { placeOf, type Speech, titleOf } from './words.ts';

/** What can be done with an incident beside claiming and ending it, as far as it makes sense in its state. */
export const moves = ['take-over', 'hand-up', 'transfer', 'transfer-outcome', 'reclass', 'merge', 'report'] as const;
export type Move = (typeof moves)[number];

export function movesFor(card: IncidentCard, speech: Speech, may: IncidentDetail['may']): Move[] {
  const { state, alerts, told } = card;
  if (!may.act || state.phase === 'resolved') return [];
  const isOthers = state.phase === 'claimed' && !(state.by.type === 'account' && state.by.id === speech.accountId);
  const offered: Record<Move, boolean> = {
    'take-over': isOthers,
    'hand-up': true,
    transfer: true,
    'transfer-outcome': awaitedTransfers(card).length > 0,
    reclass: alerts.every(({ condition }) => condition.startsWith('call-')),
    merge: true,
    report: told.some(({ answer }) => answer === 'going'),
  };
  return moves.filter((move) => offered[move]);
}

export const moveLabel = (move: Move, { texts: { duty } }: Speech): string => duty[wordsOf[move]].button;

/** Asks what is needed for one of them. Nothing is chosen beforehand. */
export function MoveForm({ move, card, others, speech, isBusy, send, cancel }: MoveProps) {
  const [chosen, setChosen] = useState<string>();
  const [second, setSecond] = useState<string>();
  const [text, setText] = useState('');
  const { duty } = speech.texts;
  const { title, send: sendLabel } = duty[wordsOf[move]];
  const said = text.trim();
  const services = awaitedTransfers(card).map(({ to }) => to);
  const asked = askedFor(move, { chosen, second: second ?? (services.length === 1 ? services[0] : undefined), said });
  const submit = (event: Event) => {
    event.preventDefault();
    if (asked) send(asked);
  };
  const words = { speech, chosen, setChosen, card, others };
  return html`<${Form} ...${{ title, submit, cancel, speech, isBusy, isWhole: asked !== undefined, send: sendLabel }}>
    ${
      move === 'transfer-outcome' &&
      services.length > 1 &&
      html`<${Choices} name="service" title=${duty.transfer.to} chosen=${second} choose=${setSecond}
        words=${Object.fromEntries(services.map((service) => [service, duty.transfer.services[service]]))} />`
    }
    <${MoveChoices} ...${{ move, ...words }} />
    ${move === 'report' && html`<${FieldResult} ...${{ speech, second, setSecond }} />`}
    ${
      move !== 'report' &&
      html`<label class="field">
        <span>${textLabel(move, speech)}</span>
        <input type="text" maxlength=${move === 'transfer' ? 60 : 200} value=${text}
          onInput=${(event: InputEvent) => setText(textOf(event))} />
      </label>`
    }
  </${Form}>`;
}

type MoveProps = {
  move: Move;
  card: IncidentCard;
  /** Other open incidents. */
  others: IncidentCard[];
  speech: Speech;
  isBusy: boolean;
  send: (asked: MoveAsked) => void;
  cancel: () => void;
};
export type MoveAsked = DistributiveOmit<Extract<AskedCommand, { type: Move }>, 'expectedVersion'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const wordsOf = {
  'take-over': 'takeOver',
  'hand-up': 'handUp',
  transfer: 'transfer',
  'transfer-outcome': 'outcome',
  reclass: 'reclass',
  merge: 'merge',
  report: 'fieldReport',
} as const satisfies Record<Move, string>;

function textLabel(move: Move, { texts: { duty } }: Speech): string {
  if (move === 'transfer') return duty.transfer.reference;
  return move === 'transfer-outcome' ? duty.outcome.note : duty.reason;
}

/** Undefined while something is missing: a reason, or a choice. */
function askedFor(move: Move, { chosen, second, said }: Answers): MoveAsked | undefined {
  switch (move) {
    case 'take-over':
      return said === '' ? undefined : { type: move, reason: said };
    case 'hand-up':
    case 'reclass':
      return chosen === undefined || said === '' ? undefined : { type: move, to: chosen, reason: said };
    case 'merge':
      return chosen === undefined || said === '' ? undefined : { type: move, into: chosen, reason: said };
    case 'transfer':
      return chosen === undefined ? undefined : { type: move, to: chosen, ...(said !== '' && { reference: said }) };
    case 'transfer-outcome':
      if (chosen === undefined || second === undefined) return undefined;
      return { type: move, to: second, result: chosen, ...(said !== '' && { note: said }) };
    case 'report': {
      const [outcome, contact] = (second ?? '').split(' ');
      if (chosen === undefined || outcome === undefined || contact === undefined) return undefined;
      return { type: move, contactId: chosen, outcome, contact };
    }
  }
}
type Answers = { chosen: string | undefined; second: string | undefined; said: string };

function MoveChoices({ move, card, others, speech, chosen, setChosen }: ChoosingProps) {
  const { duty, timelineWords } = speech.texts;
  const choices = (title: string, words: { [value: string]: string }) =>
    html`<${Choices} name="to" ...${{ title, words, chosen, choose: setChosen }} />`;
  switch (move) {
    case 'take-over':
      return null;
    case 'hand-up':
      return choices(duty.handUp.to, timelineWords.levels);
    case 'transfer':
      return choices(duty.transfer.to, duty.transfer.services);
    case 'transfer-outcome':
      return choices(duty.outcome.result, timelineWords.transferResults);
    case 'reclass': {
      const { rescue, care, service } = timelineWords.calls;
      return choices(duty.reclass.to, { rescue, care, service });
    }
    case 'merge': {
      if (others.length === 0) return html`<p>${duty.merge.none}</p>`;
      const named = others.map((one) => [
        one.incidentId,
        `${one.code} · ${titleOf(one, speech)} · ${placeOf(one, speech)}`,
      ]);
      return choices(duty.merge.into, Object.fromEntries(named));
    }
    case 'report': {
      const going = card.told.filter(({ answer }) => answer === 'going');
      return choices(
        duty.fieldReport.who,
        Object.fromEntries(going.map(({ contactId, name }) => [contactId, name ?? contactId])),
      );
    }
  }
}
type ChoosingProps = Pick<MoveProps, 'move' | 'card' | 'others' | 'speech'> & {
  chosen: string | undefined;
  setChosen: (value: string) => void;
};

/** Outcome and whether the person was seen, as one answer: `helped reached`. */
function FieldResult({ speech, second = '', setSecond }: ResultProps) {
  const { outcomes, resolveForm, duty } = speech.texts;
  const [outcome = '', contact = ''] = second.split(' ');
  const { helped, 'no-help-needed': none, 'false-alarm': mistaken } = outcomes;
  return html`<${Choices} name="outcome" title=${resolveForm.outcome}
      words=${{ helped, 'no-help-needed': none, 'false-alarm': mistaken }}
      chosen=${outcome} choose=${(value: string) => setSecond(`${value} ${contact}`.trimEnd())} />
    <${Choices} name="contact" title=${resolveForm.contact} words=${duty.contactsOfReport}
      chosen=${contact} choose=${(value: string) => setSecond(`${outcome} ${value}`)} />`;
}
type ResultProps = { speech: Speech; second: string | undefined; setSecond: (value: string) => void };
