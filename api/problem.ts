import type { FastifyError, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Problem, ProblemCode } from './answers.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Why the request was refused, for whoever counts that. */
    refusedAs: ProblemCode | undefined;
  }
}

/** Refuses a request, as an RFC 9457 problem. `detail` says in English what would be right; pages have words of their own. */
export function refuse(reply: FastifyReply, code: ProblemCode, detail: string, more: Partial<Problem> = {}) {
  const status = more.status ?? statuses[code];
  reply.refusedAs = code;
  const problem: Problem = { type: `urn:steppewatch:${code}`, title: titles[code], status, detail, code, ...more };
  if (more.retryAfterSeconds !== undefined) reply.header('retry-after', String(more.retryAfterSeconds));
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** What a route threw: the caller's mistake, the world's, or ours. Ours is logged here, once, and told without details. */
export function answerError(error: FastifyError, reply: FastifyReply, log: Log): unknown {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const wrong = error.validation.map(({ instancePath, message }) => `${instancePath.slice(1)}: ${message}`);
    return refuse(reply, 'invalid', wrong.join('; '));
  }
  if (error instanceof OperationalError) return refuse(reply, 'unavailable', error.message, { status: error.status });
  const { statusCode = 500 } = error;
  if (statusCode < 500) return refuse(reply, 'invalid', error.message, { status: statusCode });
  log.error({ err: error }, 'a request failed');
  return refuse(reply, 'failed', 'the request failed; what went wrong is in the log of the desk process');
}

const statuses: Record<ProblemCode, number> = {
  'not-found': 404,
  'version-conflict': 409,
  'not-allowed': 409,
  'second-person-needed': 409,
  invalid: 400,
  'signed-out': 401,
  forbidden: 403,
  'wrong-password': 401,
  locked: 429,
  'wrong-code': 403,
  claimed: 409,
  'too-many': 429,
  'foreign-request': 403,
  insecure: 403,
  unavailable: 503,
  failed: 500,
};

export const problemCodes = Object.keys(statuses) as ProblemCode[];

const titles: Record<ProblemCode, string> = {
  'not-found': 'There is no such thing',
  'version-conflict': 'It has changed meanwhile',
  'not-allowed': 'It cannot be done now',
  'second-person-needed': 'A second person has to agree',
  invalid: 'The request is not right',
  'signed-out': 'Nobody is signed in',
  forbidden: 'It is not among your rights',
  'wrong-password': 'Account or password is wrong',
  locked: 'Too many wrong passwords came from here',
  'wrong-code': 'Device or code is wrong',
  claimed: 'The label has been used',
  'too-many': 'Too many at once',
  'foreign-request': 'The request comes from another page',
  insecure: 'The connection is not private',
  unavailable: 'A part of the system is away',
  failed: 'The request failed',
};
