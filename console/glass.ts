import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { GlassPage, IncidentDetail, Problem } from '../api/answers.ts';
import { Form, textOf } from './incident-forms.ts';
import { breakGlass, type Glassed, glassBroken, incidentDetail, thingById } from './requests.ts';
import { actorName, dayAndMinute, type Speech } from './words.ts';

/** Asks why somebody has to see this one thing, says that it goes on record, and breaks the glass. */
export function BreakGlass({ of, speech, done, cancel, signedOut }: BreakProps) {
  const words = speech.texts.glass;
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const answer = await breakGlass(of, reason.trim());
    setBusy(false);
    if (answer.type === 'done') return done();
    if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
    setProblem(answer.type === 'away' ? words.away : refusalWords(answer.problem, words));
  };
  const isWhole = reason.trim().length >= shortestReason;
  return html`<${Form} ...${{ title: words.title, submit, cancel, speech, isBusy, isWhole, send: words.send }}>
    <p>${words.warning}</p>
    <label class="field">
      <span>${words.reason}</span>
      <input type="text" maxlength="200" value=${reason} onInput=${(event: InputEvent) => setReason(textOf(event))} />
    </label>
    ${problem && html`<p class="message message-kind" role="alert">${problem}</p>`}
  </${Form}>`;
}
type BreakProps = {
  of: Glassed;
  speech: Speech;
  done: () => void;
  cancel: () => void;
  signedOut: () => void;
};

function refusalWords({ code }: Problem, words: Speech['texts']['glass']): string {
  if (code === 'not-found') return words.nothing;
  return code === 'forbidden' ? words.forbidden : words.away;
}

/** Something of another area, by its id: nothing of it is shown before the glass was broken for it. */
export function GlassDesk({ speech, signedOut }: { speech: Speech; signedOut: () => void }) {
  const words = speech.texts.glass;
  const [type, setType] = useState<Glassed['type']>('household');
  const [id, setId] = useState('');
  const [asked, setAsked] = useState<Glassed>();
  const [seen, setSeen] = useState<Glassed>();
  const ask = (event: Event) => {
    event.preventDefault();
    setSeen(undefined);
    setAsked({ type, id: id.trim() });
  };
  const show = (of: Glassed) => {
    setAsked(undefined);
    if (of.type === 'incident') location.hash = `#/incident/${encodeURIComponent(of.id)}`;
    else setSeen(of);
  };
  return html`<article class="incident glass-desk" aria-labelledby="glass-title">
    <a class="back" href="#/">${speech.texts.back}</a>
    <h1 id="glass-title">${words.heading}</h1>
    <p class="quiet">${words.deskHint}</p>
    <form class="form glass-what" onSubmit=${ask}>
      <label class="field field-short">
        <span>${words.what}</span>
        <select onChange=${(event: Event) => setType((event.currentTarget as HTMLSelectElement).value as Glassed['type'])}>
          ${Object.entries(words.things).map(
            ([value, label]) => html`<option key=${value} value=${value} selected=${value === type}>${label}</option>`,
          )}
        </select>
      </label>
      <label class="field">
        <span>${words.id}</span>
        <input maxlength="200" required autocapitalize="none" spellcheck="false" value=${id}
          onInput=${(event: InputEvent) => setId(textOf(event))} />
      </label>
      <div class="buttons"><button type="submit" class="button" disabled=${id.trim() === ''}>${words.ask}</button></div>
    </form>
    ${
      asked &&
      html`<${BreakGlass} key=${`${asked.type} ${asked.id}`}
        ...${{ of: asked, speech, signedOut, done: () => show(asked), cancel: () => setAsked(undefined) }} />`
    }
    ${seen && html`<${Thing} key=${`${seen.type} ${seen.id}`} ...${{ of: seen, speech }} />`}
  </article>`;
}

function Thing({ of, speech }: { of: Glassed; speech: Speech }) {
  const words = speech.texts.glass;
  const [rows, setRows] = useState<[string, string][]>();
  useEffect(() => {
    thingById(of).then((answer) => setRows(answer.type === 'done' ? rowsOf(answer.body, speech) : []));
  }, []);
  if (!rows) return null;
  if (rows.length === 0) return html`<p class="message message-kind">${speech.texts.loadFailed}</p>`;
  const labels: { [name: string]: string } = words.fields;
  return html`<dl class="facts">
    ${rows.map(([name, value]) => html`<div key=${name}><dt>${labels[name] ?? name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** What can be read, in the order in which it came; what is one of several in the registry's words for it. */
function rowsOf(thing: object, { texts }: Speech): [string, string][] {
  const known: { [name: string]: { [value: string]: string } } = { ...texts.glass.values, role: texts.roles };
  return Object.entries(thing).flatMap(([name, value]): [string, string][] => {
    const said = [value].flat().filter((one) => typeof one === 'string');
    return said.length > 0 ? [[name, said.map((one) => known[name]?.[one] ?? one).join(texts.list)]] : [];
  });
}

/** For those who answer for the area: whose glass was broken in the last day, for what, and why. */
export function GlassRecord({ speech }: { speech: Speech }) {
  const [page, setPage] = useState<GlassPage>();
  useEffect(() => {
    const look = () => glassBroken().then((answer) => answer.type === 'done' && setPage(answer.body));
    look();
    const looking = setInterval(look, lookEveryMs);
    return () => clearInterval(looking);
  }, []);
  const words = speech.texts.glass;
  const recent = page?.glass.filter(({ at }) => page.at - at < recentMs) ?? [];
  if (recent.length === 0) return null;
  return html`<details class="glass-record">
    <summary>${words.record} <span class="count">${recent.length}</span></summary>
    <ul>
      ${recent.map(
        ({ id, by, of, at, reason }) => html`<li key=${id}>
          <b>${actorName(by, speech)}</b> · ${words.things[of.type as Glassed['type']] ?? of.type} ${of.id} ·
          <time> ${dayAndMinute(at, page?.at ?? at, speech)}</time>
          ${reason && html`<br /><span class="quiet">${reason}</span>`}
        </li>`,
      )}
    </ul>
  </details>`;
}

/** An incident that is not in the queue: a link from elsewhere, one of long ago, or one of another area. */
export function useDetailOf(incidentId: string | undefined) {
  const [found, setFound] = useState<IncidentDetail | 'none'>();
  const load = () => {
    if (incidentId === undefined) return;
    incidentDetail(incidentId).then((answer) => {
      if (answer.type === 'done') setFound(answer.body);
      else if (answer.type === 'refused' && answer.problem.code === 'not-found') setFound('none');
    });
  };
  useEffect(() => {
    setFound(undefined);
    load();
  }, [incidentId]);
  return { found, load };
}

const shortestReason = 10;
const lookEveryMs = 30_000;
const recentMs = 24 * 3_600_000;
