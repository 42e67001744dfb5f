import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ReadOut } from '../api/incidents/read-out-route.ts';
import { homeWords } from '../records/texts/home-words.ts';
import { ask } from './requests.ts';
import { hourMinute, type Speech } from './words.ts';

/**
 * What a person reads out to 119, 120 or 110, in large letters: it is fetched when it is asked for, which is a look that goes on record.
 * Nothing here dials.
 */
export function ReadOutCard({ incidentId, speech, close, signedOut }: CardProps) {
  const words = speech.texts.duty.readOut;
  const [card, setCard] = useState<ReadOut | 'failed'>();
  const heading = useRef<HTMLHeadingElement>(null);
  const load = async () => {
    const answer = await ask<ReadOut>('GET', `/incidents/${encodeURIComponent(incidentId)}/card`);
    if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
    setCard(answer.type === 'done' ? answer.body : 'failed');
  };
  useEffect(() => void load(), [incidentId]);
  useEffect(() => heading.current?.focus(), [card]);
  return html`<section class="read-out" aria-labelledby="read-out">
    <h2 id="read-out" tabindex="-1" ref=${heading}>${words.title}</h2>
    ${card === undefined && html`<p>${words.loading}</p>`}
    ${card === 'failed' && html`<p class="message message-kind">${speech.texts.loadFailed}</p>`}
    ${typeof card === 'object' && html`<${Lines} ...${{ card, speech }} />`}
    <p class="buttons"><button type="button" class="button" onClick=${close}>${words.close}</button></p>
  </section>`;
}
type CardProps = { incidentId: string; speech: Speech; close: () => void; signedOut: () => void };

/** In the order in which the other side asks: what, where, how to get there, who is inside, what is dangerous, whom to call back. */
function Lines({ card, speech }: { card: ReadOut; speech: Speech }) {
  const { texts, language } = speech;
  const words = texts.duty.readOut;
  const home = homeWords[language];
  const { areas, site, place, rooms, directions, address, position, people, heating, water, hazards, callback } = card;
  const joined = (parts: readonly (string | undefined)[]) => parts.filter(Boolean).join(texts.list);
  const degrees = ({ lat, lon }: { lat: number; lon: number }) => `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  const rows: [string, string][] = [
    [words.what, joined([card.about[language], hourMinute(card.openedAt, speech)])],
    [words.where, joined([...areas.toReversed(), site, place, ...rooms])],
    [words.way, joined([directions, address])],
    ['WGS-84', position ? degrees(position['WGS-84']) : ''],
    ['GCJ-02', position ? degrees(position['GCJ-02']) : ''],
    [
      words.people,
      people
        .map(({ name, needs, isAway }) =>
          joined([name ?? words.somebody, ...needs.map((need) => home.needs[need]), isAway ? words.away : undefined]),
        )
        .join('; '),
    ],
    [words.home, joined([heating && home.heating[heating], ...hazards.map((one) => home.hazards[one])])],
    [words.water, water ? home.water[water] : ''],
    [words.callback, callback.map(({ who, name, phone }) => joined([words.who[who], name, phone])).join('; ')],
    [texts.code, card.code],
  ];
  return html`<dl>
    ${rows.map(([name, value]) => value && html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}
