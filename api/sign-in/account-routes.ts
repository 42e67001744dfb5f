import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Log } from '../../platform/log.ts';
import type { Chance } from '../../platform/random.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { type Account, entities, type Grant } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Access, accessOf as accessOfAccount, mayGrant, mayRevoke } from '../../records/rights.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { AccountPage, AccountShown, LockoutPage } from '../answers.ts';
import { answerRepeat, type ChangeParts, changeOnce, wasDone } from '../change-once.ts';
import { accountName } from '../incidents/incident-card.ts';
import { refuse } from '../problem.ts';
import { codeOfTaken, taken } from '../registry/registry-rights.ts';
import type { Looks } from '../rights/looks.ts';
import { isMasked } from '../rights/masking.ts';
import { accessOf, type Rights } from '../rights/rights.ts';
import { generatePassword, type Passwords } from './passwords.ts';
import type { SignInDoors } from './sign-in-doors.ts';

/**
 * Accounts, by those who manage them in their area. Nobody gives what they do not hold themselves, and nobody changes their own rights;
 * taking away needs no more than managing accounts there. Who sets a password could use it, so that takes what giving takes. Every
 * session of an account that is removed, or gets another password, ends; other rights count from the next request on.
 * Source: docs/decisions/0018-rights.md
 */
export const accountRoutes: FastifyPluginAsyncZod<AccountParts> = async (api, parts) => {
  const { registry } = parts;
  const named = { ...managing, schema: { params, body: versioned } };

  api.get('/accounts', { ...managing, schema: { querystring: pageQuery } }, async (request): Promise<AccountPage> => {
    const { limit, cursor = '' } = request.query;
    const access = accessOf(request);
    const all = Array.from(registry.list('account')).sort((a, b) => (a.id < b.id ? -1 : 1));
    const chosen = all.filter((one) => one.id > cursor && isManaged(parts, access, one));
    const page = chosen.slice(0, limit);
    const last = chosen.length > limit ? page.at(-1) : undefined;
    const locked = lockedIn(parts);
    return { accounts: page.map((one) => shown(parts, one, locked)), ...(last && { next: last.id }) };
  });

  api.post('/accounts', { ...managing, schema: { body: newAccount } }, async (request, reply) => {
    const { commandId, ...asked } = request.body;
    const access = accessOf(request);
    if (!mayGrant(access, asked.grants, registry)) return refuseGrants(reply);
    // What both do is signed with the id alone in some places.
    if (registry.get('apiKey', asked.id)) return refuse(reply, codeOfTaken, taken.problem);
    return withPassword(parts, reply, { access, commandId, expectedVersion: 0, account: asked });
  });

  api.patch('/accounts/:accountId', { ...managing, schema: { params, body: changed } }, async (request, reply) => {
    const { commandId, expectedVersion, ...asked } = request.body;
    const access = accessOf(request);
    const before = managed(parts, access, request.params.accountId);
    if (!before) return noAccount(reply, request.params.accountId);
    const held = grantsOf(before);
    const { added, removed } = difference(held, asked.grants ?? held);
    if (isOwn(access, before) && added.length + removed.length > 0) return refuseOwn(reply);
    const taken = asked.name === undefined && asked.language === undefined ? removed : held;
    if (!mayGrant(access, added, registry) || !mayRevoke(access, taken, registry)) return refuseGrants(reply);
    return changeAccount(parts, reply, { access, commandId, expectedVersion, account: { ...before, ...asked } });
  });

  api.post('/accounts/:accountId/password', named, async (request, reply) => {
    const access = accessOf(request);
    const before = managed(parts, access, request.params.accountId);
    if (!before) return noAccount(reply, request.params.accountId);
    if (isOwn(access, before)) return refuseOwn(reply);
    if (!mayGrant(access, grantsOf(before), registry)) return refuseGrants(reply);
    return withPassword(parts, reply, { access, ...request.body, account: before });
  });

  api.delete('/accounts/:accountId', named, async (request, reply) => {
    const access = accessOf(request);
    const before = managed(parts, access, request.params.accountId);
    if (!before) return noAccount(reply, request.params.accountId);
    if (isOwn(access, before)) return refuseOwn(reply);
    if (!mayRevoke(access, grantsOf(before), registry)) return refuseGrants(reply);
    return changeAccount(parts, reply, { access, ...request.body, accountId: before.id });
  });

  await api.register(lockoutRoutes, parts);
};

/** Doors that guessing has closed, for those who manage the account, or, where there is none of that name, all accounts. */
const lockoutRoutes: FastifyPluginAsyncZod<AccountParts> = async (api, parts) => {
  const { doors, registry, rights, now, log } = parts;
  const isTheirs = (access: Access, id: string) => {
    const account = registry.account(id);
    return account ? isManaged(parts, access, account) : rights.may(access, 'account:manage', undefined);
  };

  api.get('/lockouts', managing, async (request): Promise<LockoutPage> => {
    const access = accessOf(request);
    const locked = doors.locked().filter(({ account }) => isTheirs(access, account));
    return {
      at: now(),
      lockouts: locked.map(({ account, from, leftMs }) => ({ account, from, until: now() + leftMs })),
    };
  });

  api.delete('/lockouts/:accountId', { ...managing, schema: { params } }, async (request, reply) => {
    const { accountId } = request.params;
    const access = accessOf(request);
    if (!isTheirs(access, accountId) || doors.open(accountId) === 0) return noAccount(reply, accountId);
    log.warn({ account: accountId, by: access.actor.id }, 'the locked doors of an account were opened');
    return reply.code(204).send();
  });
};

export type AccountParts = ChangeParts & {
  registry: Registry;
  unseal: Sealer['unseal'];
  rights: Rights;
  looks: Pick<Looks, 'refused'>;
  doors: SignInDoors;
  passwords: Passwords;
  chance: Chance;
  log: Log;
  now: () => number;
};

const managing = { config: { permission: 'account:manage' } } as const;
const { id, language } = entities.account.shape;
const grants = entities.account.shape.grants.unwrap();
const openName = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .refine((text) => !isMasked(text), 'is a masked name');
const commandId = z.string().min(8).max(64);
const params = z.object({ accountId: id });
const versioned = z.strictObject({ commandId, expectedVersion: z.int().min(0) });
const newAccount = z.strictObject({ commandId, id, name: openName, language, grants });
const changed = versioned.extend({
  name: openName.optional(),
  language: language.unwrap().optional(),
  grants: grants.optional(),
});
const pageQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: id.optional() });

const grantsOf = (account: Account): readonly Grant[] => accessOfAccount(account).grants;
const isOwn = ({ actor }: Access, account: Account) => actor.type === 'account' && actor.id === account.id;

/** Seen by whoever manages any of its grants; one without any, by whoever manages the county. */
function isManaged({ registry, rights }: Pick<AccountParts, 'registry' | 'rights'>, access: Access, account: Account) {
  const held = grantsOf(account);
  if (held.length === 0) return rights.may(access, 'account:manage', undefined);
  return held.some((grant) => mayRevoke(access, [grant], registry));
}

function managed(parts: AccountParts, access: Access, accountId: string): Account | undefined {
  const account = parts.registry.account(accountId);
  if (!account || isManaged(parts, access, account)) return account;
  parts.looks.refused(access, { type: 'account', id: accountId });
  return undefined;
}

function difference(before: readonly Grant[], after: readonly Grant[]) {
  const isIn = (all: readonly Grant[], one: Grant) =>
    all.some(({ role, areaId }) => role === one.role && areaId === one.areaId);
  return { added: after.filter((one) => !isIn(before, one)), removed: before.filter((one) => !isIn(after, one)) };
}

type Asked = { access: Access; commandId: string; expectedVersion: number };

/** With a new password, which is in this one answer. */
async function withPassword(
  parts: AccountParts,
  reply: FastifyReply,
  { account, ...asked }: Asked & { account: Omit<Account, 'hash'> },
) {
  // A repeat would show a password that was never set.
  if (wasDone(parts, asked.commandId)) return answerRepeat(reply, passwordMade);
  const password = generatePassword(parts.chance);
  const hash = await parts.passwords.hash(password);
  if (hash === undefined) return refuse(reply, 'too-many', 'too many passwords at once', { retryAfterSeconds: 1 });
  return changeAccount(parts, reply, { ...asked, account: { ...account, hash }, password });
}

const passwordMade = { made: 'the password was', instead: 'ask for a new one' };

type AccountChange = Asked & ({ account: object; password?: string } | { accountId: string });

async function changeAccount(parts: AccountParts, reply: FastifyReply, asked: AccountChange) {
  const { access, commandId, expectedVersion } = asked;
  const value = 'account' in asked ? entities.account.parse(asked.account) : undefined;
  const target = 'account' in asked ? undefined : asked.accountId;
  const change = value
    ? ({ type: 'put', entity: 'account', value, expectedVersion } as const)
    : ({ type: 'remove', entity: 'account', id: target ?? '', expectedVersion } as const);
  const { result, isFolded } = await changeOnce(parts, { commandId, by: access.actor, change });
  if (!result.ok) return refuse(reply, result.problem, result.message);
  const kept = value && parts.registry.account(value.id);
  if (!kept) return reply.code(isFolded ? 204 : 202).send();
  // The same request twice at once has one answer, and two passwords: only the one that stands is shown.
  if ('password' in asked && isFolded && kept.hash !== value.hash) return answerRepeat(reply, passwordMade);
  const password = 'password' in asked && isFolded ? { password: asked.password } : {};
  const status = isFolded ? (expectedVersion === 0 ? 201 : 200) : 202;
  return reply.code(status).send({ account: shown(parts, kept, lockedIn(parts)), ...password });
}

const lockedIn = ({ doors }: AccountParts): Set<string> => new Set(doors.locked().map(({ account }) => account));

function shown({ registry, unseal }: AccountParts, account: Account, locked: Set<string>): AccountShown {
  const accountNameShown = accountName({ registry, unseal }, account.id);
  return {
    ...{ id: account.id, language: account.language, version: entityVersion(account) },
    ...(accountNameShown !== undefined && { name: accountNameShown }),
    ...(account.grants && { grants: account.grants }),
    isLocked: locked.has(account.id),
  };
}

/** Also where there is one, and it is nobody's business: the two cannot be told apart. */
function noAccount(reply: FastifyReply, accountId: string) {
  return refuse(reply, 'not-found', `there is no account ${accountId}`);
}

function refuseGrants(reply: FastifyReply) {
  return refuse(
    reply,
    'forbidden',
    'nobody gives rights that they do not hold themselves, or takes them away elsewhere',
  );
}

function refuseOwn(reply: FastifyReply) {
  return refuse(
    reply,
    'forbidden',
    'nobody changes their own account here; a password of your own: PUT /api/v1/session/password',
  );
}
