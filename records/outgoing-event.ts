import type { Alert, AlertChange, Condition, Note, Severity, Whereabouts } from './alert.ts';
import type { Visit } from './command.ts';
import { isDrill, isSimulated } from './drill.ts';
import type { ContactResult, IncidentCategory, IncidentChange, Outcome, TimelineEntry } from './incident.ts';
import type { JournalRecord } from './journal-record.ts';
import type { Device, EventType, RegistryView, Subscription } from './registry.ts';
import { isWithin } from './rights.ts';

/**
 * Something that happened, as programs elsewhere hear of it: places and codes, no names of people, no telephone numbers, nothing about
 * illness. `cause` names it for ever: the same record leads to the same one, whoever reads it and how often. Events about the same `of`
 * keep their order. Units: instants are epoch ms of journal time.
 */
export type OutgoingEvent = {
  type: EventType;
  cause: string;
  of: string;
  at: number;
  /** Where it happened; absent: nobody knows, or it is the system's own. */
  areaId?: string;
  said: IncidentSaid | DeviceSaid | VisitSaid;
};

/** `areas`: the county first. `place` and `site` by the names that messages use. */
export type WhereSaid = {
  areas: { id: string; name: string }[];
  siteId?: string;
  site?: string;
  placeId?: string;
  place?: string;
  room?: string;
};
/** `changes`: what happened to it, in that order. `outcome` and `contact`: how it ended. */
export type IncidentSaid = WhereSaid & {
  incidentId: string;
  version: number;
  code: string;
  category: IncidentCategory;
  severity: Severity;
  phase: 'open' | 'claimed' | 'responding' | 'on-scene' | 'resolved';
  changes: TimelineEntry['what'][];
  conditions: Condition[];
  alertCount: number;
  openedAt: number;
  occurredAt: number;
  expectedAt?: number;
  outcome?: Outcome;
  contact?: ContactResult;
  deviceId?: string;
  unregistered?: true;
  drill?: true;
};
export type DeviceSaid = WhereSaid & {
  deviceId: string;
  kind?: Device['kind'];
  silentSinceAt?: number;
  batteryVolts?: number;
  chargePercent?: number;
  drill?: true;
};
export type VisitSaid = WhereSaid & Pick<Visit, 'householdId' | 'visitedAt' | 'why' | 'result'>;

/** The kinds of records that events can come from; a follower passes over all others unread. */
export const eventfulKinds: ReadonlySet<JournalRecord['kind']> = new Set(['decided', 'command']);

/**
 * What one record is news of, in its order. `registry`: as it is at that record or later; names are as they are in it. `isAccepted`: what
 * the alarm process answered to a visit; one that it refused is none.
 */
export function eventsOf(record: JournalRecord, at: number, registry: Places, isAccepted: Acceptance): OutgoingEvent[] {
  if (record.kind === 'command') {
    const { command } = record;
    return command.type === 'visit' && isAccepted(command, at) ? visitEvents(command, at, registry) : [];
  }
  if (record.kind !== 'decided') return [];
  return [
    ...(record.alerts ?? []).flatMap((change) => deviceEvents(change, registry)),
    ...(record.incidents ?? []).flatMap((change) => incidentEvents(change, record.cause, registry)),
  ];
}

export type Acceptance = (visit: Visit, at: number) => boolean;
export type Places = Pick<RegistryView, 'area' | 'site' | 'place' | 'household' | 'device' | 'whereabouts'>;

/**
 * Whether a subscription asked for it. What has no area, or one that is no longer in the registry, is for the whole installation and for
 * counties: somebody has to hear of it.
 */
export function concerns(
  { types, areaId: asked }: Pick<Subscription, 'types' | 'areaId'>,
  { type, areaId }: Pick<OutgoingEvent, 'type' | 'areaId'>,
  registry: Pick<RegistryView, 'area'>,
): boolean {
  if (!types.includes(type)) return false;
  if (asked === undefined) return true;
  if (areaId === undefined || !registry.area(areaId)) return registry.area(asked)?.level === 'county';
  return isWithin(areaId, asked, registry);
}

/** Of the timeline, what somebody elsewhere needs to know; how messages fared is not among it. */
const told: ReadonlySet<TimelineEntry['what']> = new Set<TimelineEntry['what']>([
  ...(['opened', 'alert', 'alert-cleared', 'call-again', 'claimed', 'claim-expired', 'released', 'accepted'] as const),
  ...([
    'declined',
    'arrived',
    'resolved',
    'second-person-asked',
    'reopened',
    'held',
    'held-sent',
    'held-dropped',
  ] as const),
  ...(['taken-over', 'handed-up', 'merged', 'merged-in', 'transferred', 'transfer-outcome', 'reclassed'] as const),
]);

function incidentEvents({ incident, timeline }: IncidentChange, cause: number, registry: Places): OutgoingEvent[] {
  const news = timeline.filter(({ what }) => told.has(what));
  const last = news.at(-1);
  if (!last) return [];
  const { incidentId, where, state, alerts } = incident;
  const { version, code, category, severity, openedAt } = incident;
  const said: IncidentSaid = {
    ...{ incidentId, version, code, category, severity, phase: state.phase },
    changes: news.map(({ what }) => what).slice(-mostListed),
    conditions: [...new Set(alerts.map(({ condition }) => condition))].slice(0, mostListed),
    alertCount: alerts.length + (incident.moreAlerts ?? 0),
    ...{ openedAt, occurredAt: Math.min(...alerts.map(({ occurredAt }) => occurredAt), openedAt) },
    ...(state.phase === 'responding' && { expectedAt: state.expectedAt }),
    ...(state.phase === 'resolved' && { outcome: state.outcome, contact: state.contact }),
    ...(where.deviceId !== undefined && { deviceId: where.deviceId }),
    ...(where.unregistered && { unregistered: true }),
    ...(isDrill(incident, registry) && { drill: true }),
    ...whereSaid(where, registry),
  };
  const is = (what: TimelineEntry['what']) => news.some((entry) => entry.what === what);
  const types: EventType[] = [
    ...(is('opened') ? (['incident.opened'] as const) : []),
    ...(is('resolved') || is('merged') ? (['incident.resolved'] as const) : []),
  ];
  return (types.length > 0 ? types : (['incident.changed'] as const)).map((type) => ({
    ...{ type, of: incidentId, at: last.at, said },
    // The time as well: a journal that was put back to yesterday gives its numbers out again.
    cause: `${type} ${incidentId} ${cause} ${last.at}`,
    ...areaOf(where),
  }));
}

function deviceEvents(change: AlertChange, registry: Places): OutgoingEvent[] {
  switch (change.type) {
    case 'raise':
      return raised(change.alert, registry);
    case 'clear': {
      // The alert is named by the device and its last word, so that nothing has to be remembered of when it was raised.
      const deviceId = /^device-silent:([^:]+):\d+$/.exec(change.alertId)?.[1];
      if (deviceId === undefined || change.reason.transition !== 'silent to watched') return [];
      const { at, alertId } = change;
      return [deviceEvent('device.heard', { cause: alertId, at, where: registry.whereabouts(deviceId) }, registry)];
    }
    case 'note':
      return change.note.what === 'test' ? [deviceEvent('device.tested', noted(change.note), registry)] : [];
    case 'strengthen':
    case 'prompt':
    case 'coverage':
    case 'shadow':
      return [];
  }
}

function raised({ alertId: cause, condition, at, where, reason }: Alert, registry: Places): OutgoingEvent[] {
  if (condition !== 'device-silent' && condition !== 'battery-low') return [];
  const { silentSinceAt, batteryVolts, chargePercent } = reason;
  const measured = {
    ...(typeof silentSinceAt === 'number' && { silentSinceAt }),
    ...(typeof batteryVolts === 'number' && { batteryVolts }),
    ...(typeof chargePercent === 'number' && { chargePercent }),
  };
  const type = condition === 'device-silent' ? 'device.silent' : 'device.battery-low';
  return [deviceEvent(type, { cause, at, where }, registry, measured)];
}

const noted = ({ noteId: cause, at, where }: Note) => ({ cause, at, where });

function deviceEvent(
  type: EventType,
  { cause, at, where }: { cause: string; at: number; where: Whereabouts },
  registry: Places,
  measured: Partial<DeviceSaid> = {},
): OutgoingEvent {
  const { deviceId = '' } = where;
  const kind = registry.device(deviceId)?.kind;
  const named = {
    deviceId,
    ...(kind && { kind }),
    ...measured,
    ...(isSimulated({ where }, registry) && { drill: true as const }),
  };
  const said: DeviceSaid = { ...named, ...whereSaid(where, registry) };
  return { type, cause: `${type} ${cause}`, of: `device ${deviceId}`, at, ...areaOf(where), said };
}

function visitEvents(visit: Visit, at: number, registry: Places): OutgoingEvent[] {
  const { commandId, householdId, visitedAt, why, result } = visit;
  const household = registry.household(householdId);
  if (!household) return [];
  const where = { areaId: household.areaId, placeId: household.currentPlaceId };
  const said: VisitSaid = { householdId, visitedAt, why, result, ...whereSaid(where, registry) };
  const type = 'visit.recorded';
  return [{ type, cause: `${type} ${commandId}`, of: `household ${householdId}`, at, ...areaOf(where), said }];
}

const areaOf = ({ areaId }: Whereabouts) => (areaId === undefined ? {} : { areaId });

function whereSaid({ areaId, siteId, placeId, deviceId }: Whereabouts, registry: Places): WhereSaid {
  const areas: WhereSaid['areas'] = [];
  for (let id = areaId; id !== undefined && areas.length < 3; id = registry.area(id)?.parentId) {
    areas.unshift({ id, name: registry.area(id)?.name ?? id });
  }
  const site = siteId === undefined ? undefined : registry.site(siteId)?.name;
  const place = placeId === undefined ? undefined : registry.place(placeId)?.name;
  const room = deviceId === undefined ? undefined : registry.device(deviceId)?.room;
  return {
    areas,
    ...(siteId !== undefined && { siteId }),
    ...(site !== undefined && { site }),
    ...(placeId !== undefined && { placeId }),
    ...(place !== undefined && { place }),
    ...(room !== undefined && { room }),
  };
}

const mostListed = 24;

/**
 * One attempt to deliver, as the log of deliveries keeps it. `refused`: the receiver answered that it does not want this one (4xx).
 * `given-up`: that was the last attempt. `gone`: the receiver wants nothing any more (410).
 * Units: `at` is wall-clock epoch ms.
 */
export type EventDelivery = {
  at: number;
  eventId: string;
  type: string;
  attempt: number;
  outcome: 'delivered' | 'later' | 'refused' | 'gone' | 'given-up';
  detail: string;
  tookMs: number;
};

/**
 * How a subscription fares. `missed`: events that it did not hear and will not, unless they are asked for again. `replaying`: what was
 * asked for again is still being read. Instants are wall-clock epoch ms.
 */
export type SubscriptionHealth = {
  waiting: number;
  missed: number;
  deliveredAt?: number;
  failingSince?: number;
  problem?: string;
  replaying: boolean;
};
