import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Log } from '../platform/log.ts';
import type { Account } from '../records/registry.ts';
import type { SessionAnswer } from './answers.ts';
import { nobodysHash, verifyPassword } from './passwords.ts';
import { refuse } from './problem.ts';
import type { Session, Sessions } from './sessions.ts';
import type { createThrottle, Limit } from './throttle.ts';

/**
 * Sign-in with a password, sign-out, and who is signed in. The session is a cookie that no script can read and no other
 * site can send. Guessing is slowed by account and address, and by address: never by account alone, or anybody could
 * keep the only person on duty out.
 */
export const sessionRoutes: FastifyPluginAsyncZod<SessionRouteParts> = async (api, parts) => {
  const { sessions, throttle, account, describe, log, ended } = parts;
  let underWay = 0;

  api.post('/session', { schema: { body: signInBody } }, async (request, reply) => {
    const { account: id, password } = request.body;
    const isSecure = request.headers['x-forwarded-proto'] === 'https';
    if (!isSecure && !isLoopbackName(request.hostname)) {
      return refuse(
        reply,
        'insecure',
        'sign in over https, or on the machine itself: a password would cross the net open',
      );
    }
    const limits: Limit[] = [
      { key: `${id} from ${request.ip}`, free: 5 },
      { key: request.ip, free: 30 },
    ];
    if (underWay >= mostSignIns) return tooMany(reply, 1_000);
    const waitMs = throttle.attempt(limits);
    if (waitMs > 0) return tooMany(reply, waitMs);
    underWay += 1;
    const found = account(id);
    const isRight = await verifyPassword(password, found?.hash ?? nobodysHash).finally(() => {
      underWay -= 1;
    });
    if (!found || !isRight) {
      log.warn({ account: id, from: request.ip }, 'a sign-in was refused');
      return refuse(reply, 'wrong-password', 'account or password is wrong');
    }
    throttle.succeeded(limits);
    const token = sessions.begin(found);
    log.info({ account: id, from: request.ip }, 'somebody signed in');
    const cookie = cookieFor(token, isSecure);
    return reply.header('set-cookie', cookie).send(describe(found));
  });

  api.get('/session', async (request, reply) => {
    const session = sessionIn(request, sessions);
    return session ? reply.send(describe(session.account)) : signedOut(reply);
  });

  api.delete('/session', async (request, reply) => {
    const session = sessionIn(request, sessions);
    if (session) {
      sessions.end(session.key);
      ended(session.key);
    }
    const isSecure = request.headers['x-forwarded-proto'] === 'https';
    return reply
      .header('set-cookie', `${cookieFor('', isSecure)}; Max-Age=0`)
      .code(204)
      .send();
  });
};

export type SessionRouteParts = {
  sessions: Sessions;
  throttle: ReturnType<typeof createThrottle>;
  account: (id: string) => Account | undefined;
  describe: (account: Account) => SessionAnswer;
  log: Log;
  /** A session was signed out. */
  ended: (sessionKey: string) => void;
};

export type SessionOf = (request: FastifyRequest) => Session;

/** The session that a request's cookie names. */
export function sessionIn(request: FastifyRequest, sessions: Sessions): Session | undefined {
  const token = tokenPattern.exec(request.headers.cookie ?? '')?.[1];
  return token === undefined ? undefined : sessions.use(token);
}

export function signedOut(reply: FastifyReply) {
  return refuse(reply, 'signed-out', 'sign in first: POST /api/v1/session');
}

const signInBody = z.strictObject({ account: z.string().min(1).max(32), password: z.string().min(1).max(200) });
const tokenPattern = /(?:^|;\s*)steppewatch_session=([A-Za-z0-9_-]{43})(?:;|$)/;
/** Each takes 32 MiB and a pool thread for a moment. */
const mostSignIns = 8;

const isLoopbackName = (name: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(name);

/** Browsers hold a loopback address for as private as https, and keep a cookie that is `Secure` there; some do not. */
function cookieFor(token: string, isSecure: boolean): string {
  return `steppewatch_session=${token}; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

function tooMany(reply: FastifyReply, waitMs: number) {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return refuse(reply, 'too-many', `too many attempts: wait ${retryAfterSeconds} s`, { retryAfterSeconds });
}
