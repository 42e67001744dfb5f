import { describe, expect, test } from 'vitest';
import { accept, contact, HOUR_MS, li, MINUTE_MS, SECOND_MS, village, wang } from './village.test-support.ts';

const reached = { type: 'resolve', outcome: 'helped', contact: 'reached' } as const;
const notReached = { type: 'resolve', outcome: 'no-help-needed', contact: 'not-reached' } as const;

function fallen() {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  return { desk, fall };
}

describe('a claim', () => {
  test('without action expires after two minutes; the next rung is told, and the timeline shows both', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'claim', by: li });
    desk.advance(2 * MINUTE_MS);
    expect(desk.lines(fall)).toEqual(['opened', 'rung', 'claimed', 'claim-expired', 'rung']);
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder: { phase: 'running', rung: 2 } });
  });

  test('with an action holds', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'claim', by: li });
    desk.advance(MINUTE_MS);
    desk.command(fall, { type: 'act', by: li, action: 'called the home' });
    desk.advance(HOUR_MS);
    expect(desk.see(fall).state).toMatchObject({ phase: 'claimed', acted: true });
    expect(desk.told()).toEqual([]);
  });

  test('by two people in the same instant: one has it, the other is told who', () => {
    const { desk, fall } = fallen();
    const { version } = desk.see(fall);
    expect(desk.command(fall, { type: 'claim', by: li, expectedVersion: version })).toEqual({
      ok: true,
      version: version + 1,
    });
    const second = desk.command(fall, { type: 'claim', by: wang, expectedVersion: version });
    expect(second).toMatchObject({ ok: false, problem: 'version-conflict', currentVersion: version + 1 });
    expect(second).toMatchObject({ message: expect.stringContaining('claimed by account li') });
    const again = desk.command(fall, { type: 'claim', by: wang });
    expect(again).toMatchObject({ ok: false, problem: 'not-allowed', message: expect.stringContaining('account li') });
  });

  test('is released by who has it, and by nobody else', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'claim', by: li });
    expect(desk.command(fall, { type: 'release', by: wang })).toMatchObject({ ok: false, problem: 'not-allowed' });
    expect(desk.command(fall, { type: 'release', by: li })).toMatchObject({ ok: true });
    expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  });

  test('is not in the way of messages that arrive meanwhile: they are no news to who claims', () => {
    const { desk, fall } = fallen();
    desk.outcome('near', 'delivered');
    desk.advance(MINUTE_MS);
    expect(desk.command(fall, { type: 'claim', by: li, expectedVersion: fall.version })).toMatchObject({ ok: true });
  });

  test('of what became worse since it was looked at is a conflict', () => {
    const { desk, fall } = fallen();
    desk.alert('call-emergency', 'button-house');
    const blind = desk.command(fall, { ...reached, by: li, expectedVersion: fall.version });
    expect(blind).toMatchObject({ ok: false, problem: 'version-conflict' });
  });
});

test('the same command twice is one command with one answer, also after it was refused', () => {
  const { desk, fall } = fallen();
  const claim = { type: 'claim', by: li, commandId: 'the-same-one', expectedVersion: fall.version } as const;
  const first = desk.command(fall, claim);
  const lines = desk.timeline.length;
  expect(desk.command(fall, claim)).toEqual(first);
  expect(desk.timeline).toHaveLength(lines);
  const late = { type: 'claim', by: wang, commandId: 'too-late-one', expectedVersion: fall.version } as const;
  const refused = desk.command(fall, late);
  desk.command(fall, { type: 'release', by: li });
  expect(desk.command(fall, late)).toEqual(refused);
});

test('an incident that nobody knows is not found', () => {
  const { desk, fall } = fallen();
  const answer = desk.command({ ...fall, incidentId: 'i:nothing' }, { type: 'claim', by: li });
  expect(answer).toMatchObject({ ok: false, problem: 'not-found' });
});

describe('a responder', () => {
  test('who accepts is waited for until five minutes after the time given, then the next rung is told', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 20 });
    desk.told();
    expect(desk.see(fall).state).toMatchObject({
      phase: 'responding',
      by: contact('near'),
      expectedAt: desk.now + 20 * MINUTE_MS,
    });
    desk.advance(25 * MINUTE_MS - 1);
    expect(desk.told()).toEqual([]);
    desk.advance(1);
    expect(desk.told()).toEqual(['escalation next', 'escalation desk', 'escalation station']);
    expect(desk.see(fall).state.phase).toBe('responding');
    // They hear who is on the way, not that nobody has answered.
    const again = desk.notices.filter(({ purpose }) => purpose === 'escalation');
    expect(again.map(({ text }) => text.goingId)).toEqual(['near', 'near', 'near']);
  });

  test('who is hours away is waited for an hour at a time: then everybody hears of it who may be nearer', () => {
    const { desk, fall } = fallen();
    accept(desk, fall, 'near', 150);
    desk.told();
    desk.advance(65 * MINUTE_MS - 1);
    expect(desk.told()).toEqual([]);
    desk.advance(1);
    const rest = ['escalation next', 'escalation desk', 'escalation team', 'escalation lead'];
    expect(desk.told()).toEqual([...rest.slice(0, 2), 'escalation station', ...rest.slice(2)]);
    expect(desk.see(fall).state).toMatchObject({ phase: 'responding', by: contact('near') });
    desk.advance(65 * MINUTE_MS - 1);
    expect(desk.told()).toEqual([]);
    desk.advance(1);
    expect(desk.told()).toEqual(['escalation desk!', 'escalation next', 'escalation station']);
    // From 5 minutes after they were to be there, the ladder goes on as ever.
    desk.advance(25 * MINUTE_MS);
    expect(desk.told()).toContain('escalation desk!');
    expect(desk.see(fall).ladder).toMatchObject({ phase: 'running' });
    const call = desk.alert('call-care', 'button-yurt');
    desk.command(call, { type: 'accept', by: li, contactId: 'team', expectedMinutes: 600 });
    expect(desk.see(call).ladder).toMatchObject({ nextAt: desk.now + 605 * MINUTE_MS });
  });

  test('who is nearer than the one on the way is waited for instead; one who is further is a backup', () => {
    const { desk, fall } = fallen();
    accept(desk, fall, 'near', 20);
    accept(desk, fall, 'station', 40);
    expect(desk.see(fall).state).toMatchObject({ by: contact('near') });
    accept(desk, fall, 'station', 10);
    expect(desk.see(fall).state).toMatchObject({ by: contact('station'), expectedAt: desk.now + 10 * MINUTE_MS });
    accept(desk, fall, 'station', 60);
    expect(desk.see(fall).state).toMatchObject({ by: contact('station'), expectedAt: desk.now + 60 * MINUTE_MS });
  });

  test('who turns back leaves the incident open, and the next rung is told at once', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 20 });
    desk.told();
    desk.command(fall, { type: 'decline', by: contact('near'), contactId: 'near' });
    expect(desk.see(fall).state.phase).toBe('open');
    expect(desk.told()).toEqual(['escalation next', 'escalation desk', 'escalation station']);
  });

  test('whom the desk reached by telephone has it in writing, and hears the end', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'accept', by: li, contactId: 'team', expectedMinutes: 30 });
    expect(desk.told()).toEqual(['information team', 'update near', 'update station', 'update daughter']);
    desk.command(fall, { ...reached, by: li });
    expect(desk.told()).toContain('stand-down team');
  });

  test('of another incident is refused, and that is on record', () => {
    const { desk, fall } = fallen();
    const reply = { type: 'accept', by: contact('night'), contactId: 'night', expectedMinutes: 5 } as const;
    expect(desk.command(fall, reply)).toMatchObject({ ok: false, problem: 'not-allowed' });
    expect(desk.lines(fall)).toContain('refused-reply');
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, version: fall.version });
  });

  test('answers for nobody else, and claims nothing', () => {
    const { desk, fall } = fallen();
    const forAnother = { type: 'accept', by: contact('near'), contactId: 'station', expectedMinutes: 5 } as const;
    expect(desk.command(fall, forAnother)).toMatchObject({ ok: false, problem: 'not-allowed' });
    expect(desk.command(fall, { type: 'claim', by: contact('near') })).toMatchObject({
      ok: false,
      problem: 'not-allowed',
    });
  });

  test('who is there ends the ladder; the desk may report it for them', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 20 });
    desk.command(fall, { type: 'arrive', by: li });
    expect(desk.see(fall)).toMatchObject({
      state: { phase: 'on-scene', by: contact('near') },
      ladder: { phase: 'ended' },
    });
    desk.told();
    desk.advance(24 * HOUR_MS);
    expect(desk.told()).toEqual([]);
    expect(desk.see(fall).state.phase).toBe('on-scene');
  });
});

describe('a second press', () => {
  test('while a responder is on the way is shown and sounded, and the ladder is unchanged', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 40 });
    const { ladder } = desk.see(fall);
    desk.told();
    desk.advance(2 * MINUTE_MS);
    desk.alert('call-emergency', 'button-house');
    expect(desk.lines(fall)).toContain('call-again');
    expect(desk.told()).toEqual(['worse desk!']);
    expect(desk.see(fall)).toMatchObject({ ladder, state: { phase: 'responding' } });
  });

  test('long after somebody was there is a new cry: the first rung hears it', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'arrive', by: li });
    desk.advance(10 * MINUTE_MS);
    desk.alert('call-emergency', 'button-house');
    expect(desk.told()).toEqual(['worse desk!']);
    desk.advance(20 * MINUTE_MS);
    desk.alert('call-emergency', 'button-house');
    expect(desk.told()).toEqual(['worse desk!', 'worse near', 'worse station', 'information daughter']);
  });
});

describe('the end', () => {
  test('is heard by everyone who was told, once: who may be under way turns back', () => {
    const { desk, fall } = fallen();
    desk.advance(MINUTE_MS);
    desk.command(fall, { type: 'accept', by: contact('next'), contactId: 'next', expectedMinutes: 20 });
    desk.told();
    desk.command(fall, { ...reached, by: li });
    const ends = ['stand-down near', 'stand-down station', 'all-clear daughter', 'stand-down next', 'stand-down desk'];
    expect(desk.told()).toEqual(ends);
  });

  test('that is taken back finds everybody as they were: who was asked to go is asked, and turns back again', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { ...reached, by: li });
    desk.command(fall, { type: 'reopen', by: li, reason: 'the other house' });
    desk.command(fall, { type: 'accept', by: li, contactId: 'next', expectedMinutes: 30 });
    desk.told();
    desk.command(fall, { ...reached, by: li });
    expect(desk.told()).toEqual(['stand-down near', 'stand-down station', 'all-clear daughter', 'stand-down next']);
    expect(desk.see(fall).told.map(({ contactId, informed }) => [contactId, informed])).toEqual([
      ['near', undefined],
      ['station', undefined],
      ['daughter', true],
      ['next', true],
    ]);
  });

  test('is all-clear for everyone when somebody was there', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { type: 'arrive', by: li });
    desk.command(fall, { ...reached, by: li });
    expect(desk.told()).toEqual(['all-clear near', 'all-clear station', 'all-clear daughter']);
    expect(desk.notices.at(-1)?.text.detail).toBe('helped');
  });

  test('of a life-safety incident is never a reply, and never the system', () => {
    const { desk, fall } = fallen();
    expect(desk.command(fall, { ...reached, by: contact('near') })).toMatchObject({
      ok: false,
      problem: 'not-allowed',
    });
    expect(desk.command(fall, { ...reached, by: { type: 'system', id: 'x' } })).toMatchObject({
      ok: false,
      problem: 'not-allowed',
    });
    expect(desk.see(fall).state.phase).toBe('open');
  });

  test('is kept for a day, in which it can be taken back', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { ...reached, by: li });
    desk.advance(23 * HOUR_MS);
    desk.told();
    expect(desk.command(fall, { type: 'reopen', by: li, reason: 'the other house' })).toMatchObject({ ok: true });
    expect(desk.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
    desk.command(fall, { ...reached, by: li });
    desk.advance(24 * HOUR_MS);
    expect(desk.incidents.get(fall.incidentId)).toBeUndefined();
    expect(desk.incidents.deadlineCount()).toBe(0);
  });

  test('is not taken back while another incident is open for the same person', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { ...reached, by: li });
    const next = desk.alert('fall', 'watch-bat');
    const answer = desk.command(fall, { type: 'reopen', by: li, reason: 'the other house' });
    expect(answer).toMatchObject({ ok: false, problem: 'not-allowed', message: expect.stringContaining(next.code) });
  });
});

describe('nobody reached', () => {
  test('is no end by one person: it is refused, on record, and rests with a clock', () => {
    const { desk, fall } = fallen();
    const answer = desk.command(fall, { ...notReached, by: li });
    expect(answer).toMatchObject({
      ok: false,
      problem: 'second-person-needed',
      currentVersion: desk.see(fall).version,
    });
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, closing: { by: li, askedAt: desk.now } });
    expect(desk.lines(fall).at(-1)).toBe('second-person-asked');
    // The leads are asked where they are.
    expect(desk.told()).toEqual(['agree team', 'agree lead']);
    expect(desk.see(fall).closing).toMatchObject({ asked: ['team', 'lead'] });
    desk.advance(30 * MINUTE_MS - 1);
    expect(desk.told()).toEqual([]);
    // Rest is not forgetting: then the ladder goes on.
    desk.advance(1);
    expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  });

  test('is an end when another account agrees, and not when the same one asks again', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { ...notReached, by: li });
    expect(desk.command(fall, { ...notReached, by: li })).toMatchObject({ problem: 'second-person-needed' });
    expect(desk.command(fall, { ...notReached, by: wang })).toMatchObject({ ok: true });
    expect(desk.see(fall).state).toMatchObject({ phase: 'resolved', by: wang, contact: 'not-reached' });
    expect(desk.timeline.find(({ what }) => what === 'resolved')?.details).toMatchObject({ agreedWith: 'account:li' });
  });

  test('is no end when a program agrees, or somebody agrees with a program: two people have to', () => {
    const { desk, fall } = fallen();
    const program = { type: 'api-key', id: 'team' } as const;
    const isAsked = { problem: 'second-person-needed' };
    expect(desk.command(fall, { ...notReached, by: program })).toMatchObject(isAsked);
    expect(desk.command(fall, { ...notReached, by: li })).toMatchObject(isAsked);
    expect(desk.command(fall, { ...notReached, by: program })).toMatchObject(isAsked);
    expect(desk.command(fall, { ...notReached, by: li })).toMatchObject(isAsked);
    expect(desk.command(fall, { ...notReached, by: wang })).toMatchObject({ ok: true });
    expect(desk.timeline.find(({ what }) => what === 'resolved')?.details).toMatchObject({ agreedWith: 'account:li' });
  });

  test('is an end when the township or a responder who went agrees, not when a neighbour who was only told does', () => {
    const { desk, fall } = fallen();
    desk.advance(2 * MINUTE_MS);
    desk.command(fall, { ...notReached, by: li });
    expect(desk.command(fall, { ...notReached, by: contact('station') })).toMatchObject({
      problem: 'second-person-needed',
    });
    expect(desk.command(fall, { ...notReached, by: contact('team') })).toMatchObject({ ok: true });
    const other = fallen();
    other.desk.command(other.fall, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 20 });
    other.desk.command(other.fall, { ...notReached, by: li });
    expect(other.desk.command(other.fall, { ...notReached, by: contact('near') })).toMatchObject({ ok: true });
  });

  test('is open again for everybody when the person calls meanwhile', () => {
    const { desk, fall } = fallen();
    desk.command(fall, { ...notReached, by: li });
    desk.advance(SECOND_MS);
    desk.alert('call-emergency', 'button-house');
    expect(desk.see(fall).closing).toBeUndefined();
    expect(desk.told()).toContain('worse near');
  });
});
