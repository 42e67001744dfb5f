import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Access, mayAnywhere } from '../../records/rights.ts';
import type { Beat, Snapshot } from '../answers.ts';
import type { Caller } from '../callers.ts';
import type { HealthWatch } from '../health.ts';
import type { Rights } from '../rights/rights.ts';
import type { DutyIncident, DutyView } from './duty-view.ts';
import type { Cards } from './incident-card.ts';
import type { IncidentSight } from './incident-sight.ts';

/**
 * Server-sent events to everyone who watches: a snapshot, then each incident as it changes, and a beat. Changes within a
 * moment go out together, so that a storm of alerts costs each watcher one message an incident.
 * Each watcher hears of the areas that are theirs in that instant. When their rights have changed, a new snapshot takes the place of
 * what they have, within a beat.
 * An event's id is this process, the revision and those rights: after a short break a watcher gets what changed since then.
 * Bounded: 200 watchers, 10 a session, 20 an account or program, of whose pages the oldest gives way; who does not read what was sent is
 * cut, and connects again.
 */
export function createLiveStream(parts: StreamParts) {
  const { view, health, clock, now } = parts;
  const origin = Buffer.from(parts.chance.bytes(6)).toString('base64url');
  const words = eventWords(parts);
  const extents = createExtents(parts);
  const watchers = new Set<Watcher>();
  const changed = new Set<string>();
  let isFlushDue = false;

  const idAt = (revision: number, extent: string) => `${origin}.${revision}.${extent}`;

  function send({ response }: Watcher, text: string): void {
    if (response.writableLength > mostUnreadBytes) response.destroy();
    else if (text !== '') response.write(text);
  }

  function flush(): void {
    isFlushDue = false;
    const incidents = [...changed].flatMap((id) => view.incident(id) ?? []).sort((a, b) => a.revision - b.revision);
    changed.clear();
    const told = words.tellingOf(incidents);
    for (const watcher of watchers) {
      const access = accessNow(watcher);
      if (!access) watcher.response.end();
      else
        send(
          watcher,
          told(access, (revision) => idAt(revision, watcher.extent)),
        );
    }
  }

  const stopListening = view.onChange(({ incident }) => {
    if (watchers.size === 0) return;
    changed.add(incident.incidentId);
    if (!isFlushDue) clock.after(gatherMs, flush);
    isFlushDue = true;
  });

  const beatText = () => event('beat', { at: now(), health: health.report() } satisfies Beat);

  /** Whoever takes in nothing holds no place. */
  function isGone(watcher: Watcher): boolean {
    watcher.beatsBehind = watcher.response.writableLength === 0 ? 0 : watcher.beatsBehind + 1;
    if (watcher.beatsBehind < mostBeatsBehind) return false;
    watcher.response.destroy();
    return true;
  }

  function beat(): void {
    const text = beatText();
    for (const watcher of watchers) {
      if (isGone(watcher)) continue;
      const access = accessNow(watcher);
      if (!access) watcher.response.end();
      else if (extents.of(access) === watcher.extent) send(watcher, text);
      else {
        watcher.extent = extents.of(access);
        send(watcher, words.snapshot(access, idAt(view.revision(), watcher.extent)));
      }
    }
    cancelBeat = clock.after(beatEveryMs, beat);
  }
  let cancelBeat = clock.after(beatEveryMs, beat);

  function firstWords(access: Access, extent: string, lastEventId: string | undefined): string {
    const [from, revision, before] = lastEventId?.split('.') ?? [];
    const isSame = from === origin && before === extent;
    const missed = isSame && revision ? view.changedSince(Number(revision)) : undefined;
    if (!missed || missed.length > mostOpenShown) return words.snapshot(access, idAt(view.revision(), extent));
    return words.tellingOf(missed)(access, (at) => idAt(at, extent)) + beatText();
  }

  const pagesOf = (access: Access) => [...watchers].filter(({ actor }) => actor === actorOf(access));

  return {
    /** Whether there is room for one more watcher; an actor who has all of theirs takes the place of their own oldest. */
    hasRoom({ key }: Caller, access: Access): boolean {
      const own = [...watchers].filter(({ caller }) => caller.key === key).length;
      const isRoom = watchers.size < mostWatchers || pagesOf(access).length >= mostOfOneActor;
      return isRoom && own < mostOfOneSession;
    },
    watch(response: ServerResponse, { caller, access, lastEventId }: Watching): void {
      const extent = extents.of(access);
      const watcher = { response, caller, extent, actor: actorOf(access), beatsBehind: 0 };
      const [oldest, ...others] = pagesOf(access);
      if (oldest && others.length + 1 >= mostOfOneActor) {
        watchers.delete(oldest);
        oldest.response.destroy();
      }
      response.on('close', () => watchers.delete(watcher));
      response.on('error', () => response.destroy());
      response.write(`retry: ${reconnectMs}\n\n${firstWords(access, extent, lastEventId)}`);
      watchers.add(watcher);
    },
    /** At sign-out. */
    cut(sessionKey: string): void {
      for (const { response, caller } of watchers) if (caller.key === sessionKey) response.end();
    },
    close(): void {
      stopListening();
      cancelBeat();
      for (const { response } of watchers) response.end();
    },
  };
}

export type LiveStream = ReturnType<typeof createLiveStream>;
/** `extent`: of the rights by which it was told what it knows. `beatsBehind`: at which it had not taken in all that was sent, one after the other. */
type Watcher = { response: ServerResponse; caller: Caller; extent: string; actor: string; beatsBehind: number };
type Watching = { caller: Caller; access: Access; lastEventId?: string };
type StreamParts = WordParts &
  ExtentParts & {
    clock: Clock;
    chance: Chance;
  };

const actorOf = ({ actor }: Access): string => `${actor.type} ${actor.id}`;

/** Undefined: they are gone, or have no part in incidents any more. */
function accessNow({ caller }: Pick<Watcher, 'caller'>): Access | undefined {
  const access = caller.access();
  return access && mayAnywhere(access, 'incident:read') ? access : undefined;
}

type WordParts = { view: DutyView; cards: Cards; sight: IncidentSight; health: HealthWatch; now: () => number };

/** What each watcher is told: of its own areas, and with names where they are open to it. */
function eventWords({ view, cards, sight, health, now }: WordParts) {
  const cardFor = (access: Access) => (duty: DutyIncident) => cards.card(duty, sight.isOpen(access, duty.incident));
  return {
    snapshot(access: Access, id: string): string {
      const seen = (all: DutyIncident[]) => all.filter(({ incident }) => sight.isListed(access, incident));
      const open = seen(view.openIncidents());
      const body: Snapshot = {
        at: now(),
        open: open.slice(0, mostOpenShown).map(cardFor(access)),
        moreOpen: Math.max(0, open.length - mostOpenShown),
        resolved: seen(view.resolvedIncidents()).slice(0, mostResolvedShown).map(cardFor(access)),
        health: health.report(),
      };
      return event('snapshot', body, id);
    },
    /** However many watch, each incident is put into words twice at most: open, and masked. */
    tellingOf(incidents: DutyIncident[]) {
      const texts = incidents.map((duty) => {
        const made = new Map<boolean, string>();
        return (isOpen: boolean) => {
          const text = made.get(isOpen) ?? JSON.stringify(cards.card(duty, isOpen));
          made.set(isOpen, text);
          return text;
        };
      });
      return (access: Access, idAt: (revision: number) => string): string =>
        incidents
          .map(({ incident, revision }, at) => {
            if (!sight.isListed(access, incident)) return '';
            return eventText('incident', texts[at]?.(sight.isOpen(access, incident)) ?? '', idAt(revision));
          })
          .join('');
    },
  };
}

type ExtentParts = { rights: Rights; registry: Pick<Registry, 'revision'> };

/** A name for what somebody sees in lists: equal while nothing about that has changed. Looked up anew when the registry has changed. */
function createExtents({ rights, registry }: ExtentParts) {
  let names = new Map<string, string>();
  let revision: number | undefined;
  return {
    of(access: Access): string {
      if (registry.revision() !== revision) names = new Map();
      revision = registry.revision();
      const key = JSON.stringify([access.actor.type, access.grants]);
      const known = names.get(key) ?? nameOf(access);
      names.set(key, known);
      return known;
    },
  };

  function nameOf(access: Access): string {
    const permissions = ['incident:read', 'personal:incident', 'personal:registry'] as const;
    const seen = permissions.map((permission) => rights.seen(access, permission));
    const text = JSON.stringify(seen.map((one) => (one.all ? 'all' : [one.unplaced, ...[...one.areas].sort()])));
    return createHash('sha256').update(text).digest('base64url').slice(0, 12);
  }
}

const mostWatchers = 200;
const mostOfOneSession = 10;
const mostOfOneActor = 20;
/** A minute: a long snapshot takes its time on a line of the steppe. */
const mostBeatsBehind = 12;
const mostUnreadBytes = 1024 * 1024;
const mostOpenShown = 300;
const mostResolvedShown = 20;
const gatherMs = 40;
/** The page calls the state unknown after about twice this. */
const beatEveryMs = 5_000;
const reconnectMs = 1_500;

const event = (name: EventName, body: object, id?: string): string => eventText(name, JSON.stringify(body), id);

function eventText(name: EventName, json: string, id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${name}\n${idLine}data: ${json}\n\n`;
}
type EventName = 'snapshot' | 'incident' | 'beat';
