import { expect, test } from 'vitest';
import { createIncidents } from '../incidents/incidents.ts';
import { localTimeIn } from '../platform/local-time.ts';
import { FoldState } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import type { DecidedRecord, JournalRecord, QuarantinedRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { decodeRecord, encodeRecord } from '../records/record-codec.ts';
import type { RegistryChange } from '../records/registry.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { allRules } from '../rules/all-rules.ts';
import { createEngine } from '../rules/engine.ts';
import type { AnyRule } from '../rules/rule.ts';
import { localTime } from '../rules/watch.test-support.ts';
import { createDecoder } from './decoder.ts';
import { createDownlinks } from './downlinks.ts';
import { createJudge, type Judgement, type Stored } from './judge.ts';

const MINUTE_MS = 60_000;
const startAt = Date.parse('2026-11-03T21:00:00+08:00');

test('a smoke alarm opens an incident and tells the neighbour, on record', () => {
  const home = village();
  const { followUps, notices } = home.alarm('smoke-1');
  expect(notices.map(({ recipient }) => recipient)).toContainEqual({ type: 'contact', contactId: 'neighbour' });
  expect(followUps).toMatchObject([{ kind: 'decided', cause: home.last().sequence, alerts: [{ type: 'raise' }] }]);
});

test('the same journal gives the same decisions, record by record', () => {
  const first = village();
  first.alarm('smoke-1');
  first.wait(5 * MINUTE_MS);
  const second = village({ journal: first.journal });
  expect(second.judgements.map(({ followUps }) => followUps)).toEqual(
    first.judgements.map(({ followUps }) => followUps),
  );
  expect(second.judgements.filter(({ differs }) => differs)).toEqual([]);
});

test('a decision that a crash swallowed is still to be recorded after the restart, once', () => {
  const home = village();
  home.alarm('smoke-1');
  const untilTheAlarm = home.journal.slice(0, home.last().sequence);
  const again = village({ journal: untilTheAlarm });
  expect(again.judge.unrecorded(untilTheAlarm.length)).toMatchObject([
    { kind: 'decided', cause: untilTheAlarm.length },
  ]);
  for (const record of again.judge.unrecorded(untilTheAlarm.length)) again.append(record);
  expect(again.judge.unrecorded(again.journal.length)).toEqual([]);
});

test('what history raised before this version comes to it is not raised again', () => {
  const mine = village().alarm('smoke-1', { appendFollowUps: false }).followUps[0] as DecidedRecord;
  const home = village();
  home.append({ kind: 'tick' });
  home.append({ ...mine, cause: 1, version: '0.0.1' });
  expect(home.incidents.knows(mine.incidents?.[0]?.incident.alerts[0]?.alertId ?? '')).toBe(true);
  const { followUps, notices } = home.alarm('smoke-1');
  expect((followUps as DecidedRecord[]).flatMap(({ alerts = [] }) => alerts)).toEqual([]);
  expect(notices).toEqual([]);
});

test('history that decided otherwise is kept, and said', () => {
  const home = village();
  const { followUps } = home.alarm('smoke-1', { appendFollowUps: false });
  const [mine] = followUps as DecidedRecord[];
  const [opened] = mine?.incidents ?? [];
  if (!mine || !opened) throw new Error('the alarm opened no incident');
  const theirs = { ...opened, incident: { ...opened.incident, severity: 'urgent' as const } };
  const judgement = home.append({ ...mine, version: '0.0.1', incidents: [theirs], notices: [] });
  expect(judgement.differs).toEqual({ cause: mine.cause, version: '0.0.1' });
  expect(home.incidents.get(opened.incident.incidentId)?.severity).toBe('urgent');
  expect(home.open).toEqual([]);
});

test('where history found nothing to do, a version that would have called somebody calls nobody', () => {
  const home = village();
  home.alarm('smoke-1', { appendFollowUps: false });
  const mine = home.last().sequence;
  expect(home.open.length).toBeGreaterThan(0);
  home.append({ kind: 'tick' });
  const judgement = home.append({ kind: 'decided', cause: home.last().sequence, version: '0.0.1' });
  expect(judgement.differs).toEqual({ cause: mine, version: '0.0.1' });
  expect(home.open).toEqual([]);
  expect([...home.incidents.openIncidents()]).toEqual([]);
  expect(home.judge.unrecorded(home.last().sequence)).toEqual([]);
});

test('a rule that throws for one home leaves the others, is put aside, and pages as unreadable', () => {
  const broken: AnyRule = {
    ...(allRules.find(({ name }) => name === 'hazard') as AnyRule),
    step: (state, event, settings, house) => {
      if ('where' in event && event.where.deviceId === 'smoke-1') throw new Error('a planted fault');
      return (allRules.find(({ name }) => name === 'hazard') as AnyRule).step(state, event, settings, house);
    },
  };
  const home = village({ rules: [broken, ...allRules.filter(({ name }) => name !== 'hazard')] });
  const failed = home.alarm('smoke-1');
  const quarantined = failed.followUps.find((record) => record.kind === 'quarantined') as QuarantinedRecord;
  expect(quarantined).toMatchObject({ lifeSafety: true, deviceId: 'smoke-1', error: 'a planted fault' });
  const raised = home.judgements.flatMap(({ followUps }) =>
    followUps.flatMap((record) => ('alerts' in record ? (record.alerts ?? []) : [])),
  );
  const conditions = raised.flatMap((change) => (change.type === 'raise' ? [change.alert.condition] : []));
  expect(conditions).toEqual(expect.arrayContaining(['record-quarantined', 'unreadable']));
  expect(home.alarm('smoke-2').notices.length).toBeGreaterThan(0);
});

test('bytes that are no record are put aside whole, and change nothing', () => {
  const home = village();
  const before = [...home.state.entries()].length;
  const judgement = home.appendBody(new Uint8Array([250, 1, 2, 3]));
  expect(judgement.followUps).toMatchObject([{ kind: 'quarantined', lifeSafety: false }]);
  expect([...home.state.entries()].length).toBeLessThanOrEqual(before + 2);
});

test('a preview tells whom it would tell, under the ids of the real thing, and leaves no trace', () => {
  const home = village();
  const stored = home.nextAlarm('smoke-1');
  const before = JSON.stringify([...home.state.entries()]);
  const previewed = home.judge.preview(stored).notices.map(({ noticeId }) => noticeId);
  expect(JSON.stringify([...home.state.entries()])).toBe(before);
  expect(home.step(stored).notices.map(({ noticeId }) => noticeId)).toEqual(previewed);
  expect(previewed.length).toBeGreaterThan(0);
});

test('a deadline comes before the record that is stamped later', () => {
  const home = village();
  home.alarm('smoke-1');
  const due = home.judge.nextDeadline() ?? 0;
  const { followUps } = home.append({ kind: 'tick' }, due - startAt + MINUTE_MS);
  const [decided] = followUps as DecidedRecord[];
  expect(decided?.incidents?.flatMap(({ timeline }) => timeline.map(({ what }) => what))).toContain('rung');
});

test('after a long stop nobody is taken for silent, and what burns still burns', () => {
  const home = village();
  home.alarm('smoke-1');
  const dayMs = 24 * 60 * MINUTE_MS;
  const { followUps, notices } = home.append({ kind: 'started', version: '1', downMs: 3 * dayMs }, 3 * dayMs);
  const alerts = (followUps as DecidedRecord[]).flatMap(({ alerts = [] }) => alerts);
  expect(alerts.filter((change) => change.type === 'raise' && change.alert.condition === 'device-silent')).toEqual([]);
  // Who was told three days ago is not told again; the system says that it was left open.
  expect(new Set(notices.map(({ incidentId }) => incidentId)).size).toBe(1);
  expect(notices[0]?.text.condition).toBe('emergency-left-open');
  expect([...home.incidents.openIncidents()].map(({ category }) => category).sort()).toEqual(['fire', 'system']);
});

test('while a full disk refuses what devices say of themselves, none of them falls silent', () => {
  const home = village();
  const silenceOf = ({ followUps }: Judgement) =>
    followUps
      .flatMap((record) => (record.kind === 'decided' ? (record.alerts ?? []) : []))
      .filter((change) => change.type === 'raise' && change.alert.condition === 'device-silent');
  const tick = (afterMs: number) => silenceOf(home.append({ kind: 'tick' }, afterMs));
  home.append({ kind: 'reserve', inUse: true, freeBytes: 0 }, MINUTE_MS);
  for (let minutes = 0; minutes < 3 * 24 * 60; minutes += 10) expect(tick(10 * MINUTE_MS)).toEqual([]);
  home.append({ kind: 'reserve', inUse: false, freeBytes: 1e9 }, MINUTE_MS);
  expect(tick(10 * MINUTE_MS)).toEqual([]);
  expect(tick(3 * 24 * 60 * MINUTE_MS).length).toBeGreaterThan(0);
});

test('a test window without an end that is near is refused', () => {
  const home = village();
  const command = {
    type: 'test-window' as const,
    by: { type: 'account' as const, id: 'duty' },
    reason: 'monthly test',
  };
  const ask = (deviceId: string, until: number) => {
    const commandId = `window-${deviceId}-${until}`;
    return home.append({ kind: 'command', command: { ...command, commandId, deviceId, until } }).result?.result;
  };
  expect(ask('smoke-1', home.now() + 24 * 60 * MINUTE_MS)).toMatchObject({ ok: false, problem: 'invalid' });
  expect(ask('nobody', home.now() + MINUTE_MS)).toMatchObject({ ok: false, problem: 'not-found' });
  expect(ask('smoke-1', home.now() + 20 * MINUTE_MS)).toEqual({ ok: true });
});

test('a registry that is sent again, or a test window, is done once', () => {
  const home = village();
  const by = { type: 'account' as const, id: 'duty' };
  const commit = { type: 'registry-commit' as const, commandId: 'commit-12', by, importId: 'i', parts: 1 };
  expect(home.append({ kind: 'command', command: commit }).result?.result).toEqual({ ok: true });
  const until = home.now() + 20 * MINUTE_MS;
  const window = {
    type: 'test-window' as const,
    commandId: 'window-1',
    by,
    deviceId: 'smoke-1',
    until,
    reason: 'test',
  };
  for (const laterMs of [0, 30 * MINUTE_MS]) {
    expect(home.append({ kind: 'command', command: window }, laterMs).result?.result).toEqual({ ok: true });
  }
  expect(home.alarm('smoke-1').notices.length).toBeGreaterThan(0);
});

test('however many look at things, what was asked before is still done once', () => {
  const home = village();
  const by = { type: 'account' as const, id: 'duty' };
  const window = { type: 'test-window' as const, commandId: 'window-2', by, deviceId: 'smoke-1', reason: 'test' };
  const until = home.now() + 20 * MINUTE_MS;
  home.append({ kind: 'command', command: { ...window, until } });
  const look = { type: 'look' as const, by, of: { type: 'incident' as const, id: 'i' }, how: 'shown' as const };
  for (let count = 0; count < 5_001; count++)
    expect(
      home.append({ kind: 'command', command: { ...look, commandId: `look-no-${count}` } }).result?.result.ok,
    ).toBe(true);
  expect(home.append({ kind: 'command', command: { ...window, until } }, 30 * MINUTE_MS).result?.result).toEqual({
    ok: true,
  });
});

test('an incident whose deadline throws holds up no other, comes again later, and pages as unreadable', () => {
  const home = village();
  home.alarm('smoke-1');
  const [fire] = home.incidents.openIncidents();
  if (!fire) throw new Error('the alarm opened no incident');
  const by = { type: 'account' as const, id: 'duty' };
  const impossible: Incident = { ...fire, state: { phase: 'on-scene', since: home.now(), by } };
  home.state.table('incidents').set(fire.incidentId, impossible);
  home.append({ kind: 'tick' }, MINUTE_MS);
  const quarantined = home.judgements.flatMap(({ followUps }) =>
    followUps.flatMap((record) => (record.kind === 'quarantined' ? [record] : [])),
  );
  expect(quarantined).toMatchObject([
    { subject: `incidents:${fire.incidentId}`, lifeSafety: true, deviceId: 'smoke-1' },
  ]);
  expect(home.open.map(({ text }) => text.condition)).toContain('unreadable');
  expect(home.judge.nextDeadline()).toBeGreaterThan(home.now());
  expect(home.alarm('smoke-2').notices.length).toBeGreaterThan(0);
});

test('devices that fall silent behind one record leave one change of their village, with everything that happened', () => {
  const home = village();
  home.append({ kind: 'tick' }, 30 * MINUTE_MS);
  home.alarm('smoke-1');
  const { followUps } = home.append({ kind: 'tick' }, 100 * 60 * MINUTE_MS);
  const changes = (followUps as DecidedRecord[]).flatMap(({ incidents = [] }) => incidents);
  const silent = changes.filter(({ incident }) => incident.category === 'supervision');
  expect(silent.map(({ incident }) => incident.alerts.length)).toEqual([2]);
  expect(silent.flatMap(({ timeline }) => timeline.map(({ what }) => what))).toEqual(['opened', 'alert']);
});

test('a device that repeats itself, or cannot be read, is not silent', () => {
  const home = village();
  const say = (text: string, laterMs: number) => {
    const payload = new TextEncoder().encode(text);
    const report = { kind: 'report', source: 'mqtt', deviceId: 'smoke-1', standing: 'registered' } as const;
    home.append({ ...report, report: 'status', payload }, laterMs);
  };
  const dayMs = 24 * 60 * MINUTE_MS;
  const status = '{"v":1,"boot":1,"seq":1,"age":0,"battery":3.1}';
  say(status, 0);
  say(status, 1.5 * dayMs);
  say('{"v":1,', 3 * dayMs);
  const { followUps } = home.append({ kind: 'tick' }, 4 * dayMs);
  const raised = (followUps as DecidedRecord[]).flatMap(({ alerts = [] }) => alerts);
  expect(raised.filter(({ type }) => type === 'raise')).toEqual([]);
  const silent = home.judgements.flatMap(({ followUps }) => followUps as DecidedRecord[]);
  const names = silent.flatMap(({ alerts = [] }) =>
    alerts.flatMap((change) => (change.type === 'raise' ? [change.alert.where.deviceId] : [])),
  );
  expect(new Set(names)).toEqual(new Set(['smoke-2']));
});

const put = (entity: string, value: object) => ({ type: 'put', entity, value }) as RegistryChange;
test('a disk that fills up again is told again, also when somebody closed the first time, and room clears both', () => {
  const home = village();
  const by = { type: 'account' as const, id: 'duty' };
  const openOfDisk = () => [...home.incidents.openIncidents()];
  const clearedBy = ({ followUps }: Judgement) =>
    followUps.flatMap((record) => (record.kind === 'decided' ? (record.alerts ?? []) : [])).map(({ type }) => type);

  home.append({ kind: 'reserve', inUse: true, freeBytes: 200_000_000 });
  const [{ incidentId: first = '', version: expectedVersion = 0 } = {}] = openOfDisk();
  const resolve = { outcome: 'equipment' as const, contact: 'not-applicable' as const, commandId: 'resolve-1' };
  home.append({ kind: 'command', command: { type: 'resolve', incidentId: first, expectedVersion, by, ...resolve } });
  home.append({ kind: 'reserve', inUse: true, freeBytes: 0 });
  const [second] = openOfDisk();
  expect(second?.incidentId).not.toBe(first);
  const told = home.open.filter(({ recipient }) => recipient.type === 'contact').map(({ incidentId }) => incidentId);
  expect(told.filter((incidentId) => incidentId === second?.incidentId)).toHaveLength(1);

  expect(clearedBy(home.append({ kind: 'reserve', inUse: false, freeBytes: 1e9 }))).toEqual(['clear', 'clear']);
  expect(openOfDisk()).toEqual([]);
});

const contact = { order: 1, language: 'en', channels: [{ type: 'log' }] };
const changes = [
  put('area', { id: 'county', level: 'county', name: 'County' }),
  put('area', { id: 'town', level: 'township', parentId: 'county', name: 'Town' }),
  put('area', { id: 'village', level: 'village', parentId: 'town', name: 'Village' }),
  put('contact', { id: 'neighbour', of: { type: 'area', id: 'village' }, role: 'neighbour', name: 'N', ...contact }),
  put('contact', { id: 'county-lead', of: { type: 'area', id: 'county' }, role: 'county', name: 'C', ...contact }),
  ...['1', '2'].flatMap((home) => [
    put('place', { id: `place-${home}`, areaId: 'village', kind: 'house', name: `house ${home}` }),
    put('household', { id: `house-${home}`, areaId: 'village', currentPlaceId: `place-${home}` }),
    put('device', {
      id: `smoke-${home}`,
      kind: 'smoke-detector',
      placeId: `place-${home}`,
      intervalMinutes: 1440,
      simulated: true,
    }),
  ]),
];

/** Two homes, and a journal in memory that is stepped as it grows; `journal` is one to step again from its beginning. */
function village({
  journal = [] as Stored[],
  rules = allRules,
}: {
  journal?: Stored[];
  rules?: readonly AnyRule[];
} = {}) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const incidents = createIncidents({ state, registry, localTime: localTimeIn('Asia/Shanghai') });
  const open: Notice[] = [];
  const outbox = {
    issue: (notice: Notice) => void open.push(notice),
    withdraw: (noticeId: string) =>
      void open.splice(
        open.findIndex((one) => one.noticeId === noticeId),
        1,
      ),
    ...{ answered: () => {}, readdress: () => {} },
    ...{ withdrawAll: () => {}, follow: () => {}, attempting: () => {}, outcome: () => {}, rebuild: () => {} },
  };
  const carriage = { attempting: () => undefined, outcome: () => {} };
  const decoder = createDecoder({ state, registry });
  const engine = createEngine({ rules, state, registry, localTime });
  const downlinks = createDownlinks({ state, registry, decoder, incidents });
  const judge = createJudge({ state, registry, decoder, engine, incidents, outbox, downlinks, carriage, version: '1' });
  const written: Stored[] = [];
  const judgements: Judgement[] = [];
  let at = startAt;
  let seq = 0;

  function step(stored: Stored, appendFollowUps = true): Judgement {
    written.push(stored);
    const judgement = judge.step(stored);
    judgements.push(judgement);
    if (appendFollowUps && journal.length === 0) for (const record of judgement.followUps) append(record);
    return judgement;
  }
  function next(body: Uint8Array, laterMs = 0): Stored {
    at = Math.max(at, startAt + laterMs);
    return { sequence: written.length + 1, receivedAt: at, body };
  }
  const append = (record: JournalRecord, laterMs = 0) => step(next(encodeRecord(record), laterMs));
  function nextAlarm(deviceId: string): Stored {
    const payload = new TextEncoder().encode(
      JSON.stringify({ v: 1, boot: 1, seq: ++seq, age: 0, source: 'smoke', state: 'on' }),
    );
    return next(
      encodeRecord({ kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report: 'alarm', payload }),
    );
  }

  const by = { type: 'system' as const, id: 'test' };
  if (journal.length === 0) {
    append({
      kind: 'command',
      command: { type: 'registry-part', commandId: 'part-1234', by, importId: 'i', part: 0, changes },
    });
    append({
      kind: 'command',
      command: { type: 'registry-commit', commandId: 'commit-12', by, importId: 'i', parts: 1 },
    });
  } else for (const stored of journal) step(stored);
  expect(decodeRecord(written[0]?.body ?? new Uint8Array()).kind).toBe('command');

  return {
    ...{ state, judge, incidents, judgements, open, append, step, nextAlarm, journal: written },
    appendBody: (body: Uint8Array) => step(next(body)),
    alarm: (deviceId: string, { appendFollowUps = true } = {}) => step(nextAlarm(deviceId), appendFollowUps),
    last: () => written.findLast(({ body }) => decodeRecord(body).kind === 'report') as Stored,
    now: () => at,
    wait(ms: number): void {
      for (const end = at + ms; (judge.nextDeadline() ?? Infinity) <= end; )
        append({ kind: 'tick' }, (judge.nextDeadline() ?? 0) - startAt);
    },
  };
}
