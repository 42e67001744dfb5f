import { describe, expect, test } from 'vitest';
import { put } from '../records/registry.test-support.ts';
import {
  accept,
  contact,
  fallen,
  HOUR_MS,
  li,
  MINUTE_MS,
  reached,
  reason,
  SECOND_MS,
  village,
  wang,
} from './village.test-support.ts';

describe('a claim that is taken over', () => {
  test('is another’s, with the reason and from whom on record, and with the clock that ran', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'claim', by: li });
    const claimed = desk.see(fall).state;
    desk.advance(MINUTE_MS);
    expect(desk.command(fall, { type: 'take-over', by: wang, reason })).toMatchObject({ ok: true });
    const { state } = desk.see(fall);
    expect(state).toMatchObject({
      phase: 'claimed',
      by: wang,
      since: claimed.since,
      expiresAt: desk.now + 2 * MINUTE_MS,
    });
    expect(desk.timeline.at(-1)).toMatchObject({
      what: 'taken-over',
      by: wang,
      details: { from: 'account:li', reason },
    });
    expect(desk.command(fall, { type: 'release', by: li })).toMatchObject({ ok: false });
  });

  test('expires as any other, when who took it does nothing', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'claim', by: li });
    desk.command(fall, { type: 'act', by: li, action: 'called' });
    desk.command(fall, { type: 'take-over', by: wang, reason });
    desk.advance(2 * MINUTE_MS);
    expect(desk.see(fall).state.phase).toBe('open');
  });

  test('is nobody’s who has it already, and not a contact’s', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'claim', by: li });
    expect(desk.command(fall, { type: 'take-over', by: li, reason })).toMatchObject({ problem: 'not-allowed' });
    expect(desk.command(fall, { type: 'take-over', by: contact('near'), reason })).toMatchObject({ ok: false });
    expect(desk.lines(fall).at(-1)).toBe('refused-reply');
  });
});

describe('what is handed to another level', () => {
  test('is told to the people of that level, and no clock begins anew', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'claim', by: li });
    const { openedAt, state } = desk.see(fall);
    desk.advance(30 * SECOND_MS);
    desk.command(fall, { type: 'hand-up', by: li, to: 'county', reason });
    expect(desk.told()).toContain('alarm lead');
    expect(desk.see(fall)).toMatchObject({ level: 'county', openedAt, state: { phase: 'open', since: state.since } });
    expect(desk.see(fall).ladder.phase).toBe('running');
    desk.command(fall, { type: 'hand-up', by: wang, to: 'township', reason });
    expect(desk.timeline.at(-1)).toMatchObject({ what: 'handed-up', details: { from: 'county', to: 'township' } });
    expect(desk.told()).toContain('alarm team');
  });

  test('stays with whoever is on the way, and is not handed to who has it', () => {
    const { desk, fall } = fallen();
    accept(desk, fall, 'near', 20);
    const { state, ladder } = desk.see(fall);
    desk.command(fall, { type: 'hand-up', by: li, to: 'township', reason });
    expect(desk.see(fall)).toMatchObject({ state, ladder });
    const again = desk.command(fall, { type: 'hand-up', by: li, to: 'township', reason });
    expect(again).toMatchObject({ ok: false, problem: 'not-allowed' });
  });
});

describe('what the emergency services were told', () => {
  test('stays open until it is known what became of it there', () => {
    const { desk, fall } = fallen();
    expect(desk.command(fall, { type: 'transfer-outcome', by: li, result: 'helped' })).toMatchObject({ ok: false });
    const { ladder } = desk.see(fall);
    desk.command(fall, { type: 'transfer', by: li, to: '120', reference: '41' });
    expect(desk.see(fall)).toMatchObject({ transferred: { to: '120', by: li, at: desk.now }, ladder });
    const early = desk.command(fall, { ...reached, by: li, outcome: 'transferred' });
    expect(early).toMatchObject({ ok: false, problem: 'not-allowed', message: expect.stringContaining('120') });
    desk.advance(HOUR_MS);
    desk.command(fall, { type: 'transfer-outcome', by: li, result: 'hospital' });
    expect(desk.command(fall, { ...reached, by: li, outcome: 'transferred' })).toMatchObject({ ok: true });
    expect(desk.lines(fall)).toEqual(expect.arrayContaining(['transferred', 'transfer-outcome', 'resolved']));
  });
});

describe('a fire for which two services were told', () => {
  test('waits for both, whichever is heard of first; the ladder goes on, and one that is told again is told once', () => {
    const desk = village();
    const fire = desk.alert('smoke', 'smoke-house');
    desk.command(fire, { type: 'transfer', by: li, to: '119' });
    const { ladder } = desk.see(fire);
    desk.command(fire, { type: 'transfer', by: li, to: '120', reference: '41' });
    desk.command(fire, { type: 'transfer', by: li, to: '120', reference: '42' });
    const [first, second] = [{ to: '120', reference: '42' }, [{ to: '119' }]];
    expect(desk.see(fire)).toMatchObject({ transferred: first, transfers: second, ladder, state: { phase: 'open' } });
    expect(desk.command(fire, { type: 'transfer-outcome', by: li, to: '110', result: 'helped' })).toMatchObject({
      ok: false,
    });
    desk.command(fire, { type: 'transfer-outcome', by: li, to: '119', result: 'not-coming' });
    const early = desk.command(fire, { ...reached, by: li, outcome: 'transferred' });
    expect(early).toMatchObject({ ok: false, message: expect.stringContaining('120') });
    desk.command(fire, { type: 'transfer-outcome', by: li, result: 'hospital' });
    expect(desk.see(fire)).toMatchObject({
      transferred: { result: 'hospital' },
      transfers: [{ result: 'not-coming' }],
    });
    expect(desk.command(fire, { ...reached, by: li, outcome: 'transferred' })).toMatchObject({ ok: true });
  });

  test('is part of another one with both, and what is still waited for counts', () => {
    const desk = village();
    const [fire, other] = [desk.alert('smoke', 'smoke-house'), desk.alert('smoke', 'smoke-yurt')];
    for (const to of ['119', '120'] as const) desk.command(fire, { type: 'transfer', by: li, to });
    desk.command(other, { type: 'transfer', by: li, to: '119' });
    desk.command(other, { type: 'transfer-outcome', by: li, result: 'nothing-found' });
    desk.command(fire, { type: 'merge', by: li, into: other.incidentId, reason });
    const { transferred, transfers = [] } = desk.see(other);
    expect([transferred, ...transfers].map((one) => [one?.to, one?.result])).toEqual([
      ['119', undefined],
      ['120', undefined],
    ]);
  });
});

describe('a call that is something else', () => {
  test('more: the ladder of an emergency starts, and the clock runs on', () => {
    const desk = village();
    const care = desk.alert('call-care', 'button-house');
    desk.command(care, { type: 'claim', by: li });
    desk.advance(4 * MINUTE_MS);
    const { openedAt, state } = desk.see(care);
    desk.told();
    desk.command(care, { type: 'reclass', by: li, to: 'rescue', reason });
    expect(desk.told()).toEqual(expect.arrayContaining(['worse desk!', 'worse near', 'worse station']));
    expect(desk.see(care)).toMatchObject({
      severity: 'critical',
      openedAt,
      state: { phase: 'claimed', since: state.since },
    });
    // The next emergency press of the same person is this call.
    expect(desk.alert('call-emergency', 'button-house').incidentId).toBe(care.incidentId);
  });

  test('less: who was told of an emergency turns back once, and hears no other end', () => {
    const desk = village();
    const press = desk.alert('call-emergency', 'button-house');
    desk.told();
    desk.command(press, { type: 'reclass', by: li, to: 'service', reason });
    expect(desk.told()).toEqual(['stand-down near', 'stand-down station', 'all-clear daughter']);
    expect(desk.see(press)).toMatchObject({ severity: 'service', openedAt: press.openedAt });
    desk.command(press, { ...reached, by: li });
    expect(desk.told()).toEqual([]);
  });

  test('less: who goes all the same, because the answers crossed, hears the end', () => {
    const desk = village();
    const call = desk.alert('call-emergency', 'button-house');
    desk.command(call, { type: 'reclass', by: li, to: 'service', reason });
    desk.reply('near', '1');
    desk.told();
    desk.command(call, { ...reached, by: li });
    expect(desk.told()).toContain('stand-down near');
  });

  test('is no other incident of the same person, and no fall', () => {
    const { desk, fall } = fallen();
    expect(desk.command(fall, { type: 'reclass', by: li, to: 'care', reason })).toMatchObject({ ok: false });
    const care = desk.alert('call-care', 'button-house');
    const both = desk.command(care, { type: 'reclass', by: li, to: 'rescue', reason });
    expect(both).toMatchObject({ ok: false, message: expect.stringContaining(fall.code) });
  });
});

describe('whoever else was told', () => {
  test('hears once that somebody goes, whoever accepts later, and not who cannot come', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'decline', by: contact('station'), contactId: 'station' });
    desk.told();
    accept(desk, fall, 'near', 20);
    const updates = desk.notices.filter(({ purpose }) => purpose === 'update');
    expect(desk.told()).toEqual(['update daughter', 'update next', 'update desk']);
    expect(updates.every(({ text }) => text.goingId === 'near')).toBe(true);
    accept(desk, fall, 'next', 5);
    expect(desk.told()).toEqual([]);
  });

  test('turns back when it is over, by voice first who was on the way', () => {
    const { desk, fall } = fallen();
    accept(desk, fall, 'near', 20);
    desk.command(fall, { ...reached, by: li, outcome: 'no-help-needed' });
    const back = desk.notices.filter(({ purpose }) => purpose === 'stand-down');
    const ways = back.map(({ recipient, prefer }) => [recipient.type === 'contact' && recipient.contactId, prefer]);
    expect(ways).toEqual([
      ['near', 'voice'],
      ['station', undefined],
    ]);
  });
});

describe('who says that they are there', () => {
  test('and promised much longer is not believed: help goes on coming, and the desk hears of it', () => {
    const { desk, fall } = fallen();
    accept(desk, fall, 'near', 40);
    desk.told();
    desk.advance(2 * MINUTE_MS);
    desk.alert('call-emergency', 'button-house');
    expect(desk.command(fall, { type: 'arrive', by: contact('near') })).toMatchObject({ ok: false });
    expect(desk.see(fall).state.phase).toBe('responding');
    expect(desk.lines(fall)).toContain('arrival-doubted');
    // The desk may know better.
    expect(desk.command(fall, { type: 'arrive', by: li })).toMatchObject({ ok: true });
  });

  test('is believed when they could be, with the press of the home’s own button just before on record', () => {
    const { desk, fall } = fallen();
    accept(desk, fall, 'near', 20);
    desk.advance(12 * MINUTE_MS);
    desk.alert('call-emergency', 'button-house');
    expect(desk.see(fall).state).toMatchObject({ phase: 'responding', pressedAt: desk.now });
    desk.advance(2 * MINUTE_MS);
    desk.command(fall, { type: 'arrive', by: contact('near') });
    expect(desk.see(fall).state).toMatchObject({ phase: 'on-scene', by: contact('near') });
    expect(desk.timeline.findLast(({ what }) => what === 'arrived')?.details).toEqual({ pressed: true });
  });

  test('and set out from nearby is believed, whatever they said', () => {
    const { desk, fall } = fallen();
    const position = (lat: number) => ({ position: { lat, lon: 116, datum: 'WGS-84' } });
    const channels = [{ type: 'log' }];
    const near = { id: 'near', of: { type: 'place', id: 'house' }, role: 'neighbour', name: 'near', channels };
    desk.registry.apply([
      put('place', { id: 'house', areaId: 'east', kind: 'house', name: 'house', ...position(44) }),
      put('contact', { ...near, ...position(44.04) }),
    ]);
    accept(desk, fall, 'near', 40);
    desk.advance(MINUTE_MS);
    expect(desk.command(fall, { type: 'arrive', by: contact('near') })).toMatchObject({ ok: false });
    // Four and a half kilometres are two minutes by car.
    desk.advance(90 * SECOND_MS);
    expect(desk.command(fall, { type: 'arrive', by: contact('near') })).toMatchObject({ ok: true });
  });

  test('and reports a new time has been under way since the first one', () => {
    const { desk, fall } = fallen();
    accept(desk, fall, 'near', 40);
    desk.advance(20 * MINUTE_MS);
    accept(desk, fall, 'near', 20);
    desk.advance(MINUTE_MS);
    expect(desk.command(fall, { type: 'arrive', by: contact('near') })).toMatchObject({ ok: true });
  });

  test('and comes second finds the first one there', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'arrive', by: contact('near') });
    desk.command(fall, { type: 'arrive', by: contact('station') });
    expect(desk.see(fall).state).toMatchObject({ phase: 'on-scene', by: contact('near') });
    desk.told();
    desk.command(fall, { ...reached, by: li });
    expect(desk.told()).toEqual(['all-clear near', 'all-clear station', 'all-clear daughter']);
  });
});
