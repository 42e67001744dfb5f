import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AttendanceAnswer } from '../api/answers.ts';
import { ask } from './requests.ts';
import type { Speech } from './words.ts';

/**
 * Says to the desk, at words that the stream brings, that somebody is at this page: browsers let the timers of a tab in the background
 * sleep, and not the stream. `isDesk`: whoever is signed in may act. `isHeard`: the sound is on, and the browser lets it be heard.
 */
export function usePresence({ isDesk, isHeard }: { isDesk: boolean; isHeard: boolean }): Presence {
  const [attended, setAttended] = useState<Attended>();
  const now = useRef({ isDesk, isHeard, touchedAt: performance.now(), saidAt: Number.NEGATIVE_INFINITY });
  Object.assign(now.current, { isDesk, isHeard });
  const say = useRef(async () => {
    const { current } = now;
    if (!current.isDesk) return;
    current.saidAt = performance.now();
    const idleSeconds = Math.round((performance.now() - current.touchedAt) / 1_000);
    const answer = await ask<AttendanceAnswer>('POST', '/attendance', { sound: current.isHeard, idleSeconds });
    if (answer.type === 'done') setAttended({ ...answer.body, idleSeconds });
  }).current;

  useEffect(() => {
    const touched = () => {
      const wasAway = performance.now() - now.current.touchedAt > askAfterMs;
      now.current.touchedAt = performance.now();
      if (wasAway) void say();
    };
    for (const gesture of gestures) document.addEventListener(gesture, touched);
    return () => {
      for (const gesture of gestures) document.removeEventListener(gesture, touched);
    };
  }, []);
  useEffect(() => {
    // The first word is the stream's: before it nobody knows whether there is a desk.
    if (now.current.saidAt > 0) void say();
  }, [isHeard]);

  return {
    attended,
    beat: useRef(() => {
      if (performance.now() - now.current.saidAt >= sayEveryMs) void say();
    }).current,
  };
}

/** `beat`: the stream brought a word. */
export type Presence = { attended: Attended | undefined; beat: () => void };
type Attended = AttendanceAnswer & { idleSeconds: number };

/** Whoever dispatches reads that nobody would notice their absence, or is asked whether they are there before others are called. */
export function PresenceBanner({ attended, speech }: { attended: Attended | undefined; speech: Speech }) {
  const words = speech.texts.duty.presence;
  if (!attended) return null;
  const { watching, why, idleSeconds } = attended;
  if (watching && idleSeconds * 1_000 < askAfterMs) return null;
  const said = watching ? words.areYouThere : why === 'no-sound' || why === 'no-action' ? words[why] : undefined;
  if (said === undefined) return null;
  return html`<button type="button" class="banner banner-late presence">${said}</button>`;
}

const gestures = ['pointerdown', 'keydown'] as const;
const sayEveryMs = 15_000;
/** Ten minutes before the desk counts as empty. */
const askAfterMs = 50 * 60_000;
