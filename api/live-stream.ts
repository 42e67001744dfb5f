import type { ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import type { Chance } from '../platform/random.ts';
import type { Beat, Snapshot } from './answers.ts';
import type { DutyView } from './duty-view.ts';
import type { HealthWatch } from './health.ts';
import type { Cards } from './incident-card.ts';

/**
 * Server-sent events to everyone who watches: a snapshot, then each incident as it changes, and a beat. Changes within a
 * moment go out together, so that a storm of alerts costs each watcher one message an incident.
 * An event's id is this process and the revision: after a short break a watcher gets what changed since then.
 * Bounded: 200 watchers, 10 a session; who does not read what was sent is cut, and connects again.
 */
export function createLiveStream(parts: StreamParts) {
  const { view, cards, health, clock, now, isOpen } = parts;
  const origin = Buffer.from(parts.chance.bytes(6)).toString('base64url');
  const watchers = new Set<Watcher>();
  const changed = new Set<string>();
  let isFlushDue = false;

  const incidentEvent = (duty: Parameters<Cards['card']>[0]) =>
    event('incident', cards.card(duty), `${origin}.${duty.revision}`);

  function send(watcher: Watcher, text: string): void {
    if (watcher.response.writableLength > mostUnreadBytes) watcher.response.destroy();
    else watcher.response.write(text);
  }

  function flush(): void {
    isFlushDue = false;
    const incidents = [...changed].flatMap((id) => view.incident(id) ?? []).sort((a, b) => a.revision - b.revision);
    changed.clear();
    for (const duty of incidents) {
      const text = incidentEvent(duty);
      for (const watcher of watchers) send(watcher, text);
    }
  }

  const stopListening = view.onChange(({ incident }) => {
    if (watchers.size === 0) return;
    changed.add(incident.incidentId);
    if (!isFlushDue) clock.after(gatherMs, flush);
    isFlushDue = true;
  });

  function beat(): void {
    const text = event('beat', { at: now(), health: health.report() } satisfies Beat);
    for (const watcher of watchers) {
      if (isOpen(watcher.sessionKey)) send(watcher, text);
      else watcher.response.end();
    }
    cancelBeat = clock.after(beatEveryMs, beat);
  }
  let cancelBeat = clock.after(beatEveryMs, beat);

  function snapshot(): string {
    const open = view.openIncidents();
    const body: Snapshot = {
      at: now(),
      open: open.slice(0, mostOpenShown).map(cards.card),
      moreOpen: Math.max(0, open.length - mostOpenShown),
      resolved: view.resolvedIncidents().slice(0, mostResolvedShown).map(cards.card),
      health: health.report(),
    };
    return event('snapshot', body, `${origin}.${view.revision()}`);
  }

  function firstWords(lastEventId: string | undefined): string {
    const [from, revision] = lastEventId?.split('.') ?? [];
    const missed = from === origin && revision ? view.changedSince(Number(revision)) : undefined;
    if (!missed || missed.length > mostOpenShown) return snapshot();
    return missed.map(incidentEvent).join('') + event('beat', { at: now(), health: health.report() } satisfies Beat);
  }

  return {
    /** Whether there is room for one more watcher. */
    hasRoom(sessionKey: string): boolean {
      const own = [...watchers].filter((watcher) => watcher.sessionKey === sessionKey).length;
      return watchers.size < mostWatchers && own < mostOfOneSession;
    },
    watch(response: ServerResponse, { sessionKey, lastEventId }: { sessionKey: string; lastEventId?: string }): void {
      const watcher = { response, sessionKey };
      response.on('close', () => watchers.delete(watcher));
      response.on('error', () => response.destroy());
      response.write(`retry: ${reconnectMs}\n\n${firstWords(lastEventId)}`);
      watchers.add(watcher);
    },
    /** At sign-out. */
    cut(sessionKey: string): void {
      for (const { response, sessionKey: key } of watchers) if (key === sessionKey) response.end();
    },
    close(): void {
      stopListening();
      cancelBeat();
      for (const { response } of watchers) response.end();
    },
  };
}

export type LiveStream = ReturnType<typeof createLiveStream>;
type Watcher = { response: ServerResponse; sessionKey: string };
type StreamParts = {
  view: DutyView;
  cards: Cards;
  health: HealthWatch;
  clock: Clock;
  now: () => number;
  chance: Chance;
  /** Is the session still signed in? */
  isOpen: (sessionKey: string) => boolean;
};

const mostWatchers = 200;
const mostOfOneSession = 10;
const mostUnreadBytes = 1024 * 1024;
const mostOpenShown = 300;
const mostResolvedShown = 20;
const gatherMs = 40;
/** The page calls the state unknown after about twice this. */
const beatEveryMs = 5_000;
const reconnectMs = 1_500;

function event(name: 'snapshot' | 'incident' | 'beat', body: object, id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${name}\n${idLine}data: ${JSON.stringify(body)}\n\n`;
}
