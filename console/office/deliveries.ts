import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { DeliveryPage } from '../../api/answers.ts';
import type { EventDelivery } from '../../records/outgoing-event.ts';
import type { EventType } from '../../records/registry.ts';
import { dateAndTime, type Speech } from '../words.ts';
import { deliveriesOf } from './office-requests.ts';

/** What came of each attempt to tell one program, the newest first. */
export function Deliveries({ id, name, speech }: { id: string; name: string; speech: Speech }) {
  const { office, loadFailed } = speech.texts;
  const words = office.subscriptions;
  const [page, setPage] = useState<DeliveryPage>();
  const [failed, setFailed] = useState(false);
  const load = async (cursor?: string) => {
    const answer = await deliveriesOf(id, cursor);
    setFailed(answer.type !== 'done');
    if (answer.type !== 'done') return;
    const { deliveries, next } = answer.body;
    setPage((before) => ({
      deliveries: [...(cursor === undefined ? [] : (before?.deliveries ?? [])), ...deliveries],
      ...(next !== undefined && { next }),
    }));
  };
  useEffect(() => void load(), [id]);
  if (failed) return html`<p class="message message-kind" role="alert">${loadFailed}</p>`;
  if (!page) return html`<p class="quiet">${office.loading}</p>`;
  const { deliveries, next } = page;
  if (deliveries.length === 0 && next === undefined) return html`<p class="quiet">${words.logEmpty}</p>`;
  return html`<table class="deliveries" aria-label=${words.logOf(name)}>
      <thead>
        <tr>${Object.values(words.columns).map((column) => html`<th key=${column} scope="col">${column}</th>`)}</tr>
      </thead>
      <tbody>
        ${deliveries.map((one, index) => html`<${Line} key=${index} ...${{ one, speech }} />`)}
      </tbody>
    </table>
    ${
      next !== undefined &&
      html`<p class="buttons"><button type="button" class="button small" onClick=${() => load(next)}>${words.older}</button></p>`
    }`;
}

function Line({ one, speech }: { one: EventDelivery; speech: Speech }) {
  const words = speech.texts.office.subscriptions;
  const { at, type, attempt, outcome, detail, tookMs } = one;
  const what = words.events[type as EventType] ?? words.systemEvents[type] ?? type;
  return html`<tr>
    <td>${dateAndTime(at, speech)}</td>
    <td>${what}</td>
    <td>${words.outcomes[outcome]} <span class="quiet">${[detail, attempt > 1 && words.attempt(attempt)].filter(Boolean).join(' · ')}</span></td>
    <td>${tookMs} ms</td>
  </tr>`;
}
