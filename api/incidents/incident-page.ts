import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { refuse } from '../problem.ts';
import type { DutyIncident } from './duty-view.ts';

export const incidentParams = z.object({ incidentId: z.string().min(1).max(200) });
export const pageLimit = z.coerce.number().int().min(1).max(200).default(50);
export const incidentCursor = z
  .string()
  .max(400)
  .transform((text, context) => {
    const [, openedAt, incidentId] = /^(\d{1,16})~(.+)$/s.exec(Buffer.from(text, 'base64url').toString()) ?? [];
    if (incidentId !== undefined) return { openedAt: Number(openedAt), incidentId };
    context.addIssue('is not a cursor that an earlier page gave');
    return z.NEVER;
  })
  .optional();

/** The newest first, from after the cursor. */
export function pageOf(all: DutyIncident[], { limit, cursor }: { limit: number; cursor?: Cursor | undefined }): Page {
  const rest = all.filter(({ incident }) => !cursor || isBefore(incident, cursor));
  const items = rest.sort((a, b) => (isBefore(a.incident, b.incident) ? 1 : -1)).slice(0, limit);
  const last = items.at(-1)?.incident;
  if (!last || rest.length <= limit) return { items };
  return { items, next: Buffer.from(`${last.openedAt}~${last.incidentId}`).toString('base64url') };
}

export const nextOf = ({ next }: Page): { next?: string } => (next === undefined ? {} : { next });

/** Also where there is one, and it is nobody's business: the two cannot be told apart. */
export function noIncident(reply: FastifyReply, incidentId: string) {
  return refuse(reply, 'not-found', `there is no incident ${incidentId}, or it was resolved long ago`);
}

type Page = { items: DutyIncident[]; next?: string };
type Cursor = { openedAt: number; incidentId: string };
const isBefore = (a: Cursor, b: Cursor) =>
  a.openedAt < b.openedAt || (a.openedAt === b.openedAt && a.incidentId < b.incidentId);
