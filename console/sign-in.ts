import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { SessionAnswer } from '../api/answers.ts';
import type { Language } from '../records/texts/texts.ts';
import { LanguageChoice } from './language.ts';
import { type Answer, signIn } from './requests.ts';
import type { Texts } from './texts/en.ts';

/** `ended`: somebody was signed in before, and now nothing is shown. */
export function SignIn({ ended, texts, language, setLanguage, done }: SignInProps) {
  const [account, setAccount] = useState('');
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const words = texts.signIn;
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const answer = await signIn(account.trim(), password);
    setBusy(false);
    if (answer.type === 'done') done(answer.body);
    else setProblem(problemWords(answer, words));
  };
  const take = (set: (value: string) => void) => (event: InputEvent) =>
    set((event.currentTarget as HTMLInputElement).value);
  return html`<main class="sign-in">
    <form class="sign-in-form" onSubmit=${submit} aria-labelledby="sign-in-title">
      <div class="sign-in-head">
        <img src="/assets/console/icon.svg" alt="" width="40" height="40" />
        <h1 id="sign-in-title">${texts.brand} <span>${words.title}</span></h1>
        <${LanguageChoice} ...${{ texts, language, setLanguage }} />
      </div>
      ${ended && html`<p class="message message-kind" role="alert">${words.ended}</p>`}
      <label class="field">
        <span>${words.account}</span>
        <input
          name="account" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="32"
          value=${account} onInput=${take(setAccount)}
        />
      </label>
      <label class="field">
        <span>${words.password}</span>
        <input
          name="password" type="password" autocomplete="current-password" required maxlength="200"
          value=${password} onInput=${take(setPassword)}
        />
      </label>
      <p class="message-slot" role="alert">${problem && html`<span class="message message-kind">${problem}</span>`}</p>
      <button class="button primary" type="submit" disabled=${isBusy}>${isBusy ? words.working : words.submit}</button>
      <p class="quiet">${words.nothingShown}</p>
    </form>
  </main>`;
}

type SignInProps = {
  ended: boolean;
  texts: Texts;
  language: Language;
  setLanguage: (language: Language) => void;
  done: (session: SessionAnswer) => void;
};

function problemWords(answer: Exclude<Answer<SessionAnswer>, { type: 'done' }>, words: Texts['signIn']): string {
  if (answer.type === 'away') return words.away;
  const { code, retryAfterSeconds = 1 } = answer.problem;
  if (code === 'too-many') return words.wait(retryAfterSeconds);
  if (code === 'locked') return words.locked;
  if (code === 'insecure') return words.insecure;
  return code === 'wrong-password' ? words.wrong : words.away;
}
