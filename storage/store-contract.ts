import assert from 'node:assert/strict';
import type { Alert } from '../records/alert.ts';
import type { Incident } from '../records/incident.ts';
import type { ProjectionBatch, ReportRow, Store } from './store.ts';

/** What every store does, as facts; `open` gives an empty one each time it is called. */
export const storeFacts: { fact: string; holds(open: () => Promise<Store>): Promise<void> }[] = [
  {
    fact: 'an empty store has no position, and then the one of its last batch',
    async holds(open) {
      const store = await open();
      assert.equal(await store.position(), undefined);
      await store.writeBatch(batchOf({ after: 0, sequence: 7, receivedAt: minute(7) }));
      assert.deepEqual(await store.position(), { journalId: 'steppe', sequence: 7, receivedAt: minute(7) });
    },
  },
  {
    fact: 'the same batch again doubles nothing',
    async holds(open) {
      const store = await open();
      const batch = batchOf({ after: 0, sequence: 2, reports: [statusAt(1), statusAt(2)] });
      await store.writeBatch(batch);
      await store.writeBatch(batch);
      assert.deepEqual(await sequencesOf(store), [2, 1]);
    },
  },
  {
    fact: 'a batch that does not follow the last one is refused as a whole',
    async holds(open) {
      const store = await open();
      await store.writeBatch(batchOf({ after: 0, sequence: 2, reports: [statusAt(2)] }));
      const strangers: Partial<ProjectionBatch>[] = [
        { after: 4, sequence: 5 },
        { after: 1, sequence: 5 },
      ];
      const journalId = 'another';
      for (const stranger of [
        ...strangers,
        { after: 2, sequence: 5, journalId },
        { after: 0, sequence: 2, journalId },
      ]) {
        const batch = batchOf({ ...stranger, reports: [statusAt(5)] });
        await assert.rejects(store.writeBatch(batch), { code: 'DATABASE_UNFIT', retry: 'never' });
      }
      assert.deepEqual(await sequencesOf(store), [2]);
    },
  },
  {
    fact: 'a batch without news says again that everything is there, and moves nothing',
    async holds(open) {
      const store = await open();
      await store.writeBatch(batchOf({ after: 0, sequence: 2, reports: [statusAt(2)] }));
      const quiet = batchOf({ after: 2, sequence: 2 });
      await store.writeBatch(quiet);
      await store.writeBatch(quiet);
      assert.deepEqual(await store.position(), { journalId: 'steppe', sequence: 2, receivedAt: minute(2) });
      assert.deepEqual(await sequencesOf(store), [2]);
      await store.writeBatch(batchOf({ after: 2, sequence: 3, reports: [statusAt(3)] }));
      assert.deepEqual(await sequencesOf(store), [3, 2]);
    },
  },
  {
    fact: 'a measurement that is smaller than a database can tell from nothing is no reason to lose a report',
    async holds(open) {
      const store = await open();
      const report = { ...statusAt(1).report, battery: 1e-300 };
      await store.writeBatch(batchOf({ after: 0, sequence: 1, reports: [{ ...statusAt(1), report }] }));
      const [stored] = await store.deviceReports({ deviceId: 'd1', limit: 1 });
      assert.ok(Math.abs(Number(stored?.report.battery)) < 1e-30);
    },
  },
  {
    fact: 'a batch with a row that cannot be stored is refused as a whole',
    async holds(open) {
      const store = await open();
      await store.writeBatch(batchOf({ after: 0, sequence: 1, reports: [statusAt(1)] }));
      const reports = [statusAt(2), { ...statusAt(3), occurredAt: 1e18 }];
      const refused = store.writeBatch(batchOf({ after: 1, sequence: 3, reports }));
      await assert.rejects(refused, { code: 'DATABASE_REFUSED', retry: 'never' });
      assert.deepEqual(await sequencesOf(store), [1]);
      assert.equal((await store.position())?.sequence, 1);
      await store.writeBatch(batchOf({ after: 1, sequence: 2, reports: [statusAt(2)] }));
      assert.deepEqual(await sequencesOf(store), [2, 1]);
    },
  },
  {
    fact: 'an empty store takes nothing but the beginning',
    async holds(open) {
      const store = await open();
      await assert.rejects(store.writeBatch(batchOf({ after: 3, sequence: 4 })), { code: 'DATABASE_UNFIT' });
      assert.equal(await store.position(), undefined);
    },
  },
  {
    fact: 'a report is read back as its device sent it, but for the samples of a motion window',
    async holds(open) {
      const store = await open();
      const common = { v: 1, boot: 3, seq: 9, age: 2.5, at: minute(1) } as const;
      const reports: ReportRow['report'][] = [
        { name: 'alarm', ...common, source: 'smoke', state: 'on', obscuration: 0.25, temperature: 31.5, co: 4, gas: 0 },
        { name: 'press', ...common, call: 'emergency' },
        { name: 'presence', ...common, source: 'door', state: 'off' },
        { name: 'position', ...common, source: 'gnss', lat: 43.94721, lon: 116.04483, accuracy: 12, speed: 0.5 },
        {
          name: 'status',
          ...common,
          battery: 3,
          faults: ['chamber-dirty'],
          cell: '460-00-1A',
          worn: 'yes',
          charging: false,
        },
        { name: 'motion', ...common, t0: -2000, rate: 50, samples: [1, 2, 3] },
        { name: 'fall', v: 1, state: 'suspected' },
      ];
      const rows = reports.map((report, index) => ({ ...statusAt(index + 1), report }));
      await store.writeBatch(batchOf({ after: 0, sequence: 9, reports: rows }));
      const stored = (await store.deviceReports({ deviceId: 'd1', limit: 20 })).reverse();
      const expected = reports.map(({ v, ...report }) => ('samples' in report ? { ...report, samples: 3 } : report));
      assert.deepEqual(
        stored.map(({ report }) => report),
        expected,
      );
      assert.equal(stored[1]?.occurredAt, minute(2));
      assert.equal(stored[1]?.clock, 'trusted');
    },
  },
  {
    fact: 'a report of an absurd clock is kept like any other',
    async holds(open) {
      const store = await open();
      await store.maintain(minute(0));
      const absurd = [0, minute(0) - 399 * day, minute(0) + 900 * day].map((occurredAt, index) => ({
        ...statusAt(index + 1),
        occurredAt,
      }));
      await store.writeBatch(batchOf({ after: 0, sequence: 3, reports: absurd }));
      assert.deepEqual(await sequencesOf(store), [3, 2, 1]);
      await store.maintain(minute(0) + 900 * day);
    },
  },
  {
    fact: 'reports of one device are paged by when they happened, and after ninety days they are gone',
    async holds(open) {
      const store = await open();
      await store.maintain(minute(0));
      const reports = [1, 2, 3].map(statusAt);
      await store.writeBatch(
        batchOf({ after: 0, sequence: 4, reports: [...reports, { ...statusAt(4), deviceId: 'd2' }] }),
      );
      const [newest] = await store.deviceReports({ deviceId: 'd1', limit: 1 });
      assert.equal(newest?.sequence, 3);
      const older = await store.deviceReports({ deviceId: 'd1', limit: 9, before: newest?.occurredAt ?? 0 });
      assert.deepEqual(
        older.map(({ sequence }) => sequence),
        [2, 1],
      );
      await store.maintain(minute(0) + 89 * day);
      assert.equal((await sequencesOf(store)).length, 3);
      await store.maintain(minute(0) + 98 * day);
      assert.deepEqual(await sequencesOf(store), []);
    },
  },
  {
    fact: 'an incident is as it was last decided, with all of its timeline in order',
    async holds(open) {
      const store = await open();
      const opened = { incident: incidentAt(1, 'open'), timeline: [entry(1, 'opened'), entry(1, 'rung')] };
      const claimed = { incident: incidentAt(1, 'claimed'), timeline: [entry(2, 'claimed')] };
      const first = batchOf({ after: 0, sequence: 1, incidents: [{ sequence: 1, change: opened }] });
      await store.writeBatch(first);
      const twice = [2, 3].map((sequence) => ({ sequence, change: claimed }));
      await store.writeBatch(batchOf({ after: 1, sequence: 3, incidents: twice }));
      const timeline = await store.incidentTimeline('i1');
      assert.deepEqual(
        timeline?.map(({ what }) => what),
        ['opened', 'rung', 'claimed', 'claimed'],
      );
      assert.deepEqual(await store.incidentHistory({ limit: 5 }), [claimed.incident]);
      assert.equal(await store.incidentTimeline('i2'), undefined);
    },
  },
  {
    fact: 'history is paged from the newest incident to the oldest, however many began in the same instant',
    async holds(open) {
      const store = await open();
      const incidents = [1, 2, 3, 4].map((number) => ({
        sequence: number,
        change: { incident: { ...incidentAt(number, 'open'), openedAt: minute(Math.ceil(number / 3)) }, timeline: [] },
      }));
      await store.writeBatch(batchOf({ after: 0, sequence: 4, incidents }));
      const seen: string[] = [];
      let before: Incident | undefined;
      do {
        [before] = await store.incidentHistory({ limit: 1, ...(before && { before }) });
        if (before) seen.push(before.incidentId);
      } while (before);
      assert.deepEqual(seen, ['i4', 'i3', 'i2', 'i1']);
    },
  },
  {
    fact: 'history shows the areas that it is asked for, in whole pages; what has no area that is known, to whom asks for that',
    async holds(open) {
      const store = await open();
      const areas = ['north', 'north', 'south', undefined, 'gone', 'north'];
      const incidents = areas.map((areaId, at) => {
        const incident = { ...incidentAt(at + 1, 'open'), where: areaId === undefined ? {} : { areaId } };
        return { sequence: at + 1, change: { incident, timeline: [] } };
      });
      const entities = ['north', 'south'].map((id) => {
        const value = { id, level: 'village' as const, name: id };
        return { sequence: 6, change: { entity: 'area' as const, id, value } };
      });
      await store.writeBatch(batchOf({ after: 0, sequence: 6, incidents, entities }));
      const seen = async (query: Parameters<Store['incidentHistory']>[0]) =>
        (await store.incidentHistory(query)).map(({ incidentId }) => incidentId);
      const north = { areas: ['north'], unplaced: false };
      assert.deepEqual(await seen({ limit: 2, within: north }), ['i6', 'i2']);
      const before = (await store.incident('i2')) ?? undefined;
      assert.deepEqual(await seen({ limit: 2, within: north, ...(before && { before }) }), ['i1']);
      assert.deepEqual(await seen({ limit: 9, within: { areas: ['south'], unplaced: true } }), ['i5', 'i4', 'i3']);
      assert.deepEqual(await seen({ limit: 9, within: { areas: [], unplaced: false } }), []);
      assert.equal(await store.incident('i7'), undefined);
    },
  },
  {
    fact: 'text that a database cannot hold is no reason to lose a report or a batch',
    async holds(open) {
      const store = await open();
      const problem = 'source: "\u0000\ud800\\u0000" is none of smoke, heat';
      const rejection = {
        sequence: 1,
        part: 0,
        deviceId: 'd1',
        receivedAt: minute(1),
        reason: 'unknown-value',
        problem,
      };
      const report = { ...statusAt(2), unread: ['obscuration "\u0000\udfff"'] };
      await store.writeBatch(batchOf({ after: 0, sequence: 2, rejections: [rejection], reports: [report] }));
      const [stored] = await store.deviceReports({ deviceId: 'd1', limit: 1 });
      assert.deepEqual(stored?.report.unread, ['obscuration "\ufffd\ufffd"']);
    },
  },
  {
    fact: 'everything that was decided is taken, in whatever order a batch has it',
    async holds(open) {
      const store = await open();
      const alert = alertAt(1);
      const said = { alertId: alert.alertId, reason: { readings: 2 } };
      await store.writeBatch(
        batchOf({
          after: 0,
          sequence: 3,
          alerts: [
            { sequence: 1, change: { type: 'raise', alert } },
            { sequence: 2, change: { type: 'strengthen', ...said, at: minute(2), severity: 'critical' } },
            { sequence: 3, change: { type: 'clear', ...said, at: minute(3) } },
          ],
          attempts: [
            {
              sequence: 3,
              at: minute(3),
              record: { kind: 'attempting', noticeId: 'n1', channel: 'webhook', attempt: 1 },
            },
            {
              sequence: 3,
              at: minute(3),
              record: { kind: 'outcome', noticeId: 'n1', channel: 'webhook', attempt: 1, result: 'delivered' },
            },
          ],
          entities: [
            { sequence: 3, change: { entity: 'area', id: 'a1', value: { id: 'a1', level: 'village', name: '白音' } } },
            { sequence: 3, change: { entity: 'area', id: 'a1', value: undefined } },
          ],
        }),
      );
      assert.equal((await store.position())?.sequence, 3);
    },
  },
];

export function batchOf(part: Partial<ProjectionBatch>): ProjectionBatch {
  const lists = {
    reports: [],
    rejections: [],
    alerts: [],
    incidents: [],
    notices: [],
    attempts: [],
    entities: [],
    registrations: [],
    visits: [],
    gaps: [],
  };
  const sequence = part.sequence ?? 1;
  const freshness = { headSequence: sequence, trueUntil: minute(sequence), seenAt: minute(sequence) };
  return { journalId: 'steppe', after: 0, sequence, receivedAt: minute(sequence), freshness, ...lists, ...part };
}

/** A status of device d1, received and made in that minute. */
export function statusAt(number: number): ReportRow {
  const report = { name: 'status', v: 1, boot: 1, seq: number, age: 0, battery: 3, rsrp: -104 } as const;
  const at = minute(number);
  return {
    sequence: number,
    part: 0,
    deviceId: 'd1',
    receivedAt: at,
    occurredAt: at,
    clock: 'trusted',
    report,
    unread: [],
  };
}

export function incidentAt(number: number, phase: 'open' | 'claimed'): Incident {
  const by = { type: 'account', id: 'desk' } as const;
  const since = minute(number);
  return {
    incidentId: `i${number}`,
    version: 1,
    code: `AB${number}D`,
    category: 'fire',
    severity: 'critical',
    subject: { type: 'place', id: 'p1' },
    where: { placeId: 'p1', areaId: 'a1' },
    openedAt: since,
    lastAlertAt: since,
    alerts: [],
    state: phase === 'open' ? { phase, since } : { phase, since, by, expiresAt: since + 120_000, acted: false },
    ladder: { phase: 'ended' },
    told: [],
  };
}

export function alertAt(number: number): Alert {
  return {
    alertId: `device-silent:d1:${number}`,
    rule: 'device-silent',
    condition: 'device-silent',
    severity: 'service',
    at: minute(number),
    occurredAt: minute(number),
    clock: 'absent',
    subject: { type: 'device', id: 'd1' },
    where: { deviceId: 'd1', areaId: 'a1' },
    reason: { intervalMinutes: 60 },
  };
}

const entry = (number: number, what: 'opened' | 'rung' | 'claimed') => ({ at: minute(number), what, details: {} });
const sequencesOf = async (store: Store) =>
  (await store.deviceReports({ deviceId: 'd1', limit: 100 })).map(({ sequence }) => sequence).sort((a, b) => b - a);
export const minute = (number: number): number => Date.UTC(2026, 10, 18, 12, number);
const day = 86_400_000;
