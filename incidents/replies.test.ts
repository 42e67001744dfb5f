import { expect, test } from 'vitest';
import { adoptProviders, providersOf } from '../records/providers.ts';
import { put } from '../records/registry.test-support.ts';
import { everybody, HOUR_MS, li, MINUTE_MS, phoneKeyOf, village } from './village.test-support.ts';

type Desk = ReturnType<typeof village>;
const lines = (desk: Desk) => desk.notices.filter(({ purpose }) => purpose === 'reply').map(({ text }) => text.detail);
const whatHappened = (desk: Desk, incident: Parameters<Desk['lines']>[0]) => desk.lines(incident);

test('a neighbour who answers "1" is on the way, and reads one short line back by the same way', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  expect(desk.reply('near', '1').result).toMatchObject({ ok: true });
  expect(desk.see(fall).state).toMatchObject({ phase: 'responding', by: { type: 'contact', id: 'near' } });
  expect(desk.notices.filter(({ purpose }) => purpose === 'reply')).toMatchObject([
    {
      recipient: { contactId: 'near' },
      via: 'sms:modem',
      text: { detail: 'going', incidentCode: fall.code },
      severity: 'urgent',
    },
  ]);
});

test('the same "1" twice, under the same name or another, is one acceptance', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.reply('near', '1');
  const { version } = desk.see(fall);
  expect(desk.reply('near', '１').result).toMatchObject({ ok: true });
  expect(desk.see(fall).version).toBe(version);
  expect(whatHappened(desk, fall).filter((what) => what === 'accepted')).toHaveLength(1);
});

test('who says in how many minutes is expected then; who does not, in a quarter of an hour', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.reply('near', '1');
  expect(desk.see(fall).state).toMatchObject({ expectedAt: desk.now + 15 * MINUTE_MS });
  desk.reply('near', '1 40分钟');
  expect(desk.see(fall).state).toMatchObject({ expectedAt: desk.now + 40 * MINUTE_MS });
});

test('who cannot come is not waited for: the next is called at once', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  desk.reply('near', '2');
  expect(whatHappened(desk, fall)).toContain('declined');
  expect(desk.told()).toContain('escalation next');
});

test('a number that belongs to nobody is refused; on record where a code says what it was about, and answered never', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  expect(desk.reply('stranger', '1').result).toMatchObject({ ok: false });
  expect(desk.reply('stranger', `1 ${fall.code}`).result).toMatchObject({ ok: false, problem: 'not-allowed' });
  expect(desk.see(fall).state.phase).toBe('open');
  expect(whatHappened(desk, fall).filter((what) => what === 'refused-reply')).toHaveLength(1);
  expect(desk.told()).toEqual([]);
});

test('somebody who was not told of it accepts nothing, whatever code they know', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  expect(desk.reply('lead', `1 ${fall.code}`).result).toMatchObject({ ok: false });
  expect(desk.see(fall).state.phase).toBe('open');
  expect(whatHappened(desk, fall)).toContain('refused-reply');
  expect(lines(desk)).toEqual(['not-yours']);
});

test('with two alarms open the code is asked for, and with the code it is that one', () => {
  const desk = village();
  const first = desk.alert('fall', 'watch-bat');
  const second = desk.alert('fall', 'watch-him');
  const both = [first, second]
    .map((one) => desk.see(one))
    .filter(({ told }) => told.some(({ contactId }) => contactId === 'station'));
  expect(both).toHaveLength(2);
  desk.reply('station', '1');
  expect(lines(desk)).toEqual([`which ${both.map(({ code }) => code).join(' ')}`]);
  desk.reply('station', `1 ${second.code.toLowerCase()}`);
  expect([desk.see(first).state.phase, desk.see(second).state.phase]).toEqual(['open', 'responding']);
});

test('a call for help is never asked for a code: it sounds the desk and calls the next people at once', () => {
  const desk = village();
  const first = desk.alert('fall', 'watch-bat');
  desk.reply('near', '1');
  desk.told();
  desk.reply('near', '9');
  expect(whatHappened(desk, first)).toContain('help-asked');
  const told = desk.told();
  expect(told).toContain('worse desk!');
  expect(told).toContain('worse next');
  expect(lines(desk).at(-1)).toBe('help');
});

test('"4" is read by the desk and ends no life-safety incident', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  desk.reply('near', '4');
  expect(desk.see(fall).state.phase).toBe('open');
  expect(desk.see(fall).report).toMatchObject({ contactId: 'near', outcome: 'false-alarm' });
  expect(desk.told()).toContain('worse desk!');
});

test('who said that they go says so anew when it is open again, or when who went before them turned back', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.reply('near', '1');
  desk.reply('near', '3');
  desk.command(fall, { type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
  desk.command(fall, { type: 'reopen', by: li, reason: 'fell again' });
  expect(desk.see(fall).told.some(({ arrived }) => arrived)).toBe(false);
  desk.reply('near', '1');
  expect(desk.see(fall).state).toMatchObject({ phase: 'responding', by: { id: 'near' } });
  desk.reply('station', '1 5分钟');
  desk.reply('station', '2');
  expect(desk.see(fall).state.phase).toBe('open');
  desk.reply('near', '1');
  expect(desk.see(fall).state).toMatchObject({ phase: 'responding', by: { id: 'near' } });
});

test('a key that answers a shift is no word about an incident, and help is help', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  const about = 'hand-over:roster/v1/0/contact:near';
  desk.reply('near', '1', { about });
  expect(desk.see(fall).state.phase).toBe('open');
  expect(lines(desk)).toEqual(['nothing-open']);
  desk.reply('near', '9', { about });
  expect(whatHappened(desk, fall)).toContain('help-asked');
});

test('"1" from a telephone that the person shares with family is their own answer, and holds up nobody', () => {
  const self = put('contact', {
    ...{ id: 'bat-phone', of: { type: 'person', id: 'bat' }, role: 'self', name: 'Bat', channels: [{ type: 'log' }] },
    ...{ phone: '13800000000', phoneKey: phoneKeyOf('daughter') },
  });
  const desk = village({ contacts: [...everybody, self] });
  const fire = desk.alert('smoke', 'smoke-house');
  expect(desk.reply('daughter', '1').prompt).toMatchObject({ answer: 'fine' });
  expect(desk.see(fire).state.phase).toBe('open');
});

test('family that was told for information and is there is shown, and the neighbours are called on', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  expect(desk.reply('daughter', '3').result).toMatchObject({ ok: true });
  expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder: { phase: 'running' } });
  const told = () => desk.see(fall).told.find(({ contactId }) => contactId === 'daughter');
  expect(told()).toMatchObject({ arrived: true });
  expect(desk.timeline.at(-1)).toMatchObject({ what: 'arrived', by: { id: 'daughter' }, details: { informed: true } });
  desk.told();
  desk.reply('daughter', '2');
  expect(desk.told().filter((one) => !one.startsWith('reply'))).toEqual([]);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toContain('escalation next');
  desk.reply('near', '3');
  expect(desk.see(fall)).toMatchObject({ state: { phase: 'on-scene', by: { id: 'near' } } });
});

test('"received" from family that was told for information calls nobody off; who says when they come is waited for', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  desk.reply('daughter', '收到');
  desk.reply('daughter', '收到');
  expect(desk.see(fall).state.phase).toBe('open');
  expect(whatHappened(desk, fall).filter((what) => what === 'accepted')).toHaveLength(1);
  expect(desk.told()).toEqual(['reply daughter', 'reply daughter']);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toContain('escalation next');
  desk.reply('daughter', '1 20分钟');
  expect(desk.see(fall).state).toMatchObject({ phase: 'responding', by: { id: 'daughter' } });
  desk.reply('daughter', '3');
  desk.advance(10 * MINUTE_MS);
  desk.reply('daughter', '3');
  expect(desk.see(fall).state).toMatchObject({ phase: 'on-scene', by: { id: 'daughter' } });
});

test('words that nobody understands are kept for people, and the keys are explained', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.reply('near', '门锁着');
  expect(whatHappened(desk, fall)).toContain('replied');
  expect(lines(desk)).toEqual(['unclear']);
});

test('an answer to what is over says that it is over', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.command(fall, { type: 'claim', by: li });
  desk.command(fall, { type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
  desk.advance(HOUR_MS);
  expect(desk.reply('near', '1').result).toMatchObject({ ok: false });
  expect(lines(desk)).toEqual(['over']);
});

test('a key pressed in a call is answered by SMS, where somebody carries that and the contact has it', () => {
  const desk = village();
  desk.alert('fall', 'watch-bat');
  desk.reply('near', '1', { via: 'voice:calls' });
  expect(lines(desk)).toEqual([]);
  adoptProviders(desk.state, [{ id: 'modem', type: 'modem', medium: 'sms', windows: [] }]);
  expect(providersOf(desk.state)).toHaveLength(1);
  const near = desk.registry.contact('near');
  if (near)
    desk.registry.apply([
      { type: 'put', entity: 'contact', value: { ...near, channels: [{ type: 'voice' }, { type: 'sms' }] } },
    ]);
  desk.reply('near', '9', { via: 'voice:calls' });
  expect(desk.notices.at(-1)).toMatchObject({ purpose: 'reply', via: 'sms:modem' });
});
