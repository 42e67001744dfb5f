import type { Beat, IncidentCard, Snapshot } from '../api/answers.ts';
import {
  fromSnapshot,
  type LiveState,
  type LocalTime,
  lostAfterMs,
  nothingHeard,
  silentMs,
  withBeat,
  withIncident,
} from './live-state.ts';

/**
 * Listens to the desk and tells of every change. The browser connects again by itself after a break; where it gives up, or
 * a connection is dead without saying so, a new one is made.
 */
export function openLive({ onChange, isSignedIn, onSignedOut }: LiveParts): Live {
  let state = nothingHeard;
  let source = connect();
  let triedAt = localTime().monotonic;

  const watching = setInterval(async () => {
    const local = localTime();
    const isDead = source.readyState === EventSource.CLOSED || (silentMs(state, local) ?? Infinity) > lostAfterMs;
    if (!isDead || local.monotonic - triedAt < retryEveryMs) return;
    triedAt = local.monotonic;
    source.close();
    if ((await isSignedIn()) === false) return onSignedOut();
    source = connect();
  }, 1_000);

  function change(next: LiveState): void {
    state = next;
    onChange(state);
  }

  function connect(): EventSource {
    const opened = new EventSource('/api/v1/events');
    const on = <T>(name: string, take: (body: T) => LiveState) =>
      opened.addEventListener(name, (event) => opened === source && change(take(JSON.parse(event.data) as T)));
    on<Snapshot>('snapshot', (body) => fromSnapshot(body, localTime()));
    on<IncidentCard>('incident', (body) => withIncident(state, body));
    on<Beat>('beat', (body) => withBeat(state, body, localTime()));
    opened.addEventListener('error', () => opened === source && change({ ...state, connection: 'broken' }));
    return opened;
  }

  return {
    /** What an answer to a command said: it may be here before the stream brings it. */
    learn: (card) => change(withIncident(state, card)),
    close(): void {
      clearInterval(watching);
      source.close();
    },
  };
}

export type Live = { learn(card: IncidentCard): void; close(): void };
type LiveParts = {
  onChange: (state: LiveState) => void;
  /** Undefined: the desk does not say. */
  isSignedIn: () => Promise<boolean | undefined>;
  onSignedOut: () => void;
};

export const localTime = (): LocalTime => ({ monotonic: performance.now(), wall: Date.now() });

const retryEveryMs = 3_000;
