import { html, render } from 'htm/preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SessionAnswer } from '../api/answers.ts';
import type { Language } from '../records/texts/texts.ts';
import { Desk } from './desk.ts';
import { browserLanguage, rememberedLanguage, rememberLanguage } from './language.ts';
import { Office } from './office.ts';
import { currentSession } from './requests.ts';
import { SignIn } from './sign-in.ts';
import { texts } from './texts/texts.ts';

type Who = { type: 'asking' } | { type: 'nobody'; ended: boolean } | { type: 'somebody'; session: SessionAnswer };

function Page() {
  const [who, setWho] = useState<Who>({ type: 'asking' });
  const [chosen, setChosen] = useState<Language | undefined>(rememberedLanguage);
  const language = chosen ?? browserLanguage();
  const setLanguage = (next: Language) => {
    rememberLanguage(next);
    setChosen(next);
  };
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  const ask = useCallback(async () => {
    const answer = await currentSession();
    if (answer.type === 'done') setWho({ type: 'somebody', session: answer.body });
    else if (answer.type === 'refused') setWho({ type: 'nobody', ended: false });
    else setTimeout(ask, 2_000);
  }, []);
  useEffect(() => void ask(), [ask]);
  const signedOut = useCallback(() => setWho({ type: 'nobody', ended: true }), []);
  const left = useCallback(() => setWho({ type: 'nobody', ended: false }), []);

  if (who.type === 'asking') return html`<p class="empty">${texts[language].status.connecting}</p>`;
  const words = { texts: texts[language], language, setLanguage };
  if (who.type === 'somebody') {
    const sees = who.session.permissions.includes('incident:read');
    return html`<${sees ? Desk : Office} ...${{ ...words, session: who.session, signedOut, left, refresh: ask }} />`;
  }
  const done = (session: SessionAnswer) => setWho({ type: 'somebody', session });
  return html`<${SignIn} ...${{ ...words, ended: who.ended, done }} />`;
}

const page = document.getElementById('page');
if (page) render(html`<${Page} />`, page);
