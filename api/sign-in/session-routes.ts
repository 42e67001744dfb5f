import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { entityVersion } from '../../records/entity-version.ts';
import type { Account } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { accessOf as accessOfAccount, permissionsOf } from '../../records/rights.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { SessionAnswer } from '../answers.ts';
import { callerOfRequest } from '../callers.ts';
import type { DutyView } from '../incidents/duty-view.ts';
import { accountName } from '../incidents/incident-card.ts';
import type { LiveStream } from '../incidents/live-stream.ts';
import { refuse } from '../problem.ts';
import type { Limit } from '../throttle.ts';
import { untilFolded } from '../until-folded.ts';
import { isOfToday, nobodysHash, type Passwords, passwordProblem } from './passwords.ts';
import { cookieFor, cookieIn, isLoopbackName, isPrivate, sessionIn } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';
import type { SignInDoors } from './sign-in-doors.ts';

/**
 * Sign-in with a password, sign-out, who is signed in and what they may do, and a new password of one's own. The session is a cookie that no
 * script can read and no other site can send.
 */
export const sessionRoutes: FastifyPluginAsyncZod<SessionRouteParts> = async (api, parts) => {
  const { sessions, stream } = parts;
  const open = { config: { permission: 'public' } } as const;
  const signedIn = { config: { permission: 'signed-in' } } as const;

  api.post('/session', { ...open, schema: { body: signInBody } }, async (request, reply) =>
    signIn(parts, request, reply, request.body),
  );

  api.get('/session', signedIn, async (request, reply) => {
    const { session } = callerOfRequest(request);
    return session ? reply.send(describe(parts, session.account)) : refuseKey(reply);
  });

  api.put('/session/password', { ...signedIn, schema: { body: newPasswordBody } }, async (request, reply) => {
    const { session } = callerOfRequest(request);
    return session
      ? changePassword(parts, request, reply, { account: session.account, ...request.body })
      : refuseKey(reply);
  });

  api.delete('/session', open, async (request, reply) => {
    const session = sessionIn(request, sessions);
    if (session) {
      sessions.end(session.key);
      stream.cut(session.key);
    }
    return reply
      .header('set-cookie', cookieFor(request, 'session', '', 0))
      .code(204)
      .send();
  });
};

export type SessionRouteParts = {
  sessions: Sessions;
  doors: SignInDoors;
  passwords: Passwords;
  registry: Registry;
  unseal: Sealer['unseal'];
  view: Pick<DutyView, 'answerTo'>;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  stream: Pick<LiveStream, 'cut'>;
  metrics: Pick<Metrics, 'signIns'>;
  clock: Clock;
  log: Log;
  timeZone: string;
};

type SignIn = z.infer<typeof signInBody>;

async function signIn(parts: SessionRouteParts, request: FastifyRequest, reply: FastifyReply, asked: SignIn) {
  const { doors, passwords, registry, metrics, log } = parts;
  const { account: id, password } = asked;
  if (!isPrivate(request) && !isLoopbackName(request.hostname)) {
    metrics.signIns.inc({ outcome: 'insecure' });
    const detail = 'sign in over https, or on the machine itself: a password would cross the net open';
    return refuse(reply, 'insecure', detail);
  }
  const found = registry.account(id);
  const door = { accountId: id, address: request.ip, deviceCookie: cookieIn(request, 'device') };
  const limits = doors.limitsOf(door);
  const waitMs = doors.attempt(limits);
  if (waitMs > 0) return refuseWaiting(parts, reply, limits, waitMs);
  const isRight = await passwords.verify(password, found?.hash ?? nobodysHash, { isKnown: doors.isKnown(door) });
  if (isRight === undefined) return notCompared(parts, reply, limits);
  if (!found || !isRight) {
    metrics.signIns.inc({ outcome: 'wrong-password' });
    log.warn({ account: id, from: request.ip }, 'a sign-in was refused');
    if (doors.isLocked(limits))
      log.error({ account: id, from: request.ip }, 'a door of an account was locked: too many guesses');
    return refuse(reply, 'wrong-password', 'account or password is wrong');
  }
  doors.succeeded(limits);
  metrics.signIns.inc({ outcome: 'done' });
  log.info({ account: id, from: request.ip }, 'somebody signed in');
  const session = sessionCookie(parts, request, found);
  // The browser is known by the hash that is kept from now on.
  const kept = isOfToday(found.hash) ? found : await rehash(parts, found, password);
  return reply.header('set-cookie', [session, deviceCookieFor(parts, request, kept)]).send(describe(parts, found));
}

/**
 * Under the hash of today, once the password is known: the account as it is about to be, which nobody waits for. It ends no session, and
 * whoever changed the account meanwhile is right.
 */
async function rehash(parts: SessionRouteParts, account: Account, password: string): Promise<Account> {
  const { sessions, passwords, commands, log } = parts;
  const hash = await passwords.hash(password);
  if (hash === undefined) return account;
  sessions.rehashed(account, hash);
  const kept = { ...account, hash };
  void commands
    .apply(putAccount(kept, account, { type: 'system', id: 'accounts' }))
    .catch((error: unknown) => log.warn({ err: error }, 'an old hash of a password was kept'));
  return kept;
}

type NewPassword = z.infer<typeof newPasswordBody> & { account: Account };

/** Every other session of the account ends with its old password. */
async function changePassword(
  parts: SessionRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: NewPassword,
) {
  const { doors, passwords, commands, view, clock, log, registry } = parts;
  const { account, current, next } = asked;
  const limits = [{ key: `password of ${account.id}`, free: 5 }];
  const waitMs = doors.attempt(limits);
  if (waitMs > 0) return tooMany(parts, reply, waitMs);
  const isRight = await passwords.verify(current, account.hash, { isKnown: true });
  if (isRight === undefined) return notCompared(parts, reply, limits);
  if (!isRight) return refuse(reply, 'wrong-password', 'the present password is wrong');
  doors.succeeded(limits);
  const problem = next === current ? 'that is the present password' : passwordProblem(next, account.id);
  if (problem !== undefined) return refuse(reply, 'invalid', problem);
  const hash = await passwords.hash(next);
  if (hash === undefined) return tooMany(parts, reply, 1_000);
  const command = putAccount({ ...account, hash }, account, { type: 'account', id: account.id });
  const result = await commands.apply(command);
  if (!result.ok) return refuse(reply, result.problem, result.message);
  log.info({ account: account.id }, 'somebody changed their password');
  await untilFolded(clock, () => view.answerTo(command.commandId));
  const changed = registry.account(account.id);
  if (changed?.hash !== hash) return reply.code(202).send();
  const cookies = [sessionCookie(parts, request, changed), deviceCookieFor(parts, request, changed)];
  return reply.header('set-cookie', cookies).code(204).send();
}

/** One account as it is from now on, unless somebody else changed it meanwhile. */
export function putAccount(value: Account, before: Account | undefined, by: Command['by']): Command {
  const change = { type: 'put', entity: 'account', value, expectedVersion: entityVersion(before) } as const;
  return { type: 'registry-change', commandId: crypto.randomUUID(), by, change };
}

function describe({ registry, unseal, timeZone }: SessionRouteParts, account: Account): SessionAnswer {
  const { id, language } = account;
  const name = accountName({ registry, unseal }, id);
  const access = accessOfAccount(account);
  return {
    account: { id, language, ...(name !== undefined && { name }) },
    grants: access.grants.map(({ role, areaId }) => {
      const area = areaId === undefined ? undefined : registry.area(areaId)?.name;
      return { role, ...(areaId !== undefined && { areaId }), ...(area !== undefined && { area }) };
    }),
    permissions: permissionsOf(access),
    timeZone,
  };
}

const sessionCookie = ({ sessions }: SessionRouteParts, request: FastifyRequest, account: Account) =>
  cookieFor(request, 'session', sessions.begin(account));
const deviceCookieFor = ({ doors }: SessionRouteParts, request: FastifyRequest, account: Account) =>
  cookieFor(request, 'device', doors.deviceCookie(account), deviceSeconds);

const signInBody = z.strictObject({ account: z.string().min(1).max(32), password: z.string().min(1).max(200) });
const newPasswordBody = z.strictObject({ current: z.string().min(1).max(200), next: z.string().min(1).max(200) });
/** As long as browsers keep anything. */
const deviceSeconds = 400 * 24 * 3_600;

function refuseKey(reply: FastifyReply) {
  return refuse(reply, 'forbidden', 'a program with a key has no session and no password');
}

function refuseWaiting(parts: SessionRouteParts, reply: FastifyReply, limits: Limit[], waitMs: number) {
  if (!parts.doors.isLocked(limits)) return tooMany(parts, reply, waitMs);
  parts.metrics.signIns.inc({ outcome: 'locked' });
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  const detail = 'too many wrong passwords came from here: ask an operator to open the account, or sign in elsewhere';
  return refuse(reply, 'locked', detail, { retryAfterSeconds });
}

/** It was no guess, so that it counts as none: a crowd at the door locks nobody out. */
function notCompared(parts: SessionRouteParts, reply: FastifyReply, limits: Limit[]) {
  parts.doors.giveBack(limits);
  return tooMany(parts, reply, 1_000);
}

function tooMany({ metrics }: SessionRouteParts, reply: FastifyReply, waitMs: number) {
  metrics.signIns.inc({ outcome: 'too-many' });
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return refuse(reply, 'too-many', `too many attempts: wait ${retryAfterSeconds} s`, { retryAfterSeconds });
}
