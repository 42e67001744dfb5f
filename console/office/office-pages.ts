import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import type { SessionAnswer } from '../../api/answers.ts';
import type { Permission } from '../../records/rights.ts';
import type { Speech } from '../words.ts';
import { Accounts } from './accounts.ts';
import { areasOf } from './areas.ts';
import { useListing } from './changing.ts';
import { Keys } from './keys.ts';
import { everyArea } from './office-requests.ts';
import { Subscriptions } from './subscriptions.ts';

/** What somebody manages beside incidents, a page each; only what their rights allow is there. */
export function OfficePages({ session, speech, hash, signedOut }: OfficeProps) {
  const { office, loadFailed, retry } = speech.texts;
  const { all, reload } = useListing(everyArea, signedOut);
  const areas = useMemo(() => areasOf(typeof all === 'object' ? all.items : [], speech), [all, speech]);
  const { grants } = session;
  const { id } = session.account;
  const access = useMemo(() => ({ actor: { type: 'account', id } as const, grants }), [id, grants]);
  const theirs = pagesOf(session);
  const chosen = theirs.find((page) => hash === addressOf(page)) ?? theirs[0];
  const Page = chosen && pages[chosen].Page;
  return html`<nav class="office-pages" aria-label=${office.title}>
      ${theirs.map(
        (page) => html`<a key=${page} class="button small" href=${addressOf(page)}
          aria-current=${page === chosen ? 'page' : undefined}>${office.pages[page]}</a>`,
      )}
    </nav>
    ${all === undefined && html`<p class="quiet">${office.loading}</p>`}
    ${
      all === 'failed' &&
      html`<p class="message message-kind">
        ${loadFailed} <button type="button" class="link" onClick=${reload}>${retry}</button>
      </p>`
    }
    ${typeof all === 'object' && Page && html`<${Page} key=${chosen} ...${{ access, areas, speech, signedOut }} />`}`;
}

type OfficeProps = { session: SessionAnswer; speech: Speech; hash: string; signedOut: () => void };

const pages = {
  accounts: { Page: Accounts, permission: 'account:manage' },
  keys: { Page: Keys, permission: 'account:manage' },
  subscriptions: { Page: Subscriptions, permission: 'subscription:manage' },
} as const satisfies { [name: string]: { Page: unknown; permission: Permission } };
type PageName = keyof typeof pages;

/** Which pages there are for somebody. */
export const pagesOf = ({ permissions }: Pick<SessionAnswer, 'permissions'>): PageName[] =>
  (Object.keys(pages) as PageName[]).filter((page) => permissions.includes(pages[page].permission));

const addressOf = (page: PageName): string => `#/office/${page}`;
export const isOffice = (hash: string): boolean => hash.startsWith('#/office');
