import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { DutyPage, UnprovedPage } from '../api/duty/duty-routes.ts';
import type { DeskClock } from './marks.ts';
import { ask, command } from './requests.ts';
import { dayAndMinute, hourMinute, type Speech } from './words.ts';

/** Who is on duty by each roster, and which shift waits for somebody: whoever has them on the telephone says for them that they have it. */
export function OnDuty({ speech, now, mayAct }: { speech: Speech; now: DeskClock; mayAct: boolean }) {
  const { texts } = speech;
  const words = texts.duty.shifts;
  const [page, setPage] = useState<DutyPage | 'failed'>();
  const [isBusy, setBusy] = useState(false);
  const look = () =>
    ask<DutyPage>('GET', '/duty').then((answer) => setPage(answer.type === 'done' ? answer.body : 'failed'));
  useEffect(() => void look(), []);
  const accept = async (rosterId: string, contactId: string) => {
    setBusy(true);
    const step = { type: 'accept', contactId };
    const answer = await command<object>('POST', `/rosters/${encodeURIComponent(rosterId)}/hand-over`, { step });
    setBusy(false);
    if (answer.type === 'done') await look();
    else setPage('failed');
  };
  return html`<article class="incident" aria-labelledby="duty-title" aria-busy=${isBusy}>
    <a class="back" href="#/">${texts.back}</a>
    <h1 id="duty-title">${words.title}</h1>
    <p class="buttons">
      <span class="quiet">${words.asOf(hourMinute(now() ?? Date.now(), speech))}</span>
      <button type="button" class="link" onClick=${look}>${words.again}</button>
    </p>
    ${page === 'failed' && html`<p class="message message-kind" role="alert">${texts.loadFailed}</p>`}
    ${typeof page === 'object' && page.rosters.length === 0 && html`<p class="empty">${words.none}</p>`}
    ${
      typeof page === 'object' &&
      page.rosters.map(
        (shift) => html`<section key=${shift.rosterId} class="shift">
          <h2>${[shift.name, shift.site, shift.area].filter(Boolean).join(texts.list)}</h2>
          ${shift.onDuty.length === 0 && html`<p class="message message-kind">${words.nobody}</p>`}
          ${shift.onDuty.map((one) => html`<p key=${one.contactId}><${Person} ...${{ one, speech }} /></p>`)}
          ${
            shift.open &&
            html`<p class="message message-kind">
              ${words.open(hourMinute(shift.open.at, speech), hourMinute(shift.open.dueAt, speech))}
            </p>`
          }
          ${shift.open?.asked.map(
            (one) => html`<p key=${one.contactId} class="buttons">
              <${Person} ...${{ one, speech }} />
              ${
                mayAct &&
                html`<button type="button" class="button small" disabled=${isBusy} onClick=${() => accept(shift.rosterId, one.contactId)}>
                  ${words.accept}
                </button>`
              }
            </p>`,
          )}
        </section>`,
      )
    }
    ${mayAct && html`<${Unproved} ...${{ speech, now }} />`}
  </article>`;
}

/** Contacts of whom nobody knows whether they answer; whoever reached one says so. */
function Unproved({ speech, now }: { speech: Speech; now: DeskClock }) {
  const words = speech.texts.duty.shifts;
  const [page, setPage] = useState<UnprovedPage>();
  const look = () =>
    ask<UnprovedPage>('GET', '/duty/contacts').then((answer) => answer.type === 'done' && setPage(answer.body));
  useEffect(() => void look(), []);
  const reached = async (contactId: string) => {
    await command<object>('POST', `/contacts/${encodeURIComponent(contactId)}/proof`, { how: 'call' });
    await look();
  };
  if (!page || page.contacts.length === 0) return null;
  const at = now() ?? 0;
  return html`<section class="shift unproved">
    <h2>${words.toCall} <span class="count">${page.contacts.length + page.more}</span></h2>
    <p class="quiet">${words.why}</p>
    ${page.contacts.map(
      (one) => html`<p key=${one.contactId} class="buttons">
        <${Person} ...${{ one, speech }} />
        <span class="quiet">
          ${[one.area, one.provedAt === undefined ? words.never : words.last(dayAndMinute(one.provedAt, at, speech))]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <button type="button" class="button small" onClick=${() => reached(one.contactId)}>${words.reached}</button>
      </p>`,
    )}
    ${page.more > 0 && html`<p class="quiet">${words.more(page.more)}</p>`}
  </section>`;
}

function Person({ one, speech }: { one: DutyPage['rosters'][number]['onDuty'][number]; speech: Speech }) {
  const { roles } = speech.texts;
  const { contactId, name, role, phone } = one;
  const isWhole = phone !== undefined && !phone.includes('*');
  return html`<span>
    <b>${name ?? contactId}</b> <span class="quiet">${Object.hasOwn(roles, role) ? roles[role as keyof typeof roles] : role}</span>
    ${isWhole && html` <a class="phone" href=${`tel:${phone.replaceAll(/[^+\d]/g, '')}`}>${phone}</a>`}
  </span>`;
}
