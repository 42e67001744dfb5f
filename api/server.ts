import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../platform/clock.ts';
import { listenFailed } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import type { Command, CommandResult } from '../records/command.ts';
import type { Account } from '../records/registry.ts';
import type { Registry } from '../records/registry-fold.ts';
import type { Sealer } from '../records/sealing.ts';
import type { Store } from '../storage/store.ts';
import { consoleFiles } from './console-files.ts';
import { deviceCommandRoutes } from './device-command-routes.ts';
import type { DeviceKeys } from './device-keys.ts';
import { deviceRoutes } from './device-routes.ts';
import type { DutyView } from './duty-view.ts';
import { type HealthWatch, type Observations, watchHealth } from './health.ts';
import { accountName, createCards } from './incident-card.ts';
import { incidentRoutes } from './incident-routes.ts';
import { createLiveStream, type LiveStream } from './live-stream.ts';
import { answerError, refuse } from './problem.ts';
import { sessionIn, sessionRoutes, signedOut } from './session-routes.ts';
import { createSessions, type Session } from './sessions.ts';
import { createThrottle } from './throttle.ts';

/**
 * Opens the API and the page. It works with the database away: only history is missing then.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 */
export async function startApi(parts: ApiParts): Promise<Api> {
  const { listen, view, registry, unseal, commands, store, log, clock, chance, timeZone } = parts;
  const now = parts.now ?? (() => clock.now());
  const { account } = registry;
  const sessions = createSessions({ clock, chance, account });
  const cards = createCards({ registry, unseal });
  const health = watchHealth({ observe: parts.health, clock, now });
  const stream = createLiveStream({ view, cards, health, clock, now, chance, isOpen: sessions.isOpen });
  const known = new WeakMap<FastifyRequest, Session>();
  const describe = ({ id, language }: Account) => {
    const name = accountName({ registry, unseal }, id);
    return { account: { id, language, ...(name !== undefined && { name }) }, timeZone };
  };
  const sessionOf = (request: FastifyRequest): Session => {
    const session = known.get(request);
    if (session) return session;
    throw new Error(`${request.url} was reached without a session`);
  };

  const server = newServer(log);
  await server.register(
    async (api) => {
      api.addHook('onRequest', refuseForeign);
      await api.register(sessionRoutes, {
        ...{ sessions, account, describe, log, ended: stream.cut },
        throttle: createThrottle({ clock }),
      });
      await api.register(healthRoutes(health));
      await api.register(async (inside) => {
        inside.addHook('onRequest', async (request, reply) => {
          const session = sessionIn(request, sessions);
          if (!session) return signedOut(reply);
          known.set(request, session);
        });
        await inside.register(incidentRoutes, {
          ...{ view, cards, commands, sessionOf, clock, now, log },
          ...(store && { store }),
        });
        await inside.register(deviceRoutes, {
          ...{ registry, unseal, view, commands, deviceKeys: parts.deviceKeys, metrics: parts.metrics },
          ...{ sessionOf, clock, now, log, timeZone },
        });
        await inside.register(deviceCommandRoutes, { view, registry, unseal, commands, sessionOf, clock, now });
        inside.get('/events', { exposeHeadRoute: false }, (request, reply) =>
          watchEvents(stream, sessionOf(request).key, request, reply),
        );
      });
    },
    { prefix: '/api/v1' },
  );
  servePage(server, await consoleFiles());

  // The first look is not waited for: an alarm process that hangs must not keep the page from saying so.
  const address = await listening(server, listen);
  log.info(address, 'the page is open');
  return {
    address,
    async close() {
      health.stop();
      stream.close();
      await server.close();
    },
  };
}

export type Api = { address: { host: string; port: number; url: string }; close(): Promise<void> };
export type ApiParts = {
  listen: { host: string; port: number };
  view: DutyView;
  /** The registry that the view folds. */
  registry: Registry;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  /** Asked every two seconds, one question at a time; may take its time, and reject. */
  health: () => Promise<Observations>;
  unseal: Sealer['unseal'];
  deviceKeys: DeviceKeys;
  metrics: Pick<Metrics, 'claimsRefused'>;
  /** History before what the view keeps; it may be away. */
  store?: Pick<Store, 'incidentHistory' | 'incidentTimeline'>;
  log: Log;
  /** Timers, sessions and throttles run on it: the system's, also where journal time is simulated. */
  clock: Clock;
  /** Journal time, which is what people see (epoch ms); by default the clock's. */
  now?: () => number;
  chance: Chance;
  /** Of the county: pages show times in it. */
  timeZone: string;
};

const mostConnections = 1_000;

function newServer(log: Log): FastifyInstance {
  const server = Fastify({
    bodyLimit: 16 * 1024,
    requestTimeout: 15_000,
    http: { headersTimeout: 10_000 },
    forceCloseConnections: true,
    // A proxy on this machine may say whom it speaks for; nobody else.
    trustProxy: 'loopback',
    routerOptions: { maxParamLength: 1_000 },
  }).withTypeProvider<ZodTypeProvider>();
  server.server.maxConnections = mostConnections;
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
  return server;
}

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
 * their origin.
 */
async function refuseForeign(request: FastifyRequest, reply: FastifyReply) {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const { origin, 'x-steppewatch': own } = request.headers;
  const isOurs = origin === undefined || URL.parse(origin)?.host === request.host;
  if (own !== undefined && isOurs) return;
  return refuse(reply, 'foreign-request', 'send the header "x-steppewatch: 1", from a page of this address');
}

/** For supervisors and load balancers: without names or numbers of people, so without sign-in. */
function healthRoutes(health: HealthWatch) {
  return async (api: FastifyInstance) => {
    api.get('/health', async () => health.report());
    api.get('/health/live', async () => ({ live: true }));
    api.get('/health/ready', async (_request, reply) => {
      const { watching, parts } = health.report();
      return reply.code(watching === 'well' ? 200 : 503).send({ ready: watching === 'well', parts });
    });
  };
}

function watchEvents(stream: LiveStream, sessionKey: string, request: FastifyRequest, reply: FastifyReply) {
  if (!stream.hasRoom(sessionKey)) {
    return refuse(reply, 'too-many', 'too many pages watch already: close some', { retryAfterSeconds: 10 });
  }
  reply.hijack();
  const response = reply.raw;
  const headers = { ...protectiveHeaders, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
  response.writeHead(200, headers);
  const lastEventId = request.headers['last-event-id'];
  stream.watch(response, { sessionKey, ...(typeof lastEventId === 'string' && { lastEventId }) });
}

function servePage(server: FastifyInstance, files: Awaited<ReturnType<typeof consoleFiles>>): void {
  for (const [url, { type, body, etag }] of files) {
    server.get(url, async (request, reply) => {
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
