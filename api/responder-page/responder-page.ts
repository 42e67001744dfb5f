import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import { localTimeIn } from '../../platform/local-time.ts';
import type { Chance } from '../../platform/random.ts';
import type { Access } from '../../records/rights.ts';
import type { Language } from '../../records/texts/texts.ts';
import type { LocalTime } from '../../rules/local-time.ts';
import { ofIncident } from '../incidents/incident-sight.ts';
import type { DeskParts } from '../routes.ts';
import { isLoopbackName, isPrivate } from '../sign-in/session-cookie.ts';
import { createThrottle } from '../throttle.ts';
import { carryOutForm } from './page-commands.ts';
import { pageForm, readFields } from './page-form.ts';
import { codePage, lastPage, responderPage, styleHash } from './page-html.ts';
import { isOpenTo, type PageSight, pageSight } from './page-sight.ts';
import {
  createGuessLocks,
  createVisitors,
  type PagePorts,
  readCode,
  readDigits,
  type Visitor,
} from './page-visitor.ts';
import { type PageProblem, sayings } from './page-words.ts';

/**
 * The page of those who were asked to go, under `/r`: no account and no script. Whoever types the code of their message and the end of
 * their number, or follows a signed link, sees one incident and presses what they do about it. Its forms are plain, and answered with the
 * page as it is then.
 */
export const responderRoutes: FastifyPluginAsync<PageParts> = async (server, parts) => {
  const visitors = createVisitors(parts);
  const locks = createGuessLocks(parts);
  const presses = createThrottle(parts);
  const local = localTimeIn(parts.timeZone);
  const open = { config: { permission: 'public' } } as const;

  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(pageHeaders);
    if (isPrivate(request) || isLoopbackName(request.hostname)) return;
    return problem(request, reply, 403, 'insecure');
  });
  server.addHook('preHandler', async (request, reply) => {
    if (request.method === 'POST' && isForeign(request)) return problem(request, reply, 403, 'foreign');
  });

  server.get('/r', open, async (request, reply) => send(reply, codePage({ language: languageOf(request) })));

  server.post('/r', { ...open, bodyLimit }, async (request, reply) => {
    const language = languageOf(request);
    const { code: typed = '', digits: end = '' } = readFields(request.body);
    const [code, digits] = [readCode(typed), readDigits(end)];
    if (code === undefined || digits === undefined)
      return send(reply.code(400), codePage({ language, problem: 'malformed' }));
    const waitMs = locks.attempt(code, request.ip);
    if (waitMs > 0) return locked(reply, language, waitMs);
    const visitor = visitors.byCode(code, digits);
    if (!visitor) {
      reply.refusedAs = 'wrong-code';
      parts.log.warn({ from: request.ip }, 'a code of the responders page was wrong');
      return send(reply.code(403), codePage({ language, problem: 'wrong' }));
    }
    locks.wasRight(code, request.ip);
    return reply.redirect(parts.page.linkTo(visitor.told.noticeId), 303);
  });

  server.get<Linked>('/r/:token', open, async (request, reply) => {
    const visitor = visitors.byLink(request.params.token);
    if (!visitor) return problem(request, reply, 404, 'over');
    const access: Access = { actor: { type: 'contact', id: visitor.contact.id }, grants: [] };
    if (isOpenTo(visitor)) await parts.looks.shown(access, ofIncident(visitor.duty.incident));
    const frame = { path: `/r/${request.params.token}`, commandId: newCommandId(parts.chance) };
    const said = sayings.find((one) => one === request.query.said);
    return send(
      reply,
      responderPage(sightOf(visitor, { ...parts, local }), { ...frame, language: visitor.contact.language, said }),
    );
  });

  server.post<Linked>('/r/:token', { ...open, bodyLimit }, async (request, reply) => {
    const { token } = request.params;
    const visitor = visitors.byLink(token);
    if (!visitor) return problem(request, reply, 404, 'over');
    const back = (said: string) => reply.redirect(`/r/${token}?said=${said}`, 303);
    const form = pageForm.safeParse(readFields(request.body));
    if (!form.success) return back('refused');
    const press = { key: `${visitor.contact.id} ${visitor.duty.incident.incidentId}`, free: mostPresses };
    if (presses.attempt([press]) > 0) return back('often');
    return back(await carryOutForm(visitor, form.data, parts));
  });
};

/** `page`: codes and links, as messages carry them; `toDo`: what whoever goes is to do, as messages say it. */
export type PageParts = Pick<
  DeskParts,
  'view' | 'registry' | 'commands' | 'unseal' | 'cards' | 'looks' | 'log' | 'now' | 'timeZone'
> & { clock: Clock; chance: Chance; page: ResponderPage };
export type ResponderPage = PagePorts & {
  linkTo(noticeId: string): string;
  toDo: Parameters<typeof pageSight>[1]['toDo'];
};

type Linked = { Params: { token: string }; Querystring: { said?: string } };

function sightOf(
  visitor: Visitor,
  { view, registry, unseal, cards, page, local }: PageParts & { local: (at: number) => LocalTime },
): PageSight {
  const timeline = view.timeline(visitor.duty.incident.incidentId);
  return pageSight(visitor, { registry, unseal, cards, timeline, toDo: page.toDo, local });
}

/** The page's own style and forms, and nothing else; a form says where it comes from, and no other site learns the link. */
const pageHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  'referrer-policy': 'same-origin',
  'x-robots-tag': 'noindex',
};

/** Old browsers say nothing of where a form stands: theirs is let through, because the address of the page is a secret of its own. */
function isForeign({ headers, host }: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  return (origin !== undefined && URL.parse(origin)?.host !== host) || (site !== undefined && site !== 'same-origin');
}

const languageOf = ({ headers }: FastifyRequest): Language =>
  /^\s*en\b/i.test(headers['accept-language'] ?? '') ? 'en' : 'zh-CN';

function problem(request: FastifyRequest, reply: FastifyReply, status: number, what: PageProblem): FastifyReply {
  if (what !== 'over') reply.refusedAs = what === 'insecure' ? 'insecure' : 'foreign-request';
  return send(reply.code(status), lastPage(languageOf(request), what));
}

function locked(reply: FastifyReply, language: Language, waitMs: number): FastifyReply {
  reply.refusedAs = 'locked';
  reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
  return send(reply.code(429), codePage({ language, lockedMinutes: Math.ceil(waitMs / 60_000) }));
}

const send = (reply: FastifyReply, html: string): FastifyReply => reply.type('text/html; charset=utf-8').send(html);

const newCommandId = (chance: Chance): string => `page-${Buffer.from(chance.bytes(15)).toString('base64url')}`;

const bodyLimit = 2_048;
/** As many as a night asks for; then they wait, a little longer each time. */
const mostPresses = 30;
