import type { FastifyRequest } from 'fastify';
import type { Session, Sessions } from './sessions.ts';

/** The session that a request's cookie names. */
export function sessionIn(request: FastifyRequest, sessions: Sessions): Session | undefined {
  const token = cookieIn(request, 'session');
  return token === undefined ? undefined : sessions.use(token);
}

/**
 * A cookie of ours: over https it is `Secure` and named `__Host-`, which neither another host of the same domain nor a page without
 * encryption can set. On the machine itself there is no https, and no other host.
 */
export function cookieIn(request: FastifyRequest, name: CookieName): string | undefined {
  const wanted = nameOf(request, name);
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [found, value] = part.trim().split('=');
    if (found === wanted && value !== undefined && /^[A-Za-z0-9_.-]{1,200}$/.test(value)) return value;
  }
  return undefined;
}

/** As no script can read it and no other site can send it. Without an age it ends with the browser; 0 takes it back. */
export function cookieFor(request: FastifyRequest, name: CookieName, value: string, ageSeconds?: number): string {
  const age = ageSeconds === undefined ? '' : `; Max-Age=${ageSeconds}`;
  const secure = isPrivate(request) ? '; Secure' : '';
  return `${nameOf(request, name)}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}${age}`;
}

/** As a proxy in front says that is trusted; what others say about that is not believed. */
export const isPrivate = ({ protocol }: FastifyRequest): boolean => protocol === 'https';

/** What is said there crosses no net. */
export const isLoopbackName = (name: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(name);

type CookieName = 'session' | 'device';

const nameOf = (request: FastifyRequest, name: CookieName): string =>
  `${isPrivate(request) ? '__Host-' : ''}steppewatch_${name}`;
