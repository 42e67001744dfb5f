import type { IncidentCard } from '../api/answers.ts';
import type { Sight } from './live-state.ts';

/**
 * What the desk's sound is for now, by key: every critical incident that nobody has, and each new call or alert in one that
 * somebody has, and what somebody out there says to the desk. A key that was silenced stays silent; news has a key of its own and sounds again.
 */
export function soundingKeys(cards: Iterable<IncidentCard>, sight: Sight, silenced: ReadonlySet<string>): string[] {
  const keys = [...cards].filter(asksForSomebody).map(keyOf);
  if (sight.type === 'lost' || sight.type === 'unknown' || sight.type === 'failing') keys.push(blindKey);
  return keys.filter((key) => !silenced.has(key));
}

/** The page itself cannot see. Silencing it holds until it sees again. */
export const blindKey = 'blind';

function asksForSomebody({ severity, state, lastAlertAt, closing, saidAt = 0 }: IncidentCard): boolean {
  if (severity !== 'critical' || state.phase === 'resolved') return false;
  if (state.phase === 'open') return closing === undefined || saidAt > closing.askedAt;
  return Math.max(lastAlertAt, saidAt) > state.since;
}

const keyOf = ({ incidentId, lastAlertAt, state, saidAt = 0 }: IncidentCard): string =>
  `${incidentId}@${state.phase === 'open' ? state.since : ''}@${lastAlertAt}@${saidAt}`;
