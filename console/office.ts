import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import type { SessionAnswer } from '../api/answers.ts';
import type { Language } from '../records/texts/texts.ts';
import { AccountCorner } from './account-corner.ts';
import { useHash } from './hash.ts';
import { OfficePages, pagesOf } from './office/office-pages.ts';
import { signOut } from './requests.ts';
import type { Texts } from './texts/en.ts';
import { speechOf } from './words.ts';

/** The page of whoever has no part in incidents: it says so, instead of an empty queue that looks calm, and shows what they manage. */
export function Office({ session, texts, language, setLanguage, signedOut, left }: OfficeProps) {
  const { timeZone, account } = session;
  const speech = useMemo(() => speechOf(language, timeZone, account.id), [language, timeZone, account.id]);
  const hash = useHash();
  const leave = async () => {
    await signOut();
    left();
  };
  return html`<main class="office">
    <h1>${texts.brand}</h1>
    <p>${session.permissions.length === 0 ? texts.office.nothing : texts.office.noIncidents}</p>
    <${AccountCorner} ...${{ session, speech, setLanguage, leave, signedOut }} />
    ${pagesOf(session).length > 0 && html`<${OfficePages} ...${{ session, speech, hash, signedOut }} />`}
  </main>`;
}

type OfficeProps = {
  session: SessionAnswer;
  texts: Texts;
  language: Language;
  setLanguage: (language: Language) => void;
  signedOut: () => void;
  left: () => void;
};
