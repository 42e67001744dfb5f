import type { Clock } from '../platform/clock.ts';
import type { Incident } from '../records/incident.ts';
import type { Notice, NoticePurpose } from '../records/notice.ts';
import type { Area, Contact, Device, Place, Site } from '../records/registry.ts';

/** 03:12:05 on 3 November 2026 in Shanghai. */
export const night = Date.UTC(2026, 10, 2, 19, 12, 5);
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** Time that moves only when the test says so; between two timers everything that is ready runs. */
export function testClock(start = night): Clock & { advance(ms: number): Promise<void> } {
  let now = start;
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    after(delayMs, run) {
      const timer = { at: now + Math.max(0, delayMs), run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    turn: settled,
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await settled();
        const next = timers.reduce<(typeof timers)[number] | undefined>(
          (a, b) => (a && a.at <= b.at ? a : b),
          undefined,
        );
        if (!next || next.at > end) break;
        timers = timers.filter((one) => one !== next);
        now = next.at;
        next.run();
      }
      now = end;
    },
  };
}

/** Everything that waits for nothing but its turn has had it. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A notice about smoke in Narin, to the neighbour Bao. */
export function notice(noticeId: string, changes: Partial<Notice> & { contactId?: string } = {}): Notice {
  const { contactId = 'bao', text, ...others } = changes;
  return {
    noticeId,
    incidentId: 'i:smoke-1',
    purpose: 'alarm',
    severity: 'critical',
    rung: 1,
    recipient: { type: 'contact', contactId },
    at: night,
    text: {
      condition: 'smoke',
      incidentCode: 'K7QM',
      openedAt: night - 5 * SECOND_MS,
      occurredAt: night - 5 * SECOND_MS,
      placeIds: ['well'],
      rooms: ['kitchen'],
      personId: 'tuya',
      deviceId: 'smoke-1',
      alertCount: 1,
      ...text,
    },
    ...others,
  };
}

export function closing(noticeId: string, purpose: NoticePurpose, detail = 'helped'): Notice {
  const plain = notice(noticeId);
  return { ...plain, purpose, rung: 0, text: { ...plain.text, detail } };
}

export function resolved(incidentId = 'i:smoke-1'): Incident {
  return {
    ...{ incidentId, version: 3, code: 'K7QM', category: 'fire', severity: 'critical' },
    ...{ subject: { type: 'place', id: 'well' }, where: { placeId: 'well' }, openedAt: night, lastAlertAt: night },
    ...{ alerts: [], told: [], ladder: { phase: 'ended' } },
    state: {
      phase: 'resolved',
      since: night,
      by: { type: 'account', id: 'desk' },
      outcome: 'helped',
      contact: 'reached',
    },
  };
}

const place = (id: string, name: string, siteId?: string): Place => {
  return { id, areaId: 'narin', kind: siteId ? 'room' : 'house', name, ...(siteId && { siteId }) };
};
const places = new Map<string, Place>([
  ['well', place('well', 'west of the well')],
  ['ford', place('ford', 'behind the ford')],
  ...Array.from({ length: 80 }, (_, n): [string, Place] => [`room-${n}`, place(`room-${n}`, `room ${n}`, 'sunrise')]),
]);

/** A small county; every contact that is asked for exists unless its id begins with `no-`. */
export const registry = {
  place: (id: string) => places.get(id),
  site: (id: string): Site | undefined =>
    id === 'sunrise' ? { id, areaId: 'narin', name: 'Sunrise home', kind: 'care-home' } : undefined,
  area: (id: string): Area | undefined => (id === 'narin' ? { id, level: 'village', name: 'Narin' } : undefined),
  device: (id: string): Device | undefined =>
    id === 'missing'
      ? undefined
      : { id, kind: 'smoke-detector', intervalMinutes: 1440, simulated: id.startsWith('simulated-') },
  contact(id: string): Contact | undefined {
    if (id.startsWith('no-')) return undefined;
    const webhook = { type: 'webhook', url: { sealed: 'x' }, secret: { sealed: 'x' } } as const;
    const ways = id.startsWith('three-') ? 3 : id.startsWith('two-') ? 2 : 1;
    const room = { type: 'dingtalk', hook: { sealed: 'x' }, secret: { sealed: 'x' } } as const;
    const channels: Contact['channels'] = Array.from({ length: ways }, () => (id.startsWith('room-') ? room : webhook));
    const who = { of: { type: 'place', id: 'well' }, role: 'neighbour', order: 1, name: 'Bao' } as const;
    return { id, ...who, language: 'en', channels };
  },
};
