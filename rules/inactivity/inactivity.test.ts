import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../watch.test-support.ts';
import { DAY_MS, quietHome } from './quiet-home.test-support.ts';

test('a person who lives as always is never asked', () => {
  const home = quietHome();
  home.live(21);
  expect(home.prompts()).toEqual([]);
  expect(home.failures).toEqual([]);
});

test('who stops moving by day is asked within hours, and without an answer the desk is told', () => {
  const home = quietHome();
  home.live(14);
  const lastSignAt = home.now - 30 * MINUTE_MS;
  home.quiet(6 * HOUR_MS);
  const [prompt, ...others] = home.prompts();
  expect(others).toEqual([]);
  expect(prompt).toMatchObject({ rule: 'inactivity', about: 'inactivity', personId: 'her' });
  const [alert] = home.silences();
  expect(alert).toMatchObject({
    severity: 'urgent',
    subject: { type: 'person', id: 'her' },
    at: (prompt?.at ?? 0) + 5 * MINUTE_MS,
    reason: { transition: 'asked to no answer', lastSignAt, stance: 'awake', sensors: 3 },
  });
  expect((alert?.at ?? 0) - lastSignAt).toBeLessThan(4.5 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
});

test('a night is no silence, and no sign in the morning is', () => {
  const home = quietHome();
  home.live(14);
  home.live(11 / 24);
  expect(home.hour()).toBe(22);
  home.quiet(8 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  home.quiet(4 * HOUR_MS);
  expect(home.prompts()).toHaveLength(1);
});

test('an answer, or a step, before the time for it is over calls nobody', () => {
  for (const reply of ['answer', 'step'] as const) {
    const home = quietHome();
    home.live(14);
    while (home.prompts().length === 0) home.quiet(MINUTE_MS);
    if (reply === 'answer') home.answer('fine');
    else home.sign('bedroom');
    home.quiet(HOUR_MS);
    expect(home.silences()).toEqual([]);
    expect(home.phase()).toBe('home');
  }
});

test('who answers that they need help is a critical alert at once, and after the alert a worse one', () => {
  const asked = quietHome();
  asked.live(14);
  while (asked.prompts().length === 0) asked.quiet(MINUTE_MS);
  asked.answer('help');
  expect(asked.silences()).toMatchObject([{ severity: 'critical', reason: { transition: 'asked to help' } }]);

  const late = quietHome();
  late.live(14);
  late.quiet(6 * HOUR_MS);
  late.answer('help');
  expect(late.after()).toMatchObject([{ type: 'strengthen', severity: 'critical' }]);
});

test('help that was asked for in answer to another rule’s question is that rule’s, and a sign of life', () => {
  const home = quietHome();
  home.live(14);
  home.answer('help', 'fall:watch:1:7');
  home.quiet(2 * HOUR_MS);
  expect(home.silences()).toEqual([]);
});

test('what was told before a long stop of the system is told anew when the silence goes on', () => {
  const home = quietHome();
  home.live(14);
  home.quiet(6 * HOUR_MS);
  home.engine.stoodStill();
  home.quiet(12 * HOUR_MS);
  expect(new Set(home.silences().map(({ alertId }) => alertId)).size).toBe(2);
});

test('where nobody can be asked the desk is told at once', () => {
  const home = quietHome({ canAsk: false });
  home.live(14);
  home.quiet(6 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  expect(home.silences()).toMatchObject([{ reason: { transition: 'home to silent' } }]);
});

test('after an alert one movement may be the sensor itself, and a second one clears it; a person ends the incident', () => {
  const home = quietHome();
  home.live(14);
  home.quiet(6 * HOUR_MS);
  home.sign('kitchen');
  expect(home.after()).toMatchObject([{ type: 'strengthen', severity: 'urgent', reason: { signAt: home.now } }]);
  home.quiet(20 * MINUTE_MS);
  home.sign('kitchen');
  expect(home.after().at(-1)).toMatchObject({ type: 'clear', reason: { transition: 'alerted to home' } });
  expect(home.phase()).toBe('home');
});

test('lone movements days apart in an empty house are one alert and not one a day', () => {
  const home = quietHome();
  home.live(14);
  for (let day = 0; day < 5; day++) {
    home.quiet(DAY_MS);
    home.sign('kitchen');
  }
  expect(home.silences()).toHaveLength(1);
  expect(home.phase()).toBe('alerted');
});

test('a press, a visit or an answer after the alert clears it without a second sign', () => {
  const home = quietHome();
  home.live(14);
  home.quiet(6 * HOUR_MS);
  home.read({ name: 'press', call: 'service' }, { where: home.whereOf('button') });
  expect(home.after()).toMatchObject([{ type: 'clear', reason: { sign: 'press' } }]);
});

test('who left by the door is out, and is missed only when they are away for longer than ever', () => {
  const home = quietHome();
  home.live(14);
  home.sign('kitchen');
  home.quiet(MINUTE_MS);
  home.sign('door');
  expect(home.phase()).toBe('out');
  home.quiet(4.5 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  home.quiet(8 * HOUR_MS);
  expect(home.silences()).toMatchObject([{ reason: { stance: 'out' } }]);
});

test('who came in by the door is at home', () => {
  const home = quietHome();
  home.live(14);
  home.sign('door');
  home.quiet(5 * MINUTE_MS);
  home.sign('kitchen');
  expect(home.phase()).toBe('home');
});

test('a home learns how long somebody is out: the second day in town calls nobody', () => {
  const home = quietHome();
  home.live(14 + 22 / 24);
  const asked = [1, 2, 3].map(() => {
    home.quiet(5 * MINUTE_MS);
    home.sign('door');
    home.quiet(9.5 * HOUR_MS);
    home.sign('door');
    home.quiet(5 * MINUTE_MS);
    home.sign('kitchen');
    home.live(14 / 24);
    return home.prompts().length;
  });
  expect(asked).toEqual([1, 1, 1]);
});

test('a watch that is far from the house says that they are out, whatever the door says', () => {
  const home = quietHome();
  home.live(14);
  const far = { name: 'position', source: 'gnss', lat: 43.99, lon: 116.04, accuracy: 20 } as const;
  home.read(far, { where: home.whereOf('watch') });
  expect(home.phase()).toBe('out');
  home.read({ ...far, lat: 43.9401 }, { where: home.whereOf('watch') });
  expect(home.phase()).toBe('home');
});

test('a person in hospital is not missed, and is again when they are back', () => {
  const home = quietHome();
  home.live(14);
  home.absent({ reason: 'hospital', since: home.now });
  home.quiet(3 * DAY_MS);
  expect(home.prompts()).toEqual([]);
  home.absent(undefined);
  home.quiet(6 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
});

test('an absence with an end is over by itself', () => {
  const home = quietHome();
  home.live(14);
  const untilAt = home.now + 2 * DAY_MS;
  home.absent({ reason: 'travelling', since: home.now, until: untilAt });
  home.quiet(2 * DAY_MS + HOUR_MS);
  expect(home.phase()).toBe('home');
  home.quiet(6 * HOUR_MS);
  expect(home.silences()).toMatchObject([{ reason: { countedFromAt: untilAt } }]);
});

test('sensors that died are nobody who fell', () => {
  const home = quietHome();
  home.live(14);
  home.advance(12 * HOUR_MS);
  expect(home.silences()).toEqual([]);
  expect(home.phase()).toBe('unknown');
  home.quiet(30 * MINUTE_MS);
  expect(home.phase()).toBe('home');
  home.quiet(12 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
});

test('a village of which nobody can be heard is a matter of the network, and not of each home', () => {
  const home = quietHome({ intervalMinutes: 240, neighbours: 10 });
  home.live(14);
  home.advance(5 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  expect(home.phase()).toBe('unknown');
  home.quiet(12 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
});

test('in a village that can be heard, a home’s own silence counts', () => {
  const home = quietHome({ intervalMinutes: 240, neighbours: 10 });
  home.live(14);
  for (let hour = 0; hour < 5; hour++) {
    home.read({ name: 'status', battery: 3 }, { where: home.whereOf('next-door-0') });
    home.advance(HOUR_MS);
  }
  expect(home.silences()).toHaveLength(1);
});

test('with one of three sensors dead the limit is longer, and the alert says so', () => {
  const whole = quietHome();
  whole.live(14);
  whole.quiet(10 * HOUR_MS);
  const home = quietHome();
  home.live(14);
  home.quiet(10 * HOUR_MS, ['bedroom', 'door']);
  expect(home.silences()[0]?.at).toBeGreaterThan((whole.silences()[0]?.at ?? 0) + HOUR_MS);
  expect(home.silences()).toMatchObject([{ reason: { sensors: 3, sensorsUnheard: 1 } }]);
});

test('a system that stood still takes its own silence for nobody else’s', () => {
  const home = quietHome();
  home.live(14);
  home.engine.rebase(5 * HOUR_MS);
  home.advance(5 * HOUR_MS);
  home.quiet(2 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  home.quiet(4 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
});

test('after a visit nobody is missed until the visitor is gone, and what moves meanwhile teaches nothing', () => {
  const home = quietHome();
  home.live(14);
  home.visit(home.now);
  expect(home.phase()).toBe('visitors');
  home.quiet(30 * MINUTE_MS);
  home.sign('kitchen');
  expect(home.phase()).toBe('visitors');
  home.quiet(3 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  home.quiet(4 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
});

test('in a home of two the alert is about the place, and says that motion proved nobody well', () => {
  const home = quietHome({ people: ['her', 'him'] });
  home.live(14);
  home.quiet(6 * HOUR_MS);
  expect(home.prompts()[0]).not.toHaveProperty('personId');
  expect(home.silences()).toMatchObject([
    { subject: { type: 'place', id: 'house-1' }, reason: { provesNobodyAlone: true } },
  ]);
});

test('a home without presence sensors says nothing of silence, and one that loses them no longer does', () => {
  const bare = quietHome({ sensors: [] });
  bare.read({ name: 'press', call: 'service' }, { where: bare.whereOf('button') });
  bare.quiet(2 * DAY_MS);
  expect(bare.phase()).toBe('unwatched');

  const home = quietHome({ sensors: ['kitchen'] });
  home.live(3);
  home.change({ type: 'remove', entity: 'device', id: 'kitchen' });
  expect(home.phase()).toBe('unwatched');
});

test('a home that is not known yet is watched by a default, by day and by night', () => {
  const home = quietHome();
  home.sign('kitchen');
  home.quiet(3.5 * HOUR_MS);
  expect(home.prompts()).toEqual([]);
  home.quiet(4 * HOUR_MS);
  expect(home.silences()).toMatchObject([{ reason: { learnedDays: 0 } }]);
});

test('each alert that came to nothing makes the home’s limit longer, and weeks without one make it short again', () => {
  const home = quietHome();
  home.live(14, 3 * HOUR_MS);
  const limits = [0, 0, 60].map((daysBefore) => {
    home.live(daysBefore, 3 * HOUR_MS);
    home.quiet(10 * HOUR_MS);
    const limitMs = Number(home.silences().at(-1)?.reason.limitMs);
    home.sign('kitchen');
    home.sign('bedroom');
    home.live(14 / 24, 3 * HOUR_MS);
    return limitMs;
  });
  expect(limits[1]).toBeGreaterThan(Number(limits[0]));
  expect(limits[2]).toBeLessThan(Number(limits[1]));
});

test('signs that were stored on the way, and are newer than the silence, clear the doubt that it raised', () => {
  const home = quietHome();
  home.live(14);
  home.quiet(8 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
  home.sign('kitchen', { lateMs: 3 * HOUR_MS });
  home.sign('bedroom', { lateMs: 20 * MINUTE_MS });
  home.sign('kitchen', { lateMs: 10 * MINUTE_MS });
  expect(home.after().at(-1)).toMatchObject({ type: 'clear' });
  home.quiet(2 * HOUR_MS);
  expect(home.silences()).toHaveLength(1);
});

test('a stored sign that is older than the silence changes nothing, and one long ago is no answer', () => {
  const home = quietHome();
  home.live(14);
  home.quiet(8 * HOUR_MS);
  home.sign('kitchen', { lateMs: 9 * HOUR_MS });
  expect(home.after()).toEqual([]);
  home.sign('kitchen', { lateMs: 7.5 * HOUR_MS });
  home.sign('bedroom', { lateMs: 7.4 * HOUR_MS });
  expect(home.after().map(({ type }) => type)).toEqual(['strengthen']);
  expect(home.phase()).toBe('alerted');
});
