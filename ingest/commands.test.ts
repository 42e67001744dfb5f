import { expect, test } from 'vitest';
import { createFold } from '../app/alarm/alarm-core.ts';
import type { Prompt } from '../records/alert.ts';
import type { Command } from '../records/command.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { put, remove, smallCounty } from '../records/registry.test-support.ts';
import type { RuleEvent } from '../rules/event.ts';
import type { AnyRule, Rule } from '../rules/rule.ts';
import { deviceSilent } from '../rules/supervision/device-silent.ts';

const startAt = Date.parse('2026-11-23T00:00:00Z');
const MINUTE_MS = 60_000;
const by = { type: 'account', id: 'li' } as const;

/** Asks whoever presses for care, and keeps every event about homes that it hears. */
type Curious = { heard: RuleEvent[] };
const curious: Rule<Curious, Record<never, number>> = {
  name: 'curious',
  initial: { heard: [] },
  settings: {},
  ranges: {},
  subject: ({ type }) =>
    ['report', 'visit', 'prompt-answered', 'home-changed', 'device-condition'].includes(type) ? 'all' : undefined,
  deadline: () => undefined,
  step({ heard }, event, _settings, home) {
    const next = { heard: [...heard, event] };
    if (event.type !== 'report' || !home.canAsk(event.where.personId, event.at)) return [next, []];
    const { at, where } = event;
    const prompt: Prompt = {
      promptId: `curious:${at}`,
      rule: 'curious',
      at,
      where,
      about: 'fall',
      until: at + MINUTE_MS,
    };
    return [next, [{ type: 'prompt', prompt }]];
  },
};

test('who presses is asked by their own way, and the answer is heard once and ends the asking', () => {
  const home = county();
  home.change(put('contact', { ...self, id: 'her-phone', of: { type: 'person', id: 'widow' } }));
  const { notices, followUps } = home.press('watch-2');
  expect(notices).toMatchObject([{ purpose: 'prompt', recipient: { contactId: 'her-phone' } }]);
  expect(followUps).toMatchObject([
    { kind: 'decided', alerts: [{ type: 'prompt' }], notices: [{ purpose: 'prompt' }] },
  ]);
  expect(home.asking()).toHaveLength(1);
  const answer = { type: 'prompt-answer', promptId: `curious:${startAt}`, answer: 'fine', by } as const;
  expect(home.ask({ ...answer, commandId: 'answer-01' })).toEqual({ ok: true });
  expect(home.asking()).toEqual([]);
  const heard = { type: 'prompt-answered', where: { personId: 'widow' }, answer: 'fine', by: 'account:li' };
  expect(home.heard('prompt-answered')).toMatchObject([heard]);
  home.ask({ ...answer, commandId: 'answer-01' });
  home.ask({ ...answer, commandId: 'answer-02' });
  expect(home.heard('prompt-answered')).toHaveLength(1);
  expect(home.ask({ ...answer, commandId: 'answer-03', promptId: 'nothing' })).toMatchObject({ problem: 'not-found' });
});

test('a prompt that a restart interrupts can be answered after it', () => {
  const home = county();
  home.change(put('contact', { ...self, id: 'her-phone', of: { type: 'person', id: 'widow' } }));
  home.press('watch-2');
  const again = county([...home.state.entries()]);
  expect(again.asking()).toHaveLength(1);
  const answer = { type: 'prompt-answer', promptId: `curious:${startAt}`, answer: 'help', by } as const;
  expect(again.ask({ ...answer, commandId: 'answer-01' })).toEqual({ ok: true });
  expect(again.heard('prompt-answered')).toMatchObject([{ answer: 'help' }]);
});

test('nobody is asked where there is no way to ask', () => {
  const home = county();
  expect(home.press('watch-2').notices).toEqual([]);
});

test('a visit that was taken is heard, with what was found; one that was refused, or sent twice, is not', () => {
  const home = county();
  const visit = { type: 'visit', by, visitedAt: startAt - MINUTE_MS, why: 'round', result: 'helped' } as const;
  home.ask({ ...visit, commandId: 'visit-001', householdId: 'alone' });
  home.ask({ ...visit, commandId: 'visit-001', householdId: 'alone' });
  home.ask({ ...visit, commandId: 'visit-002', householdId: 'nowhere' });
  const where = { householdId: 'alone', personId: 'widow', placeId: 'house-2', areaId: 'east' };
  expect(home.heard('visit')).toEqual([
    { type: 'visit', at: startAt, where, householdId: 'alone', visitedAt: startAt - MINUTE_MS, result: 'helped' },
  ]);
});

test('whatever changes about a home, its household hears of it, once for all of one import', () => {
  const home = county();
  const heardOf = (...changes: Parameters<typeof home.change>) => {
    const before = home.heard('home-changed').length;
    home.change(...changes);
    return home
      .heard('home-changed')
      .slice(before)
      .map(({ where }) => where.householdId);
  };
  const circle = { type: 'circle', lat: 44, lon: 116, radiusMeters: 500 };
  expect(
    heardOf(put('zone', { id: 'z', of: { type: 'person', id: 'her' }, name: 'z', datum: 'WGS-84', shape: circle })),
  ).toEqual(['couple']);
  expect(heardOf(put('place', { id: 'room-1', areaId: 'west', siteId: 'care', kind: 'room', name: 'r' }))).toEqual([
    'resident-1',
    'resident-2',
  ]);
  expect(heardOf(put('person', { id: 'her', householdId: 'alone', name: 'Saran' }))).toEqual(['couple', 'alone']);
  expect(heardOf(remove('device', 'watch-2'))).toEqual(['alone']);
  expect(heardOf(put('area', { id: 'east', level: 'village', parentId: 'township', name: 'East' }))).toEqual([]);
  expect(heardOf(put('device', { id: 'smoke-r1', kind: 'smoke-detector', placeId: 'room-2' }))).toEqual([
    'resident-1',
    'resident-2',
  ]);
});

test('a detector in a room that two households share is heard of by both', () => {
  const home = county();
  home.append({ kind: 'tick' }, 3 * 24 * 60 * MINUTE_MS);
  const silent = home.heard('device-condition').filter(({ deviceId }) => deviceId === 'smoke-r1');
  expect(silent.map(({ condition, began, where }) => [condition, began, where.householdId])).toEqual([
    ['silent', true, 'resident-1'],
    ['silent', true, 'resident-2'],
  ]);
});

test('a call by telephone is decided like a report: its alert, its incident, who is told, and the person is asked, too', () => {
  const home = county();
  home.change(put('contact', { ...self, id: 'her-phone', of: { type: 'person', id: 'widow' } }));
  const call = { type: 'open-call', by, kind: 'rescue', topic: 'request', caller: 'family' } as const;
  const command = { ...call, commandId: 'call-001', callId: 'line-1', personId: 'widow' };
  const { followUps, result } = home.append({ kind: 'command', command });
  expect(result?.result).toMatchObject({ ok: true, incidentId: 'i:telephone:line-1' });
  const [decided] = followUps;
  if (decided?.kind !== 'decided') throw new Error('nothing was decided');
  expect(decided.alerts).toMatchObject([{ type: 'raise' }, { type: 'prompt', prompt: { about: 'call-emergency' } }]);
  expect(decided.incidents).toMatchObject([{ incident: { call: { kind: 'rescue' } } }]);
  expect(decided.notices?.map(({ purpose }) => purpose)).toContain('prompt');
  // The decision comes back by the journal as it was made.
  expect(home.append(JSON.parse(JSON.stringify(decided))).differs?.cause).not.toBe(decided.cause);
  expect(home.ask({ ...command, commandId: 'call-001' })).toMatchObject({ incidentId: 'i:telephone:line-1' });
  expect(home.ask({ ...command, commandId: 'call-002' })).toMatchObject({ incidentId: 'i:telephone:line-1' });
});

test('what is suppressed until then is on record at once, and reaches people when that has come', () => {
  const home = county();
  const scope = { type: 'area', id: 'east' } as const;
  const quiet = { conditions: ['device-silent' as const, 'blind' as const], owner: 'li', reason: 'the mast is mended' };
  const until = startAt + 4 * 24 * 60 * MINUTE_MS;
  expect(home.ask({ type: 'suppress', commandId: 'suppress-1', by, scope, ...quiet, until })).toEqual({ ok: true });
  const silent = home.append({ kind: 'tick' }, 3 * 24 * 60 * MINUTE_MS);
  const [decided] = silent.followUps;
  if (decided?.kind !== 'decided') throw new Error('nothing was decided');
  const places = (decided.incidents ?? []).map(({ incident }) => incident.where.areaId);
  expect(decided.alerts?.length).toBeGreaterThan(places.length);
  expect(places).not.toContain('east');
  const over = home.append({ kind: 'tick' }, 4 * 24 * 60 * MINUTE_MS + 1);
  const [after] = over.followUps;
  if (after?.kind !== 'decided') throw new Error('nothing was decided');
  expect(after.incidents?.map(({ incident }) => incident.where.areaId)).toContain('east');
});

test('whoever says that they go is called no more about it, and a provider of tonight carries what is open', () => {
  const home = county();
  const change = put('contact', {
    ...{ id: 'bao', role: 'neighbour', name: 'Bao', of: { type: 'person', id: 'widow' }, order: 1, language: 'zh-CN' },
    ...{ phone: { sealed: 'x' }, channels: [{ type: 'sms' }] },
  });
  expect(home.change(change)).toMatchObject({ ok: true });
  const call = { type: 'open-call', by, kind: 'rescue', topic: 'request', caller: 'family' } as const;
  home.ask({ ...call, commandId: 'call-001', callId: 'line-1', personId: 'widow' });
  const open = () =>
    [...home.outbox.due(Number.MAX_SAFE_INTEGER)].flatMap(({ notice, channel }) =>
      notice.recipient.type === 'contact' && notice.recipient.contactId === 'bao' ? `bao ${channel}` : [],
    );
  expect(open()).toEqual(['bao sms']);
  home.append({ kind: 'providers', table: [{ id: 'modem', type: 'modem', medium: 'sms', windows: [] }] });
  expect(open()).toEqual(['bao sms:modem']);
  const [notice] = home.outbox.notices().filter(({ noticeId }) => noticeId.endsWith('contact:bao'));
  const { noticeId = '', incidentId = '' } = notice ?? {};
  home.append({ kind: 'attempting', noticeId, channel: 'sms:modem', attempt: 1 });
  expect(home.outbox.has(noticeId)).toBe(true);
  const going = { type: 'accept', commandId: 'accept-001', by, incidentId, expectedMinutes: 5 } as const;
  expect(home.ask({ ...going, contactId: 'bao', expectedVersion: 1 })).toMatchObject({ ok: true });
  expect(home.outbox.has(noticeId)).toBe(false);
});

const self = { role: 'self', name: 'her own telephone', channels: [{ type: 'log' }] };

type Entry = { table: string; key: string; value: unknown };
/** The fold of the alarm process over a small county; `from`: what a checkpoint kept. */
function county(from?: Entry[]) {
  const fold = createFold('test', [deviceSilent as unknown as AnyRule, curious as unknown as AnyRule]);
  const { state, judge, outbox } = fold;
  let sequence = 0;
  let count = 0;
  let now = startAt;
  const append = (record: JournalRecord, afterMs = 0) => {
    now = Math.max(now, startAt + afterMs);
    return judge.step({ sequence: ++sequence, receivedAt: now, body: encodeRecord(record) });
  };
  const ask = (command: Command) => append({ kind: 'command', command }).result?.result;
  if (from) {
    for (const change of JSON.parse(JSON.stringify(from)) as Entry[]) state.load(change);
    judge.rebuild();
  } else {
    const command = { commandId: 'import-part', by, importId: 'i' };
    ask({ type: 'registry-part', ...command, part: 0, changes: smallCounty });
    ask({ type: 'registry-commit', ...command, commandId: 'import-commit', parts: 1 });
  }
  return {
    ...{ state, append, ask },
    change: (change: ReturnType<typeof put>) =>
      ask({ type: 'registry-change', commandId: `change-${++count}-x`, by, change }),
    press(deviceId: string) {
      const payload = new TextEncoder().encode('{"v":1,"boot":1,"seq":1,"age":0,"call":"test"}');
      const report = { kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report: 'press' } as const;
      return append({ ...report, payload });
    },
    heard: <T extends RuleEvent['type']>(type: T) =>
      (state.table<{ state: Curious }>('rule:curious').get('all')?.state.heard ?? []).filter(
        (event): event is Extract<RuleEvent, { type: T }> => event.type === type,
      ),
    asking: () => outbox.notices().filter(({ purpose }) => purpose === 'prompt'),
    outbox,
  };
}
