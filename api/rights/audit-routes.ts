import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type AuditDraft, auditKinds } from '../../records/audit.ts';
import { openText } from '../../records/sealed-text.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { AuditEntryShown, AuditPage } from '../answers.ts';
import type { Looks } from './looks.ts';
import { accessOf, isInSight, type Rights } from './rights.ts';

/**
 * The account of looks and changes, the newest first, of the areas that the auditor answers for. It is read from its own files, so that
 * it works without the database. Reading it is a look, and is on the account itself.
 */
export const auditRoutes: FastifyPluginAsyncZod<AuditRouteParts> = async (api, { audit, rights, looks, unseal }) => {
  const schema = { summary: 'Who saw, changed, muted or exported what', tags: ['audit'], querystring: query };
  api.get('/audit', { config: { permission: 'audit:read' }, schema }, async (request): Promise<AuditPage> => {
    const access = accessOf(request);
    const sight = rights.seen(access, 'audit:read');
    const { of, by } = request.query;
    await looks.shown(access, { type: 'audit', id: (of ?? by ?? 'all').slice(0, 200) });
    const isSeen = ({ areaId }: AuditDraft) => isInSight(sight, areaId);
    const { entries, next } = await audit.find({ ...request.query, isSeen });
    const shown = entries.map(({ prev: _, journal: __, reason, ...entry }): AuditEntryShown => {
      const open = reason === undefined ? undefined : openText(reason, { unseal });
      return { ...entry, ...(open !== undefined && { reason: open }) };
    });
    return { entries: shown, ...(next !== undefined && { next }) };
  });
};

export type AuditRouteParts = { audit: AuditSource; rights: Rights; looks: Looks; unseal: Sealer['unseal'] };

/** Where the account is read from. `next` goes on where a page ended. */
export type AuditSource = {
  find(
    asked: AuditAsked,
  ): Promise<{ entries: (AuditDraft & { n: number; prev: string; hash: string })[]; next?: string }>;
};
export type AuditAsked = z.infer<typeof query> & { isSeen: (entry: AuditDraft) => boolean };

const id = z.string().min(1).max(210);
const instant = z.coerce.number().int().min(0);
const query = z.strictObject({
  by: id.optional().describe('Who: an id, or `account:li`'),
  of: id.optional().describe('What it was about: an id, or `person:p1`'),
  what: z.enum(auditKinds).optional(),
  since: instant.optional().describe('Epoch ms'),
  until: instant.optional().describe('Epoch ms'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,80}$/, 'is not a cursor that an earlier page gave')
    .optional(),
});
