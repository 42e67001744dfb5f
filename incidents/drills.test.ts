import { expect, test } from 'vitest';
import { localTimeIn } from '../platform/local-time.ts';
import type { AlertChange } from '../records/alert.ts';
import { FoldState } from '../records/fold-state.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import type { OutcomeResult } from '../records/notice.ts';
import { adoptProviders } from '../records/providers.ts';
import { put } from '../records/registry.test-support.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { createDrills } from './drills.ts';

const MINUTE_MS = 60_000;
/** Three in the morning in the county; the drill is ten minutes later. */
const startAt = Date.parse('2026-11-22T19:00:00Z');
const drillAt = startAt + 10 * MINUTE_MS;
const by = { type: 'system', id: 'drill' } as const;

/** A drill of a household whose contact is reached by these channels. */
function night(
  channels: { type: string; address?: string }[] = [
    { type: 'log' },
    { type: 'sms' },
    { type: 'email', address: 'drill@example.org' },
  ],
) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const contact = { id: 'drill-phone', of: { type: 'household', id: 'drill' }, role: 'family', name: 'x', order: 1 };
  registry.apply([
    put('area', { id: 'east', level: 'village', name: 'East' }),
    put('place', { id: 'drill-home', areaId: 'east', kind: 'house', name: 'Drill' }),
    put('household', { id: 'drill', areaId: 'east', currentPlaceId: 'drill-home' }),
    put('device', { id: 'button', kind: 'call-button', placeId: 'drill-home', simulated: true }),
    ...(channels.length > 0 ? [put('contact', { ...contact, channels })] : []),
  ]);
  adoptProviders(state, [
    { id: 'modem', type: 'modem', medium: 'sms', windows: [] },
    { id: 'post', type: 'smtp', medium: 'email', windows: [] },
  ]);
  const drills = createDrills({ state, registry, localTime: localTimeIn('Asia/Shanghai'), hasCode: () => false });
  drills.plan(
    { type: 'drill-plan', commandId: 'plan-1234', by, plan: { deviceId: 'button', minuteOfDay: 190 } },
    startAt,
  );
  const pressed = (deviceId: string): AlertChange => {
    const where = { deviceId };
    const times = { at: drillAt, occurredAt: drillAt };
    const words = {
      noteId: 'n',
      rule: 'call',
      what: 'call-test',
      subject: { type: 'place', id: 'drill-home' },
    } as const;
    return { type: 'note', note: { ...words, ...times, where, reason: {} } };
  };
  const notices = () => {
    drills.fire(drillAt, drillAt);
    return drills.hear([pressed('button')], drillAt);
  };
  const came = (channel: string, result: OutcomeResult, at: number, more: Partial<OutcomeRecord> = {}) =>
    drills.outcome({ ...{ kind: 'outcome', noticeId: idOf(channel), channel, attempt: 1, result }, ...more }, at);
  return { drills, notices, pressed, came };
}
const idOf = (channel: string) => `drill:${channel}/v1/0/contact:drill-phone`;
const dueAt = drillAt + 15 * MINUTE_MS;

test('a drill is due at its minute of the county, and again the next night', () => {
  const { drills } = night();
  expect(drills.nextDeadline()).toBe(drillAt);
  drills.fire(drillAt, drillAt);
  expect(drills.waitsFor()).toEqual({ deviceId: 'button', since: drillAt });
  expect(drills.report()?.nextAt).toBe(drillAt + 24 * 60 * MINUTE_MS);
});

test('one message goes by each way alone, and only when that very button was tried', () => {
  const { drills, notices, pressed } = night();
  expect(drills.hear([pressed('button')], startAt)).toEqual([]);
  drills.fire(drillAt, drillAt);
  expect(drills.hear([pressed('another')], drillAt)).toEqual([]);
  const sent = notices();
  expect(sent.map(({ noticeId, via, purpose }) => [noticeId, via, purpose])).toEqual([
    [idOf('log'), 'log', 'drill'],
    [idOf('sms:modem'), 'sms:modem', 'drill'],
    [idOf('email:post'), 'email:post', 'drill'],
  ]);
  expect(drills.hear([pressed('button')], drillAt)).toEqual([]);
});

test('an SMS that was taken is not proved before its receipt; of an e-mail more is never known', () => {
  const { drills, notices, came } = night();
  notices();
  came('log', 'delivered', drillAt);
  came('email:post', 'accepted', drillAt, { messageId: 'm1' });
  came('sms:modem', 'accepted', drillAt, { messageId: 'm2' });
  expect(drills.report()?.channels).toEqual([
    { channel: 'log', lastProvenAt: drillAt },
    { channel: 'sms:modem' },
    { channel: 'email:post', lastProvenAt: drillAt },
  ]);
  came('sms:modem', 'delivered', drillAt + 5_000, { messageId: 'm2', receipt: true });
  expect(drills.report()?.latest).toEqual({ phase: 'proved', beganAt: drillAt });
  expect(drills.fire(dueAt, dueAt).alerts).toEqual([]);
});

test('what has not arrived in time is an urgent alert that names it, and ends when it arrives after all', () => {
  const { drills, notices, came } = night();
  notices();
  came('log', 'delivered', drillAt);
  came('email:post', 'failed', drillAt);
  came('sms:modem', 'delivered', drillAt);
  const [raised] = drills.fire(dueAt, dueAt).alerts;
  expect(raised).toMatchObject({
    type: 'raise',
    alert: { severity: 'urgent', reason: { what: 'not-arrived', channels: ['email:post'] } },
  });
  expect(drills.fire(dueAt + 1, dueAt + 1).alerts).toEqual([]);
  expect(came('email:post', 'delivered', dueAt + MINUTE_MS)).toMatchObject([{ type: 'clear' }]);
});

test('when nothing arrives at all, or nobody is there to write to, it is critical', () => {
  const silent = night();
  silent.notices();
  expect(silent.drills.fire(dueAt, dueAt).alerts).toMatchObject([{ alert: { severity: 'critical' } }]);
  const empty = night([]);
  expect(empty.notices()).toEqual([]);
  expect(empty.drills.fire(dueAt, dueAt).alerts).toMatchObject([{ alert: { reason: { what: 'no-address' } } }]);
});

test('time in which nobody could be heard is no failure of the drill', () => {
  const { drills, notices } = night();
  notices();
  drills.rebase(60 * MINUTE_MS);
  expect(drills.fire(dueAt, dueAt).alerts).toEqual([]);
  expect(drills.nextDeadline()).toBe(dueAt + 60 * MINUTE_MS);
});

test('what failed last night is told anew when it fails again, as one alert at a time', () => {
  const { drills } = night();
  drills.fire(drillAt, drillAt);
  const first = drills.fire(dueAt, dueAt).alerts;
  const nextNight = drillAt + 24 * 60 * MINUTE_MS;
  drills.fire(nextNight, nextNight);
  const second = drills.fire(nextNight + 15 * MINUTE_MS, nextNight + 15 * MINUTE_MS).alerts;
  expect([...first, ...second].map(({ type }) => type)).toEqual(['raise', 'clear', 'raise']);
});
