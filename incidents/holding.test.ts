import { expect, test } from 'vitest';
import { contact, HOUR_MS, li, MINUTE_MS, village, wang } from './village.test-support.ts';

const yesterday = (desk: { now: number }) => ({ takenAt: desk.now });

/** A fall of three hours ago, which a person has to answer for. */
function held() {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.sleep(3 * HOUR_MS);
  desk.told();
  return { desk, fall };
}

test('what was held goes out from the first rung when a person says so, to those who are on it now, and says how late it is', () => {
  const { desk, fall } = held();
  expect(desk.command(fall, { type: 'let-go', choice: 'send', by: li })).toMatchObject({ ok: true });
  expect(desk.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
  const [, toNear] = desk.notices.slice(-4);
  expect(toNear).toMatchObject({ at: desk.now, text: { heldMs: 3 * HOUR_MS } });
  expect(desk.lines(fall).slice(-3)).toEqual(['held', 'held-sent', 'rung']);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  expect(desk.notices.at(-1)?.text.heldMs).toBeUndefined();
});

test('what was dropped tells nobody, is on record, and leaves the incident open until a person ends it', () => {
  const { desk, fall } = held();
  expect(desk.command(fall, { type: 'let-go', choice: 'drop', by: li })).toMatchObject({ ok: true });
  desk.advance(48 * HOUR_MS);
  expect(desk.told().filter((one) => one.includes('near') || one.includes('station'))).toEqual([]);
  expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder: { phase: 'held', dropped: true } });
  const ofFall = desk.timeline.filter(({ incidentId }) => incidentId === fall.incidentId);
  expect(ofFall.at(-1)).toMatchObject({ what: 'held-dropped', by: li });
  expect(desk.command(fall, { type: 'let-go', choice: 'drop', by: wang })).toMatchObject({ problem: 'not-allowed' });
});

test('what was dropped can be sent after all, and a new alarm begins anew', () => {
  for (const goOn of ['let-go', 'alarm'] as const) {
    const { desk, fall } = held();
    desk.command(fall, { type: 'let-go', choice: 'drop', by: li });
    if (goOn === 'alarm') desk.alert('fall', 'watch-bat');
    else desk.command(fall, { type: 'let-go', choice: 'send', by: wang });
    expect(desk.see(fall).ladder).toMatchObject({ phase: 'running', rung: 1 });
    expect(desk.told().some((one) => one.endsWith(' near'))).toBe(true);
  }
});

test('only what is held can be let go, by the desk alone', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  for (const choice of ['send', 'drop'] as const) {
    expect(desk.command(fall, { type: 'let-go', choice, by: li })).toMatchObject({ ok: false, problem: 'not-allowed' });
  }
  desk.sleep(3 * HOUR_MS);
  const reply = desk.command(fall, { type: 'let-go', choice: 'send', by: contact('near') });
  expect(reply).toMatchObject({ ok: false, problem: 'not-allowed' });
});

test('with a journal of an hour ago emergencies of less than two hours go on at once, and everything else waits for a person', () => {
  const desk = village();
  const old = desk.alert('fall', 'watch-bat');
  desk.advance(HOUR_MS + MINUTE_MS);
  const care = desk.alert('call-care', 'button-house');
  const fire = desk.alert('smoke', 'smoke-yurt');
  desk.told();
  desk.sleep(HOUR_MS, yesterday(desk));
  const phases = [old, care, fire].map((incident) => desk.see(incident).ladder.phase);
  expect(phases).toEqual(['held', 'held', 'running']);
  expect(desk.see(fire).ladder).toMatchObject({ rung: 2 });
});

test('a restart of an hour holds nothing when nothing was put back', () => {
  const desk = village();
  const old = desk.alert('fall', 'watch-bat');
  desk.advance(3 * HOUR_MS);
  desk.sleep(HOUR_MS);
  expect(desk.see(old).ladder.phase).toBe('running');
});

test('what a rule had still to say when the system stopped is of before, too', () => {
  const desk = village();
  const stoppedAt = desk.now;
  desk.sleep(5 * HOUR_MS);
  desk.backTo(stoppedAt + MINUTE_MS);
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  desk.backTo(stoppedAt + 5 * HOUR_MS);
  for (let due = desk.incidents.nextDeadline(); due !== undefined && due <= desk.now; ) {
    desk.took(desk.incidents.fire(due, desk.now));
    due = desk.incidents.nextDeadline();
  }
  expect(desk.see(fall).ladder).toMatchObject({ phase: 'held', rung: 1 });
  expect(desk.told()).toEqual(['alarm desk!', 'alarm desk', 'alarm lead']);
});

test('after a restore no message bears a name that one of the lost time may have had', () => {
  const lost = village();
  const fire = lost.alert('smoke', 'smoke-yurt');
  lost.alert('smoke', 'smoke-yurt');
  const named = new Set(lost.notices.map(({ noticeId }) => noticeId));
  const restored = village();
  restored.alert('smoke', 'smoke-yurt');
  restored.sleep(MINUTE_MS, yesterday(restored));
  const before = restored.notices.length;
  restored.alert('smoke', 'smoke-yurt', { alertId: 'another' });
  const worse = restored.notices.slice(before);
  expect(worse.map(({ purpose }) => purpose)).toContain('worse');
  expect(worse.filter(({ noticeId }) => named.has(noticeId))).toEqual([]);
  expect(restored.see(fire).version).toBeGreaterThan(1_000);
});

test('a claim from before a restore holds nobody off: whoever had it is asked as well', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.command(fall, { type: 'claim', by: li });
  desk.command(fall, { type: 'act', by: li, action: 'rang the home' });
  desk.sleep(3 * HOUR_MS);
  expect(desk.see(fall).state.phase).toBe('claimed');
  desk.sleep(MINUTE_MS, yesterday(desk));
  expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder: { phase: 'held' } });
});

test('a new emergency call into what is held is told, also where somebody was on the way when the system stopped, and what was dropped', () => {
  for (const drops of [false, true]) {
    const desk = village();
    const fall = desk.alert('fall', 'watch-bat');
    desk.command(fall, { type: 'accept', by: li, contactId: 'near', expectedMinutes: 10 });
    desk.sleep(3 * HOUR_MS);
    expect(desk.see(fall)).toMatchObject({
      state: { phase: 'responding' },
      ladder: { phase: 'held', heldAt: desk.now },
    });
    if (drops) desk.command(fall, { type: 'let-go', choice: 'drop', by: li });
    desk.told();
    expect(desk.alert('call-emergency', 'watch-bat').incidentId).toBe(fall.incidentId);
    expect(desk.told()).toEqual(['worse desk!', 'worse near', 'worse station', 'information daughter']);
    expect(desk.see(fall).ladder.phase).toBe('waiting');
  }
});

test('a new call for care into one that is held or dropped starts its ladder', () => {
  for (const drops of [false, true]) {
    const desk = village();
    const care = desk.alert('call-care', 'button-house');
    desk.sleep(3 * HOUR_MS);
    if (drops) desk.command(care, { type: 'let-go', choice: 'drop', by: li });
    desk.told();
    expect(desk.alert('call-care', 'button-house').incidentId).toBe(care.incidentId);
    expect(desk.see(care).ladder).toMatchObject({ phase: 'running', rung: 1, startedAt: desk.now });
    expect(desk.told()).toContain('worse desk!');
  }
});

test('a word of service about what is held lets nothing go, and one that is urgent does', () => {
  const { desk, fall } = held();
  expect(desk.alert('fall', 'watch-bat', { severity: 'service' }).incidentId).toBe(fall.incidentId);
  expect(desk.see(fall).ladder.phase).toBe('held');
  desk.alert('fall', 'watch-bat', { severity: 'urgent' });
  expect(desk.see(fall).ladder.phase).toBe('running');
});

test('an emergency of minutes ago that somebody had in hand when the backup was taken is told at once: nobody knows of their claim any more', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.command(fall, { type: 'claim', by: li });
  desk.command(fall, { type: 'act', by: li, action: 'rang the home' });
  desk.told();
  desk.sleep(10 * MINUTE_MS, yesterday(desk));
  expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder: { phase: 'running', rung: 2 } });
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  const claimOf = desk.timeline.findLast(({ what }) => what === 'claim-expired');
  expect(claimOf).toMatchObject({ incidentId: fall.incidentId, by: li });
});

test('a claim of what is held or dropped, its end, and a question to a second person let nothing go', () => {
  for (const drops of [false, true]) {
    const { desk, fall } = held();
    const ladder = { phase: 'held', rung: 1, ...(drops && { dropped: true }) };
    if (drops) desk.command(fall, { type: 'let-go', choice: 'drop', by: li });
    const pages = () => desk.told().filter((one) => !/lead|team| desk/.test(one));
    desk.command(fall, { type: 'claim', by: li });
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'claimed' }, ladder });
    desk.advance(5 * MINUTE_MS);
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder });
    desk.command(fall, { type: 'claim', by: li });
    desk.command(fall, { type: 'release', by: li });
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder });
    desk.command(fall, { type: 'resolve', by: li, outcome: 'no-help-needed', contact: 'not-reached' });
    desk.advance(HOUR_MS);
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder });
    desk.command(fall, { type: 'claim', by: li });
    desk.sleep(3 * HOUR_MS, yesterday(desk));
    expect(desk.see(fall)).toMatchObject({ state: { phase: 'open' }, ladder });
    expect(pages()).toEqual([]);
  }
});

test('whoever claimed what is held may send or drop it, and keeps it in hand', () => {
  const { desk, fall } = held();
  desk.command(fall, { type: 'claim', by: li });
  expect(desk.command(fall, { type: 'let-go', choice: 'drop', by: li })).toMatchObject({ ok: true });
  expect(desk.see(fall).ladder).toMatchObject({ phase: 'held', dropped: true });
  expect(desk.command(fall, { type: 'let-go', choice: 'send', by: li })).toMatchObject({ ok: true });
  expect(desk.see(fall)).toMatchObject({ state: { phase: 'claimed' }, ladder: { phase: 'paused', rung: 1 } });
  expect(desk.told()).toContain('alarm near');
  expect(desk.notices.findLast(({ purpose }) => purpose === 'alarm')?.text.heldMs).toBe(3 * HOUR_MS);
});

test('where the one who was on the way turns back from what is held, it goes out anew, marked late', () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.command(fall, { type: 'accept', by: li, contactId: 'near', expectedMinutes: 10 });
  desk.sleep(3 * HOUR_MS);
  desk.told();
  desk.command(fall, { type: 'decline', by: contact('near'), contactId: 'near' });
  expect(desk.told()).toContain('alarm station');
  expect(desk.notices.at(-1)?.text.heldMs).toBe(3 * HOUR_MS);
});

test('what was over when the backup was taken bears new names, too, when it is opened again', () => {
  const reopened = (desk: ReturnType<typeof village>, fire: Parameters<typeof desk.see>[0]) => {
    const before = desk.notices.length;
    desk.command(fire, { type: 'reopen', by: wang, reason: 'it burns again' });
    return desk.notices.slice(before).map(({ noticeId }) => noticeId);
  };
  const [lost, restored] = [village(), village()].map((desk) => {
    const fire = desk.alert('smoke', 'smoke-yurt');
    desk.command(fire, { type: 'resolve', by: li, outcome: 'false-alarm', contact: 'reached' });
    return { desk, fire };
  });
  if (!lost || !restored) throw new Error('two villages');
  const named = new Set(reopened(lost.desk, lost.fire));
  restored.desk.sleep(MINUTE_MS, yesterday(restored.desk));
  const anew = reopened(restored.desk, restored.fire);
  expect(named.size).toBeGreaterThan(0);
  expect(anew.length).toBeGreaterThan(0);
  expect(anew.filter((noticeId) => named.has(noticeId))).toEqual([]);
});

test('what was held because the clock was ahead goes on when it is set right soon after the start, and nothing else does', () => {
  const goesOn = (stopMs: number, thenMs: number, byMs: number, restored = false, drops = false) => {
    const desk = village();
    const fall = desk.alert('fall', 'watch-bat');
    desk.sleep(stopMs, restored ? yesterday(desk) : undefined);
    if (drops) desk.command(fall, { type: 'let-go', choice: 'drop', by: li });
    desk.advance(thenMs);
    desk.told();
    desk.took(desk.incidents.clockStepped(desk.now, byMs));
    if (desk.see(fall).ladder.phase === 'held') return desk.told().length > 0;
    return desk.told().includes('escalation next') && desk.see(fall).ladder.phase === 'running';
  };
  expect(goesOn(8 * HOUR_MS, MINUTE_MS, -8 * HOUR_MS)).toBe(true);
  expect(goesOn(9 * HOUR_MS, MINUTE_MS, -8 * HOUR_MS)).toBe(true);
  expect(goesOn(8 * HOUR_MS, MINUTE_MS, -5 * HOUR_MS)).toBe(false);
  expect(goesOn(8 * HOUR_MS, HOUR_MS, -8 * HOUR_MS)).toBe(false);
  expect(goesOn(8 * HOUR_MS, MINUTE_MS, 8 * HOUR_MS)).toBe(false);
  expect(goesOn(8 * HOUR_MS, MINUTE_MS, -8 * HOUR_MS, true)).toBe(false);
  expect(goesOn(8 * HOUR_MS, MINUTE_MS, -8 * HOUR_MS, false, true)).toBe(false);
});

test('what opens anew after a backup was put back takes no name under which people may have heard of it in the time that was lost', () => {
  const desk = village();
  desk.sleep(MINUTE_MS, yesterday(desk));
  const fall = desk.alert('fall', 'watch-bat');
  expect(desk.see(fall).version).toBeGreaterThan(1_000);
  expect(desk.notices.filter(({ incidentId }) => incidentId === fall.incidentId)).not.toHaveLength(0);
  for (const { noticeId } of desk.notices) expect(Number(/\/v(\d+)\//.exec(noticeId)?.[1])).toBeGreaterThan(1_000);
});
