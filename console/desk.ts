import { html } from 'htm/preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { IncidentCard, SessionAnswer } from '../api/answers.ts';
import type { Permission } from '../records/rights.ts';
import type { Language } from '../records/texts/texts.ts';
import { AccountCorner } from './account-corner.ts';
import { EmptyQueue, HistoryNote, SightBanner, SightPill } from './banners.ts';
import { type DeskSound, useDeskSound } from './desk-sound.ts';
import { BreakGlass, GlassDesk, useDetailOf } from './glass.ts';
import { useHash } from './hash.ts';
import { Holding } from './holding.ts';
import { IncidentList, linkedIncident } from './incident-list.ts';
import { IncidentView } from './incident-view.ts';
import { IncomingCall } from './incoming-call.ts';
import { LanguageChoice } from './language.ts';
import { type Live, localTime, openLive } from './live.ts';
import { deskNow, type LiveState, nothingHeard, openIn, type Sight, sightOf } from './live-state.ts';
import { useDeskTime } from './marks.ts';
import { isOffice, OfficePages, pagesOf } from './office/office-pages.ts';
import { OnDuty } from './on-duty.ts';
import { PresenceBanner, usePresence } from './presence.ts';
import { Prompts } from './prompts.ts';
import { QuietList } from './quiet.ts';
import { currentSession, signOut } from './requests.ts';
import type { Texts } from './texts/en.ts';
import { placeOf, type Speech, speechOf, titleOf } from './words.ts';

/** The page of whoever is on duty: the queue on one side, the chosen incident on the other. */
export function Desk({ session, texts, language, setLanguage, signedOut, left, refresh }: DeskProps) {
  const beating = useRef(() => {});
  const { state, learn, now } = useLive(signedOut, refresh, beating);
  const hash = useHash();
  const selectedId = linkedIncident(hash);
  const { timeZone, account } = session;
  const speech = useMemo(() => speechOf(language, timeZone, account.id), [language, timeZone, account.id]);
  const at = useDeskTime(now);
  const sight = sightOf(state, localTime());
  const sound = useDeskSound(() => ({ cards: state.cards, sight: sightOf(state, localTime()) }));
  const open = useMemo(() => openIn(state.cards), [state.cards]);
  const allowed = useMemo(() => new Set(session.permissions), [session]);
  const presence = usePresence({ isDesk: allowed.has('incident:act'), isHeard: sound.isReady && sound.isOn });
  beating.current = presence.beat;
  const listed = selectedId === undefined ? undefined : state.cards.get(selectedId);
  const elsewhere = useDetailOf(listed || !state.heard ? undefined : selectedId);
  const selected = listed ?? (typeof elsewhere.found === 'object' ? elsewhere.found : undefined);
  const isGlass = hash === '#/glass' && allowed.has('personal:glass');
  const isCall = hash === '#/call' && allowed.has('incident:act');
  const isQuiet = hash === '#/quiet';
  const isDuty = hash === '#/duty';
  const isAtOffice = isOffice(hash) && pagesOf(session).length > 0;
  const isBeside = isGlass || isCall || isQuiet || isDuty || isAtOffice;
  const isMissing = selectedId !== undefined && !selected && elsewhere.found === 'none';
  useTitle(open, sight, speech);

  // The clocks run by themselves; the queue is drawn again only when something in it changed.
  const { cards, moreOpen } = state;
  const queue = useMemo(() => {
    const asked = html`<${Prompts} ...${{ speech, now, mayAnswer: allowed.has('incident:act') }} />`;
    return html`<${IncidentList} ...${{ cards, moreOpen, selectedId, speech, now, asked }} />`;
  }, [cards, moreOpen, selectedId, speech, now, allowed]);
  const leave = async () => {
    await signOut();
    left();
  };
  const isBlind = sight.type === 'lost' || sight.type === 'unknown';
  return html`<div class=${`desk${selected || isBeside || isMissing ? ' has-selection' : ''}${isBlind ? ' is-blind' : ''}`}>
    <header class="bar">
      <a class="brand" href="#/"><img src="/assets/console/icon.svg" alt="" width="28" height="28" /> <span>${texts.brand}</span></a>
      <${SightPill} ...${{ sight, at, speech }} />
      <span class="bar-space"></span>
      <${SoundControls} ...${{ sound, texts }} />
      <${LanguageChoice} ...${{ texts, language, setLanguage }} />
      <button type="button" class="button quiet-button leave" onClick=${leave}>${texts.signOut}</button>
    </header>
    <${SightBanner} ...${{ sight, speech }} />
    ${sound.isReady && html`<${PresenceBanner} ...${{ attended: presence.attended, speech }} />`}
    ${allowed.has('incident:resolve') && html`<${Holding} ...${{ open, speech, learn }} />`}
    ${!sound.isReady && html`<button type="button" class="banner banner-sound">${texts.banner.soundOff}</button>`}
    <main class="panes">
      <nav class="pane-queue" aria-label=${texts.back}>
        ${allowed.has('incident:act') && html`<a class="button call-link" href="#/call">${texts.duty.call.link}</a>`}
        ${open.length === 0 && moreOpen === 0 && html`<${EmptyQueue} ...${{ sight, heardAt: state.heard?.at, speech }} />`}
        ${queue}
        <${HistoryNote} ...${{ health: state.health, speech }} />
        <${AccountCorner} ...${{ session, speech, setLanguage, leave, signedOut }} />
      </nav>
      <div class="pane-incident">
        ${isCall && html`<${IncomingCall} ...${{ speech, learn, signedOut }} />`}
        ${isDuty && html`<${OnDuty} ...${{ speech, now, mayAct: allowed.has('incident:act') }} />`}
        ${isQuiet && html`<${QuietList} ...${{ speech, now, mayEnd: allowed.has('incident:resolve') }} />`}
        ${isGlass && html`<${GlassDesk} ...${{ speech, signedOut }} />`}
        ${isAtOffice && html`<${OfficeBeside} ...${{ session, speech, hash, signedOut }} />`}
        ${isMissing && html`<${NotYours} key=${selectedId} ...${{ id: selectedId, speech, allowed, signedOut, load: elsewhere.load }} />`}
        ${
          selected &&
          html`<${IncidentView} key=${selected.incidentId} ...${{ card: selected, others: open.filter((one) => one !== selected), speech, allowed, now, learn, signedOut }} />`
        }
        ${!isBeside && selectedId === undefined && open.length > 0 && html`<p class="empty">${texts.empty.choose}</p>`}
      </div>
    </main>
    <${Announcer} ...${{ open, speech }} />
  </div>`;
}

type DeskProps = {
  session: SessionAnswer;
  texts: Texts;
  language: Language;
  setLanguage: (language: Language) => void;
  /** The desk says that the session is over. */
  signedOut: () => void;
  /** The person went. */
  left: () => void;
  /** Asks again who is signed in: they may no longer have a part in incidents. */
  refresh: () => void;
};

/** Accounts, keys and subscriptions beside the queue: whoever is on duty does not lose sight of it. */
function OfficeBeside({ session, speech, hash, signedOut }: Parameters<typeof OfficePages>[0]) {
  const { office, back } = speech.texts;
  return html`<article class="incident" aria-labelledby="office-title">
    <a class="back" href="#/">${back}</a>
    <h1 id="office-title">${office.title}</h1>
    <${OfficePages} ...${{ session, speech, hash, signedOut }} />
  </article>`;
}

/** An incident that is not there, or is nobody's business here: the desk does not say which. */
function NotYours({ id, speech, allowed, signedOut, load }: NotYoursProps) {
  const [isAsking, setAsking] = useState(false);
  const { texts } = speech;
  const of = { type: 'incident', id } as const;
  return html`<article class="incident">
    <a class="back" href="#/">${texts.back}</a>
    <p class="empty">${texts.masked.notYours}</p>
    ${
      isAsking
        ? html`<${BreakGlass} ...${{ of, speech, signedOut, done: load, cancel: () => setAsking(false) }} />`
        : allowed.has('personal:glass') &&
          html`<p class="buttons">
            <button type="button" class="button" onClick=${() => setAsking(true)}>${texts.masked.see}</button>
          </p>`
    }
  </article>`;
}
type NotYoursProps = {
  id: string;
  speech: Speech;
  allowed: ReadonlySet<Permission>;
  signedOut: () => void;
  load: () => void;
};

function useLive(signedOut: () => void, refresh: () => void, beating: { current: () => void }) {
  const [state, setState] = useState<LiveState>(nothingHeard);
  const latest = useRef(state);
  latest.current = state;
  const live = useRef<Live>(undefined);
  useEffect(() => {
    const opened = openLive({
      onChange(next) {
        setState(next);
        if (next.connection === 'open') beating.current();
      },
      async isSignedIn() {
        const answer = await currentSession();
        if (answer.type === 'done' && !answer.body.permissions.includes('incident:read')) refresh();
        return answer.type === 'away' ? undefined : answer.type === 'done';
      },
      onSignedOut: signedOut,
    });
    live.current = opened;
    return () => opened.close();
  }, [signedOut, refresh]);
  const learn = useCallback((card: IncidentCard) => live.current?.learn(card), []);
  const now = useCallback(() => deskNow(latest.current, localTime()), []);
  return { state, learn, now };
}

/** A tab in the background says how many wait, and never looks calm when it cannot see. */
function useTitle(open: IncidentCard[], sight: Sight, { texts }: Speech): void {
  const waiting = open.filter(({ state, severity }) => state.phase === 'open' && severity !== 'service').length;
  const isBlind = sight.type === 'lost' || sight.type === 'unknown';
  const title = isBlind ? `⚠ ${texts.status.unknown}` : waiting > 0 ? `(${waiting}) ${texts.brand}` : texts.brand;
  useEffect(() => {
    document.title = title;
  }, [title]);
}

function SoundControls({ sound, texts }: { sound: DeskSound; texts: Texts }) {
  const { sound: words } = texts;
  const isHeard = sound.isReady && sound.isOn;
  return html`
    ${
      sound.sounding > 0 &&
      isHeard &&
      html`<button type="button" class="button silence" title=${words.silenceHint} onClick=${sound.silence}>
        ${words.silence}
      </button>`
    }
    <button
      type="button"
      class="button quiet-button sound"
      aria-pressed=${sound.isOn}
      aria-label=${isHeard ? words.isOn : words.isOff}
      title=${isHeard ? words.isOn : words.isOff}
      onClick=${() => {
        if (!sound.isOn) sound.test();
        sound.setOn(!sound.isOn);
      }}
    >
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
        <path class="solid" d="M4 9v6h4l5 4V5L8 9z" />
        ${
          isHeard
            ? html`<path d="M16 9.2a4 4 0 0 1 0 5.6M18.6 6.6a8 8 0 0 1 0 10.8" />`
            : html`<path d="m16.5 9.5 5 5m0-5-5 5" />`
        }
      </svg>
    </button>
  `;
}

/** Tells screen readers of each new critical incident, once. */
function Announcer({ open, speech }: { open: IncidentCard[]; speech: Speech }) {
  const known = useRef<ReadonlySet<string>>(undefined);
  const [said, setSaid] = useState('');
  useEffect(() => {
    const critical = open.filter(({ severity }) => severity === 'critical');
    const fresh = critical.filter(({ incidentId }) => known.current && !known.current.has(incidentId));
    known.current = new Set(critical.map(({ incidentId }) => incidentId));
    if (fresh.length > 0) {
      setSaid(fresh.map((card) => speech.texts.announce(titleOf(card, speech), placeOf(card, speech))).join(' '));
    }
  }, [open, speech]);
  return html`<p class="for-screen-readers" role="status" aria-live="assertive">${said}</p>`;
}
