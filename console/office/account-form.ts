import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { AccountShown } from '../../api/answers.ts';
import type { Grant } from '../../records/registry.ts';
import { type Access, accessOf, mayGrant, mayRevoke } from '../../records/rights.ts';
import type { Language } from '../../records/texts/texts.ts';
import { Form } from '../incident-forms.ts';
import { languageNames } from '../texts/texts.ts';
import type { Speech } from '../words.ts';
import type { Areas } from './areas.ts';
import { GrantsField } from './grants.ts';
import { idField, SelectField, TextField } from './section.ts';

/** A new account, or one that is there: its id stays, and nobody changes their own rights. */
export function AccountForm({ account, access, areas, speech, isBusy, title, send, save, cancel }: FormProps) {
  const { office } = speech.texts;
  const [id, setId] = useState(account?.id ?? '');
  const [name, setName] = useState(account?.name ?? '');
  const [language, setLanguage] = useState<string>(account?.language ?? speech.language);
  const [grants, setGrants] = useState<readonly Grant[]>(account ? accessOf(account).grants : []);
  const may = account && mayOf(account, access, areas);
  const isWhole = id !== '' && name.trim() !== '';
  const submit = (event: Event) => {
    event.preventDefault();
    save({ id, name: name.trim(), language: language as Language, grants });
  };
  const languages = Object.entries(languageNames);
  return html`<${Form} ...${{ title, submit, cancel, speech, isBusy, isWhole, send }}>
    ${!account && html`<${TextField} label=${office.accounts.idLabel} value=${id} set=${setId} hint=${office.idHint} ...${idField} />`}
    ${
      may?.rename !== false &&
      html`<${TextField} label=${office.name} value=${name} set=${setName} maxlength=${60} />
        <${SelectField} label=${office.accounts.language} value=${language} set=${setLanguage} choices=${languages} />`
    }
    ${
      may?.isOwn
        ? html`<p class="quiet">${office.rights.own}</p>`
        : html`<${GrantsField} ...${{ grants, set: setGrants, access, areas, speech }} />`
    }
  </${Form}>`;
}

export type AccountWords = { id: string; name: string; language: Language; grants: readonly Grant[] };
type FormProps = {
  /** Absent: a new one. */
  account?: AccountShown;
  access: Access;
  areas: Areas;
  speech: Speech;
  isBusy: boolean;
  title: string;
  send: string;
  save: (entered: AccountWords) => void;
  cancel: () => void;
};

/** As the desk judges it. `isPartly`: some of the rights are held where whoever looks manages nothing. */
export function mayOf(account: Pick<AccountShown, 'id' | 'grants'>, access: Access, areas: Areas) {
  const held = accessOf(account).grants;
  const isOwn = account.id === access.actor.id;
  const rename = mayRevoke(access, held, areas);
  return {
    ...{ isOwn, rename, isPartly: !rename, remove: rename && !isOwn },
    reset: !isOwn && mayGrant(access, held, areas),
  };
}
