import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { Severity } from '../records/alert.ts';
import type { Speech } from './words.ts';
import { clockWords } from './words.ts';

/** Severity by shape and word, never by colour alone: an octagon, a triangle, a ring. */
export function SeverityMark({ severity, speech }: { severity: Severity; speech: Speech }) {
  return html`<span class=${`mark mark-${severity}`}>
    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">${shapes[severity]}</svg>
    <span>${speech.texts.severity[severity]}</span>
  </span>`;
}

const bang = html`<path d="M10 5.2v6" stroke-width="2.2" /><path d="M10 13.9v.9" stroke-width="2.4" />`;
const shapes: Record<Severity, unknown> = {
  critical: html`<path class="solid" d="M6.3 1.2h7.4l5.1 5.1v7.4l-5.1 5.1H6.3l-5.1-5.1V6.3z" />${bang}`,
  urgent: html`<path class="solid" d="M10 1.4 19.2 18H.8z" /><g transform="translate(0 2)">${bang}</g>`,
  service: html`<circle cx="10" cy="10" r="7.2" fill="none" stroke-width="2.2" />`,
};

/** A clock that runs by the desk's time: how long since `since`, or how long until `until`. */
export function RunningClock({ now, since, until, label, speech }: ClockProps) {
  const at = useDeskTime(now);
  const ms = at === undefined ? undefined : until === undefined ? at - (since ?? at) : until - at;
  const isLate = until !== undefined && ms !== undefined && ms < 0;
  const text = ms === undefined ? '--:--' : clockWords(ms, speech);
  return html`<span class=${`clock${isLate ? ' clock-late' : ''}`}>
    <time role="timer">${text}</time>${label && html` <span class="clock-label">${label(isLate)}</span>`}
  </span>`;
}
type ClockProps = {
  now: DeskClock;
  since?: number;
  until?: number;
  label?: (isLate: boolean) => string;
  speech: Speech;
};

/** The desk's time, epoch ms; undefined while nothing was heard. */
export type DeskClock = () => number | undefined;

export function useDeskTime(now: DeskClock): number | undefined {
  const [at, setAt] = useState(now);
  useEffect(() => {
    setAt(now);
    const ticking = setInterval(() => setAt(now), 500);
    return () => clearInterval(ticking);
  }, [now]);
  return at;
}
