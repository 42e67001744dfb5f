import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { labelText } from '../../records/claim-code.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { toldOf, withConsent } from '../../records/consent.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { erasureOf, whyNotErased } from '../../records/person-erasure.ts';
import { entities, type Person, purposes } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access, Permission } from '../../records/rights.ts';
import type { PersonErased } from '../answers.ts';
import type { DeviceKeys } from '../devices/device-keys.ts';
import type { DutyView } from '../incidents/duty-view.ts';
import { refuse } from '../problem.ts';
import { sendChanges } from '../registry/registry-send.ts';
import { untilFolded } from '../until-folded.ts';
import type { Looks } from './looks.ts';
import { accessOf, type Rights } from './rights.ts';

/** What a person may ask for: to be asked, to have everything that is kept of them, and to be forgotten. docs/privacy.md */
export const personRoutes: FastifyPluginAsyncZod<PersonRouteParts> = async (api, parts) => {
  const { registry, rights, looks, now } = parts;
  const writing = { permission: 'registry:write' } as const;
  const exporting = { permission: 'registry:export' } as const;
  const tags = ['people'];

  const consenting = { summary: 'Consent to a purpose, given or taken back', tags, params: onePurpose, body: asked };
  api.put('/people/:personId/consents/:purpose', { config: writing, schema: consenting }, async (request, reply) => {
    const access = accessOf(request);
    const person = reached(parts, access, 'registry:write', request.params.personId);
    if (!person) return noPerson(reply, request.params.personId);
    const { commandId, given, at = now() } = request.body;
    const by = access.actor;
    const value = entities.person.parse(withConsent(person, request.params.purpose, { given, at, by }));
    const change = { type: 'put', entity: 'person', value, expectedVersion: entityVersion(person) } as const;
    const result = await parts.commands.apply({ type: 'registry-change', commandId, by, change });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    if (!(await folded(parts, commandId))) return reply.code(202).send({ id: person.id, consents: value.consents });
    // Under an id that was used before nothing is done, and the answer is that of then.
    const consents = registry.person(person.id)?.consents;
    if (consents?.[request.params.purpose]?.given !== given) return refuse(reply, 'version-conflict', usedBefore);
    // Where only family was near, nobody is left there: whoever takes it back hears it at once.
    return reply.send({ id: person.id, consents, told: toldOf(person, registry) });
  });

  const export_ = { summary: 'Everything that is kept of one person', tags, params: onePerson };
  api.get('/people/:personId/export', { config: exporting, schema: export_ }, async (request, reply) => {
    const { personId } = request.params;
    const access = accessOf(request);
    const person = reached(parts, access, 'registry:export', personId);
    if (!person || !rights.isOpen(access, { type: 'person', id: personId })) return noPerson(reply, personId);
    await looks.exported(access, { type: 'person', id: personId });
    return parts.people.everythingOf(personId);
  });

  const erasing = { summary: 'Forget a person', tags, params: onePerson, body: forgetting };
  api.post('/people/:personId/erasure', { config: writing, schema: erasing }, async (request, reply) => {
    const { personId } = request.params;
    const access = accessOf(request);
    const person = reached(parts, access, 'registry:write', personId);
    if (!person || !rights.isOpen(access, { type: 'person', id: personId })) return noPerson(reply, personId);
    const open = parts.view.openIncidents().map(({ incident }) => incident);
    const whyNot = whyNotErased(person, open);
    if (whyNot !== undefined) return refuse(reply, 'not-allowed', whyNot);
    const codes = new Map<string, string>();
    const changes = erasureOf(registry, personId, (deviceId) => {
      const { code, claim } = parts.deviceKeys.newCode(deviceId);
      codes.set(deviceId, code);
      return claim;
    });
    const { commandId, reason } = request.body;
    // As an import of its own, so that all of it becomes true, or nothing.
    const result = await sendChanges(parts.commands.apply, { changes, importId: commandId, by: access.actor, reason });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    const isFolded = await folded(parts, commandId);
    if (isFolded && registry.person(personId)) return refuse(reply, 'version-conflict', usedBefore);
    const stock = changes.flatMap((change) =>
      change.type === 'put' && change.entity === 'device' ? change.value.id : [],
    );
    const labels = [...codes].map(([id, code]) => ({ id, claimCode: code, label: labelText(id, code) }));
    return reply.code(isFolded ? 200 : 202).send({ id: personId, stock, labels } satisfies PersonErased);
  });
};

export type PersonRouteParts = {
  registry: Registry;
  view: Pick<DutyView, 'answerTo' | 'openIncidents'>;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  /** Puts together what is kept of somebody. Errors: DATABASE_AWAY, try later. */
  people: { everythingOf(personId: string): Promise<object> };
  deviceKeys: Pick<DeviceKeys, 'newCode'>;
  rights: Rights;
  looks: Looks;
  clock: Clock;
  now: () => number;
};

const commandId = z.string().min(8).max(60);
const onePerson = z.object({ personId: z.string().min(1).max(32) });
const onePurpose = onePerson.extend({ purpose: z.enum(purposes) });
/** `at` (epoch ms): when it was said, where that was not now. */
const asked = z.strictObject({ commandId, given: z.boolean(), at: z.int().min(0).optional() });
const forgetting = z.strictObject({ commandId, reason: z.string().min(1).max(200) });

const usedBefore = 'nothing was changed: send it again under a new commandId, because this one was used before';

/** Undefined: there is nobody of that id, or in a foreign area, which is on record. */
function reached(
  { registry, rights }: PersonRouteParts,
  access: Access,
  permission: Permission,
  id: string,
): Person | undefined {
  const person = registry.person(id);
  return person && rights.reaches(access, permission, { type: 'person', id }) ? person : undefined;
}

const folded = async ({ clock, view }: PersonRouteParts, id: string): Promise<boolean> =>
  (await untilFolded(clock, () => view.answerTo(id))) !== undefined;

const noPerson = (reply: FastifyReply, id: string) => refuse(reply, 'not-found', `there is no person ${id}`);
