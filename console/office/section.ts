import { html } from 'htm/preact';
import { useId, useState } from 'preact/hooks';
import { Form, textOf } from '../incident-forms.ts';
import type { Speech } from '../words.ts';
import type { Change, Listing } from './changing.ts';
import { ShownOnce } from './shown-once.ts';

/** One page of the office: what it is, what came of the latest change, a way to add something, and the list. */
export function Section<T>({ words, title, listing, change, adding, item, found, speech }: SectionProps<T>) {
  const { office, retry } = speech.texts;
  const [search, setSearch] = useState('');
  const { all } = listing;
  const { said, secret, hide } = change;
  const items = typeof all === 'object' ? all.items : [];
  const wanted = search.trim().toLowerCase();
  const shown = items.filter((one) => found(one).toLowerCase().includes(wanted));
  return html`<section class="office-page" aria-label=${title} aria-busy=${change.isBusy}>
    <p class="quiet">${words.hint}</p>
    ${secret && html`<${ShownOnce} ...${{ secret, speech, close: hide }} />`}
    ${said && html`<p class=${`message message-${said.tone}`} role="alert">${said.text}</p>`}
    ${adding}
    ${
      (items.length > worthSearching || search !== '') &&
      html`<label class="field office-search">
        <span>${office.search}</span>
        <input type="search" value=${search} onInput=${(event: InputEvent) => setSearch(textOf(event))} />
      </label>`
    }
    ${all === undefined && html`<p class="quiet">${office.loading}</p>`}
    ${
      all === 'failed' &&
      html`<p class="message message-kind">
        ${office.loadFailed} <button type="button" class="link" onClick=${listing.reload}>${retry}</button>
      </p>`
    }
    ${typeof all === 'object' && items.length === 0 && html`<p class="empty">${words.empty}</p>`}
    ${items.length > 0 && shown.length === 0 && html`<p class="empty">${office.noneFound}</p>`}
    <ul class="office-list">${shown.map(item)}</ul>
    ${typeof all === 'object' && !all.isWhole && html`<p class="quiet">${office.notWhole}</p>`}
  </section>`;
}
const worthSearching = 8;

type SectionProps<T> = {
  words: { hint: string; empty: string };
  title: string;
  listing: Listing<T>;
  change: Change;
  /** The form of something new, or the button that opens it. */
  adding: unknown;
  item: (one: T) => unknown;
  /** What a search looks at. */
  found: (one: T) => string;
  speech: Speech;
};

/** Asks once more, saying what comes of it. */
export function Confirm({ title, warning, send, isBusy, speech, confirm, cancel }: ConfirmProps) {
  const submit = (event: Event) => {
    event.preventDefault();
    confirm();
  };
  return html`<${Form} ...${{ title, submit, cancel, speech, isBusy, isWhole: true, send }}><p>${warning}</p></${Form}>`;
}
type ConfirmProps = {
  title: string;
  warning: string;
  send: string;
  isBusy: boolean;
  speech: Speech;
  confirm: () => void;
  cancel: () => void;
};

/** A line of text. `hint` says what may stand there. */
export function TextField({ label, value, set, hint, ...rest }: TextProps) {
  const hintId = useId();
  const described = hint === undefined ? rest : { ...rest, 'aria-describedby': hintId };
  return html`<div>
    <label class="field">
      <span>${label}</span>
      <input required value=${value} onInput=${(event: InputEvent) => set(textOf(event))} ...${described} />
    </label>
    ${hint && html`<p class="quiet" id=${hintId}>${hint}</p>`}
  </div>`;
}
type TextProps = {
  label: string;
  value: string;
  set: (value: string) => void;
  hint?: string;
  maxlength?: number;
  pattern?: string;
  type?: string;
};

/** An id as the registry takes it. */
export const idField = { maxlength: 32, pattern: '[A-Za-z0-9_\\-]{1,32}', autocapitalize: 'none', spellcheck: false };

/** One of several; the values' words are in the order in which they are offered. */
export function SelectField({ label, value, set, choices }: SelectProps) {
  const take = (event: Event) => set((event.currentTarget as HTMLSelectElement).value);
  return html`<label class="field">
    <span>${label}</span>
    <select onChange=${take}>
      ${choices.map(
        ([one, words]) => html`<option key=${one} value=${one} selected=${one === value}>${words}</option>`,
      )}
    </select>
  </label>`;
}
type SelectProps = {
  label: string;
  value: string;
  set: (value: string) => void;
  choices: readonly (readonly [string, string])[];
};
