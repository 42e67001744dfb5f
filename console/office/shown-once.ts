import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Speech } from '../words.ts';

/** A password, token or secret, as long as nobody has hidden it; the desk does not have it any more. */
export type Secret = { title: string; value: string };

export function ShownOnce({ secret, speech, close }: { secret: Secret; speech: Speech; close: () => void }) {
  const words = speech.texts.office.once;
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    setCopied(false);
    field.current?.focus();
  }, [secret]);
  const copy = async () => {
    await navigator.clipboard.writeText(secret.value);
    setCopied(true);
  };
  return html`<div class="message message-good shown-once">
    <label class="field">
      <span>${secret.title}</span>
      <input ref=${field} readonly value=${secret.value} spellcheck="false" onFocus=${() => field.current?.select()} />
    </label>
    <p role="status">${words.why}</p>
    <p class="buttons">
      ${
        // Browsers keep the clipboard from pages on plain addresses: there the text is selected, and the keyboard copies it.
        navigator.clipboard !== undefined &&
        html`<button type="button" class="button small" onClick=${copy}>${isCopied ? words.copied : words.copy}</button>`
      }
      <button type="button" class="button small" onClick=${close}>${words.close}</button>
    </p>
  </div>`;
}
