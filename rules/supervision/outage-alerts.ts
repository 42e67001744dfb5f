import type { Alert, AlertChange } from '../../records/alert.ts';
import { type Areas, silentIn } from '../areas.ts';
import { welfareRound } from './welfare-round.ts';

type Raise = Extract<AlertChange, { type: 'raise' }>;
/** How it is known that our uplink is lost, or came back: nobody is heard, or the host that is asked does not answer. */
export type Lost = { at: number; by: 'silence' } | { at: number; by: 'probe'; probe: string };

/**
 * Urgent, of an area: its reason holds how far it reaches, and the homes to be visited in their order, the first of `households`.
 * `signAts`: beside each home its last sign of life, epoch ms, or "never".
 */
export function outageRaise(areas: Areas, { areaId, villages, at, limit }: Outage): Raise {
  const counts = villages.map((id) => silentIn(areas, id));
  const round = welfareRound(areas, villages, at);
  const ofEach = villages.length === 1 ? mostHomes : Math.max(2, Math.floor(mostHomesOfMany / villages.length));
  const counted = new Map<string, number>();
  const first = round
    .filter(({ areaId: village }) => {
      const before = counted.get(village) ?? 0;
      counted.set(village, before + 1);
      return before < ofEach;
    })
    .slice(0, mostHomesOfMany);
  const reason = {
    silentDevices: counts.reduce((sum, { silent }) => sum + silent, 0),
    devices: counts.reduce((sum, { devices }) => sum + devices, 0),
    ...(villages.length === 1
      ? { limitDevices: limit }
      : { villages: villages.length, villageIds: villages.slice(0, mostVillages) }),
    households: round.length,
    round: first.map(({ householdId }) => householdId),
    signAts: first.map(({ signAt }) => (signAt === undefined ? 'never' : String(signAt))),
    transition: 'falling to out',
  };
  return alertOf('village-outage', 'urgent', at, {
    alertId: `village-outage:${areaId}:${at}`,
    subject: { type: 'area', id: areaId },
    where: { areaId },
    reason,
  });
}

/** Critical: as long as it lasts no home can call. */
export function uplinkRaise(told: Lost): Raise {
  const { at, by } = told;
  return alertOf('uplink-lost', 'critical', at, {
    alertId: `uplink-lost:${at}`,
    subject: { type: 'system', id: 'uplink-lost' },
    where: {},
    reason: { by, ...(told.by === 'probe' && { probe: told.probe }), transition: 'heard to lost' },
  });
}

/** Service: devices are heard, so that homes can call. Who runs the system named a host that does not answer. */
export function unansweredRaise({ at, probe }: { at: number; probe: string }): Raise {
  return alertOf('probe-unanswered', 'service', at, {
    alertId: `probe-unanswered:${at}`,
    subject: { type: 'system', id: 'probe-unanswered' },
    where: {},
    reason: { probe, transition: 'answered to unanswered' },
  });
}

type Outage = { areaId: string; villages: readonly string[]; at: number; limit: number };

/** A round of a village in a day. */
const mostHomes = 40;
/** Of many villages the first few homes of each, so that every station knows where to begin. */
const mostHomesOfMany = 200;
const mostVillages = 60;

function alertOf(
  condition: 'village-outage' | 'uplink-lost' | 'probe-unanswered',
  severity: Alert['severity'],
  at: number,
  words: Pick<Alert, 'alertId' | 'subject' | 'where' | 'reason'>,
): Raise {
  const times = { at, occurredAt: at, clock: 'trusted' } as const;
  return { type: 'raise', alert: { ...words, rule: 'village-outage', condition, severity, ...times } };
}
