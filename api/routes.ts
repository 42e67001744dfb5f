import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import type { Command, CommandResult } from '../records/command.ts';
import type { MissingClips } from '../records/escalation-check.ts';
import type { Registry } from '../records/registry-fold.ts';
import type { Sealer } from '../records/sealing.ts';
import type { Statistics } from '../storage/sql-statistics.ts';
import { callerOfRequest } from './callers.ts';
import { callRoutes } from './calls/call-routes.ts';
import type { Attendance } from './desk-watch/attendance.ts';
import { attendanceRoute } from './desk-watch/attendance-route.ts';
import { deviceCommandRoutes } from './devices/device-command-routes.ts';
import type { DeviceKeys } from './devices/device-keys.ts';
import { deviceRoutes } from './devices/device-routes.ts';
import { testWindowRoute } from './devices/test-window-route.ts';
import { type DutySource, dutyRoutes } from './duty/duty-routes.ts';
import type { SubscribedEvents } from './events/subscription-change.ts';
import { subscriptionRoutes } from './events/subscription-routes.ts';
import type { HealthWatch } from './health.ts';
import type { DutyView } from './incidents/duty-view.ts';
import { historyRoutes, type IncidentHistory } from './incidents/history-routes.ts';
import { holdingRoutes } from './incidents/holding-routes.ts';
import type { Cards } from './incidents/incident-card.ts';
import { incidentRoutes } from './incidents/incident-routes.ts';
import type { IncidentSight } from './incidents/incident-sight.ts';
import { lifeRoutes } from './incidents/life-routes.ts';
import type { LiveStream } from './incidents/live-stream.ts';
import { readOutRoute } from './incidents/read-out-route.ts';
import { suppressionRoutes } from './incidents/suppression-routes.ts';
import { type TrackParts, trackRoute } from './incidents/track-route.ts';
import { visitRoutes } from './incidents/visit-routes.ts';
import { openApiRoute } from './openapi.ts';
import { refuse } from './problem.ts';
import { exchangeRoutes } from './registry/registry-exchange-routes.ts';
import { registryRoutes } from './registry/registry-routes.ts';
import { shadowRoutes } from './registry/shadow-routes.ts';
import type { ResponderPage } from './responder-page/responder-page.ts';
import { type AuditSource, auditRoutes } from './rights/audit-routes.ts';
import { glassRoutes } from './rights/glass-routes.ts';
import type { Looks } from './rights/looks.ts';
import { type PersonRouteParts, personRoutes } from './rights/person-routes.ts';
import { accessOf, type Rights } from './rights/rights.ts';
import { accountRoutes } from './sign-in/account-routes.ts';
import { apiKeyRoutes } from './sign-in/api-key-routes.ts';
import type { ApiKeys } from './sign-in/api-keys.ts';
import type { Passwords } from './sign-in/passwords.ts';
import { sessionRoutes } from './sign-in/session-routes.ts';
import type { Sessions } from './sign-in/sessions.ts';
import type { SignInDoors } from './sign-in/sign-in-doors.ts';

/** Everything under `/api/v1`. Each route states the permission that it asks for. */
export const apiRoutes: FastifyPluginAsync<DeskParts> = async (api, desk) => {
  await api.register(sessionRoutes, desk);
  await api.register(accountRoutes, desk);
  await api.register(apiKeyRoutes, desk);
  await api.register(glassRoutes, desk);
  await api.register(healthRoutes, desk);
  await api.register(incidentRoutes, desk);
  await api.register(readOutRoute, desk);
  await api.register(callRoutes, desk);
  await api.register(suppressionRoutes, desk);
  await api.register(holdingRoutes, desk);
  await api.register(attendanceRoute, desk);
  if (desk.duty) await api.register(dutyRoutes, { ...desk, duty: desk.duty });
  if (desk.tracks) await api.register(trackRoute, { ...desk, tracks: desk.tracks });
  if (desk.store) await api.register(historyRoutes, { ...desk, store: desk.store });
  await api.register(deviceRoutes, desk);
  await api.register(deviceCommandRoutes, desk);
  await api.register(testWindowRoute, desk);
  if (desk.audit) await api.register(auditRoutes, { ...desk, audit: desk.audit });
  if (desk.people) await api.register(personRoutes, { ...desk, people: desk.people });
  await api.register(visitRoutes, desk);
  await api.register(lifeRoutes, desk);
  await api.register(shadowRoutes, desk);
  await api.register(openApiRoute);
  await api.register(registryRoutes, desk);
  await api.register(exchangeRoutes, desk);
  if (desk.events) await api.register(subscriptionRoutes, { ...desk, events: desk.events });
  api.get('/events', { exposeHeadRoute: false, config: { permission: 'incident:read' } }, (request, reply) =>
    watchEvents(desk.stream, request, reply),
  );
};

/** What routes work with; each takes what is its own. */
export type DeskParts = ApiPorts & {
  /** Journal time. */
  now: () => number;
  rights: Rights;
  looks: Looks;
  sight: IncidentSight;
  cards: Cards;
  stream: LiveStream;
  health: HealthWatch;
  sessions: Sessions;
  doors: SignInDoors;
  passwords: Passwords;
  keys: ApiKeys;
  /** Who watches at the desk, by what open pages say. */
  attendance: Attendance;
};

/** What the API needs of the process around it. */
export type ApiPorts = {
  view: DutyView;
  /** The registry that the view folds. */
  registry: Registry;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  unseal: Sealer['unseal'];
  /** By which a telephone number is found without being opened. */
  phoneKey: (phone: string) => string;
  deviceKeys: DeviceKeys;
  /** What calls are put together from, for policies that ask for calls. */
  missingClips?: MissingClips;
  /** Who looked at what, and changed it. */
  audit?: AuditSource;
  /** What is kept of one person. */
  people?: PersonRouteParts['people'];
  /** Who is on duty by the rosters. */
  duty?: DutySource;
  /** Codes and links of the responders' page, by the installation's key. */
  page?: ResponderPage;
  /** Where people were last seen. */
  tracks?: TrackParts['tracks'];
  /** History before what the view keeps; it may be away. */
  store?: IncidentHistory & Statistics;
  /** Outgoing events; without them there are no routes of subscriptions. */
  events?: SubscribedEvents;
  metrics: ApiMetrics;
  log: Log;
  /** Timers, sessions and throttles run on it: the system's, also where journal time is simulated. */
  clock: Clock;
  chance: Chance;
  /** Of the county: pages show times in it. */
  timeZone: string;
};

export type ApiMetrics = Pick<Metrics, 'claimsRefused' | 'looks' | 'looksLost' | 'requestsDenied' | 'signIns'>;

/** For supervisors and load balancers: without names or numbers of people, so without sign-in. By what ways people are reached is nobody's business. */
async function healthRoutes(api: FastifyInstance, { health }: Pick<DeskParts, 'health'>) {
  const config = { permission: 'public' } as const;
  api.get('/health', { config }, async () => {
    const { at, overall, watching, parts } = health.report();
    return { at, overall, watching, parts };
  });
  api.get('/health/live', { config }, async () => ({ live: true }));
  api.get('/health/ready', { config }, async (_request, reply) => {
    const { watching, parts } = health.report();
    return reply.code(watching === 'well' ? 200 : 503).send({ ready: watching === 'well', parts });
  });
}

function watchEvents(stream: LiveStream, request: FastifyRequest, reply: FastifyReply) {
  const caller = callerOfRequest(request);
  if (!stream.hasRoom(caller, accessOf(request))) {
    return refuse(reply, 'too-many', 'too many pages watch already: close some', { retryAfterSeconds: 10 });
  }
  reply.hijack();
  const response = reply.raw;
  const headers = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
  response.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...headers });
  const lastEventId = request.headers['last-event-id'];
  stream.watch(response, {
    caller,
    access: accessOf(request),
    ...(typeof lastEventId === 'string' && { lastEventId }),
  });
}
