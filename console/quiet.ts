import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { IncidentCard } from '../api/answers.ts';
import { lifeSafetyConditions } from '../records/alert.ts';
import { type Suppression, suppressible } from '../records/suppression.ts';
import { recordTexts } from '../records/texts/texts.ts';
import { Choices, Form, textOf } from './incident-forms.ts';
import type { DeskClock } from './marks.ts';
import { ask, command, newId } from './requests.ts';
import { dayAndMinute, type Speech } from './words.ts';

/** What of an incident may be kept from people for a while: never fire, gas, a call for help, nor what could not be read. */
export const quietable = ({ alerts }: IncidentCard) =>
  suppressible.filter((one) => alerts.some(({ condition }) => condition === one));

/** Keeps further alerts of these kinds from people for a while: for whom, for how long, and why are all asked for. */
export function QuietForm({ card, speech, now, close, signedOut }: QuietProps) {
  const { texts, language } = speech;
  const words = texts.duty.quiet;
  const [scope, setScope] = useState<string>();
  const [hours, setHours] = useState<string>();
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const conditions = quietable(card);
  const { householdId, personId, deviceId } = card.where;
  const scopes = Object.fromEntries(
    Object.entries({ household: householdId, person: personId, device: deviceId })
      .filter(([, id]) => id !== undefined)
      .map(([type, id]) => [`${type} ${id}`, words.scopes[type as keyof typeof words.scopes]]),
  );
  const isOfLife = conditions.some((condition) => lifeSafetyConditions.has(condition));
  const lengths = Object.fromEntries((isOfLife ? shortHours : longHours).map((one) => [String(one), words.hours(one)]));
  const submit = async (event: Event) => {
    event.preventDefault();
    const [type, id] = scope?.split(' ') ?? [];
    const at = now();
    if (type === undefined || id === undefined || at === undefined) return;
    setBusy(true);
    // The clock of the page runs in fractions.
    const until = Math.round(at) + Number(hours) * 3_600_000;
    const asked = { scope: { type, id }, conditions, until, reason: reason.trim() };
    const answer = await command<object>('POST', '/suppressions', asked);
    setBusy(false);
    if (answer.type === 'done') return close();
    if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
    setProblem(answer.type === 'refused' ? words.refused : texts.refused.unavailable);
  };
  const isWhole = scope !== undefined && hours !== undefined && reason.trim() !== '';
  const named = conditions.map((condition) => recordTexts[language].conditions[condition]).join(texts.list);
  return html`<${Form} ...${{ title: words.title, submit, cancel: close, speech, isBusy, isWhole, send: words.send }}>
    <p>${words.what(named)}</p>
    <${Choices} name="scope" title=${words.scope} words=${scopes} chosen=${scope} choose=${setScope} />
    <${Choices} name="hours" title=${words.howLong} words=${lengths} chosen=${hours} choose=${setHours} />
    <label class="field">
      <span>${texts.duty.reason}</span>
      <input type="text" maxlength="200" value=${reason} onInput=${(event: InputEvent) => setReason(textOf(event))} />
    </label>
    ${problem && html`<p class="message message-kind" role="alert">${problem}</p>`}
  </${Form}>`;
}
type QuietProps = {
  card: IncidentCard;
  speech: Speech;
  now: DeskClock;
  close: () => void;
  signedOut: () => void;
};

/** What is kept from people now, and who answers for it; whoever may end incidents lets it go on. */
export function QuietList({ speech, now, mayEnd }: { speech: Speech; now: DeskClock; mayEnd: boolean }) {
  const { texts, language } = speech;
  const words = texts.duty.quiet;
  const [standing, setStanding] = useState<Shown[] | 'failed'>();
  const look = () =>
    ask<{ suppressions: Shown[] }>('GET', '/suppressions').then((answer) =>
      setStanding(answer.type === 'done' ? answer.body.suppressions : 'failed'),
    );
  useEffect(() => void look(), []);
  const nameOf = (condition: string) =>
    Object.hasOwn(recordTexts[language].conditions, condition)
      ? recordTexts[language].conditions[condition as keyof (typeof recordTexts)['en']['conditions']]
      : condition;
  return html`<article class="incident" aria-labelledby="quiet-title">
    <a class="back" href="#/">${texts.back}</a>
    <h1 id="quiet-title">${words.list}</h1>
    <p class="quiet">${words.never}</p>
    ${standing === 'failed' && html`<p class="message message-kind">${texts.loadFailed}</p>`}
    ${Array.isArray(standing) && standing.length === 0 && html`<p class="empty">${words.none}</p>`}
    <ul class="held">
      ${
        Array.isArray(standing) &&
        standing.map(
          (one) => html`<li key=${one.id}>
            <b>${one.conditions.map(nameOf).join(texts.list)}</b>
            <span>${words.scopes[one.scope.type]} ${one.scope.id} · ${words.until(dayAndMinute(one.until, now() ?? one.at, speech))}</span>
            <span>${words.owner(one.owner)}${one.reason && html` · ${one.reason}`}</span>
            ${mayEnd && html`<${EndForm} ...${{ id: one.id, speech, done: look }} />`}
          </li>`,
        )
      }
    </ul>
  </article>`;
}
type Shown = Omit<Suppression, 'reason'> & { reason?: string };

function EndForm({ id, speech, done }: { id: string; speech: Speech; done: () => void }) {
  const words = speech.texts.duty.quiet;
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  if (!isAsking)
    return html`<span class="buttons"><button type="button" class="button small" onClick=${() => setAsking(true)}>${words.end}</button></span>`;
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const query = new URLSearchParams({ commandId: newId(), reason: reason.trim() });
    await ask('DELETE', `/suppressions/${encodeURIComponent(id)}?${query}`);
    setBusy(false);
    done();
  };
  const cancel = () => setAsking(false);
  return html`<${Form} ...${{ title: words.endTitle, submit, cancel, speech, isBusy, isWhole: reason.trim() !== '', send: words.endSend }}>
    <label class="field">
      <span>${speech.texts.duty.reason}</span>
      <input type="text" maxlength="200" value=${reason} onInput=${(event: InputEvent) => setReason(textOf(event))} />
    </label>
  </${Form}>`;
}

/** What may be about a life is kept quiet for a day at most. */
const shortHours = [1, 4, 8, 24];
const longHours = [4, 24, 72, 168, 720];
