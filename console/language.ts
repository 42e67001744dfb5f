import { html } from 'htm/preact';
import type { Language } from '../records/texts/texts.ts';
import type { Texts } from './texts/en.ts';
import { languageNames } from './texts/texts.ts';

export function LanguageChoice({ texts, language, setLanguage }: LanguageProps) {
  const choose = (event: Event) => setLanguage((event.currentTarget as HTMLSelectElement).value as Language);
  return html`<select class="language" aria-label=${texts.language} value=${language} onChange=${choose}>
    ${Object.entries(languageNames).map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}
  </select>`;
}
type LanguageProps = { texts: Texts; language: Language; setLanguage: (language: Language) => void };

/** What somebody chose on this machine before; undefined: nobody did, or the browser keeps nothing. */
export function rememberedLanguage(): Language | undefined {
  try {
    const language = localStorage.getItem(key) ?? '';
    return Object.hasOwn(languageNames, language) ? (language as Language) : undefined;
  } catch {
    return undefined;
  }
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(key, language);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

export const browserLanguage = (): Language => (navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');

const key = 'steppewatch-language';
