import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AttendanceAnswer } from '../answers.ts';
import { callerOfRequest } from '../callers.ts';
import { accessOf } from '../rights/rights.ts';
import type { Attendance } from './attendance.ts';

/** An open page says every few seconds that somebody watches. A program with a key watches nothing. */
export const attendanceRoute: FastifyPluginAsyncZod<{ attendance: Attendance }> = async (api, { attendance }) => {
  const schema = { summary: 'Say that somebody watches at the desk', tags: ['incidents'], body: pageSays };
  api.post('/attendance', { config: { permission: 'incident:act' }, schema }, async (request) => {
    const { key, session } = callerOfRequest(request);
    const why = session ? attendance.heard(key, accessOf(request), request.body) : ('no-page' as const);
    return { watching: why === undefined, ...(why && { why }) } satisfies AttendanceAnswer;
  });
};

const pageSays = z.strictObject({ sound: z.boolean(), idleSeconds: z.int().min(0).max(10_000_000) });
