import { expect, test } from 'vitest';
import { createFold } from '../app/alarm/alarm-core.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { put } from '../records/registry.test-support.ts';
import type { RegistryChange } from '../records/registry.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const by = { type: 'system', id: 'test' } as const;
const idsOf = (homes: number) => Array.from({ length: homes }, (_, home) => `home-${home}`);

/** So many homes, each with somebody and a detector; those that `speak` did so once, under a version that kept no account of it. */
function county({ homes, speak }: { homes: number; speak: number }) {
  const { judge, state, incidents } = createFold('test');
  let at = Date.parse('2026-11-23T02:00:00Z');
  let sequence = 0;
  const append = (record: JournalRecord) =>
    judge.step({ sequence: ++sequence, receivedAt: at, body: encodeRecord(record) });
  const changes: RegistryChange[] = [
    put('area', { id: 'county', level: 'county', name: 'County' }),
    ...idsOf(homes).flatMap((id) => [
      put('place', { id, areaId: 'county', kind: 'house', name: id }),
      put('household', { id, areaId: 'county', currentPlaceId: id }),
      put('person', { id, householdId: id, name: 'somebody' }),
      put('device', { id, kind: 'smoke-detector', placeId: id }),
    ]),
  ];
  const words = { importId: 'homes', by } as const;
  append({ kind: 'command', command: { type: 'registry-part', commandId: 'part-1234', part: 0, changes, ...words } });
  append({ kind: 'command', command: { type: 'registry-commit', commandId: 'commit-12', parts: 1, ...words } });
  const status = { source: 'mqtt', standing: 'registered', report: 'status' } as const;
  const payload = Buffer.from(JSON.stringify({ v: 1, boot: 1, seq: 1, age: 0 }));
  for (const deviceId of idsOf(speak)) append({ kind: 'report', ...status, deviceId, payload });
  for (const name of ['device-standing', 'rule:coverage'])
    for (const key of [...state.table(name).keys()]) state.table(name).delete(key);
  const standings = state.table<{ silent: boolean }>('device-standing');
  return {
    append,
    known: () => [...standings.entries()].map(([id, { silent }]) => `${id} ${silent ? 'silent' : 'heard'}`),
    alerts: () => [...incidents.openIncidents()].flatMap(({ alerts }) => alerts.map(({ condition }) => condition)),
    wait(ms: number): void {
      for (const end = at + ms; (judge.nextDeadline() ?? Infinity) <= end; append({ kind: 'tick' }))
        at = Math.max(at, judge.nextDeadline() ?? at);
    },
  };
}
const started = { kind: 'started', version: '2', downMs: 1_000 } as const;

test('a detector that fell silent before an upgrade leaves its home without a watch all the same', () => {
  const home = county({ homes: 2, speak: 1 });
  home.wait(3 * DAY_MS);
  expect([home.known(), home.alerts()]).toEqual([[], ['device-silent', 'device-silent']]);
  home.append(started);
  expect(home.known()).toEqual(['home-0 silent']);
  home.wait(60 * MINUTE_MS);
  expect(home.alerts()).toContain('blind');
  expect(home.append(started).followUps).toEqual([]);
});

test('one that falls silent after the upgrade, without another word, is an outage with its neighbours', () => {
  const village = county({ homes: 12, speak: 12 });
  village.append(started);
  expect(village.known()).toHaveLength(12);
  village.wait(3 * DAY_MS);
  expect(village.alerts()).toContain('village-outage');
});

test('of very many five hundred are known with the start, and the rest with the ticks that follow', () => {
  const village = county({ homes: 501, speak: 501 });
  village.append(started);
  expect(village.known()).toHaveLength(500);
  village.append({ kind: 'tick' });
  expect(village.known()).toHaveLength(501);
});
