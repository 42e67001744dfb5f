import type { AddressInfo, Socket } from 'node:net';
import Fastify, { type ConnectionError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { listenFailed } from '../platform/errors.ts';
import { localTimeIn } from '../platform/local-time.ts';
import type { DeskHeartbeat } from '../records/desk-watch.ts';
import { bearerToken, createCallers } from './callers.ts';
import { guardConnections, hurryStrangers, limitSpokenFor } from './connections.ts';
import { consoleFiles } from './console-files.ts';
import { createAttendance } from './desk-watch/attendance.ts';
import { type Observations, watchHealth } from './health.ts';
import { createCards } from './incidents/incident-card.ts';
import { createIncidentSight } from './incidents/incident-sight.ts';
import { createLiveStream } from './incidents/live-stream.ts';
import { gatherRoutes } from './openapi.ts';
import { answerError, refuse } from './problem.ts';
import { createProxies } from './proxies.ts';
import { createRateLimits } from './rate-limit.ts';
import { responderRoutes } from './responder-page/responder-page.ts';
import { watchGlass } from './rights/glass.ts';
import { createLooks } from './rights/looks.ts';
import { askPermission, createRights, demandPermission, type RouteStated } from './rights/rights.ts';
import { type ApiPorts, apiRoutes, type DeskParts } from './routes.ts';
import { createApiKeys } from './sign-in/api-keys.ts';
import { createPasswords } from './sign-in/passwords.ts';
import { createSessions } from './sign-in/sessions.ts';
import { createSignInDoors } from './sign-in/sign-in-doors.ts';

/**
 * Opens the API and the page. It works with the database away: only history is missing then.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 */
export async function startApi(parts: ApiParts): Promise<Api> {
  const { listen, clock, log, metrics } = parts;
  const desk = deskOf(parts);
  const { callerOf } = createCallers(desk);
  const routes: RouteStated[] = [];
  const server = newServer({ clock, log, metrics, listen });
  await gatherRoutes(server);
  server.addHook('onRoute', (route) => void routes.push(demandPermission(route)));
  await server.register(
    async (api) => {
      api.addHook('onRequest', refuseForeign);
      api.addHook('onRequest', askPermission(callerOf));
      api.addHook('onRequest', createRateLimits({ clock }));
      api.addHook('onRequest', async ({ caller }) => {
        if (caller?.session) desk.attendance.signOf(caller.key);
      });
      await api.register(apiRoutes, desk);
    },
    { prefix: '/api/v1' },
  );
  const { page } = parts;
  if (page) await server.register(responderRoutes, { ...desk, page });
  servePage(server, await consoleFiles());

  // The first look is not waited for: an alarm process that hangs must not keep the page from saying so.
  const address = await listening(server, listen);
  log.info(address, 'the page is open');
  return {
    ...{ address, routes },
    attendance: () => desk.attendance.now(),
    async close() {
      desk.health.stop();
      desk.stream.close();
      desk.looks.close();
      await server.close();
    },
  };
}

/** Everything that routes work with, over the ports that this process was given. */
function deskOf(parts: ApiParts): DeskParts {
  const { view, registry, unseal, commands, log, clock, chance, metrics, timeZone } = parts;
  const now = parts.now ?? (() => clock.now());
  const looks = createLooks({ commands, clock, chance, log, metrics });
  const rights = createRights({ registry, looks, glass: watchGlass({ shelf: view.glass, now }) });
  const sight = createIncidentSight({ rights, now });
  const cards = createCards({ registry, unseal, local: localTimeIn(timeZone) });
  const health = watchHealth({ observe: parts.health, clock, now });
  return {
    ...parts,
    ...{ now, looks, rights, sight, cards, health },
    attendance: createAttendance({ clock }),
    stream: createLiveStream({ view, cards, sight, rights, registry, health, clock, now, chance }),
    sessions: createSessions({ clock, chance, account: registry.account }),
    doors: createSignInDoors({ clock, chance, account: registry.account }),
    passwords: createPasswords({ chance }),
    keys: createApiKeys({ registry, now }),
  };
}

export type Api = {
  address: { host: string; port: number; url: string };
  /** Every route that is there, with what it asks of whoever calls it. */
  routes: readonly RouteStated[];
  /** Who watches at the desk; undefined while that is not known. */
  attendance(): DeskHeartbeat | undefined;
  close(): Promise<void>;
};
export type ApiParts = ApiPorts & {
  /** `trustedProxies`: addresses and networks besides this machine's own. */
  listen: { host: string; port: number; trustedProxies?: readonly string[] };
  /** Asked every two seconds, one question at a time; may take its time, and reject. */
  health: () => Promise<Observations>;
  /** Journal time, which is what people see (epoch ms); by default the clock's. */
  now?: () => number;
};

type ServerParts = Pick<ApiParts, 'clock' | 'listen' | 'log' | 'metrics'>;

function newServer({ clock, listen, log, metrics }: ServerParts): FastifyInstance {
  const denied = (reason: string) => metrics.requestsDenied.inc({ reason });
  const proxies = createProxies({ trusted: listen.trustedProxies ?? [], log });
  const server = Fastify({
    bodyLimit: 16 * 1024,
    requestTimeout: 15_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, denied),
    // An address that cannot be read comes before every hook.
    frameworkErrors(error, _request, reply) {
      denied('invalid');
      answerError(error, reply.headers(protectiveHeaders), log);
    },
    forceCloseConnections: true,
    trustProxy: proxies.isTrusted,
    routerOptions: { maxParamLength: 1_000 },
  }).withTypeProvider<ZodTypeProvider>();
  guardConnections(server.server, { denied, isTrusted: proxies.isTrusted });
  server.decorateReply('refusedAs', undefined);
  server.addHook('onResponse', async (_request, reply) => {
    if (reply.refusedAs) denied(reply.refusedAs);
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setErrorHandler((error, _request, reply) =>
    answerError(error as Parameters<typeof answerError>[0], reply, log),
  );
  server.setNotFoundHandler((request, reply) =>
    refuse(reply, 'not-found', `there is no ${request.method} ${request.url.split('?')[0]}`),
  );
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers(protectiveHeaders);
  });
  server.addHook('onRequest', proxies.warnOfStranger);
  server.addHook('onRequest', limitSpokenFor(proxies));
  server.addHook('onRequest', hurryStrangers({ clock, cut: (socket) => refuseBytes(tooSlow, socket, denied) }));
  server.decorateRequest('caller', undefined);
  server.decorateRequest('access', undefined);
  return server;
}

/** What is no HTTP, or came too slowly or too large to be read. */
function refuseBytes({ code }: Pick<ConnectionError, 'code'>, socket: Socket, denied: (reason: string) => void): void {
  if (code === 'ECONNRESET' || socket.destroyed) return;
  const [reason, status] = unreadable[code] ?? ['malformed', '400 Bad Request'];
  denied(reason);
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  // Who does not take the answer is not waited for.
  socket.destroySoon();
}
const tooSlow = { code: 'ERR_HTTP_REQUEST_TIMEOUT' };
const unreadable: Record<string, [reason: string, status: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['too-slow', '408 Request Timeout'],
  HPE_HEADER_OVERFLOW: ['too-large', '431 Request Header Fields Too Large'],
};

/** The page loads nothing from elsewhere, runs no script that stands in it, and nobody may frame it or keep copies. */
const protectiveHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * What changes something must come from our own page or from a program: other sites can neither set this header nor hide
 * their origin. A key is sent by programs alone.
 */
async function refuseForeign(request: FastifyRequest, reply: FastifyReply) {
  if (request.method === 'GET' || request.method === 'HEAD' || bearerToken(request) !== undefined) return;
  const { origin, 'x-steppewatch': own } = request.headers;
  const isOurs = origin === undefined || URL.parse(origin)?.host === request.host;
  if (own !== undefined && isOurs) return;
  return refuse(reply, 'foreign-request', 'send the header "x-steppewatch: 1", from a page of this address');
}

const open = { config: { permission: 'public' } } as const;

function servePage(server: FastifyInstance, files: Awaited<ReturnType<typeof consoleFiles>>): void {
  for (const [url, { type, body, etag }] of files) {
    server.get(url, open, async (request, reply) => {
      reply.headers({ 'cache-control': 'no-cache', etag });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(body);
    });
  }
}

async function listening(server: FastifyInstance, { host, port }: ApiParts['listen']): Promise<Api['address']> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    throw listenFailed({ cause }, `${host}:${port}`, (cause as NodeJS.ErrnoException).code ?? String(cause));
  }
  const bound = (server.server.address() as AddressInfo).port;
  return { host, port: bound, url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}` };
}
