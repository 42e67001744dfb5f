import fc from 'fast-check';
import { expect, test } from 'vitest';
import { localTimeIn } from '../platform/local-time.ts';
import type { Incident } from '../records/incident.ts';
import { contactOf, type Desk, everybody, HOUR_MS, li, MINUTE_MS, village } from './village.test-support.ts';

const DAY_MS = 24 * HOUR_MS;
/** Sunday, 15 November 2026, 23:00 in the county. */
const SUNDAY_EVENING_AT = Date.UTC(2026, 10, 15, 15);

const raised = (desk: Desk, condition: Parameters<Desk['alertOf']>[0], deviceId: string, words = {}) => {
  const alert = desk.alertOf(condition, deviceId, words);
  desk.change({ type: 'raise', alert });
  return alert;
};
const cleared = (desk: Desk, alertId: string) => desk.change({ type: 'clear', alertId, at: desk.now, reason: {} });
const work = (desk: Desk): Incident[] => desk.open().filter(({ severity }) => severity === 'service');

function outage(desk: Desk, areaId: string, alertId = 'out') {
  const words = { alertId, severity: 'urgent', subject: { type: 'area', id: areaId }, where: { areaId } } as const;
  return raised(desk, 'village-outage', 'none', { ...words, reason: { round: ['couple', 'herder'] } });
}

test('work of one week is one incident, and that of the next week another', () => {
  const desk = village({ at: SUNDAY_EVENING_AT });
  const first = desk.alert('battery-low', 'smoke-house');
  expect(desk.alert('tamper', 'smoke-yurt').incidentId).toBe(first.incidentId);
  desk.advance(HOUR_MS - 1);
  expect(desk.alert('device-fault', 'watch-him').incidentId).toBe(first.incidentId);
  desk.advance(1);
  const second = desk.alert('signal-weak', 'watch-her');
  expect(second.incidentId).not.toBe(first.incidentId);
  expect(first.week?.endsAt).toBe(desk.now);
  expect(localTimeIn('Asia/Shanghai')(desk.now)).toMatchObject({
    weekday: 1,
    minuteOfDay: 0,
    day: second.week?.monday,
  });
  desk.advance(6 * DAY_MS);
  expect(desk.alert('clock-wrong', 'watch-him').incidentId).toBe(second.incidentId);
});

test('two villages have two work orders', () => {
  const desk = village();
  expect(desk.alert('battery-low', 'smoke-1').incidentId).not.toBe(desk.alert('battery-low', 'smoke-house').incidentId);
});

test('a device that comes and goes all week is one work order, which opens and ends by itself', () => {
  const desk = village({ at: SUNDAY_EVENING_AT + HOUR_MS });
  const first = desk.alert('battery-low', 'smoke-house');
  cleared(desk, first.alerts[0]?.alertId ?? '');
  for (let day = 0; day < 5; day++) {
    desk.advance(DAY_MS);
    expect(desk.see(first).state.phase).toBe('resolved');
    const again = raised(desk, 'battery-low', 'smoke-house');
    expect(desk.ofAlert(again.alertId).incidentId).toBe(first.incidentId);
    cleared(desk, again.alertId);
  }
  expect(desk.lines(first).filter((line) => line === 'reopened')).toHaveLength(5);
  desk.advance(2 * DAY_MS);
  expect(desk.incidents.get(first.incidentId)).toBeUndefined();
  expect(desk.alert('battery-low', 'smoke-house').incidentId).not.toBe(first.incidentId);
});

test('what somebody has finished is not opened again: more of that week is another work order', () => {
  const desk = village();
  const first = desk.alert('battery-low', 'smoke-house');
  desk.command(first, { type: 'resolve', by: li, outcome: 'equipment', contact: 'not-applicable' });
  expect(desk.alert('tamper', 'smoke-yurt').incidentId).not.toBe(first.incidentId);
  expect(work(desk)).toHaveLength(1);
});

test('a work order keeps what stands, and of what is done the newest five', () => {
  const desk = village();
  const first = desk.alert('tamper', 'smoke-yurt');
  for (let count = 0; count < 30; count++) cleared(desk, raised(desk, 'battery-low', 'smoke-house').alertId);
  expect(desk.see(first).alerts).toHaveLength(6);
  expect(desk.see(first).alerts[0]?.condition).toBe('tamper');
});

test('a week of heat is one short list: of the readings that are over it keeps the newest five', () => {
  const desk = village();
  const first = raised(desk, 'hot', 'smoke-yurt', { severity: 'service' });
  const list = desk.ofAlert(first.alertId);
  expect(list).toMatchObject({ category: 'reading', subject: { type: 'area', id: 'east' } });
  for (let count = 0; count < 30; count++)
    cleared(desk, raised(desk, 'hot', 'smoke-house', { severity: 'service' }).alertId);
  expect(desk.see(list).alerts).toHaveLength(6);
});

test('a work order that once had more than it can list ends by itself when nothing of it is left', () => {
  const desk = village();
  const first = desk.alert('battery-low', 'smoke-house');
  const more = Array.from({ length: 209 }, () => raised(desk, 'battery-low', 'smoke-yurt').alertId);
  expect(desk.see(first)).toMatchObject({ moreAlerts: 10 });
  raised(desk, 'battery-low', 'smoke-yurt', { alertId: more.at(-1) });
  expect(desk.see(first)).toMatchObject({ moreAlerts: 10 });
  for (const alertId of more.toReversed()) cleared(desk, alertId);
  expect(desk.see(first)).toMatchObject({ state: { phase: 'open' } });
  expect(desk.see(first).moreAlerts).toBeUndefined();
  cleared(desk, first.alerts[0]?.alertId ?? '');
  expect(desk.see(first).state.phase).toBe('resolved');
});

test('silence becomes work on the hour after a quarter, all of a village together', () => {
  const desk = village({ at: SUNDAY_EVENING_AT });
  raised(desk, 'device-silent', 'smoke-house');
  desk.advance(40 * MINUTE_MS);
  raised(desk, 'device-silent', 'smoke-yurt');
  desk.advance(6 * MINUTE_MS);
  raised(desk, 'device-silent', 'watch-him');
  desk.advance(14 * MINUTE_MS - 1);
  expect(desk.open()).toEqual([]);
  desk.advance(1);
  expect(work(desk).map(({ alerts }) => alerts.length)).toEqual([2]);
  desk.advance(HOUR_MS);
  expect(work(desk).map(({ alerts }) => alerts.length)).toEqual([3]);
});

test('when very much becomes work at once, five hundred do, and the rest a minute later', () => {
  const desk = village({ at: SUNDAY_EVENING_AT });
  for (let count = 0; count < 700; count++) raised(desk, 'device-silent', count % 2 === 0 ? 'smoke-house' : 'smoke-1');
  const kept = () => work(desk).reduce((sum, { alerts, moreAlerts = 0 }) => sum + alerts.length + moreAlerts, 0);
  desk.advance(HOUR_MS);
  expect(kept()).toBe(500);
  desk.advance(MINUTE_MS);
  expect(kept()).toBe(700);
});

test('a device that speaks again within the quarter of an hour is nobody’s work', () => {
  const desk = village();
  const { alertId } = raised(desk, 'device-silent', 'smoke-house');
  desk.advance(10 * MINUTE_MS);
  expect(desk.incidents.knows(alertId)).toBe(true);
  cleared(desk, alertId);
  expect(desk.incidents.knows(alertId)).toBe(false);
  desk.advance(DAY_MS);
  expect(desk.timeline).toEqual([]);
});

test('what is silent in an outage is part of it, and work when the outage is over', () => {
  const desk = village({ at: SUNDAY_EVENING_AT });
  raised(desk, 'device-silent', 'smoke-house');
  const back = raised(desk, 'device-silent', 'smoke-yurt');
  const elsewhere = raised(desk, 'device-silent', 'smoke-1');
  outage(desk, 'east');
  desk.advance(5 * HOUR_MS);
  expect(work(desk).map(({ alerts }) => alerts.map(({ alertId }) => alertId))).toEqual([[elsewhere.alertId]]);
  cleared(desk, back.alertId);
  cleared(desk, 'out');
  desk.advance(2 * HOUR_MS);
  expect(work(desk).map(({ subject, alerts }) => `${subject.id} ${alerts.length}`)).toEqual(['west 1', 'east 1']);
});

test('an outage of the township, and our own lost uplink, hold the silences of every village', () => {
  for (const cause of ['town', 'uplink']) {
    const desk = village();
    raised(desk, 'device-silent', 'smoke-house');
    if (cause === 'town') outage(desk, 'town');
    else raised(desk, 'uplink-lost', 'none', { subject: { type: 'system', id: 'uplink-lost' }, where: {} });
    const blind = raised(desk, 'blind', 'smoke-1', { severity: 'critical', reason: { why: 'silent' } });
    desk.advance(3 * HOUR_MS);
    expect(desk.open()).toHaveLength(1);
    expect(desk.incidents.knows(blind.alertId)).toBe(true);
  }
});

test('that nobody watches over somebody any more is told a quarter of an hour later, unless the village is out by then', () => {
  for (const isOut of [false, true]) {
    const desk = village();
    raised(desk, 'blind', 'smoke-house', { severity: 'critical', reason: { why: 'silent' } });
    if (isOut) outage(desk, 'east');
    desk.advance(16 * MINUTE_MS);
    expect(desk.open().map(({ alerts }) => alerts[0]?.condition)).toEqual([isOut ? 'village-outage' : 'blind']);
  }
  const desk = village();
  raised(desk, 'blind', 'smoke-house', { severity: 'critical', reason: { why: 'fault' } });
  expect(desk.open()).toHaveLength(1);
});

test('who is left without a watch when the outage is over is told of half an hour later, and not while devices come back', () => {
  const desk = village({ at: SUNDAY_EVENING_AT });
  outage(desk, 'east');
  const stays = raised(desk, 'blind', 'smoke-house', { severity: 'critical', reason: { why: 'silent' } });
  const back = raised(desk, 'blind', 'smoke-yurt', { severity: 'critical', reason: { why: 'silent' } });
  desk.advance(3 * HOUR_MS + MINUTE_MS);
  cleared(desk, 'out');
  desk.advance(14 * MINUTE_MS);
  expect(desk.open()).toEqual([]);
  cleared(desk, back.alertId);
  desk.advance(16 * MINUTE_MS);
  expect(desk.open().map(({ alerts }) => alerts.map(({ alertId }) => alertId))).toEqual([[stays.alertId]]);
});

test('an outage that is over holds no silence, though somebody has it in hand still', () => {
  for (const type of ['village-outage', 'uplink-lost'] as const) {
    const desk = village({ at: SUNDAY_EVENING_AT });
    const subject = { type: 'system', id: 'uplink-lost' } as const;
    const words = type === 'uplink-lost' ? { alertId: 'out', subject, where: {} } : {};
    const { alertId } = type === 'uplink-lost' ? raised(desk, type, 'none', words) : outage(desk, 'east');
    desk.command(desk.ofAlert(alertId), { type: 'claim', by: li });
    desk.command(desk.ofAlert(alertId), { type: 'act', by: li });
    cleared(desk, alertId);
    expect(desk.open()).toHaveLength(1);
    raised(desk, 'device-silent', 'smoke-house');
    raised(desk, 'blind', 'smoke-house', { severity: 'critical', reason: { why: 'silent' } });
    desk.advance(2 * HOUR_MS);
    expect(desk.open().map(({ alerts }) => alerts[0]?.condition)).toEqual(
      expect.arrayContaining(['blind', 'device-silent']),
    );
  }
});

test('what waited when the system stood still for hours, or was put back, waits anew: it may be speaking by now', () => {
  for (const restored of [undefined, { takenAt: SUNDAY_EVENING_AT }]) {
    const desk = village({ at: SUNDAY_EVENING_AT });
    const gone = raised(desk, 'blind', 'smoke-house', { severity: 'critical', reason: { why: 'silent' } });
    const back = raised(desk, 'blind', 'smoke-yurt', { severity: 'critical', reason: { why: 'silent' } });
    raised(desk, 'device-silent', 'smoke-house');
    desk.sleep(5 * HOUR_MS, restored);
    expect(desk.open()).toEqual([]);
    cleared(desk, back.alertId);
    desk.advance(16 * MINUTE_MS);
    expect(desk.open().map(({ alerts }) => alerts.map(({ alertId }) => alertId))).toEqual([[gone.alertId]]);
    desk.advance(HOUR_MS);
    expect(work(desk)).toHaveLength(1);
  }
});

test('a silence that cannot be told holds up no other, is reported, and comes again later', () => {
  const desk = village({ at: SUNDAY_EVENING_AT });
  const broken = raised(desk, 'device-silent', 'smoke-house', {
    where: {
      areaId: 'east',
      get placeId(): string {
        throw new Error('no such place');
      },
    },
  });
  const sound = raised(desk, 'device-silent', 'smoke-1');
  desk.advance(HOUR_MS - 1);
  const answer = desk.incidents.fire(desk.now + 1);
  expect(answer.failures).toMatchObject([{ rule: 'incidents', subject: broken.alertId, lifeSafety: false }]);
  expect(desk.ofAlert(sound.alertId).alerts).toHaveLength(1);
  expect(desk.incidents.knows(broken.alertId)).toBe(true);
  expect(desk.incidents.nextDeadline()).toBeGreaterThan(desk.now + 1);
});

test('an outage holds no fire', () => {
  const desk = village();
  outage(desk, 'east');
  desk.told();
  expect(desk.alert('smoke', 'smoke-house').category).toBe('fire');
  expect(desk.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
});

test('an outage tells the station the homes in their order, then the township and the county; and that it is over', () => {
  const desk = village({ contacts: [...everybody, contactOf('west-station', 'area', 'west', 'station')] });
  outage(desk, 'east');
  expect(desk.told()).toEqual(['alarm desk!', 'alarm station']);
  expect(desk.notices[1]?.text.placeIds).toEqual(['yurt', 'house']);
  desk.advance(5 * MINUTE_MS);
  expect(desk.told()).toEqual(['escalation team', 'escalation lead']);
  desk.advance(DAY_MS);
  expect(desk.told()).toEqual([]);
  cleared(desk, 'out');
  expect(desk.told()).toEqual(['stand-down station', 'stand-down team', 'stand-down lead']);
  expect(desk.open()).toEqual([]);
});

test('what waits outlives a restart, and what history put elsewhere waits no longer', () => {
  const desk = village();
  const { alertId } = raised(desk, 'device-silent', 'smoke-house');
  const other = village();
  const elsewhere = other.alert('battery-low', 'smoke-house', { alertId });
  desk.incidents.rebuild();
  expect(desk.incidents.nextDeadline()).toBeDefined();
  desk.incidents.applyDecided([{ incident: elsewhere, timeline: [] }]);
  expect(desk.incidents.nextDeadline()).toBeUndefined();
});

test('in whatever order, and however often, a quarter of an hour’s words arrive, the same work is left', () => {
  const devices = ['smoke-house', 'smoke-yurt', 'smoke-1', 'watch-him', 'watch-her'] as const;
  const conditions = ['device-silent', 'battery-low', 'tamper'] as const;
  const told = fc.uniqueArray(
    fc.record({ device: fc.constantFrom(...devices), condition: fc.constantFrom(...conditions), isOver: fc.boolean() }),
    { selector: ({ device, condition }) => `${device} ${condition}` },
  );
  const left = (words: { device: string; condition: (typeof conditions)[number]; isOver: boolean }[]) => {
    const desk = village({ at: SUNDAY_EVENING_AT });
    for (const { device, condition, isOver } of words) {
      const alertId = `${condition}:${device}`;
      const alert = desk.alertOf(condition, device, { alertId });
      // The judge passes on what is no repeat.
      if (!desk.incidents.knows(alertId)) desk.change({ type: 'raise', alert });
      if (isOver) cleared(desk, alertId);
    }
    desk.advance(2 * HOUR_MS);
    return work(desk)
      .map(({ subject, alerts }) => {
        const standing = alerts.filter(({ clearedAt }) => clearedAt === undefined).map(({ alertId }) => alertId);
        return `${subject.id}: ${standing.sort().join(' ')}`;
      })
      .sort();
  };
  fc.assert(
    fc.property(told, fc.infiniteStream(fc.nat()), (words, keys) => {
      const random = [...keys.take(words.length * 2)];
      const repeated = [...words, ...words.filter(({ isOver }) => !isOver)];
      const shuffled = repeated
        .map((one, index) => ({ one, key: random[index] ?? 0 }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ one }) => one);
      expect(left(shuffled)).toEqual(left(words));
    }),
    { seed: 9, numRuns: 100 },
  );
});
