import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Speech } from './words.ts';

/** How it ended. Nothing is chosen beforehand: an outcome that nobody thought about is worth nothing. */
export function ResolveForm({ speech, isBusy, agrees, send, cancel }: ResolveProps) {
  const { resolveForm, outcomes, contacts } = speech.texts;
  const [outcome, setOutcome] = useState<string>();
  const [contact, setContact] = useState<string | undefined>(agrees ? 'not-reached' : undefined);
  const [note, setNote] = useState('');
  const isWhole = outcome !== undefined && contact !== undefined;
  const submit = (event: Event) => {
    event.preventDefault();
    if (isWhole) send({ outcome, contact, ...(note.trim() !== '' && { note: note.trim() }) });
  };
  const choices = { outcome: { title: resolveForm.outcome, words: outcomes, chosen: outcome, choose: setOutcome } };
  const reached = { title: resolveForm.contact, words: contacts, chosen: contact, choose: setContact };
  return html`<${Form} ...${{ title: resolveForm.title, submit, cancel, speech, isBusy, isWhole }}
    send=${agrees ? resolveForm.agree : resolveForm.send}>
    <${Choices} name="outcome" ...${choices.outcome} />
    <${Choices} name="contact" ...${reached} />
    <label class="field">
      <span>${resolveForm.note}</span>
      <textarea rows="2" maxlength="500" value=${note} onInput=${(event: InputEvent) => setNote(textOf(event))}></textarea>
    </label>
  </${Form}>`;
}

export function ReopenForm({ speech, isBusy, send, cancel }: Omit<FormWords, 'agrees'> & { send: Send<string> }) {
  const { reopenForm } = speech.texts;
  const [reason, setReason] = useState('');
  const isWhole = reason.trim() !== '';
  const submit = (event: Event) => {
    event.preventDefault();
    if (isWhole) send(reason.trim());
  };
  return html`<${Form} ...${{ title: reopenForm.title, submit, cancel, speech, isBusy, isWhole, send: reopenForm.send }}>
    <label class="field">
      <span>${reopenForm.reason}</span>
      <input type="text" maxlength="200" value=${reason} onInput=${(event: InputEvent) => setReason(textOf(event))} />
    </label>
  </${Form}>`;
}

/** Somebody says on the telephone that they go. */
export function AcceptForm({ speech, who, isBusy, send, cancel }: AcceptProps) {
  const { acceptForm } = speech.texts;
  const [minutes, setMinutes] = useState('10');
  const expectedMinutes = Number(minutes);
  const isWhole = Number.isInteger(expectedMinutes) && expectedMinutes >= 1 && expectedMinutes <= 600;
  const submit = (event: Event) => {
    event.preventDefault();
    if (isWhole) send(expectedMinutes);
  };
  const title = acceptForm.title(who);
  return html`<${Form} ...${{ title, submit, cancel, speech, isBusy, isWhole, send: acceptForm.send }}>
    <label class="field field-short">
      <span>${acceptForm.minutes}</span>
      <input
        type="number" inputmode="numeric" min="1" max="600" value=${minutes}
        onInput=${(event: InputEvent) => setMinutes(textOf(event))}
      />
    </label>
  </${Form}>`;
}

type Send<T> = (answer: T) => void;
type FormWords = { speech: Speech; isBusy: boolean; cancel: () => void };
type ResolveProps = FormWords & { agrees: boolean; send: Send<{ outcome: string; contact: string; note?: string }> };
type AcceptProps = FormWords & { who: string; send: Send<number> };

export function Form({ title, submit, cancel, speech, isBusy, isWhole, send, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const first = form.current?.querySelector<HTMLElement>('input, textarea, select, button[type=button]');
    const around = form.current?.parentElement;
    first?.focus();
    // Whoever closed it with the keyboard goes on where it was opened, and not at the top of the page.
    const goOn = () => document.activeElement === document.body && around?.querySelector('button')?.focus();
    return () => requestAnimationFrame(goOn);
  }, []);
  const { actions } = speech.texts;
  return html`<form ref=${form} class="form" aria-label=${title} onSubmit=${submit}>
    <h3>${title}</h3>
    ${children}
    <div class="buttons">
      <button type="submit" class="button primary" disabled=${isBusy || !isWhole}>
        ${isBusy ? actions.sending : send}
      </button>
      <button type="button" class="button" onClick=${cancel}>${actions.cancel}</button>
    </div>
  </form>`;
}
type FormProps = FormWords & {
  title: string;
  submit: (event: Event) => void;
  isWhole: boolean;
  send: string;
  children: unknown;
};

export function Choices({ name, title, words, chosen, choose }: ChoicesProps) {
  return html`<fieldset class="choices">
    <legend>${title}</legend>
    ${Object.entries(words).map(
      ([value, label]) =>
        html`<label key=${value} class="choice">
          <input type="radio" ...${{ name, value }} checked=${chosen === value} onChange=${() => choose(value)} />
          <span>${label}</span>
        </label>`,
    )}
  </fieldset>`;
}
type ChoicesProps = {
  name: string;
  title: string;
  words: { [value: string]: string };
  chosen: string | undefined;
  choose: (value: string) => void;
};

export const textOf = (event: InputEvent): string => (event.currentTarget as HTMLInputElement).value;
