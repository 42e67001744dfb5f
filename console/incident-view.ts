import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AlertShown, IncidentCard, IncidentDetail, ToldShown } from '../api/answers.ts';
import type { Permission } from '../records/rights.ts';
import { BreakGlass } from './glass.ts';
import { type Acting, IncidentActions, useActing } from './incident-actions.ts';
import { AcceptForm } from './incident-forms.ts';
import { type DeskClock, RunningClock, SeverityMark, useDeskTime } from './marks.ts';
import { QuietForm, quietable } from './quiet.ts';
import { ReadOutCard } from './read-out.ts';
import { incidentDetail } from './requests.ts';
import { isAboutTheWay, Track } from './track.ts';
import {
  areaOf,
  channelWords,
  clockText,
  clockWords,
  dayAndMinute,
  dayAndTime,
  placeOf,
  reasonWords,
  type Speech,
  timelineWords,
  titleOf,
  toldWords,
} from './words.ts';

/** One incident: what, where, why, who was told, what happened, and what can be done. */
export function IncidentView({ card, others, speech, allowed, now, learn, signedOut }: ViewProps) {
  const { detail, failed, load } = useDetail(card, signedOut);
  const may = detail?.may ?? { act: allowed.has('incident:act'), resolve: allowed.has('incident:resolve') };
  const act = useActing({ card, speech, learn, signedOut });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [card.incidentId]);
  const { texts } = speech;
  const { severity, state, openedAt, code, where } = card;
  return html`<article class=${`incident incident-${severity}`} aria-labelledby="incident-title">
    <a class="back" href="#/">${texts.back}</a>
    <header class="incident-head">
      <div class="incident-what">
        <${SeverityMark} severity=${severity} speech=${speech} />
        <h1 id="incident-title" tabindex="-1" ref=${heading}>${titleOf(card, speech)}</h1>
        <p class="incident-where">
          ${placeOf(card, speech)}${where.person && html` <span class="person">${where.person}</span>`}
        </p>
      </div>
      <div class="incident-clock">
        ${
          state.phase === 'resolved'
            ? html`<span class="clock"><time>${clockWords(state.since - openedAt, speech)}</time></span>`
            : html`<${RunningClock} ...${{ now, speech }} since=${openedAt} />`
        }
        <span class="clock-label">${state.phase === 'resolved' ? texts.clock.resolved : texts.clock.open}</span>
        <span class="code" title=${texts.codeHint}><span>${texts.code}</span> <b>${code}</b></span>
      </div>
    </header>
    <${IncidentActions} ...${{ card, others, speech, now, act, may }} />
    <${Beside} ...${{ card, speech, now, may, allowed, signedOut }} />
    ${
      failed &&
      html`<p class="message message-kind">
        ${texts.loadFailed} <button type="button" class="link" onClick=${load}>${texts.retry}</button>
      </p>`
    }
    <div class="incident-body">
      <section aria-labelledby="why">
        <h2 id="why">${texts.why}</h2>
        <${Reasons} ...${{ alerts: detail?.alerts ?? card.alerts, more: card.moreAlerts, isWhole: !!detail, speech, now }} />
      </section>
      <section aria-labelledby="where">
        <h2 id="where">${texts.where}</h2>
        <${Where} ...${{ card, detail, speech }} />
        ${detail?.masked && html`<${Masked} ...${{ card, speech, allowed, load, signedOut }} />`}
        ${detail && !detail.masked && isAboutTheWay(detail) && html`<${Track} ...${{ incidentId: card.incidentId, speech, now, signedOut }} />`}
      </section>
      <section aria-labelledby="told">
        <h2 id="told">${texts.told}</h2>
        <${LadderWords} ...${{ card, speech, now }} />
        <${ToldPeople} ...${{ card, detail, speech, act, may }} />
      </section>
      <section aria-labelledby="timeline">
        <h2 id="timeline">${texts.timeline}</h2>
        ${detail && html`<${TimelineLines} ...${{ detail, speech, now }} />`}
      </section>
    </div>
  </article>`;
}

type ViewProps = {
  card: IncidentCard;
  /** The other open incidents, the most urgent first. */
  others: IncidentCard[];
  speech: Speech;
  /** What the session may do somewhere. */
  allowed: ReadonlySet<Permission>;
  now: DeskClock;
  learn: (card: IncidentCard) => void;
  signedOut: () => void;
};

/** What is told to others than our own people, and what nobody shall hear for a while. */
function Beside({ card, speech, now, may, allowed, signedOut }: BesideProps) {
  const { readOut, quiet } = speech.texts.duty;
  const [opened, setOpened] = useState<'read-out' | 'quiet'>();
  const close = () => setOpened(undefined);
  const { incidentId, state, severity } = card;
  const offered = {
    'read-out': severity !== 'service' && state.phase !== 'resolved' && allowed.has('personal:incident'),
    quiet: may.resolve && quietable(card).length > 0,
  };
  if (opened === 'read-out') return html`<${ReadOutCard} ...${{ incidentId, speech, close, signedOut }} />`;
  if (opened === 'quiet')
    return html`<div class="actions"><${QuietForm} ...${{ card, speech, now, close, signedOut }} /></div>`;
  if (!offered['read-out'] && !offered.quiet) return null;
  return html`<p class="buttons beside">
    ${offered['read-out'] && html`<button type="button" class="button small" onClick=${() => setOpened('read-out')}>${readOut.button}</button>`}
    ${offered.quiet && html`<button type="button" class="button small" onClick=${() => setOpened('quiet')}>${quiet.button}</button>`}
  </p>`;
}
type BesideProps = Pick<ViewProps, 'card' | 'speech' | 'now' | 'allowed' | 'signedOut'> & {
  may: IncidentDetail['may'];
};

/** Says that names are not shown as they are; whoever may break the glass is asked why. */
function Masked({ card, speech, allowed, load, signedOut }: MaskedProps) {
  const { masked: words } = speech.texts;
  const [isAsking, setAsking] = useState(false);
  const of = { type: 'incident', id: card.incidentId } as const;
  const done = () => {
    setAsking(false);
    load();
  };
  if (isAsking) return html`<${BreakGlass} ...${{ of, speech, done, cancel: () => setAsking(false), signedOut }} />`;
  return html`<p class="masked">
    <span>${words.why}</span>
    ${
      allowed.has('personal:glass') &&
      html`<button type="button" class="button small" onClick=${() => setAsking(true)}>${words.show}</button>`
    }
  </p>`;
}
type MaskedProps = Pick<ViewProps, 'card' | 'speech' | 'allowed' | 'signedOut'> & { load: () => void };

/** What the queue does not carry, fetched when the incident is opened and again when it changed. */
function useDetail({ incidentId, revision }: IncidentCard, signedOut: () => void) {
  const [detail, setDetail] = useState<IncidentDetail>();
  const [failed, setFailed] = useState(false);
  const wanted = useRef(incidentId);
  wanted.current = incidentId;
  const load = async () => {
    const answer = await incidentDetail(incidentId);
    if (wanted.current !== incidentId) return;
    if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
    setFailed(answer.type !== 'done');
    if (answer.type === 'done') setDetail(answer.body);
  };
  useEffect(() => {
    // News come in bursts: a rung tells several people at once.
    const soon = setTimeout(load, 120);
    return () => clearTimeout(soon);
  }, [incidentId, revision]);
  return { detail: detail?.incidentId === incidentId ? detail : undefined, failed, load };
}

function Reasons({ alerts, more, isWhole, speech, now }: ReasonsProps) {
  const { texts } = speech;
  const time = (at: number) => dayAndMinute(at, now() ?? at, speech);
  return html`<ul class="reasons">
    ${alerts.map(
      (alert) =>
        html`<li key=${alert.alertId} class=${alert.clearedAt === undefined ? '' : 'is-cleared'}>
          <span class="reason">${reasonWords(alert, speech)}</span>
          <span class="quiet">
            ${[
              [alert.site, alert.place, alert.room].filter(Boolean).join(texts.list),
              // Whoever comes to mend something looks for that one.
              alert.severity === 'service' && alert.deviceId !== undefined && texts.device(alert.deviceId),
              time(alert.occurredAt),
              alert.clearedAt === undefined ? '' : texts.cleared(time(alert.clearedAt)),
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
          ${alert.round && html`<${Round} homes=${alert.round} ...${{ speech, time }} />`}
        </li>`,
    )}
    ${more > 0 && !isWhole && html`<li class="quiet">${texts.moreAlerts(more)}</li>`}
  </ul>`;
}
/** Where to go first, and when somebody there last gave a sign. */
function Round({ homes, speech, time }: RoundProps) {
  const { round: words, list } = speech.texts;
  return html`<p class="quiet">${words.title}</p>
    <ol class="round">
      ${homes.map(
        ({ householdId, place, area, signAt }) => html`<li key=${householdId}>
          ${[area, place ?? householdId].filter(Boolean).join(list)}
          <span class="quiet"> ${signAt === undefined ? words.never : words.sign(time(signAt))}</span>
        </li>`,
      )}
    </ol>`;
}
type RoundProps = { homes: NonNullable<AlertShown['round']>; speech: Speech; time: (at: number) => string };

type ReasonsProps = { alerts: AlertShown[]; more: number; isWhole: boolean; speech: Speech; now: DeskClock };

function Where({ card, detail, speech }: { card: IncidentCard; detail?: IncidentDetail; speech: Speech }) {
  const { fields } = speech.texts;
  const person = detail?.people.map(({ name, callName }) => [callName, name].filter(Boolean).join(' · ')).join('; ');
  const rows: [string, string | undefined][] = [
    [fields.place, placeOf(card, speech)],
    [fields.person, person || card.where.person],
    [fields.area, areaOf(card, speech)],
    [fields.way, detail?.directions],
    [fields.address, detail?.address],
    [fields.note, detail?.householdNote],
  ];
  return html`<dl class="facts">
    ${rows.map(([name, value]) => value && html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

function LadderWords({ card: { ladder, state, severity, told }, speech, now }: LadderProps) {
  const words = speech.texts.ladder;
  const at = useDeskTime(now);
  if (state.phase === 'resolved' || ladder.phase === 'ended' || at === undefined) return null;
  if (ladder.phase === 'paused') return html`<p class="quiet">${words.paused}</p>`;
  if (ladder.phase === 'held') return html`<p>${ladder.dropped ? words.dropped : words.held}</p>`;
  if (ladder.nextAt === undefined && told.length === 0 && severity === 'service')
    return html`<p class="quiet">${words.nobody}</p>`;
  if (ladder.nextAt === undefined) return html`<p class="quiet">${words.everyone}</p>`;
  return html`<p class="quiet">${words.next(clockText(Math.max(0, ladder.nextAt - at)))}</p>`;
}

type LadderProps = { card: IncidentCard; speech: Speech; now: DeskClock };

function ToldPeople({ card, detail, speech, act, may }: ToldProps) {
  const [accepting, setAccepting] = useState<{ contactId: string; version: number }>();
  const { told, state, version, severity } = card;
  // Whoever reads that nobody is called about it knows.
  if (told.length === 0 && severity === 'service') return null;
  if (told.length === 0) return html`<p class="quiet">${speech.texts.nobodyTold}</p>`;
  const mayAccept = may.act && (state.phase === 'open' || state.phase === 'claimed' || state.phase === 'responding');
  return html`<ul class="told">
    ${told.map((one) => {
      const { contactId } = one;
      const contact = detail?.contacts[contactId];
      const who = one.name ?? contactId;
      return html`<li key=${contactId}>
        <${ToldPerson} ...${{ one, phone: contact?.phone, isMasked: detail?.masked, speech }} />
        ${
          mayAccept &&
          accepting?.contactId !== contactId &&
          one.answer !== 'going' &&
          html`<button
            type="button"
            class="button small"
            aria-label=${speech.texts.acceptForm.title(who)}
            onClick=${() => setAccepting({ contactId, version })}
          >
            ${speech.texts.actions.accept}
          </button>`
        }
        ${
          accepting?.contactId === contactId &&
          html`<${AcceptForm}
            ...${{ speech, who, isBusy: act.isBusy }}
            cancel=${() => setAccepting(undefined)}
            send=${async (expectedMinutes: number) => {
              const asked = { type: 'accept', contactId, expectedMinutes, expectedVersion: accepting.version } as const;
              const { isRecorded, version: versionNow } = await act.send(asked);
              setAccepting(isRecorded ? undefined : { contactId, version: versionNow });
            }}
          />`
        }
      </li>`;
    })}
  </ul>`;
}
type ToldProps = {
  card: IncidentCard;
  detail?: IncidentDetail;
  speech: Speech;
  act: Acting;
  may: IncidentDetail['may'];
};

const toldSigns = { delivered: '✓', unreachable: '✕', unknown: '…' } as const;

function ToldPerson({ one, phone, isMasked, speech }: PersonProps) {
  const { texts } = speech;
  const { contactId, name, role, reached, answer, informed, arrived, updated, attempt } = one;
  const way = attempt && channelWords(attempt.channel, texts);
  const by = reached === 'delivered' && way && !attempt.heard && (attempt.receipt ? texts.duty.receipt(way) : way);
  return html`<div class="told-person">
    <span class="told-name">
      ${name ?? contactId}${role && html` <span class="quiet">${texts.roles[role]}</span>`}
      ${informed && html` <span class="quiet">${texts.informedOnly}</span>`}
    </span>
    <span class=${`told-reached told-${reached}`}>
      <span aria-hidden="true">${toldSigns[reached]}</span> <span>${toldWords(one, speech)}</span>
      ${by && html` <span class="quiet">${by}</span>`}
      ${arrived && html` <b class="told-answer told-answer-going">${texts.duty.arrived}</b>`}
      ${answer && !arrived && html` <b class=${`told-answer told-answer-${answer}`}>${texts.answers[answer]}</b>`}
      ${!answer && updated && html` <span class="quiet">${texts.duty.updated}</span>`}
    </span>
    ${phone && isMasked && html`<span class="phone">${phone}</span>`}
    ${phone && !isMasked && html`<a class="phone" href=${`tel:${phone.replaceAll(/[^+\d]/g, '')}`}>${phone}</a>`}
  </div>`;
}
type PersonProps = { one: ToldShown; phone: string | undefined; isMasked: boolean | undefined; speech: Speech };

/** The newest first: whoever comes back to the desk reads what changed without scrolling. */
function TimelineLines({ detail, speech, now }: { detail: IncidentDetail; speech: Speech; now: DeskClock }) {
  const { timeline, contacts, earlierEntries } = detail;
  const at = now() ?? detail.openedAt;
  return html`<ol class="timeline" reversed>
      ${timeline.toReversed().map(
        (entry, index) =>
          html`<li key=${timeline.length - index} class=${`line line-${entry.what}`}>
            <time>${dayAndTime(entry.at, at, speech)}</time>
            <span>${timelineWords(entry, contacts, speech)}</span>
          </li>`,
      )}
    </ol>
    ${earlierEntries > 0 && html`<p class="quiet">${speech.texts.earlier(earlierEntries)}</p>`}`;
}
