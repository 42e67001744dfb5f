import { html } from 'htm/preact';
import type { LiveState, Sight } from './live-state.ts';
import { ageText, hourMinuteSecond, type Speech } from './words.ts';

/** Says in large letters when what is shown cannot be relied on, and since when. Nothing here can be closed. */
export function SightBanner({ sight, speech }: { sight: Sight; speech: Speech }) {
  const said = bannerOf(sight, speech);
  if (!said) return null;
  return html`<div class=${`banner banner-${said.tone}`}>
    <strong>${said.what}</strong> <span role="alert">${said.why}</span>
  </div>`;
}

function bannerOf(sight: Sight, speech: Speech): { tone: 'blind' | 'late'; what: string; why: string } | undefined {
  const { banner } = speech.texts;
  switch (sight.type) {
    case 'lost':
      return { tone: 'blind', what: banner.lost(ageText(sight.ageMs, speech)), why: banner.lostWhy };
    case 'unknown': {
      const what = sight.ageMs === undefined ? banner.neverAnswered : banner.noAnswer(ageText(sight.ageMs, speech));
      return { tone: 'blind', what, why: banner.noAnswerWhy };
    }
    case 'failing':
      return sight.why === 'disk-full'
        ? { tone: 'blind', what: banner.diskFull, why: banner.diskFullWhy }
        : { tone: 'blind', what: banner.diskHangs, why: banner.diskHangsWhy };
    case 'late': {
      const what = sight.why === 'catching-up' ? banner.catchingUp : banner.behind(ageText(sight.ageMs, speech));
      return { tone: 'late', what, why: banner.behindWhy };
    }
    case 'connecting':
    case 'reconnecting':
    case 'live':
      return undefined;
  }
}

/** In the head of the page: how far what is shown can be relied on, and the desk's time. */
export function SightPill({ sight, at, speech }: { sight: Sight; at: number | undefined; speech: Speech }) {
  const { status } = speech.texts;
  const blind = sight.type === 'lost' || sight.type === 'unknown';
  const word = blind ? status.unknown : status[sight.type as Exclude<Sight['type'], 'lost' | 'unknown'>];
  const isTimeTrue = sight.type === 'live' || sight.type === 'late';
  return html`<span class=${`pill pill-${sight.type}`}>
    <span class="pill-dot" aria-hidden="true"></span><span>${word}</span>
    ${isTimeTrue && at !== undefined && html`<time class="pill-time">${hourMinuteSecond(at, speech)}</time>`}
  </span>`;
}

/** The database is nobody's life: a quiet line. */
export function HistoryNote({ health, speech }: { health: LiveState['health']; speech: Speech }) {
  const isKept =
    health === undefined || (health.parts.projection.state === 'well' && health.parts.database.state === 'well');
  const isStarting = health?.parts.projection.why === 'starting';
  return isKept || isStarting ? null : html`<p class="history-note">${speech.texts.banner.history}</p>`;
}

/** Instead of a queue: only somebody who sees may say that there is nothing. */
export function EmptyQueue({ sight, heardAt, speech }: { sight: Sight; heardAt: number | undefined; speech: Speech }) {
  const { empty } = speech.texts;
  if (sight.type === 'connecting') return html`<p class="empty">${empty.loading}</p>`;
  if (sight.type !== 'live' && sight.type !== 'reconnecting') return html`<p class="empty">${empty.unknown}</p>`;
  return html`<p class="empty">
    <strong>${empty.none}</strong>
    ${heardAt !== undefined && html`<span>${empty.checked(hourMinuteSecond(heardAt, speech))}</span>`}
  </p>`;
}
