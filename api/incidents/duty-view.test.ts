import { expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import type { DecidedRecord } from '../../records/journal-record.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { put } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { standInAlarm } from '../desk.test-support.ts';
import { createDutyView } from './duty-view.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A desk whose time the test moves. */
function desk() {
  const time = { at: 1_800_000_000_000 };
  const alarm = standInAlarm({ now: () => time.at });
  const seen: string[] = [];
  alarm.view.onChange(({ incident }) => seen.push(`${incident.incidentId} ${incident.state.phase}`));
  return { alarm, view: alarm.view, time, seen };
}

test('an incident stands on the page as it was decided, with its line of events', () => {
  const { alarm, view, seen } = desk();
  const { incidentId } = alarm.raise('smoke', 'smoke-1', { reason: { obscurationDbPerM: 4 } });
  expect(view.openIncidents().map(({ incident }) => incident.incidentId)).toEqual([incidentId]);
  expect(view.incident(incidentId)?.incident.alerts).toMatchObject([
    { condition: 'smoke', reason: { obscurationDbPerM: 4 } },
  ]);
  expect(view.timeline(incidentId).entries.map(({ what }) => what)).toEqual(['opened', 'rung']);
  expect(seen).toEqual([`${incidentId} open`]);
});

test('reports of devices and the passing of time change nothing, unread', () => {
  const { alarm, view } = desk();
  const body = encodeRecord({
    ...{ kind: 'report', source: 'mqtt', deviceId: 'smoke-1', standing: 'registered', report: 'status' },
    payload: Uint8Array.of(0xff),
  });
  view.apply({ sequence: 1, receivedAt: 1, body });
  alarm.record({ kind: 'tick' });
  expect(view.revision()).toBe(0);
});

test('the most urgent stand first, then the oldest', () => {
  const { alarm, view, time } = desk();
  alarm.raise('battery-low', 'button-2');
  time.at += MINUTE_MS;
  alarm.raise('smoke', 'smoke-1');
  time.at += MINUTE_MS;
  alarm.raise('call-care', 'button-2');
  alarm.raise('fall', 'watch-2');
  const categories = view.openIncidents().map(({ incident }) => incident.category);
  expect(categories).toEqual(['fire', 'fall', 'call', 'supervision']);
});

test('somebody who is being called is seen, until the next notice to them', () => {
  const { alarm, view, time } = desk();
  const { incidentId } = alarm.raise('fall', 'watch-2');
  const [first] = alarm.notices.filter(({ recipient }) => recipient.type === 'contact');
  const noticeId = first?.noticeId ?? '';
  alarm.record({ kind: 'attempting', noticeId, channel: 'webhook', attempt: 2 });
  expect(view.incident(incidentId)?.attempts[noticeId]).toEqual({ at: time.at, channel: 'webhook', attempt: 2 });
  alarm.record({ kind: 'outcome', noticeId, channel: 'webhook', attempt: 2, result: 'accepted' });
  expect(view.incident(incidentId)?.attempts[noticeId]).toMatchObject({ result: 'accepted' });
  alarm.raise('call-emergency', 'button-2');
  expect(Object.keys(view.incident(incidentId)?.attempts ?? {})).not.toContain(noticeId);
  const before = view.revision();
  alarm.record({ kind: 'attempting', noticeId, channel: 'webhook', attempt: 3 });
  alarm.record({ kind: 'attempting', noticeId: 'of nobody', channel: 'webhook', attempt: 1 });
  expect(view.revision()).toBe(before);
});

test('who was away for a moment gets what changed since, and nothing twice', () => {
  const { alarm, view } = desk();
  const fire = alarm.raise('smoke', 'smoke-1');
  const seen = view.revision();
  expect(view.changedSince(seen)).toEqual([]);
  const fall = alarm.raise('fall', 'watch-2');
  alarm.raise('heat', 'smoke-1');
  expect(view.changedSince(seen)?.map(({ incident }) => incident.incidentId)).toEqual([
    fall.incidentId,
    fire.incidentId,
  ]);
  expect(view.changedSince(view.revision() + 1)).toBeUndefined();
});

test('what ended a week ago leaves, what is open never does, and who was away for so long begins anew', async () => {
  const { alarm, view, time } = desk();
  const old = alarm.raise('smoke', 'smoke-1');
  const open = alarm.raise('fall', 'watch-2');
  const seen = view.revision();
  const resolve = async (incidentId: string, version: number) =>
    alarm.apply({
      ...{ type: 'resolve', commandId: `end-of-${incidentId}`.slice(0, 60), incidentId, expectedVersion: version },
      ...{ by: { type: 'account', id: 'li' }, outcome: 'helped', contact: 'reached' },
    });
  await resolve(old.incidentId, old.version);
  expect(view.resolvedIncidents()).toHaveLength(1);
  time.at += 8 * DAY_MS;
  const other = alarm.raise('smoke', 'smoke-r1');
  await resolve(other.incidentId, other.version);
  expect(view.incident(old.incidentId)).toBeUndefined();
  expect(view.timeline(old.incidentId).entries).toEqual([]);
  expect(view.incident(open.incidentId)).toBeDefined();
  expect(view.changedSince(seen)).toBeUndefined();
});

test('a line of events that grows for days keeps its newest 500 and says how many came before', () => {
  const { alarm, view } = desk();
  const { incidentId } = alarm.raise('smoke', 'smoke-1');
  const incident = view.incident(incidentId)?.incident;
  if (!incident) throw new Error('no incident');
  for (let at = 0; at < 600; at++) {
    const timeline = [{ at, what: 'call-again' as const, details: {} }];
    alarm.record({ kind: 'decided', cause: 1, version: 'test', incidents: [{ incident, timeline }] });
  }
  const { entries, earlier } = view.timeline(incidentId);
  expect(entries).toHaveLength(500);
  expect(entries.at(-1)?.at).toBe(599);
  expect(earlier).toBe(102);
});

test('the registry follows imports when they are committed, all or nothing', () => {
  const { alarm } = desk();
  const by = { type: 'system', id: 'registry' } as const;
  const change = put('area', { id: 'new', level: 'village', parentId: 'township', name: 'New Well' });
  const part = {
    type: 'registry-part',
    commandId: 'part-0001',
    by,
    importId: 'i1',
    part: 0,
    changes: [change],
  } as const;
  alarm.record({ kind: 'command', command: { ...part, changes: [change] } });
  expect(alarm.registry.area('new')).toBeUndefined();
  alarm.record({
    kind: 'command',
    command: { type: 'registry-commit', commandId: 'commit-01', by, importId: 'i1', parts: 1 },
  });
  expect(alarm.registry.area('new')?.name).toBe('New Well');
  const wrong = put('area', { id: 'lost', level: 'village', parentId: 'nowhere', name: 'Lost' });
  alarm.record({ kind: 'command', command: { ...part, importId: 'i2', changes: [wrong] } });
  alarm.record({
    kind: 'command',
    command: { type: 'registry-commit', commandId: 'commit-02', by, importId: 'i2', parts: 1 },
  });
  expect(alarm.registry.area('lost')).toBeUndefined();
});

test('after a restart the page knows what it knew, from the checkpoint alone', () => {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const view = createDutyView({ state, registry });
  const { alarm } = desk();
  const fire = alarm.raise('smoke', 'smoke-1');
  const change = { incident: fire, timeline: [{ at: 1, what: 'opened' as const, details: {} }] };
  const decided: DecidedRecord = { kind: 'decided', cause: 1, version: 'test', incidents: [change] };
  view.apply({ sequence: 2, receivedAt: 1, body: encodeRecord(decided) });

  const again = new FoldState();
  const copy = createDutyView({ state: again, registry: createRegistry({ state: again }) });
  for (const saved of structuredClone(state.takeChanges())) again.load(saved);
  copy.rebuild();
  expect(copy.openIncidents()).toEqual(view.openIncidents());
  expect(copy.timeline(fire.incidentId)).toEqual(view.timeline(fire.incidentId));
  expect(copy.revision()).toBe(view.revision());
});

test('a record of a newer release changes nothing and is not passed over in silence', () => {
  const { view } = desk();
  const body = encodeRecord({ kind: 'decided', cause: 1, version: 'test' });
  body[1] = 99;
  expect(() => view.apply({ sequence: 1, receivedAt: 1, body })).toThrow('newer release');
});
