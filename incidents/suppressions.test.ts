import { describe, expect, test } from 'vitest';
import { type Suppress, command as schema } from '../records/command.ts';
import { FoldState } from '../records/fold-state.ts';
import { HOUR_MS, li, MINUTE_MS, reloaded, village } from './village.test-support.ts';

const DAY_MS = 24 * HOUR_MS;

function office() {
  const desk = village();
  let count = 0;
  return {
    desk,
    suppress(words: Partial<Suppress> = {}) {
      count += 1;
      const command: Suppress = {
        ...{ type: 'suppress', commandId: `suppress-${count}`, by: li, owner: 'li', reason: 'they are painting' },
        ...{ scope: { type: 'household', id: 'herder' }, conditions: ['inactivity', 'wandering', 'battery-low'] },
        ...{ until: desk.now + HOUR_MS, ...words },
      };
      return desk.step({ type: 'suppression', at: desk.now, command }).result;
    },
    end(ends: string) {
      const command = { type: 'unsuppress', commandId: `end-${ends}`, by: li, ends, reason: 'they are done' } as const;
      return desk.step({ type: 'suppression', at: desk.now, command }).result;
    },
  };
}

describe('a suppression', () => {
  test('keeps what it names there from people until it ends, and what still stands is work then', () => {
    const { desk, suppress } = office();
    suppress();
    desk.change({ type: 'raise', alert: desk.alertOf('inactivity', 'watch-bat', { alertId: 'quiet' }) });
    desk.change({ type: 'raise', alert: desk.alertOf('wandering', 'watch-bat', { alertId: 'away' }) });
    expect(desk.open()).toEqual([]);
    expect(desk.incidents.knows('quiet')).toBe(true);
    desk.change({ type: 'clear', alertId: 'away', at: desk.now, reason: {} });
    desk.advance(HOUR_MS - 1);
    expect(desk.told()).toEqual([]);
    desk.advance(1);
    expect(desk.open().map(({ alerts }) => alerts.map(({ alertId }) => alertId))).toEqual([['quiet']]);
    expect(desk.told()).toContain('alarm near');
  });

  test('is of its home and of what it names alone', () => {
    const { desk, suppress } = office();
    suppress();
    desk.alert('inactivity', 'watch-him');
    desk.alert('smoke', 'smoke-house');
    desk.alert('call-emergency', 'button-house');
    expect(desk.open()).toHaveLength(3);
  });

  test('of somebody in hospital leaves alone what may be about whoever lives there, too', () => {
    const { desk, suppress } = office();
    suppress({ scope: { type: 'person', id: 'him' }, conditions: ['inactivity', 'fall'] });
    desk.change({ type: 'raise', alert: desk.alertOf('inactivity', 'watch-him') });
    desk.change({ type: 'raise', alert: desk.alertOf('fall', 'watch-him') });
    expect(desk.open()).toEqual([]);
    desk.alert('inactivity', 'button-yurt');
    desk.alert('fall', 'watch-her');
    expect(desk.open()).toHaveLength(2);
  });

  test('goes on after a restart, and can be ended before its time', () => {
    const { desk, suppress } = office();
    suppress();
    desk.change({ type: 'raise', alert: desk.alertOf('inactivity', 'watch-bat') });
    const again = village({ state: reloaded(desk.state), at: desk.now + MINUTE_MS });
    expect(again.incidents.nextDeadline()).toBe(desk.now + HOUR_MS);
    const command = { type: 'unsuppress', commandId: 'end-early', by: li, ends: 'suppress-1', reason: 'done' } as const;
    again.step({ type: 'suppression', at: again.now, command });
    expect(again.open()).toHaveLength(1);
  });

  test('that another one follows leaves quiet what that one names', () => {
    const { desk, suppress, end } = office();
    suppress();
    suppress({ until: desk.now + 2 * HOUR_MS });
    desk.change({ type: 'raise', alert: desk.alertOf('inactivity', 'watch-bat') });
    desk.advance(HOUR_MS);
    expect(desk.open()).toEqual([]);
    expect(end('suppress-2')).toEqual({ ok: true });
    expect(desk.open()).toHaveLength(1);
    expect(end('suppress-2')).toMatchObject({ ok: false, problem: 'not-found' });
  });

  test('releases what it held in the same order after a restart, however its rows stand by then', () => {
    const { desk, suppress } = office();
    suppress({ scope: { type: 'area', id: 'east' }, conditions: ['wandering'] });
    const raise = (alertId: string) =>
      desk.change({ type: 'raise', alert: desk.alertOf('wandering', 'watch-bat', { alertId }) });
    for (const alertId of ['b', 'a', 'c']) raise(alertId);
    const entries = [...desk.state.entries()].reverse();
    const turned = new FoldState();
    for (const entry of entries) turned.load(JSON.parse(JSON.stringify(entry)));
    const again = village({ state: turned, at: desk.now });
    const opened = [desk, again].map((one) => {
      one.advance(HOUR_MS);
      return one.open().map(({ incidentId, alerts }) => [incidentId, ...alerts.map(({ alertId }) => alertId)]);
    });
    expect(opened[0]).toEqual([['i:a', 'a', 'b', 'c']]);
    expect(opened[1]).toEqual(opened[0]);
  });

  test('of devices for weeks holds for a day what leaves somebody blind to fire, also when it comes to that meanwhile', () => {
    const { desk, suppress } = office();
    suppress({ conditions: ['device-silent', 'blind'], until: desk.now + 30 * DAY_MS });
    const silent = desk.alertOf('device-silent', 'smoke-house', { alertId: 'silent', severity: 'service' });
    desk.change({ type: 'raise', alert: silent });
    desk.change({ type: 'raise', alert: desk.alertOf('blind', 'smoke-house', { alertId: 'blind' }) });
    desk.advance(DAY_MS - 1);
    expect(desk.open()).toEqual([]);
    desk.advance(1);
    expect(desk.open().map(({ alerts }) => alerts.map(({ alertId }) => alertId))).toEqual([['blind']]);
    const reason = { why: 'nobody watches' };
    desk.change({ type: 'strengthen', alertId: 'silent', severity: 'critical', at: desk.now, reason });
    desk.advance(1);
    expect(desk.open()).toHaveLength(2);
    desk.alert('blind', 'smoke-yurt');
  });

  test('without an end, of fire, gas or a call for help, or for too long, is refused', () => {
    const { desk, suppress } = office();
    const asked = {
      ...{ type: 'suppress', commandId: 'suppress-x', by: li, owner: 'li', reason: 'noise' },
      ...{ scope: { type: 'household', id: 'herder' }, conditions: ['inactivity'], until: desk.now + HOUR_MS },
    };
    const { until: _, ...endless } = asked;
    expect(schema.safeParse(asked).success).toBe(true);
    expect(schema.safeParse(endless).success).toBe(false);
    for (const condition of ['smoke', 'heat', 'co', 'gas', 'call-emergency', 'unreadable', 'ladder-empty'])
      expect(schema.safeParse({ ...asked, conditions: [condition] }).success).toBe(false);
    expect(suppress({ until: desk.now })).toMatchObject({ ok: false, problem: 'invalid' });
    expect(suppress({ until: desk.now + 2 * DAY_MS })).toMatchObject({ ok: false, problem: 'invalid' });
    expect(suppress({ conditions: ['battery-low'], until: desk.now + 20 * DAY_MS })).toEqual({ ok: true });
    expect(suppress({ conditions: ['battery-low'], until: desk.now + 31 * DAY_MS })).toMatchObject({ ok: false });
  });
});
