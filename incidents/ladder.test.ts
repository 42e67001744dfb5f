import { expect, test } from 'vitest';
import { put } from '../records/registry.test-support.ts';
import {
  contact,
  contactOf,
  everybody,
  HOUR_MS,
  li,
  MINUTE_MS,
  MORNING_AT,
  reloaded,
  SECOND_MS,
  village,
} from './village.test-support.ts';

test('a fall that nobody answers climbs from the neighbour to the county', () => {
  const desk = village();
  desk.alert('fall', 'watch-bat');
  expect(desk.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toEqual(['escalation team']);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toEqual(['escalation lead']);
});

test('repeats go round, to the next person each time, and never faster than every two minutes', () => {
  const desk = village();
  desk.alert('fall', 'watch-bat');
  desk.outcome('near', 'delivered');
  desk.advance(3 * MINUTE_MS);
  desk.told();
  const rounds = Array.from({ length: 5 }, () => {
    desk.advance(2 * MINUTE_MS);
    return desk.told();
  });
  expect(rounds).toEqual([
    ['escalation desk!', 'escalation next', 'escalation station'],
    ['escalation desk!', 'escalation near', 'escalation desk'],
    ['escalation desk!', 'escalation team'],
    ['escalation desk!', 'escalation lead'],
    ['escalation desk!', 'escalation near', 'escalation station'],
  ]);
  desk.advance(50 * MINUTE_MS);
  desk.told();
  desk.advance(24 * HOUR_MS);
  expect(desk.notices.filter(({ recipient }) => recipient.type === 'desk').length).toBeLessThan(1 + 30 + 25 * 4);
});

test('in a care home the night carer is told first, and the neighbourhood after a minute', () => {
  const desk = village();
  desk.alert('fall', 'watch-tuya');
  expect(desk.told()).toEqual(['alarm desk!', 'alarm night']);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toEqual(['escalation desk']);
});

test('a call for care sounds the desk, then tells the station after 5 min and the township after 15', () => {
  const desk = village();
  const care = desk.alert('call-care', 'button-house');
  expect(desk.told()).toEqual(['alarm desk!']);
  desk.advance(5 * MINUTE_MS);
  expect(desk.told()).toEqual(['alarm station']);
  desk.advance(10 * MINUTE_MS);
  expect(desk.told()).toEqual(['escalation team']);
  desk.advance(10 * HOUR_MS);
  expect(desk.told()).toEqual([]);
  expect(desk.see(care)).toMatchObject({ state: { phase: 'open' }, ladder: { phase: 'running', rung: 3 } });
});

test('a call for a service is a line of the work list', () => {
  const desk = village();
  const errand = desk.alert('call-service', 'button-house');
  desk.advance(24 * HOUR_MS);
  expect(desk.notices).toEqual([]);
  expect(desk.see(errand).state.phase).toBe('open');
});

test('empty rungs are skipped at once, and reported', () => {
  const desk = village({ contacts: [contactOf('lead', 'area', 'county', 'county')] });
  const fall = desk.alert('fall', 'watch-bat');
  expect(desk.told()).toEqual(['alarm desk!', 'alarm lead']);
  expect(desk.timeline.filter(({ what }) => what === 'rung-empty').map(({ details }) => details.rung)).toEqual([
    1, 2, 3,
  ]);
  expect(desk.lines(fall).at(-1)).toBe('rung');
  desk.advance(2 * MINUTE_MS);
  expect(desk.told()).toContain('escalation lead');
});

test('a home with nobody to tell sounds the desk again and again, and the system says so once', () => {
  const desk = village({ contacts: [] });
  const fall = desk.alert('fall', 'watch-bat');
  expect(desk.open()).toMatchObject([
    { incidentId: fall.incidentId },
    { category: 'system', alerts: [{ condition: 'ladder-empty' }] },
  ]);
  desk.advance(4 * MINUTE_MS);
  expect(desk.open()).toHaveLength(2);
  const sounds = desk.notices.filter(({ incidentId }) => incidentId === fall.incidentId);
  expect(sounds.map(({ at, recipient }) => [at - MORNING_AT, recipient.type])).toEqual([
    [0, 'desk'],
    [2 * MINUTE_MS, 'desk'],
    [4 * MINUTE_MS, 'desk'],
  ]);
});

test('a neighbour who cannot be reached is not waited for', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.advance(3 * SECOND_MS);
  desk.told();
  desk.outcome('near', 'failed');
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  expect(desk.see(fall)).toMatchObject({ ladder: { rung: 2, nextAt: desk.now + MINUTE_MS } });
  expect(desk.see(fall).told).toContainEqual(expect.objectContaining({ contactId: 'near', reached: 'unreachable' }));
  expect(desk.timeline.at(-2)).toMatchObject({
    what: 'undelivered',
    details: { contactId: 'near', everyChannel: true },
  });
  // The next failure on the same rung, and a repeat of the first one, hurry nobody.
  desk.outcome('near', 'failed');
  desk.outcome('station', 'failed');
  expect(desk.told()).toEqual([]);
});

test('whom nobody tries any more is not waited for, whatever other channels they have and however that one failed before', () => {
  const contacts = everybody.filter((change) => change.type === 'put' && change.value.id !== 'near');
  for (const before of [[], ['log']]) {
    const desk = village({ contacts: [...contacts, contactOf('near', 'place', 'house', 'neighbour', 1, 2)] });
    desk.alert('fall', 'watch-bat');
    for (const channel of before) desk.outcome('near', 'failed', channel);
    desk.told();
    desk.outcome('near', 'failed', 'log', true);
    expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
    expect(desk.timeline.at(-2)).toMatchObject({ what: 'undelivered', details: { everyChannel: true } });
  }
});

test('one failed channel of two is no reason to give somebody up, both are', () => {
  const contacts = everybody.filter((change) => change.type === 'put' && change.value.id !== 'near');
  const desk = village({ contacts: [...contacts, contactOf('near', 'place', 'house', 'neighbour', 1, 2)] });
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  desk.outcome('near', 'refused', 'log');
  desk.outcome('near', 'failed', 'log');
  expect(desk.told()).toEqual([]);
  expect(desk.see(fall).told[0]).toMatchObject({ reached: 'unknown', failed: ['log'] });
  desk.outcome('near', 'failed', 'log-2');
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
});

test('a message that a provider took is not delivered; one that is delivered stays so', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.outcome('near', 'accepted');
  expect(desk.see(fall).told[0]?.reached).toBe('unknown');
  desk.outcome('near', 'delivered');
  desk.outcome('near', 'failed');
  expect(desk.see(fall).told[0]?.reached).toBe('delivered');
  expect(desk.see(fall).version).toBe(fall.version);
});

test('a message of before says nothing about whether somebody can be reached now', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  const older = fall.told[0]?.noticeId ?? '';
  desk.alert('call-emergency', 'button-house');
  desk.told();
  const outcome = { kind: 'outcome', noticeId: older, channel: 'log', attempt: 1, result: 'failed' } as const;
  desk.step({ type: 'outcome', at: desk.now, outcome });
  expect(desk.see(fall).told[0]?.reached).toBe('unknown');
  expect(desk.told()).toEqual([]);
});

test('a family that cannot be reached hurries nobody: it was told for information', () => {
  const desk = village();
  desk.alert('fall', 'watch-bat');
  desk.told();
  desk.outcome('daughter', 'failed');
  expect(desk.told()).toEqual([]);
});

test('with every message failing the ladder goes by at once, repeats keep their pace, and the system says so', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  for (const id of ['near', 'next', 'team', 'lead']) desk.outcome(id, 'failed');
  expect(desk.see(fall)).toMatchObject({ ladder: { rung: 4, nextAt: MORNING_AT + 2 * MINUTE_MS } });
  desk.advance(2 * MINUTE_MS);
  expect(desk.see(fall).ladder).toMatchObject({ rung: 5 });
  for (const id of ['next', 'station']) desk.outcome(id, 'failed');
  expect(desk.see(fall).ladder).toMatchObject({ rung: 5, nextAt: MORNING_AT + 4 * MINUTE_MS });
  const system = desk.open().filter(({ category }) => category === 'system');
  expect(system).toMatchObject([
    { alerts: [{ condition: 'notice-undelivered', reason: { incidentCode: fall.code } }] },
  ]);
  desk.advance(HOUR_MS);
  expect(desk.open().flatMap(({ alerts }) => alerts)).toHaveLength(2);
});

test('a restart in the middle of an escalation goes on from its own deadline', () => {
  const before = village();
  const fall = before.alert('fall', 'watch-bat');
  before.advance(70 * SECOND_MS);
  const state = reloaded(before.state);
  const after = village({ state, at: before.now });
  expect(after.incidents.nextDeadline()).toBe(MORNING_AT + 2 * MINUTE_MS);
  after.advance(50 * SECOND_MS);
  before.told();
  before.advance(50 * SECOND_MS);
  expect(after.told()).toEqual(['escalation team']);
  expect(after.see(fall)).toEqual(before.see(fall));
});

test('after an hour without power the ladder goes on with one rung, not with thirty', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.outcome('near', 'delivered');
  desk.told();
  desk.sleep(HOUR_MS);
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  expect(desk.see(fall).ladder).toMatchObject({ rung: 2, nextAt: desk.now + MINUTE_MS });
});

test('after three hours without power nothing goes on by itself: the system says what was left open, and a person lets it go on', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  const care = desk.alert('call-care', 'button-yurt');
  desk.outcome('near', 'delivered');
  desk.told();
  desk.sleep(3 * HOUR_MS);
  expect(desk.told()).toEqual(['alarm desk!', 'alarm desk', 'alarm lead']);
  expect(desk.see(fall).ladder).toMatchObject({ phase: 'held', rung: 1 });
  expect(desk.see(care).ladder).toMatchObject({ phase: 'held' });
  desk.outcome('near', 'failed');
  expect(desk.told()).toEqual([]);
  desk.command(fall, { type: 'let-go', choice: 'send', by: li });
  expect(desk.told()).toContain('alarm near');
});

test('an incident that holds begins anew with a new alarm', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.sleep(3 * HOUR_MS);
  desk.told();
  desk.alert('fall', 'watch-bat');
  expect(desk.told()).toContain('worse near');
  expect(desk.see(fall).ladder).toMatchObject({ phase: 'running', rung: 1 });
});

test('a deadline that is noticed a little late does not make the next one later', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.sleep(MINUTE_MS + 40);
  expect(desk.see(fall).ladder).toMatchObject({ rung: 2, nextAt: MORNING_AT + 2 * MINUTE_MS });
});

test('a neighbour who said no is not asked again, and the next one is asked at once', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  desk.command(fall, { type: 'decline', by: contact('near'), contactId: 'near' });
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  desk.advance(HOUR_MS);
  expect(desk.told()).not.toContain('escalation near');
});

test('a message speaks of what happened and where, and of lateness', () => {
  const desk = village();
  const words = { occurredAt: MORNING_AT - 3 * HOUR_MS, lateMs: 3 * HOUR_MS, reason: { unread: ['obscuration 300'] } };
  const fire = desk.alert('smoke', 'smoke-house', words);
  expect(desk.notices[1]?.text).toEqual({
    condition: 'smoke',
    incidentCode: fire.code,
    openedAt: MORNING_AT,
    occurredAt: MORNING_AT - 3 * HOUR_MS,
    lateMs: 3 * HOUR_MS,
    placeIds: ['house'],
    rooms: ['bedroom'],
    personId: 'bat',
    deviceId: 'smoke-house',
    detail: 'obscuration 300',
    alertCount: 1,
  });
});

test('a claim holds the ladder only while it holds', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.advance(10 * SECOND_MS);
  desk.told();
  desk.command(fall, { type: 'claim', by: li });
  desk.advance(2 * MINUTE_MS - 1);
  expect(desk.told()).toEqual([]);
  desk.advance(1);
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
});

test('a real detector that joins a drill is real in every message from then on, and in what the system says about it', () => {
  const desk = village();
  desk.registry.apply([put('device', { id: 'drill', kind: 'smoke-detector', placeId: 'house', simulated: true })]);
  const fire = desk.alert('smoke', 'drill');
  expect(new Set(desk.notices.splice(0).map(({ text }) => text.deviceId))).toEqual(new Set(['drill']));
  expect(desk.alert('smoke', 'smoke-house').incidentId).toBe(fire.incidentId);
  desk.advance(HOUR_MS);
  expect(desk.notices.length).toBeGreaterThan(4);
  expect(new Set(desk.notices.map(({ text }) => text.deviceId))).toEqual(new Set(['smoke-house', undefined]));
  desk.notices.length = 0;
  desk.alert('smoke', 'drill');
  expect(desk.notices.map(({ text }) => [text.deviceId, text.isReal])).toContainEqual(['drill', true]);
});

test('a drill of simulated detectors alone stays one, also in what the system says about it', () => {
  const desk = village();
  const drills = ['drill-1', 'drill-2'];
  desk.registry.apply(
    drills.map((id) => put('device', { id, kind: 'smoke-detector', placeId: 'house', simulated: true })),
  );
  for (const id of drills) desk.alert('smoke', id);
  desk.advance(HOUR_MS);
  for (const { text } of desk.notices) {
    expect(drills).toContain(text.deviceId);
    expect(text.isReal).toBeUndefined();
  }
});
