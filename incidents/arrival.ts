import { metersBetween } from '../rules/wandering/geodesy.ts';
import type { Turn } from './turn.ts';

/**
 * From when on the responder who is on the way could be there, epoch ms; undefined for anybody else. By their own word somebody who said
 * that it takes long is not there in a quarter of it; where it is known from where they set out, and how far that is, nobody is there
 * sooner than a car on a good road. What makes it sooner counts: they may have been nearer than they thought.
 */
export function plausibleFrom({ incident, registry }: Turn, contactId: string): number | undefined {
  const { state, where } = incident;
  if (state.phase !== 'responding' || state.by.id !== contactId) return undefined;
  const promisedMs = state.expectedAt - state.since;
  const byWordMs = promisedMs <= soonMs ? 0 : promisedMs / 4;
  const goal = where.placeId === undefined ? undefined : registry.place(where.placeId)?.position;
  const start = registry.contact(contactId)?.position;
  const byWayMs = goal && start && Math.max(0, metersBetween(start, goal) - nearMeters) / fastestMetersPerMs;
  return state.since + Math.min(byWordMs, byWayMs ?? byWordMs);
}

/** How long a press of the home's own button can be what the responder says it was, ms. */
export const pressConfirmedMs = 3 * 60_000;

/** A position may be the middle of a village. */
const nearMeters = 1_000;
/** 100 km/h. */
const fastestMetersPerMs = 100_000 / 3_600_000;
/** Whoever is so near that it is no matter how long they said; who answers with a key alone is expected in that time. */
const soonMs = 15 * 60_000;
