import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { AccountMade, AccountShown } from '../../api/answers.ts';
import { type Access, accessOf } from '../../records/rights.ts';
import type { Speech } from '../words.ts';
import { AccountForm, type AccountWords, mayOf } from './account-form.ts';
import { type Areas, grantWords } from './areas.ts';
import { useChange, useListing } from './changing.ts';
import { isSame } from './grants.ts';
import { addAccount, changeAccount, everyAccount, newPassword, removeAccount } from './office-requests.ts';
import { Confirm, Section } from './section.ts';

/** Who may sign in, and what they may do where. What the rights of whoever looks do not allow is not offered. */
export function Accounts({ access, areas, speech, signedOut }: PageProps) {
  const listing = useListing(everyAccount, signedOut);
  const change = useChange({ speech, signedOut, reload: listing.reload });
  const [opened, open] = useState<Opened>();
  const { office } = speech.texts;
  const words = office.accounts;
  const begin = (what: Opened) => {
    change.say(undefined);
    open(what);
  };
  const close = () => open(undefined);
  const show = (made: AccountMade | 'refused', name: string) => {
    if (made === 'refused') return;
    close();
    change.show(words.passwordOf(name), made.password);
  };
  const acts: Acts = {
    open: begin,
    close,
    save: async (account, entered) => {
      if ((await change.send(() => changeAccount(account, changedOf(account, entered)))) !== 'refused') close();
    },
    reset: async (account) => show(await change.send(() => newPassword(account)), nameOf(account)),
    remove: async (account) => {
      if ((await change.send(() => removeAccount(account))) !== 'refused') close();
    },
  };
  const common = { access, areas, speech, isBusy: change.isBusy };
  const adding =
    opened?.what === 'new'
      ? html`<${AccountForm} ...${{ ...common, title: words.title, send: words.create, cancel: close }}
          save=${async (entered: AccountWords) => show(await change.send(() => addAccount(entered)), entered.name)} />`
      : html`<p class="buttons">
          <button type="button" class="button" onClick=${() => begin({ what: 'new' })}>${words.add}</button>
        </p>`;
  const item = (account: AccountShown) =>
    html`<${Item} key=${account.id} ...${{ ...common, account, acts }}
      opened=${opened?.id === account.id ? opened.what : undefined} />`;
  const found = ({ id, name = '', grants = [] }: AccountShown) =>
    [id, name, ...grants.map((grant) => grantWords(grant, areas, speech))].join(' ');
  return html`<${Section} ...${{ words, title: office.pages.accounts, listing, change, adding, item, found, speech }} />`;
}

/** `areas`: all that whoever is signed in sees. */
export type PageProps = { access: Access; areas: Areas; speech: Speech; signedOut: () => void };
type Opened = { what: 'new'; id?: undefined } | { what: 'change' | 'password' | 'remove'; id: string };
type Acts = {
  open: (what: Opened) => void;
  close: () => void;
  save: (account: AccountShown, entered: AccountWords) => void;
  reset: (account: AccountShown) => void;
  remove: (account: AccountShown) => void;
};

function Item({ account, opened, acts, access, areas, speech, isBusy }: ItemProps) {
  const { office } = speech.texts;
  const words = office.accounts;
  const { id, grants, isLocked } = account;
  const may = mayOf(account, access, areas);
  const who = nameOf(account);
  const asking = { speech, isBusy, cancel: acts.close };
  const button = (label: string, press: () => void) =>
    html`<button type="button" class="button small" disabled=${isBusy} onClick=${press}>${label}</button>`;
  return html`<li class="office-item">
    <div class="office-what">
      <span class="office-head">
        <b>${who}</b> <span class="quiet">${id}${may.isOwn && ` (${office.you})`}</span>
        ${isLocked && html`<span class="badge">${words.locked}</span>`}
      </span>
      ${grants === undefined && html`<p class="quiet">${office.rights.all}</p>`}
      ${grants?.length === 0 && html`<p class="quiet">${office.rights.none}</p>`}
      <ul class="office-grants">
        ${grants?.map((grant) => html`<li key=${grantWords(grant, areas, speech)}>${grantWords(grant, areas, speech)}</li>`)}
      </ul>
      ${may.isPartly && html`<p class="quiet">${words.elsewhere}</p>`}
    </div>
    ${
      opened === 'change' &&
      html`<${AccountForm} key=${account.version} ...${{ account, access, areas, ...asking }}
      title=${who} send=${office.save} save=${(entered: AccountWords) => acts.save(account, entered)} />`
    }
    ${
      opened === 'password' &&
      html`<${Confirm} ...${asking} title=${words.passwordTitle(who)} send=${words.passwordSend}
      warning=${words.passwordWarning} confirm=${() => acts.reset(account)} />`
    }
    ${
      opened === 'remove' &&
      html`<${Confirm} ...${asking} title=${words.removeTitle(who)} send=${words.removeSend}
      warning=${words.removeWarning} confirm=${() => acts.remove(account)} />`
    }
    ${
      opened === undefined &&
      html`<p class="buttons" role="group" aria-label=${who}>
        ${(may.rename || !may.isOwn) && button(office.change, () => acts.open({ what: 'change', id }))}
        ${may.reset && button(words.password, () => acts.open({ what: 'password', id }))}
        ${may.remove && button(office.remove, () => acts.open({ what: 'remove', id }))}
      </p>`
    }
  </li>`;
}
type ItemProps = Omit<PageProps, 'signedOut'> & {
  account: AccountShown;
  opened: Opened['what'] | undefined;
  acts: Acts;
  isBusy: boolean;
};

const nameOf = ({ id, name }: Pick<AccountShown, 'id' | 'name'>): string => name ?? id;

/** What somebody changed, and nothing else: who takes rights away in one village need not manage the name. */
function changedOf(account: AccountShown, { name, language, grants }: AccountWords) {
  return {
    ...(name !== account.name && { name }),
    ...(language !== account.language && { language }),
    ...(!isSame(grants, accessOf(account).grants) && { grants }),
  };
}
