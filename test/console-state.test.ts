import { expect, test } from 'vitest';
import type { HealthReport, IncidentCard, Snapshot, ToldShown } from '../api/answers.ts';
import {
  deskNow,
  fromSnapshot,
  nothingHeard,
  openIn,
  resolvedIn,
  sightOf,
  withBeat,
  withIncident,
} from '../console/live-state.ts';
import { blindKey, soundingKeys } from '../console/sounding.ts';
import { en } from '../console/texts/en.ts';
import { zhCN } from '../console/texts/zh-CN.ts';
import {
  clockText,
  clockWords,
  dayAndMinute,
  hourMinuteSecond,
  placeOf,
  speechOf,
  timelineWords,
  titleOf,
  toldWords,
} from '../console/words.ts';

const AT = Date.UTC(2026, 10, 22, 16, 30);
const well: HealthReport = {
  ...{ at: AT, overall: 'well', watching: 'well' },
  parts: {
    alarm: { state: 'well', seenAt: AT },
    journal: { state: 'well', seenAt: AT },
    desk: { state: 'well', seenAt: AT },
    projection: { state: 'well' },
    database: { state: 'well' },
  },
};
const local = (ms: number) => ({ monotonic: ms, wall: AT + ms });

function cardOf(words: Partial<IncidentCard> = {}): IncidentCard {
  return {
    ...{ incidentId: 'i:1', version: 1, code: 'K7QX', category: 'fire', severity: 'critical' },
    ...{ openedAt: AT, lastAlertAt: AT, revision: 1, moreAlerts: 0, told: [] },
    where: { areas: ['East Well', 'Baiyin'], place: 'house by the well' },
    alerts: [
      {
        ...{ alertId: 'a', condition: 'smoke', severity: 'critical', at: AT, occurredAt: AT, clock: 'trusted' },
        ...{ reason: {}, why: { en: 'Smoke alarm.', 'zh-CN': '烟雾报警。' } },
        ...{ place: 'house by the well', room: 'kitchen' },
      },
    ],
    state: { phase: 'open', since: AT },
    ladder: { phase: 'running', rung: 1 },
    ...words,
  };
}
const snapshotOf = (open: IncidentCard[], health = well): Snapshot => ({
  at: AT,
  open,
  moreOpen: 0,
  resolved: [],
  health,
});
const seeing = (cards = [cardOf()], health = well) => fromSnapshot(snapshotOf(cards, health), local(0));

test('a page that has heard nothing says neither that there is something nor that there is nothing', () => {
  expect(sightOf(nothingHeard, local(5_000))).toEqual({ type: 'connecting' });
  expect(deskNow(nothingHeard, local(0))).toBeUndefined();
});

test('two beats that did not come, and the page is blind, whatever the connection says', () => {
  const state = seeing();
  expect(sightOf(state, local(5_000))).toEqual({ type: 'live' });
  expect(sightOf({ ...state, connection: 'broken' }, local(5_000))).toEqual({ type: 'reconnecting' });
  expect(sightOf(state, local(12_000))).toEqual({ type: 'lost', ageMs: 12_000 });
  expect(sightOf(withBeat(state, { at: AT, health: well }, local(12_000)), local(13_000))).toEqual({ type: 'live' });
});

test('a machine that slept is blind when it wakes, though its monotonic clock stood still', () => {
  expect(sightOf(seeing(), { monotonic: 10, wall: AT + 3_600_000 })).toEqual({ type: 'lost', ageMs: 3_600_000 });
});

test('when the desk does not see the alarm process, nobody does, and since when is said', () => {
  const health: HealthReport = {
    ...well,
    watching: 'unknown',
    parts: { ...well.parts, alarm: { state: 'unknown', why: 'no-answer', seenAt: AT - 60_000 } },
  };
  expect(sightOf(seeing([], health), local(2_000))).toEqual({ type: 'unknown', ageMs: 62_000 });
});

test.each<[string, HealthReport['parts'], HealthReport['watching'], object]>([
  ['a full disk', { ...well.parts, journal: { state: 'failing', why: 'disk-full' } }, 'failing', { why: 'disk-full' }],
  [
    'a disk that hangs',
    { ...well.parts, journal: { state: 'failing', why: 'disk-hangs' } },
    'failing',
    { why: 'disk-hangs' },
  ],
  ['a desk behind', { ...well.parts, desk: { state: 'late', why: 'behind', lagMs: 9_000 } }, 'late', { ageMs: 9_000 }],
])('%s is not live', (_, parts, watching, expected) => {
  expect(sightOf(seeing([], { ...well, parts, watching }), local(0))).toMatchObject(expected);
});

test('an older word about an incident never replaces a newer one', () => {
  const newer = cardOf({ revision: 5, state: { phase: 'on-scene', since: AT, by: { type: 'account', id: 'li' } } });
  const state = withIncident(withIncident(seeing(), newer), cardOf({ revision: 4 }));
  expect(state.cards.get('i:1')?.state.phase).toBe('on-scene');
});

test('a page that stays open for weeks keeps the latest twenty that ended, and everything that is open', () => {
  let state = seeing();
  for (let count = 0; count < 100; count++) {
    const by = { type: 'account', id: 'li' } as const;
    const ended = { phase: 'resolved', since: AT + count, by, outcome: 'helped', contact: 'reached' } as const;
    state = withIncident(state, cardOf({ incidentId: `i:${count + 2}`, state: ended }));
  }
  expect(resolvedIn(state.cards).map(({ incidentId }) => incidentId)[0]).toBe('i:101');
  expect(resolvedIn(state.cards)).toHaveLength(20);
  expect(openIn(state.cards)).toHaveLength(1);
});

test('the queue begins with whom nobody has', () => {
  const claimed = {
    phase: 'claimed',
    since: AT,
    by: { type: 'account', id: 'li' },
    expiresAt: AT,
    acted: false,
  } as const;
  const state = seeing([
    cardOf({ incidentId: 'work', severity: 'service', openedAt: AT - 9 }),
    cardOf({ incidentId: 'taken', state: claimed, openedAt: AT - 5 }),
    cardOf({ incidentId: 'young' }),
    cardOf({ incidentId: 'old', openedAt: AT - 1 }),
  ]);
  expect(openIn(state.cards).map(({ incidentId }) => incidentId)).toEqual(['old', 'young', 'taken', 'work']);
});

const live = { type: 'live' } as const;
test('the desk sounds for a critical incident until it is silenced or taken, and news sound again', () => {
  const open = cardOf();
  const [key = ''] = soundingKeys([open], live, new Set());
  expect(key).not.toBe('');
  expect(soundingKeys([open], live, new Set([key]))).toEqual([]);
  const worse = { ...open, lastAlertAt: AT + 1_000 };
  expect(soundingKeys([worse], live, new Set([key]))).toHaveLength(1);
  const by = { type: 'account', id: 'li' } as const;
  const claimed = { phase: 'claimed', since: AT + 2_000, by, expiresAt: AT + 9_000, acted: false } as const;
  expect(soundingKeys([{ ...worse, state: claimed }], live, new Set())).toEqual([]);
  expect(soundingKeys([{ ...worse, state: claimed, lastAlertAt: AT + 3_000 }], live, new Set())).toHaveLength(1);
  const expired = { ...worse, state: { phase: 'open', since: AT + 9_000 } } as const;
  expect(soundingKeys([expired], live, new Set(soundingKeys([worse], live, new Set())))).toHaveLength(1);
});

test('whoever asks for help out there is heard at the desk, also when somebody has it in hand', () => {
  const by = { type: 'contact', id: 'bao' } as const;
  const going = cardOf({ state: { phase: 'responding', since: AT, by, expectedAt: AT + 9_000 } });
  expect(soundingKeys([going], live, new Set())).toEqual([]);
  const [key = ''] = soundingKeys([{ ...going, saidAt: AT + 1_000 }], live, new Set());
  expect(key).not.toBe('');
  expect(soundingKeys([{ ...going, saidAt: AT + 2_000 }], live, new Set([key]))).toHaveLength(1);
  const closing = { by: { type: 'account', id: 'li' }, askedAt: AT } as const;
  expect(soundingKeys([cardOf({ closing, saidAt: AT + 1_000 })], live, new Set())).toHaveLength(1);
});

test('work and urgent matters do not sound, nor what rests until a second person agrees', () => {
  const closing = { by: { type: 'account', id: 'li' }, askedAt: AT } as const;
  expect(
    soundingKeys(
      [cardOf({ severity: 'urgent' }), cardOf({ severity: 'service' }), cardOf({ closing })],
      live,
      new Set(),
    ),
  ).toEqual([]);
});

test('a blind page sounds too', () => {
  expect(soundingKeys([], { type: 'lost', ageMs: 20_000 }, new Set())).toEqual([blindKey]);
  expect(soundingKeys([], { type: 'late', why: 'behind', ageMs: 1 }, new Set())).toEqual([]);
});

const english = speechOf('en', 'Asia/Shanghai', 'li');
const chinese = speechOf('zh-CN', 'Asia/Shanghai', 'li');

test('clocks run in minutes and seconds, times are the county’s', () => {
  expect([clockText(0), clockText(67_900), clockText(3_725_000), clockText(-61_000)]).toEqual([
    ...['00:00', '01:07', '1:02:05', '+01:01'],
  ]);
  expect(hourMinuteSecond(AT, english)).toBe('00:30:00');
  expect(hourMinuteSecond(AT, chinese)).toBe('00:30:00');
});

test('an incident is named by what happened and where, each unit once', () => {
  const [alert] = cardOf().alerts;
  if (!alert) throw new Error('no alert');
  const { room: _room, ...elsewhere } = { ...alert, place: 'house at the end' };
  const card = cardOf({
    alerts: [alert, { ...alert, alertId: 'b', condition: 'heat' }, { ...alert, room: 'hall' }, elsewhere],
  });
  expect(titleOf(card, english)).toBe('Smoke alarm + Heat alarm');
  expect(titleOf(card, chinese)).toBe('烟雾报警 + 高温报警');
  expect(placeOf(card, english)).toBe('house by the well, kitchen, hall; house at the end');
  const { place: _, room: __, ...nowhere } = alert;
  const unregistered: IncidentCard['where'] = { areas: [], deviceId: 'imei-1', unregistered: true };
  expect(placeOf(cardOf({ alerts: [nowhere], where: unregistered }), english)).toBe('unregistered device imei-1');
});

test('what happened is said in words, and whoever did it is named', () => {
  const contacts = { near: { name: 'Bat', role: 'neighbour' }, team: { role: 'township' } } as const;
  const say = (entry: Parameters<typeof timelineWords>[0]) => timelineWords(entry, contacts, english);
  const by = { type: 'account', id: 'li', name: 'Li Na' } as const;
  expect(say({ at: AT, what: 'claimed', details: {}, by })).toBe('Claimed (by you)');
  expect(say({ at: AT, what: 'rung', details: { rung: 1, told: ['near', 'team'] } })).toBe(
    'Level 1: told Bat, township',
  );
  expect(say({ at: AT, what: 'rung', details: { rung: 5, told: [] } })).toBe('Level 5: the desk sounds');
  expect(say({ at: AT, what: 'accepted', details: { contactId: 'near', expectedAt: AT } })).toBe(
    'Bat is going, expected 00:30',
  );
  expect(say({ at: AT, what: 'undelivered', details: { everyone: true, told: [] } })).toBe(
    'Nobody who was told could be reached',
  );
  expect(say({ at: AT, what: 'alert', details: { note: 'hushed' } })).toBe('Silenced by hand on the device');
  expect(say({ at: AT, what: 'opened', details: { condition: 'smoke' } })).toBe('Opened: Smoke alarm');
});

test('both languages say every word, with the same gaps to fill', () => {
  const shape = (value: unknown, path = ''): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => shape(inner, `${path}.${key}`))
      : [`${path} ${typeof value === 'function' ? value.length : typeof value}`];
  expect(shape(zhCN)).toEqual(shape(en));
  expect(shape(zhCN).length).toBeGreaterThan(100);
});

test('what has waited for days says on which day it began, and counts no seconds', () => {
  const [english, chinese] = [speechOf('en', 'Asia/Shanghai', 'li'), speechOf('zh-CN', 'Asia/Shanghai', 'li')];
  const dayMs = 24 * 3_600_000;
  expect(dayAndMinute(AT, AT + 3_600_000, english)).toBe('00:30');
  expect(dayAndMinute(AT - dayMs, AT, english)).toBe('Nov 22 00:30');
  expect(dayAndMinute(AT - dayMs, AT, chinese)).toBe('11月22日 00:30');
  expect(clockWords(47 * 3_600_000, english)).toBe('47:00:00');
  expect([clockWords(5 * dayMs, english), clockWords(5 * dayMs, chinese)]).toEqual(['5 d', '5天']);
});

test('how somebody was told is said in the words of whoever reads', () => {
  const attempt = { at: AT, channel: 'webhook', attempt: 2 };
  const told: ToldShown = { contactId: 'near', at: AT, reached: 'unknown', attempt };
  expect(toldWords(told, speechOf('en', 'UTC', 'li'))).toBe('trying: web message, attempt 2');
  expect(toldWords(told, speechOf('zh-CN', 'UTC', 'li'))).toBe('正在发送：网络推送，第2次');
});

test('a work order of a village names the house of many with each of its rooms', () => {
  const alerts = cardOf().alerts.flatMap(({ room: _, ...alert }) => [
    { ...alert, place: 'room 1', site: 'Evening House' },
    { ...alert, place: 'house by the well' },
  ]);
  const card = cardOf({ where: { areas: ['West Well'] }, alerts });
  expect(placeOf(card, speechOf('en', 'UTC', 'li'))).toBe('Evening House room 1; house by the well');
});
