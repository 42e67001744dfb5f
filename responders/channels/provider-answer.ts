import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Sent } from '../channel.ts';
import { plain } from '../texts/plain.ts';
import type { GuardedPost } from './guarded-post.ts';

/** What channels to clouds and chat rooms are made of. */
export type CloudPorts = { post: GuardedPost; clock: Clock; chance: Chance };

/**
 * What a provider's word means for a message. `operator`: a person has to mend something, and nobody can be reached meanwhile. `limit`: too
 * much was sent. `refused`: this message is not taken here, now or later. `later`: it may pass by itself.
 */
export type Meaning = 'operator' | 'limit' | 'refused' | 'later';

/** `restMs`: how long the provider rests at a limit. */
export function sentOf(meaning: Meaning, reason: string, restMs = aMinuteMs): Sent {
  switch (meaning) {
    case 'operator':
      return { type: 'later', reason, retryAfterMs: aMinuteMs, trouble: 'credentials' };
    case 'limit':
      return { type: 'later', reason, retryAfterMs: restMs, trouble: 'limit' };
    case 'refused':
      return { type: 'refused', reason };
    case 'later':
      return { type: 'later', reason };
  }
}

const aMinuteMs = 60_000;

/** An answer's fields, whatever its status was: providers say in them what went wrong; or what no answer comes to. */
export type Answer = { type: 'said'; fields: Fields } | { type: 'nothing'; sent: Sent };
export type Fields = { readonly [name: string]: unknown };

/** Posts what holds a secret, and reads the object in JSON that comes back. */
export async function askProvider(post: GuardedPost, request: ProviderRequest): Promise<Answer> {
  const posted = await post.post({ ...request, answer: 'text', secretInside: true });
  if (posted.type === 'misaddressed') return { type: 'nothing', sent: sentOf('operator', posted.reason) };
  if (posted.type === 'failed') return { type: 'nothing', sent: unreachable(posted.reason) };
  const fields = fieldsOf(posted.text ?? '');
  if (fields) return { type: 'said', fields };
  return { type: 'nothing', sent: byStatus(posted.status, posted.retryAfterMs) };
}
type ProviderRequest = { url: string; headers: Record<string, string>; body: string; signal: AbortSignal };

/** A code as it may stand in records and logs: providers' sentences may repeat numbers and texts, their codes do not. */
export function codeOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? plain(String(value), longestCode) : '';
}

const longestCode = 64;

/** The fields of an object in JSON. */
export function fieldsOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function byStatus(status: number, retryAfterMs: number | undefined): Sent {
  const reason = `HTTP ${status}`;
  if (status === 429) return sentOf('limit', reason, retryAfterMs);
  if (status === 401 || status === 403) return sentOf('operator', reason);
  if (status >= 500 || status === 408) return unreachable(reason, retryAfterMs);
  return sentOf('later', status >= 200 && status < 300 ? 'an answer that cannot be read' : reason);
}

function unreachable(reason: string, retryAfterMs?: number): Sent {
  return {
    type: 'later',
    reason,
    trouble: 'unreachable',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}
