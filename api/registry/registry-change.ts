import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { entityVersion } from '../../records/entity-version.ts';
import type { Incident } from '../../records/incident.ts';
import type { EntityType, RegistryChange } from '../../records/registry.ts';
import { idOf, type RegistryProblem } from '../../records/registry-check.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access } from '../../records/rights.ts';
import type { Sealer } from '../../records/sealing.ts';
import { changeOnce, wasDone } from '../change-once.ts';
import type { DutyView } from '../incidents/duty-view.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import { entityShown } from '../rights/masking.ts';
import { accessOf, type Rights } from '../rights/rights.ts';
import { untilFolded } from '../until-folded.ts';
import { codeOfTaken, problemsOf, type Refusal, refusalOf, writePermission } from './registry-rights.ts';
import { saysOf } from './registry-schemas.ts';

export type RegistryParts = {
  registry: Registry;
  view: Pick<DutyView, 'answerTo' | 'openIncidents'>;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  unseal: Sealer['unseal'];
  rights: Rights;
  looks: Pick<Looks, 'shown' | 'exported'>;
  clock: Clock;
};

/** Which command it is, and what its author saw; each in the body, or in the header that HTTP has for it. */
export type Expected = { commandId: string; expectedVersion: number };
type Stated = { commandId?: string | undefined; expectedVersion?: number | undefined; version?: number | undefined };

/** Undefined when it was refused: a change says which version it was made for, and has an id by which a repeat is known. */
export function expectedOf(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Stated | undefined,
): Expected | undefined {
  const { 'idempotency-key': key, 'if-match': match, 'if-none-match': none } = request.headers;
  const commandId = body?.commandId ?? (typeof key === 'string' ? key : undefined);
  if (commandId === undefined) {
    refuse(reply, 'invalid', 'give the change an id: "commandId", or the header Idempotency-Key');
    return undefined;
  }
  const tag = /^"(\d{1,16})"$/.exec(match ?? '')?.[1];
  const stated = body?.expectedVersion ?? body?.version;
  const expectedVersion = stated ?? (none === '*' ? 0 : tag === undefined ? undefined : Number(tag));
  if (expectedVersion !== undefined) return { commandId, expectedVersion };
  const how = 'say which version you saw: "expectedVersion", or If-Match; 0, or If-None-Match: *, when it is to be new';
  refuse(reply, 'invalid', how, { status: 428 });
  return undefined;
}

/**
 * Asks for a change and answers with what stands there then: 201 for what is new, 204 for what is retired, 202 when it was done and its news
 * is still on the way here; 409 with what is true now when somebody was faster.
 */
export async function changeEntity(
  parts: RegistryParts,
  { request, reply, commandId }: { request: FastifyRequest; reply: FastifyReply; commandId: string },
  change: RegistryChange,
) {
  const access = accessOf(request);
  const { entity } = change;
  const id = idOf(change);
  const isDone = wasDone(parts, commandId);
  const wrong = isDone ? undefined : wrongWith(parts, access, change);
  if (wrong) return refuseWrong(reply, wrong);
  const isKnown = parts.registry.get(entity, id) !== undefined;
  if (isDone && !isKnown) return reply.code(204).send();
  if (isDone) return showIfSeen(parts, { access, reply }, entity, id);
  const { result, isFolded } = await changeOnce(parts, { commandId, by: access.actor, change });
  if (!result.ok) return refuseChange(parts, { access, reply }, { entity, id }, result);
  if (change.type === 'remove') return reply.code(isFolded ? 204 : 202).send();
  if (!isFolded) return reply.code(202).send({ id, version: result.version });
  return showEntity(parts, { access, reply: reply.code(isKnown ? 200 : 201) }, entity, id);
}

type Asking = { access: Access; reply: FastifyReply };
type Wrong = Pick<Refusal, 'as'> & { problems: Pick<RegistryProblem, 'field' | 'problem' | 'zh'>[] };

function wrongWith(parts: RegistryParts, access: Access, change: RegistryChange): Wrong | undefined {
  const current = parts.registry.get(change.entity, idOf(change));
  const refusal = refusalOf({ ...parts, openIncidents: openIn(parts) }, access, change);
  if (refusal) return { as: refusal.as, problems: [refusal] };
  if (change.type === 'remove' && !current) return { as: 'absent', problems: [] };
  // Who was overtaken hears so by the command's own answer, with what is true now. What is not there, or lies elsewhere, comes first: what
  // is true may be what they expected when the command is judged, and only here somebody asks whose it is.
  const { expectedVersion, ...asked } = change;
  const isOvertaken = expectedVersion !== entityVersion(current);
  const problems = problemsOf(parts, access, [asked]).filter(({ missing }) => !isOvertaken || missing !== undefined);
  if (problems.length === 0) return undefined;
  return { as: change.type === 'remove' ? 'taken' : 'invalid', problems };
}

export const openIn = ({ view }: Pick<RegistryParts, 'view'>): Incident[] =>
  view.openIncidents().map(({ incident }) => incident);

const codes = { taken: codeOfTaken, absent: 'not-found', forbidden: 'forbidden', invalid: 'invalid' } as const;

function refuseWrong(reply: FastifyReply, { as, problems }: Wrong) {
  if (as === 'absent') return refuse(reply, 'not-found', 'there is no such entry');
  const detail = problems.map(({ field, problem }) => (field ? `${field}: ${problem}` : problem)).join('; ');
  const listed = problems.map(({ field, problem, zh }) => ({ ...(field !== undefined && { field }), problem, zh }));
  return refuse(reply, codes[as], detail, { problems: listed });
}

/** What is true now is in the answer, when this process has it; else its version alone. */
async function refuseChange(
  parts: RegistryParts,
  { access, reply }: Asking,
  { entity, id }: { entity: EntityType; id: string },
  result: Extract<CommandResult, { ok: false }>,
) {
  const { problem, message, currentVersion } = result;
  const look = () => entityVersion(parts.registry.get(entity, id)) === (currentVersion ?? 0) || undefined;
  if (problem === 'version-conflict') await untilFolded(parts.clock, look);
  const current = parts.registry.get(entity, id);
  const isOurs = current && parts.rights.may(access, writePermission(entity), parts.rights.areaOf(entity, id));
  const now = isOurs ? await shown(parts, access, entity, id) : undefined;
  return refuse(reply, problem, message, { ...(now && { entity: now }) });
}

/** Errors answered: not-found, also for what lies in a foreign area. */
export async function showIfSeen(parts: RegistryParts, asking: Asking, entity: EntityType, id: string) {
  const isThere = parts.registry.get(entity, id) !== undefined;
  if (isThere && parts.rights.sees(asking.access, 'registry:read', { type: entity, id }))
    return showEntity(parts, asking, entity, id);
  return refuse(asking.reply, 'not-found', `there is no ${entity} ${id}`);
}

/** One entity, open to whom it may be. */
async function showEntity(parts: RegistryParts, { access, reply }: Asking, entity: EntityType, id: string) {
  const body = await shown(parts, access, entity, id);
  if (!body) return refuse(reply, 'not-found', `there is no ${entity} ${id}`);
  return reply.header('etag', `"${body.version}"`).send(body);
}

async function shown(
  { registry, rights, looks, unseal }: RegistryParts,
  access: Access,
  entity: EntityType,
  id: string,
) {
  const value = registry.get(entity, id);
  if (!value) return undefined;
  const of = { type: entity, id };
  const masked = entityShown(entity, value, { unseal, isOpen: false });
  const isOpen = rights.isOpen(access, of);
  const answer = isOpen ? entityShown(entity, value, { unseal, isOpen }) : masked;
  if (JSON.stringify(answer) !== JSON.stringify(masked)) await looks.shown(access, of);
  return { ...answer, ...saysOf(entity, value, { isOpen }), version: entityVersion(value) };
}
