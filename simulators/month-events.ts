import type { DeviceKind } from '../firmware-contracts/report.ts';
import { type Alert, type Harm, harms } from '../records/alert.ts';
import type { Incident, TimelineEntry } from '../records/incident.ts';
import type { ProjectionBatch } from '../storage/store.ts';
import {
  callFacts,
  dayMs,
  homeFacts,
  hourMs,
  type MonthPlan,
  type Resident,
  silentBeforeEndMs,
  stormAfterStartMs,
  stormMs,
  visitFacts,
} from './month-facts.ts';
import { chanceOf } from './seeded-chance.ts';

type Decided = Pick<ProjectionBatch, 'alerts' | 'incidents' | 'notices' | 'attempts' | 'rejections' | 'visits'>;
type Happened = { at: number; add(to: Decided, sequence: number): void };

/** What was decided, said and done in the month, in order of time. `until`: what happened up to then, and was not asked for yet. */
export function monthEvents(plan: MonthPlan) {
  const waiting = plan.homes
    .flatMap((resident) => [
      ...devicesOf(plan, resident),
      ...coverageOf(plan, resident),
      ...incidentOf(plan, resident),
      ...visitOf(plan, resident),
      ...rejectionOf(plan, resident),
    ])
    .sort((one, other) => one.at - other.at);
  let next = 0;
  return {
    until(at: number, sequence: number): Decided {
      const to: Decided = { alerts: [], incidents: [], notices: [], attempts: [], rejections: [], visits: [] };
      for (let event = waiting[next]; event && event.at <= at; event = waiting[++next]) event.add(to, sequence);
      return to;
    },
  };
}

/** Alerts about devices: silent, as a rule would say it, and weak. */
function devicesOf(plan: MonthPlan, { home, index, areaId }: Resident): Happened[] {
  const facts = homeFacts(index);
  const where = { householdId: `${home.id}-h`, placeId: home.id, areaId };
  const happened: Happened[] = [];
  const raised = (
    deviceId: string,
    condition: 'device-silent' | 'battery-low',
    at: number,
    reason: Alert['reason'],
  ) => {
    const alertId = `${condition}:${deviceId}:${at}`;
    const subject = { type: 'device', id: deviceId } as const;
    const alert: Alert = {
      ...{
        alertId,
        rule: condition,
        condition,
        severity: 'service',
        at,
        occurredAt: at,
        clock: 'trusted',
        subject,
        reason,
      },
      where: { ...where, deviceId },
    };
    happened.push({ at, add: ({ alerts }, sequence) => alerts.push({ sequence, change: { type: 'raise', alert } }) });
    return alertId;
  };
  const stormAt = plan.startsAt + stormAfterStartMs;
  for (const { id } of home.devices) {
    if (areaId === plan.stormyArea) {
      const alertId = raised(id, 'device-silent', stormAt + 2 * hourMs, { silentSinceAt: stormAt });
      const at = stormAt + stormMs;
      const change = { type: 'clear', alertId, at, reason: {} } as const;
      happened.push({ at, add: ({ alerts }, sequence) => alerts.push({ sequence, change }) });
    }
    if (!id.endsWith('-kitchen')) continue;
    const silentAt = plan.endsAt - silentBeforeEndMs;
    if (facts.kitchenSilent) raised(id, 'device-silent', silentAt + 2 * dayMs, { silentSinceAt: silentAt });
    // 2.6 V is reached when four fifths of the month are over.
    if (facts.battery === 'empty') raised(id, 'battery-low', plan.startsAt + 0.8 * 30 * dayMs, { batteryVolts: 2.6 });
  }
  return happened;
}

const kindsOfHarm: Readonly<Record<Harm, readonly DeviceKind[]>> = {
  fire: ['smoke-detector'],
  ...{ fall: ['wearable'], wandering: ['wearable'], call: ['call-button', 'wearable'], silence: ['presence-sensor'] },
};

/** Who is watched, and for how long by nothing: in the storm, and where the only detector is silent. */
function coverageOf(plan: MonthPlan, { home, index, areaId }: Resident): Happened[] {
  const where = { householdId: `${home.id}-h`, placeId: home.id, areaId, personId: home.person.id };
  const stormAt = plan.startsAt + stormAfterStartMs;
  const silentAt = plan.endsAt - silentBeforeEndMs;
  return harms.flatMap((harm) => {
    const devices = home.devices.filter(({ kind }) => kindsOfHarm[harm].includes(kind));
    if (devices.length === 0) return [];
    const said = (at: number, state: 'watched' | 'blind', since = at): Happened => {
      const why = state === 'blind' ? { why: 'silent' as const } : {};
      const change = { type: 'coverage', personId: where.personId, where, harm, state, at, since, ...why } as const;
      return { at, add: ({ alerts }, sequence) => alerts.push({ sequence, change }) };
    };
    const isOnlyKitchen = devices.every(({ id }) => id.endsWith('-kitchen'));
    return [
      said(plan.startsAt + 60_000, 'watched'),
      ...(areaId === plan.stormyArea
        ? [said(stormAt + 2 * hourMs, 'blind', stormAt), said(stormAt + stormMs, 'watched')]
        : []),
      ...(isOnlyKitchen && homeFacts(index).kitchenSilent ? [said(silentAt + 2 * dayMs, 'blind', silentAt)] : []),
    ];
  });
}

function incidentOf(plan: MonthPlan, { home, index, areaId }: Resident): Happened[] {
  const facts = callFacts(index);
  if (!facts.calls) return [];
  const early = plan.startsAt + hourMs + chanceOf(plan.seed, `call ${index}`).fraction() * 28 * dayMs;
  const openedAt = facts.standsOpen ? plan.endsAt - 10 * 60_000 : Math.round(early);
  const open = openedIncident({ home, index, areaId }, openedAt);
  const by = { type: 'account', id: 'desk' } as const;
  const changed = (at: number, what: TimelineEntry['what'], state: Incident['state']): Happened => ({
    at,
    add: ({ incidents }, sequence) =>
      incidents.push({ sequence, change: { incident: { ...open, state }, timeline: [{ at, what, by, details: {} }] } }),
  });
  const opened = changed(openedAt, 'opened', open.state);
  const notified = noticeOf(open, index);
  if (facts.standsOpen) return [opened, ...notified];
  const [claimedAt, acceptedAt, arrivedAt] = [facts.claimedAfterMs, facts.acceptedAfterMs, facts.arrivedAfterMs].map(
    (after) => openedAt + after,
  ) as [number, number, number];
  const resolvedAt = openedAt + hourMs;
  return [
    opened,
    ...notified,
    changed(claimedAt, 'claimed', {
      phase: 'claimed',
      since: claimedAt,
      by,
      expiresAt: claimedAt + 120_000,
      acted: true,
    }),
    changed(acceptedAt, 'accepted', { phase: 'responding', since: acceptedAt, by, expectedAt: arrivedAt }),
    changed(arrivedAt, 'arrived', { phase: 'on-scene', since: arrivedAt, by }),
    changed(resolvedAt, 'resolved', {
      ...{ phase: 'resolved', since: resolvedAt, by, outcome: facts.outcome, contact: 'reached' },
    }),
  ];
}

function openedIncident({ home, index, areaId }: Resident, openedAt: number): Incident {
  const { category, severity } = callFacts(index);
  const where = { householdId: `${home.id}-h`, placeId: home.id, personId: home.person.id, areaId };
  const subject = { type: 'place', id: home.id } as const;
  const condition = category === 'fire' ? 'smoke' : category === 'fall' ? 'fall' : 'call-emergency';
  return {
    ...{ incidentId: `call:${home.id}`, version: 1, code: index.toString(36).toUpperCase().padStart(4, 'A') },
    ...{ category, severity, subject, where, openedAt, lastAlertAt: openedAt, told: [] },
    alerts: [
      {
        ...{ alertId: `${condition}:${home.id}`, rule: category, condition, severity, at: openedAt, subject, where },
        ...{ occurredAt: openedAt, clock: 'trusted', reason: {} },
      },
    ],
    state: { phase: 'open', since: openedAt },
    ladder: { phase: 'running', rung: 4, startedAt: openedAt, cause: 1, nextAt: openedAt + 12 * 60_000 },
  };
}

/** One message to the neighbour; in every tenth home the first attempt fails. */
function noticeOf({ incidentId, severity, openedAt, code }: Incident, index: number): Happened[] {
  const noticeId = `${incidentId}:1`;
  const recipient = { type: 'contact', contactId: 'neighbour' } as const;
  const text = {
    ...{
      condition: 'fall',
      incidentCode: code,
      openedAt,
      occurredAt: openedAt,
      placeIds: [],
      rooms: [],
      alertCount: 1,
    },
  };
  const notice = { noticeId, incidentId, purpose: 'alarm', severity, rung: 1, recipient, at: openedAt, text } as const;
  const told = { noticeId, channel: 'webhook' };
  const attempt = (number: number, at: number, result: 'failed' | 'delivered'): Happened[] => [
    {
      at,
      add: ({ attempts }, sequence) =>
        attempts.push({ sequence, at, record: { kind: 'attempting', ...told, attempt: number } }),
    },
    {
      at: at + 2_000,
      add: ({ attempts }, sequence) =>
        attempts.push({ sequence, at: at + 2_000, record: { kind: 'outcome', ...told, attempt: number, result } }),
    },
  ];
  const issued: Happened = { at: openedAt, add: ({ notices }, sequence) => notices.push({ sequence, notice }) };
  if (index % 10 !== 0) return [issued, ...attempt(1, openedAt + 1_000, 'delivered')];
  return [issued, ...attempt(1, openedAt + 1_000, 'failed'), ...attempt(2, openedAt + 6_000, 'delivered')];
}

function visitOf(plan: MonthPlan, { home, index, areaId }: Resident): Happened[] {
  const { result, visitedAt } = visitFacts(plan, index);
  if (result === undefined) return [];
  const visit = {
    ...({ type: 'visit', commandId: `visit-${home.id}`, by: { type: 'account', id: 'helper' } } as const),
    ...({ householdId: `${home.id}-h`, visitedAt, why: 'round', result } as const),
  };
  const at = visitedAt + hourMs;
  return [{ at, add: ({ visits }, sequence) => visits.push({ sequence, at, areaId, visit }) }];
}

/** Every fortieth home's button once sends what nobody can read. */
function rejectionOf(plan: MonthPlan, { home, index }: Resident): Happened[] {
  if (index % 40 !== 1) return [];
  const receivedAt = plan.startsAt + (1 + (index % 28)) * dayMs + index;
  const row = { part: 0, deviceId: `${home.id}-button`, receivedAt, reason: 'malformed', problem: 'no JSON' };
  return [{ at: receivedAt, add: ({ rejections }, sequence) => rejections.push({ sequence, ...row }) }];
}
