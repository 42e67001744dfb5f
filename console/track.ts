import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { IncidentDetail, LastTrack, TrackFix } from '../api/answers.ts';
import type { DeskClock } from './marks.ts';
import { type Answer, lastTrack } from './requests.ts';
import { dayAndMinute, hourMinuteSecond, type Speech } from './words.ts';

/** Whether somebody has to be searched for. */
export const isAboutTheWay = ({ alerts }: Pick<IncidentDetail, 'alerts'>): boolean =>
  alerts.some(({ condition }) => condition === 'wandering' || condition === 'position-unknown');

/** Where the person was last seen. It is fetched when somebody asks, and never by itself: each look goes on record. */
export function Track({ incidentId, speech, now, signedOut }: TrackProps) {
  const [found, setFound] = useState<{ answer: Answer<Shown>; at: number | undefined }>();
  const [isBusy, setBusy] = useState(false);
  const words = speech.texts.track;
  const look = async () => {
    setBusy(true);
    const answer = await lastTrack(incidentId);
    setBusy(false);
    if (answer.type === 'refused' && answer.problem.code === 'signed-out') return signedOut();
    setFound({ answer, at: now() });
  };
  const opened = (event: Event) => {
    if ((event.currentTarget as HTMLDetailsElement).open && !found && !isBusy) look();
  };
  return html`<details class="track" onToggle=${opened}>
    <summary>${words.title}</summary>
    <div aria-busy=${isBusy}>
      ${found ? html`<${Found} ...${{ ...found, speech }} />` : html`<p class="quiet">${words.loading}</p>`}
    </div>
    ${found && html`<button type="button" class="button small" disabled=${isBusy} onClick=${look}>${words.again}</button>`}
  </details>`;
}
type TrackProps = { incidentId: string; speech: Speech; now: DeskClock; signedOut: () => void };
type Shown = Pick<LastTrack, 'fixes'>;

function Found({ answer, at, speech }: { answer: Answer<Shown>; at: number | undefined; speech: Speech }) {
  const { track: words, loadFailed, refused } = speech.texts;
  if (answer.type === 'refused' && answer.problem.code === 'forbidden') return html`<p>${refused.forbidden}</p>`;
  if (answer.type !== 'done') return html`<p>${loadFailed}</p>`;
  const { fixes } = answer.body;
  if (fixes.length === 0) return html`<p>${words.none}</p>`;
  const areSeveral = new Set(fixes.map(({ deviceId }) => deviceId)).size > 1;
  return html`${at !== undefined && html`<p class="quiet">${words.asOf(hourMinuteSecond(at, speech))}</p>`}
    <ol class="fixes">
      ${fixes.toReversed().map(
        (fix) => html`<li key=${`${fix.deviceId} ${fix.at}`}>
          <${FixLine} ...${{ fix, at: at ?? fix.at, areSeveral, speech }} />
        </li>`,
      )}
    </ol>`;
}

function FixLine({ fix, at, areSeveral, speech }: FixProps) {
  const { texts } = speech;
  const words = texts.track;
  const { homeMeters, bearingDegrees, accuracyMeters, speedMetersPerSecond } = fix;
  const time = dayAndMinute(fix.at, at, speech);
  const direction = bearingDegrees === undefined ? undefined : words.directions[Math.round(bearingDegrees / 45) % 8];
  const isFarther = homeMeters !== undefined && direction !== undefined;
  const said = [
    accuracyMeters !== undefined && words.accuracy(accuracyMeters.toFixed(0)),
    speedMetersPerSecond !== undefined && words.speed((speedMetersPerSecond * 3.6).toFixed(0)),
    words.sources[fix.source],
    fix.isUnworn && words.unworn,
    areSeveral && texts.device(fix.deviceId),
  ];
  return html`<time>${time}</time>
    <div>
      ${isFarther && html`<span>${words.from(distanceWords(homeMeters, speech), direction)}</span>`}
      <span class="quiet">${said.filter(Boolean).join(' · ')}</span>
      <${Coordinates} ...${{ fix, time, speech }} />
    </div>`;
}
type FixProps = { fix: TrackFix; at: number; areSeveral: boolean; speech: Speech };

/** One press marks the figures as a whole; browsers keep the clipboard from pages on plain addresses of a local network. */
function Coordinates({ fix: { lat, lon }, time, speech }: Pick<FixProps, 'fix' | 'speech'> & { time: string }) {
  const words = speech.texts.track;
  const [isCopied, setCopied] = useState(false);
  const written = `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
  const copy = () =>
    navigator.clipboard.writeText(written).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return html`<span class="coordinates">
    <code>${written}</code>
    ${
      'clipboard' in navigator &&
      html`<button type="button" class="link" aria-label=${isCopied ? undefined : words.copyOf(time)} onClick=${copy}>
        ${isCopied ? words.copied : words.copy}
      </button>`
    }
  </span>`;
}

const distanceWords = (metres: number, { texts: { track } }: Speech): string =>
  metres < 2000 ? track.metres(metres.toFixed(0)) : track.kilometres((metres / 1000).toFixed(1));
