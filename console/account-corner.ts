import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { LockoutPage, SessionAnswer } from '../api/answers.ts';
import type { Language } from '../records/texts/texts.ts';
import { GlassRecord } from './glass.ts';
import { Form, textOf } from './incident-forms.ts';
import { LanguageChoice } from './language.ts';
import { pagesOf } from './office/office-pages.ts';
import { changePassword, lockedDoors, openDoors } from './requests.ts';
import type { Speech } from './words.ts';

/** Who is signed in, as what, and what is theirs beside incidents: only what they may do is there. */
export function AccountCorner({ session, speech, setLanguage, leave, signedOut }: CornerProps) {
  const [isChanging, setChanging] = useState(false);
  const { account, permissions, grants } = session;
  const { texts, language } = speech;
  const words = texts.corner;
  const roles = grants.map(({ role, area }) =>
    area === undefined ? words.roles[role] : `${words.roles[role]} (${area})`,
  );
  return html`<section class="corner">
    ${permissions.includes('glass:read') && html`<${GlassRecord} ...${{ speech }} />`}
    ${permissions.includes('account:manage') && html`<${Lockouts} ...${{ speech }} />`}
    ${isChanging && html`<${NewPassword} ...${{ speech, signedOut, close: () => setChanging(false) }} />`}
    <p class="quiet signed-in">
      <span>${account.name ?? account.id}</span>
      <span class="signed-in-roles">${roles.length > words.most ? words.everything : roles.join(texts.list)}</span>
      ${pagesOf(session).length > 0 && html`<a class="link office-link" href="#/office">${texts.office.link}</a>`}
      ${permissions.includes('incident:read') && html`<a class="link" href="#/quiet">${texts.duty.quiet.list}</a>`}
      ${permissions.includes('incident:read') && html`<a class="link" href="#/duty">${texts.duty.shifts.title}</a>`}
      ${permissions.includes('personal:glass') && html`<a class="link" href="#/glass">${texts.glass.desk}</a>`}
      ${!isChanging && html`<button type="button" class="link" onClick=${() => setChanging(true)}>${words.password}</button>`}
      <${LanguageChoice} ...${{ texts, language, setLanguage }} />
      <button type="button" class="link leave-link" onClick=${leave}>${texts.signOut}</button>
    </p>
  </section>`;
}

type CornerProps = {
  session: SessionAnswer;
  speech: Speech;
  setLanguage: (language: Language) => void;
  leave: () => void;
  signedOut: () => void;
};

/** Which doors guessing has closed; whoever manages the account opens them. */
function Lockouts({ speech }: { speech: Speech }) {
  const [page, setPage] = useState<LockoutPage>();
  const look = () => lockedDoors().then((answer) => answer.type === 'done' && setPage(answer.body));
  useEffect(() => {
    look();
    const looking = setInterval(look, lookEveryMs);
    return () => clearInterval(looking);
  }, []);
  const words = speech.texts.corner;
  const accounts = [...new Set(page?.lockouts.map(({ account }) => account))];
  return html`${accounts.map(
    (account) => html`<p key=${account} class="message message-kind lockout" role="status">
      ${words.locked(account)}
      <button type="button" class="button small" onClick=${() => openDoors(account).then(look)}>${words.open}</button>
    </p>`,
  )}`;
}

function NewPassword({ speech, signedOut, close }: { speech: Speech; signedOut: () => void; close: () => void }) {
  const words = speech.texts.corner;
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const answer = await changePassword(current, next);
    setBusy(false);
    if (answer.type === 'done') return close();
    if (answer.type === 'away') return setProblem(words.away);
    const { code } = answer.problem;
    if (code === 'signed-out') signedOut();
    setProblem(code === 'wrong-password' ? words.wrong : code === 'invalid' ? words.weak : words.away);
  };
  const field = (label: string, kind: string, value: string, set: (value: string) => void) =>
    html`<label class="field">
      <span>${label}</span>
      <input type="password" autocomplete=${kind} required maxlength="200" value=${value}
        onInput=${(event: InputEvent) => set(textOf(event))} />
    </label>`;
  const isWhole = current !== '' && Array.from(next).length >= 12;
  return html`<${Form} ...${{ title: words.password, submit, cancel: close, speech, isBusy, isWhole, send: words.change }}>
    ${field(words.current, 'current-password', current, setCurrent)} ${field(words.next, 'new-password', next, setNext)}
    ${problem && html`<p class="message message-kind" role="alert">${problem}</p>`}
  </${Form}>`;
}

const lookEveryMs = 30_000;
