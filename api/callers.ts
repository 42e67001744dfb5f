import type { FastifyRequest } from 'fastify';
import { type Access, accessOf } from '../records/rights.ts';
import type { ApiKeys } from './sign-in/api-keys.ts';
import { sessionIn } from './sign-in/session-cookie.ts';
import type { Session, Sessions } from './sign-in/sessions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

/** Whoever asks: somebody who is signed in, or a program with a key. A request that shows a key is that program's alone. */
export function createCallers({ sessions, keys }: { sessions: Sessions; keys: ApiKeys }) {
  return {
    callerOf(request: FastifyRequest): Caller | undefined {
      const token = bearerToken(request);
      if (token !== undefined) {
        const used = keys.use(token);
        return used && { key: `key ${used.hash}`, access: () => keys.access(used.hash) };
      }
      const session = sessionIn(request, sessions);
      if (!session) return undefined;
      return {
        ...{ key: session.key, session },
        access() {
          const account = sessions.owner(session.key);
          return account && accessOf(account);
        },
      };
    },
  };
}

/** `key` names the session or the program. `access`: their rights as they are at that moment; undefined when they ended. */
export type Caller = { key: string; access: () => Access | undefined; session?: Session };

/** A page of another site cannot send it. */
export function bearerToken({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (\S{1,200})$/i.exec(headers.authorization ?? '')?.[1];
}

/** Of a route that needs somebody: the hook has seen to it that there is. */
export function callerOfRequest(request: FastifyRequest): Caller {
  if (request.caller) return request.caller;
  throw new Error(`${request.url} was reached by nobody`);
}
