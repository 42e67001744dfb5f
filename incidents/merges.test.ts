import { describe, expect, test } from 'vitest';
import {
  accept,
  contact,
  contactOf,
  everybody,
  fallen,
  HOUR_MS,
  li,
  MINUTE_MS,
  reached,
  reason,
  reloaded,
  SECOND_MS,
  village,
  wang,
} from './village.test-support.ts';

describe('two incidents that are one', () => {
  /** Of two people; the second one of them was found in the first one's house, where that is said. */
  function two({ arrives = false, together = false } = {}) {
    const { desk, fall } = fallen();
    const place = together ? { where: { personId: 'him', placeId: 'house', areaId: 'east' } } : {};
    desk.advance(30 * SECOND_MS);
    if (arrives) for (const { contactId } of desk.see(fall).told) desk.outcome(contactId, 'delivered');
    const other = desk.alert('fall', 'watch-him', place);
    desk.told();
    return { desk, fall, other };
  }

  test('go on as one: with the alerts and the people of both, and without a word of the end of the other', () => {
    const { desk, fall, other } = two({ arrives: true, together: true });
    const merged = desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    expect(merged).toMatchObject({ ok: true });
    expect(desk.told()).toEqual([]);
    expect(desk.see(fall)).toMatchObject({
      state: { phase: 'resolved', outcome: 'merged' },
      mergedInto: other.incidentId,
    });
    const whole = desk.see(other);
    expect(whole).toMatchObject({ openedAt: fall.openedAt, merged: [{ code: fall.code }], state: { phase: 'open' } });
    expect(whole.alerts).toHaveLength(2);
    expect(whole.told.map(({ contactId }) => contactId)).toContain('near');
    desk.command(other, { ...reached, by: li });
    expect(desk.told()).toContain('stand-down near');
    expect(desk.lines(other)).toContain('merged-in');
  });

  test('in two homes are news to everybody: the message names both', () => {
    const { desk, fall, other } = two({ arrives: true });
    desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    expect(desk.told()).toContain('worse station');
    expect(desk.notices.at(-1)?.text.placeIds).toEqual(['yurt', 'house']);
  });

  test('tell whom no message of the first one had reached', () => {
    const { desk, fall, other } = two({ together: true });
    desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    expect(desk.told()).toEqual(expect.arrayContaining(['alarm near', 'information daughter']));
  });

  test('hear of new alerts of either in the one that stands, also after a restart', () => {
    const { desk, fall, other } = two();
    desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    expect(desk.alert('fall', 'watch-bat').incidentId).toBe(other.incidentId);
    const again = village({ state: reloaded(desk.state), at: desk.now });
    again.countFrom(desk);
    expect(again.alert('fall', 'watch-bat').incidentId).toBe(other.incidentId);
    desk.change({ type: 'clear', alertId: fall.alerts[0]?.alertId ?? '', at: desk.now, reason: {} });
    expect(desk.see(other).alerts.some(({ clearedAt }) => clearedAt === desk.now)).toBe(true);
  });

  test('take a reply to the one for a reply to the other, and what became of a message', () => {
    const { desk, fall, other } = two();
    const version = desk.see(fall).version;
    desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    const reply = { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 10 } as const;
    expect(desk.command(fall, { ...reply, expectedVersion: version })).toMatchObject({ ok: true });
    expect(desk.see(other).state).toMatchObject({ phase: 'responding', by: contact('near') });
  });

  test('are not closed into one that is behind: who is on the way is not lost', () => {
    const { desk, fall, other } = two();
    accept(desk, fall, 'near', 20);
    const answer = desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    expect(answer).toMatchObject({ ok: false, message: expect.stringContaining(other.code) });
    expect(desk.command(other, { type: 'merge', by: li, into: fall.incidentId, reason })).toMatchObject({ ok: true });
    expect(desk.see(fall).state.phase).toBe('responding');
  });

  test('that became one are not opened again by themselves, and a new cry after its end is a new incident', () => {
    const { desk, fall, other } = two();
    desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    expect(desk.command(fall, { type: 'reopen', by: li, reason })).toMatchObject({ ok: false });
    desk.command(other, { ...reached, by: li });
    expect(desk.command(fall, { type: 'reopen', by: li, reason })).toMatchObject({ ok: false });
    const anew = desk.alert('fall', 'watch-bat');
    expect([fall.incidentId, other.incidentId]).not.toContain(anew.incidentId);
    expect(desk.command(other, { type: 'reopen', by: li, reason })).toMatchObject({ ok: false });
    desk.advance(25 * HOUR_MS);
    expect(desk.incidents.get(fall.incidentId)).toBeUndefined();
  });

  test('of lesser and of greater urgency are as urgent as the greater', () => {
    const { desk } = fallen();
    const care = desk.alert('call-care', 'button-yurt');
    const fall = desk.alert('fall', 'watch-him');
    desk.told();
    desk.command(fall, { type: 'merge', by: li, into: care.incidentId, reason });
    expect(desk.see(care).severity).toBe('critical');
    expect(desk.told()).toContain('worse desk!');
  });

  test('by way of a third: who was told of the first answers for all of them', () => {
    const { desk, fall, other } = two();
    const care = desk.alert('fall', 'watch-tuya');
    desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    desk.command(other, { type: 'merge', by: li, into: care.incidentId, reason });
    desk.outcome('daughter', 'delivered');
    expect(desk.see(care).told.find(({ contactId }) => contactId === 'daughter')?.reached).toBe('delivered');
    expect(desk.reply('near', `1 ${fall.code}`).result).toMatchObject({ ok: true });
    expect(desk.see(care).state).toMatchObject({ phase: 'responding', by: contact('near') });
  });

  test('are told on as long as a claim of the more urgent one would last', () => {
    const { desk } = fallen();
    const errand = desk.alert('call-service', 'button-yurt');
    const fall = desk.alert('fall', 'watch-him');
    desk.command(errand, { type: 'claim', by: li });
    expect(desk.command(fall, { type: 'merge', by: wang, into: errand.incidentId, reason })).toMatchObject({
      ok: true,
    });
    desk.told();
    desk.advance(2 * MINUTE_MS);
    expect(desk.see(errand).state.phase).toBe('open');
    expect(desk.told()).toContain('escalation desk');
  });

  test('a life is no part of work on devices, whose ladder calls nobody for it', () => {
    const { desk } = fallen();
    const silent = desk.alert('device-silent', 'smoke-yurt', { severity: 'critical' });
    const fire = desk.alert('smoke', 'smoke-house');
    const refused = desk.command(fire, { type: 'merge', by: li, into: silent.incidentId, reason });
    expect(refused).toMatchObject({ ok: false, problem: 'not-allowed' });
    expect(desk.command(silent, { type: 'merge', by: li, into: fire.incidentId, reason })).toMatchObject({ ok: true });
  });

  test('of more people than one incident tells the end stay two', () => {
    const many = Array.from({ length: 58 }, (_, at) =>
      contactOf(`helper-${at}`, 'area', 'west', 'fire-post', 1 + (at % 9)),
    );
    const desk = village({ contacts: [...everybody, ...many] });
    const fall = desk.alert('fall', 'watch-bat');
    const fire = desk.alert('smoke', 'smoke-1');
    for (let at = 0; at < 58; at++)
      desk.command(fire, { type: 'accept', by: li, contactId: `helper-${at}`, expectedMinutes: 5 });
    const merge = { type: 'merge', by: li, into: fire.incidentId, reason } as const;
    expect(desk.command(fall, merge)).toMatchObject({ ok: false, message: expect.stringContaining('hear the end') });
    expect(desk.see(fall).state.phase).toBe('open');
  });

  test('keep waiting for what the emergency services have not said yet', () => {
    const { desk, fall, other } = two();
    desk.command(other, { type: 'transfer', by: li, to: '120' });
    desk.command(other, { type: 'transfer-outcome', by: li, result: 'helped' });
    desk.command(fall, { type: 'transfer', by: li, to: '119' });
    desk.command(fall, { type: 'merge', by: li, into: other.incidentId, reason });
    expect(desk.command(other, { ...reached, by: li })).toMatchObject({ ok: false, problem: 'not-allowed' });
  });
});
