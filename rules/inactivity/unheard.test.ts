import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../watch.test-support.ts';
import { DAY_MS, quietHome } from './quiet-home.test-support.ts';

test('heartbeats that are lost when the limit is over postpone the question by the time that nobody could be heard, and no more', () => {
  const whole = quietHome();
  whole.live(14);
  whole.quiet(8 * HOUR_MS);
  const askedAt = whole.prompts()[0]?.at ?? 0;
  const home = quietHome();
  home.live(14);
  home.quiet(askedAt - home.now - 80 * MINUTE_MS);
  home.advance(90 * MINUTE_MS);
  expect(home.prompts()).toEqual([]);
  expect(home.phase()).toBe('unknown');
  home.quiet(HOUR_MS);
  // Ten minutes more than the interval and its grace were unheard before the limit was over, and ten after it.
  const postponedMs = (home.prompts()[0]?.at ?? Number.POSITIVE_INFINITY) - askedAt;
  expect(postponedMs).toBeGreaterThan(10 * MINUTE_MS);
  expect(postponedMs).toBeLessThan(40 * MINUTE_MS);
});

test('a home of which only every second heartbeat comes is asked all the same', () => {
  for (let everyMinutes = 90; everyMinutes <= 180; everyMinutes += 10) {
    const home = quietHome();
    home.live(14);
    for (let spent = 0; spent < 12 * 60; spent += everyMinutes) {
      home.quiet(MINUTE_MS);
      home.advance((everyMinutes - 1) * MINUTE_MS);
    }
    expect(home.silences()).toHaveLength(1);
  }
});

test('an outage of a village counts for nothing, and what was heard of a silence before it counts', () => {
  const home = quietHome({ intervalMinutes: 60, neighbours: 20 });
  home.live(14);
  home.quiet(2 * HOUR_MS);
  home.advance(8 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  home.quiet(30 * MINUTE_MS);
  expect(home.prompts()).toEqual([]);
  home.quiet(2.5 * HOUR_MS);
  expect(home.prompts()).toHaveLength(1);
});

test('a stored fix of outside that is older than one of home says nothing', () => {
  const home = quietHome();
  home.live(14);
  const near = { name: 'position', source: 'gnss', lat: 43.9401, lon: 116.04, accuracy: 20 } as const;
  const where = home.whereOf('watch');
  home.read(near, { where });
  home.read({ ...near, lat: 43.99 }, { where, lateMs: 20 * MINUTE_MS });
  expect(home.phase()).toBe('home');
  home.read(near, { where, lateMs: 10 * MINUTE_MS });
  home.read({ ...near, lat: 43.99 }, { where });
  expect(home.phase()).toBe('out');
});

test('an absence ends on its day, also when the system stood still meanwhile', () => {
  const home = quietHome();
  home.live(14);
  home.absent({ reason: 'travelling', since: home.now, until: home.now + 2 * DAY_MS });
  home.engine.rebase(30 * HOUR_MS);
  home.advance(30 * HOUR_MS);
  home.quiet(18 * HOUR_MS + HOUR_MS);
  expect(home.phase()).toBe('home');
});

test('who asks for help in answer to a question, after the last sensor was taken away, is helped', () => {
  const home = quietHome();
  home.live(14);
  while (home.prompts().length === 0) home.quiet(MINUTE_MS);
  home.change(
    ...['kitchen', 'bedroom', 'door'].map((id) => ({ type: 'remove' as const, entity: 'device' as const, id })),
  );
  expect(home.phase()).toBe('unwatched');
  home.answer('help');
  expect(home.silences()).toMatchObject([{ severity: 'critical', reason: { transition: 'asked to help' } }]);
  home.advance(DAY_MS);
  expect(home.silences()).toHaveLength(1);
});

test('help that is asked for after a sign of life was too long after nothing: no limit is told', () => {
  const home = quietHome();
  home.live(14);
  while (home.prompts().length === 0) home.quiet(MINUTE_MS);
  home.sign('kitchen');
  expect(home.phase()).toBe('home');
  home.answer('help');
  const [alert] = home.silences();
  expect(alert).toMatchObject({ severity: 'critical' });
  expect(alert?.reason).not.toHaveProperty('limitMs');
});

test('in a home of two the absence of one leaves the other watched, and it is the other who is asked and missed', () => {
  const home = quietHome({ people: ['her', 'him'] });
  home.live(14);
  home.absent({ reason: 'hospital', since: home.now });
  home.quiet(HOUR_MS);
  // Her watch is with her, and moves about in the hospital.
  home.read({ name: 'press', call: 'test' }, { where: home.whereOf('watch') });
  home.quiet(5 * HOUR_MS);
  expect(home.prompts()).toMatchObject([{ personId: 'him' }]);
  const [alert, ...others] = home.silences();
  expect(others).toEqual([]);
  expect(alert).toMatchObject({ subject: { type: 'person', id: 'him' }, reason: { awayPersonIds: ['her'] } });
  expect(alert?.reason).not.toHaveProperty('provesNobodyAlone');
});

test('who was away until last week is asked like everybody', () => {
  const home = quietHome({ people: ['her', 'him'], canAsk: false });
  const own = { role: 'self', order: 1, name: 'her', language: 'zh-CN', channels: [{ type: 'log' }] };
  const ofHer = { ...own, id: 'her-phone', of: { type: 'person', id: 'her' } };
  home.change({ type: 'put', entity: 'contact', value: ofHer } as Parameters<typeof home.change>[0]);
  home.absent({ reason: 'travelling', since: home.now - 9 * DAY_MS, until: home.now });
  home.live(14);
  home.quiet(6 * HOUR_MS);
  expect(home.prompts()).toHaveLength(1);
});

test('in a home of two whoever lives there is asked, by their own telephones', () => {
  const home = quietHome({ people: ['her', 'him'], canAsk: false });
  const own = { role: 'self', order: 1, name: 'him', language: 'zh-CN', channels: [{ type: 'log' }] };
  const ofHim = { ...own, id: 'his-phone', of: { type: 'person', id: 'him' } };
  home.change({ type: 'put', entity: 'contact', value: ofHim } as Parameters<typeof home.change>[0]);
  home.live(14);
  home.quiet(6 * HOUR_MS);
  expect(home.prompts()).toHaveLength(1);
  expect(home.prompts()[0]).not.toHaveProperty('personId');
});
