import { openJournal } from '../../journal/journal.ts';
import { type JournalReader, openJournalReader } from '../../journal/reader.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Incident, TimelineEntry } from '../../records/incident.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { put, remove, smallCounty } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import type { Posted } from '../channels/guarded-post.ts';
import { type EventFeedPorts, openEventFeed } from './event-feed.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const startAt = Date.UTC(2026, 10, 2, 19, 12, 5);

/** What a receiver got, and when (ms since the beginning). */
export type Got = {
  to: string;
  id: string;
  at: number;
  type: string;
  data: Record<string, unknown>;
  signature: string;
};
export type Answer = (got: Got) => Posted | Promise<Posted>;
export const answers = (status: number, more: { retryAfterMs?: number } = {}): Posted => ({
  type: 'answered',
  status,
  ...more,
});
export const away: Posted = { type: 'failed', reason: 'ECONNREFUSED' };
export const hangs: Answer = () => new Promise(() => {});

/** A journal on a disk in memory, a feed that follows it, and receivers, on a clock that moves only when a test says so. */
export async function county({ limits, journalLimits = {} }: CountyOptions = {}) {
  const clock = new VirtualClock({ startAt });
  const disk = new SimulatedDisk();
  const journal = await openJournal({
    ...{ disk: disk.open({ clock }), clock, chance: chanceOf(1, 'journal'), log: silentLog },
    clockStepBody: (byMs, wallAt) => encodeRecord({ kind: 'clock-step', byMs, wallAt }),
    limits: { reserveBytes: 0, floorBytes: 0, ...journalLimits },
  });
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const got: Got[] = [];
  const receivers = new Map<string, Answer>();
  const paused: string[] = [];
  const failures: unknown[] = [];
  const readers = new Set<JournalReader>();
  let starts = 0;

  async function append(...records: JournalRecord[]): Promise<void> {
    const done = records.map((record) => journal.append(encodeRecord(record), 'essential'));
    await clock.settled();
    await Promise.all(done);
    for (const reader of readers) await reader.poke();
  }

  /** One life of the process that sends. `kill` ends it as a crash does. */
  async function open(more: Partial<EventFeedPorts> = {}) {
    starts += 1;
    const { clock: own, end } = clock.ofProcess();
    const life = { clock: own };
    // Somebody pokes it: three days of looking every 20 ms would take long.
    const reader = await openJournalReader({ disk: disk.open(life), clock: own, log: silentLog, lookEveryMs: HOUR_MS });
    readers.add(reader);
    const over = () => {
      readers.delete(reader);
      end();
    };
    const metrics = createMetrics();
    const opening = openEventFeed({
      ...{ reader, registry, clock: own, log: silentLog, metrics, ...(limits && { limits }) },
      ...{ stateDisk: disk.open(life), chance: chanceOf(starts, 'feed'), timeZone: 'Asia/Shanghai' },
      reached: () => journal.headSequence,
      isDurable: (sequence) => sequence <= journal.headSequence,
      address: ({ id }) => ({ url: `https://${id}.example/`, secrets: secret, keys: [] }),
      async post({ url, id, body, sign }) {
        const { type, data } = JSON.parse(body) as Pick<Got, 'type' | 'data'>;
        const to = new URL(url).hostname.split('.')[0] ?? '';
        const signature = sign({ id, timestamp: Math.floor(clock.now() / 1_000), body }) ?? '';
        const one = { to, id, at: clock.monotonic(), type, data, signature };
        got.push(one);
        return (receivers.get(to) ?? (() => answers(204)))(one);
      },
      pause: async (id) => void paused.push(id),
      fail: (error) => failures.push(error),
      ...more,
    });
    await clock.settled();
    const feed = await opening;
    return {
      ...feed,
      metrics,
      reader,
      kill: over,
      async stop() {
        const stopped = feed.stop();
        await clock.advance(SECOND_MS);
        await stopped;
        over();
      },
    };
  }

  return {
    ...{ clock, disk, journal, registry, got, receivers, paused, failures, append, open },
    subscribe: (id: string, more: object = {}) =>
      registry.apply([
        put('subscription', {
          ...{ id, name: id, types: ['incident.opened', 'incident.changed', 'incident.resolved', 'visit.recorded'] },
          ...{ url: `https://${id}.example/`, secret, ...more },
        }),
      ]),
    unsubscribe: (id: string) => registry.apply([remove('subscription', id)]),
    /** An incident in the east, or where else; each call is another record about it. */
    incident: (number: number, what: TimelineEntry['what'] = 'opened', areaId = 'east') =>
      append(incidentRecord(number, what, areaId, clock.now())),
    typesTo: (to: string) => got.filter((one) => one.to === to).map(({ type }) => type),
    toldTo: (to: string) => got.filter((one) => one.to === to).map(({ data }) => data.incidentId),
  };
}
type CountyOptions = { limits?: EventFeedPorts['limits']; journalLimits?: Parameters<typeof openJournal>[0]['limits'] };
export type TestCounty = Awaited<ReturnType<typeof county>>;

export function incidentRecord(number: number, what: TimelineEntry['what'], areaId: string, at: number): JournalRecord {
  const incident: Incident = {
    ...{ incidentId: `i:${number}`, version: 1, code: 'K7QM', category: 'fire', severity: 'critical' },
    ...{ subject: { type: 'place', id: 'house-1' }, where: { areaId, placeId: 'house-1' } },
    ...{ openedAt: at, lastAlertAt: at, alerts: [], told: [], ladder: { phase: 'ended' } },
    state: { phase: 'open', since: at },
  };
  const timeline = [{ at, what, details: {} }];
  return { kind: 'decided', cause: number, version: 'test', incidents: [{ incident, timeline }] };
}
