import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ShiftNow } from '../../incidents/hand-overs.ts';
import { type Command, type CommandResult, contactProof, handOver } from '../../records/command.ts';
import type { Unproved } from '../../records/contact-proofs.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access } from '../../records/rights.ts';
import type { Sealer } from '../../records/sealing.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import { entityShown } from '../rights/masking.ts';
import { accessOf, isInSight, type Rights } from '../rights/rights.ts';

/**
 * Who is on duty by each roster, which shift waits for somebody to say that they have it, and that a contact was reached. It comes from the
 * alarm process, which knows who said so. Errors: ALARM_AWAY, try later.
 */
export const dutyRoutes: FastifyPluginAsyncZod<DutyParts> = async (api, parts) => {
  const { registry, rights, looks, duty, commands } = parts;

  const looking = { summary: 'Who is on duty', tags: ['duty'], response: { 200: dutyPage } };
  api.get('/duty', { config: { permission: 'incident:read' }, schema: looking }, async (request) => {
    const access = accessOf(request);
    const seen = rights.seen(access, 'incident:read');
    const shifts = (await duty.now()).filter(({ rosterId }) => isInSight(seen, rights.areaOf('roster', rosterId)));
    const shown = shifts.slice(0, mostRosters).flatMap((shift) => shiftShown(parts, access, shift) ?? []);
    for (const { rosterId, isOpen } of shown) if (isOpen) await looks.shown(access, { type: 'roster', id: rosterId });
    return { rosters: shown.map(({ isOpen: _, ...shift }) => shift) };
  });

  const acting = { permission: 'incident:act' } as const;
  const handing = {
    ...{ summary: 'Offer a shift, or say that somebody has it', tags: ['duty'], params: oneRoster, body: handed },
    response: { 200: done },
  };
  api.post('/rosters/:rosterId/hand-over', { config: acting, schema: handing }, async (request, reply) => {
    const { rosterId } = request.params;
    const access = accessOf(request);
    const roster = registry.get('roster', rosterId);
    if (!roster || !rights.reaches(access, 'incident:act', { type: 'roster', id: rosterId }))
      return refuse(reply, 'not-found', `there is no roster ${rosterId}`);
    const { step } = request.body;
    // Whoever is named becomes known, by name and number, to all who see the roster.
    const mayName = (id: string) =>
      roster.shifts.some(({ contactId }) => contactId === id) ||
      (registry.contact(id) !== undefined && rights.reaches(access, 'incident:act', { type: 'contact', id }));
    if (step.type === 'offer' && !mayName(step.to)) return refuse(reply, 'not-found', `there is no contact ${step.to}`);
    const result = await commands.apply({ type: 'hand-over', rosterId, ...request.body, by: access.actor });
    return result.ok ? ({ done: true } as const) : refuse(reply, result.problem, result.message);
  });

  const calling = { summary: 'Whom to call before they are needed', tags: ['duty'], response: { 200: unprovedPage } };
  api.get('/duty/contacts', { config: acting, schema: calling }, async (request) => {
    const access = accessOf(request);
    const seen = rights.seen(access, 'incident:act');
    const theirs = (await duty.unproved()).filter(({ contactId }) =>
      isInSight(seen, rights.areaOf('contact', contactId)),
    );
    const contacts = theirs.slice(0, mostContacts).flatMap((one) => unprovedShown(parts, access, one));
    if (contacts.length > 0) await looks.shown(access, { type: 'registry', id: 'contacts-unproved' });
    return { contacts, more: theirs.length - contacts.length };
  });

  const proving = {
    ...{ summary: 'Say that a contact was reached', tags: ['duty'], params: oneContact, body: proved },
    response: { 200: done },
  };
  api.post('/contacts/:contactId/proof', { config: acting, schema: proving }, async (request, reply) => {
    const { contactId } = request.params;
    const access = accessOf(request);
    if (!registry.contact(contactId) || !rights.reaches(access, 'incident:act', { type: 'contact', id: contactId }))
      return refuse(reply, 'not-found', `there is no contact ${contactId}`);
    const result = await commands.apply({ type: 'contact-proof', contactId, ...request.body, by: access.actor });
    return result.ok ? ({ done: true } as const) : refuse(reply, result.problem, result.message);
  });
};

export type DutyParts = {
  registry: Registry;
  rights: Rights;
  looks: Looks;
  unseal: Sealer['unseal'];
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  duty: DutySource;
};
/** Errors: ALARM_AWAY, try later. */
export type DutySource = { now(): Promise<ShiftNow[]>; unproved(): Promise<Unproved[]> };

const oneRoster = z.object({ rosterId: z.string().max(32) });
const oneContact = z.object({ contactId: z.string().max(32) });
const handed = handOver
  .pick({ commandId: true, step: true })
  .meta({ examples: [{ commandId: '4f0c6e2a-shift', step: { type: 'accept', contactId: 'c-team-2' } }] });
const proved = contactProof
  .pick({ commandId: true, how: true })
  .meta({ examples: [{ commandId: '4f0c6e2a-proof', how: 'call' }] });
const done = z.object({ done: z.literal(true) }).meta({ examples: [{ done: true }] });
const person = z.object({
  contactId: z.string(),
  role: z.string(),
  name: z.string().optional(),
  phone: z.string().optional(),
});
const shiftNow = z.object({
  rosterId: z.string(),
  name: z.string(),
  area: z.string().optional(),
  site: z.string().optional(),
  onDuty: z.array(person),
  /** Who was asked to take over, and has not said that they have it. */
  open: z.object({ asked: z.array(person), at: z.int(), dueAt: z.int() }).optional(),
});
const dutyPage = z.object({ rosters: z.array(shiftNow) }).meta({
  examples: [
    {
      rosters: [
        {
          ...{ rosterId: 'r-team', name: '流动服务队', area: '巴彦苏木' },
          onDuty: [{ contactId: 'c-team-1', role: 'township', name: '巴特尔', phone: '138-0000-0000' }],
          open: {
            asked: [{ contactId: 'c-team-2', role: 'township', name: '宝力道', phone: '139-0000-0000' }],
            ...{ at: 1_795_410_000_000, dueAt: 1_795_410_900_000 },
          },
        },
      ],
    },
  ],
});
const unprovedPage = z
  .object({
    contacts: z.array(person.extend({ area: z.string().optional(), provedAt: z.int().optional() })),
    /** So many others are not shown. */
    more: z.int(),
  })
  .meta({
    examples: [
      {
        contacts: [{ contactId: 'c-1', role: 'neighbour', name: '宝音', phone: '138-0000-0000', area: '东井嘎查' }],
        more: 12,
      },
    ],
  });
export type UnprovedPage = z.infer<typeof unprovedPage>;
export type DutyPage = z.infer<typeof dutyPage>;

function shiftShown(parts: DutyParts, access: Access, { rosterId, onDuty, open }: ShiftNow) {
  const { registry, rights } = parts;
  const roster = registry.get('roster', rosterId);
  if (!roster) return undefined;
  const areaId = rights.areaOf('roster', rosterId);
  const isOpen = rights.may(access, 'personal:incident', areaId);
  const shown = (ids: readonly string[]) => ids.slice(0, mostPeople).flatMap((id) => personShown(parts, id, isOpen));
  const area = registry.area(areaId ?? '')?.name;
  const site = roster.of.type === 'site' ? registry.site(roster.of.id)?.name : undefined;
  return {
    ...{ rosterId, name: roster.name, isOpen },
    ...(area !== undefined && { area }),
    ...(site !== undefined && { site }),
    onDuty: shown(onDuty),
    ...(open && { open: { ...open, asked: shown(open.asked) } }),
  };
}

function unprovedShown(parts: DutyParts, access: Access, { contactId, provedAt }: Unproved) {
  const areaId = parts.rights.areaOf('contact', contactId);
  const area = parts.registry.area(areaId ?? '')?.name;
  const more = { ...(area !== undefined && { area }), ...(provedAt !== undefined && { provedAt }) };
  const isOpen = parts.rights.may(access, 'personal:incident', areaId);
  return personShown(parts, contactId, isOpen).map((one) => ({ ...one, ...more }));
}

function personShown({ registry, unseal }: DutyParts, contactId: string, isOpen: boolean) {
  const contact = registry.contact(contactId);
  if (!contact) return [];
  const { name, phone } = entityShown('contact', contact, { unseal, isOpen });
  return [
    { contactId, role: contact.role, ...(name !== undefined && { name }), ...(phone !== undefined && { phone }) },
  ];
}

const mostRosters = 200;
const mostContacts = 50;
const mostPeople = 20;
