import { z } from 'zod';
import { fieldOutcomes } from '../../records/incident.ts';
import { reachedResults } from './page-words.ts';

/** What a button of the page sends. `id`: made with the page, so that what is pressed twice, or sent again, is done once. */
const id = z.string().regex(/^page-[A-Za-z0-9_-]{20}$/);
export const pageForm = z.discriminatedUnion('do', [
  z.object({ do: z.literal('accept'), id, minutes: z.coerce.number().int().min(1).max(600) }),
  z.object({ do: z.literal('decline'), id }),
  z.object({ do: z.literal('arrive'), id }),
  z.object({ do: z.literal('help'), id }),
  z.object({ do: z.literal('done'), id, outcome: z.enum(fieldOutcomes), contact: z.enum(reachedResults) }),
  z.object({ do: z.literal('agree'), id }),
]);
export type PageForm = z.infer<typeof pageForm>;

/** The fields of a plain form, each once: the last one of a name counts. */
export const readFields = (body: unknown): { [name: string]: string } =>
  Object.fromEntries(new URLSearchParams(typeof body === 'string' ? body : ''));
