import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { CommandDone, IncidentCard } from '../api/answers.ts';
import type { CallersFound } from '../api/calls/call-routes.ts';
import type { CallLog } from '../records/command.ts';
import type { Caller, CallKind, CallTopic } from '../records/incident.ts';
import { Choices, textOf } from './incident-forms.ts';
import { linkTo } from './incident-list.ts';
import { type Areas, areasOf, areaWords } from './office/areas.ts';
import { everyArea } from './office/office-requests.ts';
import { type Answer, ask, command } from './requests.ts';
import type { Speech } from './words.ts';

/**
 * Somebody calls the desk: by their number it finds the home, as far as whoever is signed in works for it, and three keys make of the call
 * an incident. A call that is nobody's work is kept on record.
 */
export function IncomingCall({ speech, learn, signedOut }: CallProps) {
  const words = speech.texts.duty.call;
  const [number, setNumber] = useState('');
  const [found, setFound] = useState<CallersFound['homes']>();
  const [where, setWhere] = useState('');
  const [caller, setCaller] = useState<Caller>('unknown');
  const [topic, setTopic] = useState<CallTopic>('request');
  const [said, setSaid] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [message, setMessage] = useState<string>();
  const areas = useAreas(speech);
  const typed = number.replaceAll(/[^0-9+ -]/g, '').trim();

  const answered = <T>(answer: Answer<T>): T | undefined => {
    setBusy(false);
    if (answer.type === 'done') return answer.body;
    if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
    setMessage(answer.type === 'refused' && answer.problem.code === 'not-found' ? words.nowhere : words.away);
    return undefined;
  };
  const lookUp = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setMessage(undefined);
    const homes = answered(await ask<CallersFound>('POST', '/calls/look-up', { number: typed }))?.homes;
    setFound(homes);
    setWhere(homes?.length === 1 && homes[0] ? `household ${homes[0].householdId}` : '');
  };
  const about = () => {
    const [type, id] = where.split(' ');
    return {
      ...(typed !== '' && { number: typed }),
      ...(id && { [type === 'household' ? 'householdId' : 'areaId']: id }),
      ...(said.trim() !== '' && { words: said.trim() }),
    };
  };
  const take = async (kind: CallKind) => {
    setBusy(true);
    const asked = { kind, caller, topic, ...about() };
    const card = answered(await command<IncidentCard | CommandDone>('POST', '/calls', asked));
    if (!card) return;
    if ('revision' in card) learn(card as IncidentCard);
    location.hash = linkTo(card.incidentId);
  };
  const keep = async (what: CallLog['what']) => {
    setBusy(true);
    const { householdId: _, areaId: __, ...asked } = about() as { householdId?: string; areaId?: string };
    if (answered(await command<object>('POST', '/calls/log', { what, ...asked })) === undefined) return;
    location.hash = '#/';
  };
  return html`<article class="incident incoming" aria-labelledby="call-title">
    <a class="back" href="#/">${speech.texts.back}</a>
    <h1 id="call-title">${words.title}</h1>
    <form class="form call-number" onSubmit=${lookUp}>
      <label class="field">
        <span>${words.number}</span>
        <input type="tel" inputmode="tel" maxlength="29" autocomplete="off" value=${number} autofocus
          onInput=${(event: InputEvent) => setNumber(textOf(event))} />
      </label>
      <div class="buttons"><button type="submit" class="button primary" disabled=${isBusy || typed.length < 3}>${words.look}</button></div>
    </form>
    ${message && html`<p class="message message-kind" role="alert">${message}</p>`}
    <${Place} ...${{ found, where, setWhere, areas, speech }} />
    <${Choices} name="caller" title=${words.caller} words=${words.callers} chosen=${caller} choose=${setCaller} />
    <${Choices} name="topic" title=${words.topic} words=${words.topics} chosen=${topic} choose=${setTopic} />
    <label class="field">
      <span>${words.said}</span>
      <textarea rows="2" maxlength="1000" value=${said} onInput=${(event: InputEvent) => setSaid(textOf(event))}></textarea>
    </label>
    <div class="buttons call-keys">
      ${kinds.map(
        (
          kind,
        ) => html`<button key=${kind} type="button" class=${`button key-${kind}`} disabled=${isBusy} onClick=${() => take(kind)}>
          ${words.kinds[kind]}
        </button>`,
      )}
    </div>
    <h2>${words.nobodysWork}</h2>
    <div class="buttons">
      ${kept.map(
        (
          what,
        ) => html`<button key=${what} type="button" class="button small" disabled=${isBusy} onClick=${() => keep(what)}>
          ${speech.texts.timelineWords.calls[what]}
        </button>`,
      )}
    </div>
  </article>`;
}
type CallProps = { speech: Speech; learn: (card: IncidentCard) => void; signedOut: () => void };

const kinds = ['rescue', 'care', 'service'] as const satisfies readonly CallKind[];
const kept = ['wrong-number', 'nobody-there', 'question', 'complaint'] as const satisfies readonly CallLog['what'][];

/** The homes of the number, or the area of a call that nobody knows more of. */
function Place({ found, where, setWhere, areas, speech }: PlaceProps) {
  const words = speech.texts.duty.call;
  const { list, roles } = speech.texts;
  const homes = (found ?? []).map(({ householdId, place, area, who }) => {
    const role = who.type === 'contact' && who.role ? roles[who.role as keyof typeof roles] : undefined;
    return [
      `household ${householdId}`,
      [area, place ?? householdId, who.name, role].filter(Boolean).join(list),
    ] as const;
  });
  const chooseArea = (event: Event) => setWhere((event.currentTarget as HTMLSelectElement).value);
  return html`
    ${found?.length === 0 && html`<p role="status">${words.unknownNumber}</p>`}
    ${homes.length > 0 && html`<${Choices} name="home" title=${words.homes} words=${Object.fromEntries(homes)} chosen=${where} choose=${setWhere} />`}
    <label class="field field-short">
      <span>${words.elsewhere}</span>
      <select value=${where} onChange=${chooseArea}>
        <option value=${where.startsWith('area ') ? '' : where}>${words.noArea}</option>
        ${areas.sorted.map(({ id }) => html`<option key=${id} value=${`area ${id}`}>${areaWords(id, areas, speech)}</option>`)}
      </select>
    </label>`;
}
type PlaceProps = {
  found: CallersFound['homes'] | undefined;
  where: string;
  setWhere: (where: string) => void;
  areas: Areas;
  speech: Speech;
};

/** The areas that whoever is signed in sees; without them a home can still be chosen. */
function useAreas(speech: Speech): Areas {
  const [areas, setAreas] = useState<Areas>({ area: () => undefined, sorted: [] });
  useEffect(() => {
    everyArea().then((answer) => answer.type === 'done' && setAreas(areasOf(answer.body.items, speech)));
  }, [speech]);
  return areas;
}
