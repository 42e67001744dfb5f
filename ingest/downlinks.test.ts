import { expect, test } from 'vitest';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { foldUnderTest, hourMs, minuteMs } from './downlinks.test-support.ts';

const reboot = { name: 'reboot' } as const;
const lampOn = { name: 'lamp', state: 'on' } as const;
const hushOf = (incidentId: string, seq: number, boot = 1) => ({ name: 'hush', incidentId, boot, seq }) as const;

test('a command waits, is sent, and is done when the device says so; that is final', () => {
  const home = foldUnderTest();
  const { id, result } = home.ask('smoke-1', reboot);
  expect(result).toEqual({ ok: true });
  expect(home.due()).toEqual(['reboot']);
  home.append({ kind: 'downlink', id, deviceId: 'smoke-1' });
  home.wait(minuteMs);
  home.append({ kind: 'downlink', id, deviceId: 'smoke-1' });
  expect(home.row(id)).toMatchObject({ sent: 2, sentAt: home.now(), state: { phase: 'waiting' } });
  home.hear('smoke-1', 'done', { seq: 5, command: id, result: 'ok' });
  expect(home.row(id)?.state).toEqual({ phase: 'done', at: home.now(), result: 'ok' });
  home.hear('smoke-1', 'done', { seq: 6, command: id, result: 'failed' });
  expect(home.row(id)?.state).toMatchObject({ result: 'ok' });
  expect(home.due()).toEqual([]);
  expect(home.cancel('smoke-1', id)).toMatchObject({
    ok: false,
    problem: 'not-allowed',
    message: 'the command is done',
  });
});

test('only the device that was asked can say that it is done', () => {
  const home = foldUnderTest();
  const { id } = home.ask('smoke-1', reboot);
  home.hear('watch-2', 'done', { seq: 1, command: id, result: 'ok' });
  expect(home.row(id)?.state.phase).toBe('waiting');
});

test('a command expires at its own time, on record, and nothing is due after it', () => {
  const home = foldUnderTest();
  const { id } = home.ask('smoke-1', reboot, { lifeSeconds: 600 });
  home.wait(10 * minuteMs - 1);
  expect(home.due()).toEqual(['reboot']);
  home.wait(hourMs);
  expect(home.row(id)?.state).toEqual({ phase: 'expired', at: (home.row(id)?.askedAt ?? 0) + 600_000 });
  expect(home.due()).toEqual([]);
  const decided = home.judgements.flatMap(({ downlinks }) => downlinks.map(({ state }) => state.phase));
  expect(decided).toEqual(['waiting', 'expired']);
});

test('a command that is cancelled is not sent; that it was obeyed all the same is not hidden', () => {
  const home = foldUnderTest();
  const { id } = home.ask('smoke-1', reboot);
  expect(home.cancel('smoke-1', 'nothing')).toMatchObject({ ok: false, problem: 'not-found' });
  expect(home.cancel('watch-2', id)).toMatchObject({ ok: false, problem: 'not-found' });
  expect(home.cancel('smoke-1', id)).toEqual({ ok: true });
  expect(home.row(id)?.state).toMatchObject({ phase: 'cancelled', by: { id: 'li' }, reason: 'not any more' });
  expect(home.due()).toEqual([]);
  home.hear('smoke-1', 'done', { seq: 1, command: id, result: 'ok' });
  expect(home.row(id)?.state).toMatchObject({ phase: 'done', after: 'cancelled' });
});

test('a newer command of the same name takes the place of one that waits', () => {
  const home = foldUnderTest();
  const first = home.ask('smoke-1', { name: 'interval', interval: 60 });
  const second = home.ask('smoke-1', { name: 'interval', interval: 720 });
  expect(home.row(first.id)?.state.phase).toBe('overtaken');
  expect(home.downlinks.due('smoke-1', home.now()).map(({ id }) => id)).toEqual([second.id]);
});

test('the same command asked twice is one command; the same id for another is refused', () => {
  const home = foldUnderTest();
  const first = home.ask('smoke-1', reboot, { commandId: 'the-same-id' });
  expect(home.ask('smoke-1', reboot, { commandId: 'the-same-id' }).result).toEqual(first.result);
  expect(home.downlinks.ofDevice('smoke-1')).toHaveLength(1);
  for (let others = 0; others < 5_000; others++) home.cancel('smoke-1', 'nothing');
  expect(home.ask('watch-2', reboot, { commandId: 'the-same-id' }).result).toMatchObject({
    ok: false,
    problem: 'invalid',
  });
});

test('what cannot be is refused in words', () => {
  const home = foldUnderTest();
  expect(home.ask('nowhere', reboot).result).toMatchObject({
    problem: 'not-found',
    message: 'there is no device nowhere',
  });
  expect(home.ask('smoke-1', { name: 'locate' }).result).toMatchObject({ message: 'a smoke-detector knows no locate' });
  expect(home.ask('watch-2', hushOf('any', 1)).result).toMatchObject({ message: 'a wearable knows no hush' });
  const neighbour = { type: 'contact', id: 'near' } as const;
  expect(home.ask('smoke-1', reboot, { by: neighbour }).result).toMatchObject({ problem: 'not-allowed' });
  expect(home.ask('smoke-1', hushOf('none', 1), { lifeSeconds: 301 }).result).toMatchObject({
    message: 'a hush lives 300 s at most',
  });
  expect(home.ask('smoke-1', hushOf('none', 1)).result).toMatchObject({ problem: 'not-found' });
});

test('after a call for help nothing but lamp, locate, time and hush is due, until it has been quiet for three minutes', () => {
  const home = foldUnderTest();
  for (const ask of [reboot, { name: 'interval', interval: 60 }, lampOn, { name: 'time' }, { name: 'locate' }] as const)
    home.ask('watch-2', ask);
  home.hear('watch-2', 'press', { seq: 1, call: 'emergency' });
  expect(home.due('watch-2')).toEqual(['lamp', 'time', 'locate']);
  home.wait(2 * minuteMs);
  home.hear('watch-2', 'status', { seq: 2 });
  expect(home.due('watch-2')).toEqual(['lamp', 'time', 'locate']);
  home.wait(minuteMs);
  expect(home.due('watch-2')).toEqual(['reboot', 'interval', 'lamp', 'time', 'locate']);
});

test('a call for help that cannot be read, or that is sent again, counts as one', () => {
  const home = foldUnderTest();
  home.ask('watch-2', reboot);
  home.hear('watch-2', 'fall', { seq: 1, state: 'sideways' });
  expect(home.due('watch-2')).toEqual([]);
  home.wait(4 * minuteMs);
  expect(home.due('watch-2')).toEqual(['reboot']);
  home.hear('watch-2', 'fall', { seq: 1, state: 'sideways', age: 240 });
  expect(home.due('watch-2')).toEqual([]);
});

test('a hush needs the claim of who asks, and the alarm that sounds', () => {
  const home = foldUnderTest();
  home.alarm(7);
  const incidentId = [...home.incidents.openIncidents()][0]?.incidentId ?? '';
  expect(home.ask('smoke-1', hushOf(incidentId, 7)).result).toMatchObject({
    problem: 'not-allowed',
    message: expect.stringMatching(/^claim incident .{4} first/),
  });
  home.claim({ type: 'account', id: 'wang' });
  expect(home.ask('smoke-1', hushOf(incidentId, 7)).result).toMatchObject({ problem: 'not-allowed' });
  const wang = { by: { type: 'account', id: 'wang' } } as const;
  expect(home.ask('smoke-1', hushOf(incidentId, 6), wang).result).toMatchObject({
    message: 'the newest alarm of smoke-1 is smoke, boot 1, seq 7 to 7: look again',
  });
  expect(home.ask('smoke-1', hushOf(incidentId, 7, 2), wang).result).toMatchObject({ problem: 'not-allowed' });
  expect(home.ask('smoke-1', hushOf(incidentId, 7), wang).result).toEqual({ ok: true });
  expect(home.due()).toEqual(['hush']);
});

test('carbon monoxide and gas are not silenced from afar', () => {
  for (const source of ['co', 'gas']) {
    const home = foldUnderTest();
    home.alarm(7, { source });
    const { result } = home.ask('smoke-1', hushOf(home.claim(), 7));
    expect(result).toMatchObject({
      problem: 'not-allowed',
      message: expect.stringContaining('is not silenced from afar'),
    });
    expect(home.due()).toEqual([]);
  }
});

test('an alarm that goes on is the same, by the number of any of its reports; when it is off there is nothing to silence', () => {
  const home = foldUnderTest();
  home.alarm(7);
  home.wait(minuteMs);
  home.alarm(9);
  const incidentId = home.claim();
  const { id } = home.ask('smoke-1', hushOf(incidentId, 7));
  home.wait(minuteMs);
  home.alarm(10);
  expect(home.due()).toEqual(['hush']);
  home.alarm(11, { state: 'off' });
  expect(home.row(id)?.state.phase).toBe('overtaken');
  expect(home.ask('smoke-1', hushOf(incidentId, 7)).result).toMatchObject({
    message: 'no alarm of smoke-1 stands: there is nothing to silence',
  });
});

test.each([
  { what: 'another source', alarm: { seq: 9, source: 'co' } },
  { what: 'the same source after a restart', alarm: { boot: 2, seq: 0 } },
  { what: 'one without numbers', alarm: { seq: undefined, source: 'heat' } },
  { what: 'one that cannot be read', alarm: { seq: 9, source: 'smoke', state: 'perhaps' } },
])('a hush is overtaken by a newer alarm: $what', ({ alarm: { seq, ...fields } }) => {
  const home = foldUnderTest();
  home.alarm(7);
  const { id } = home.ask('smoke-1', hushOf(home.claim(), 7));
  home.alarm(seq as number, fields);
  expect(home.row(id)?.state.phase).toBe('overtaken');
  expect(home.due()).toEqual([]);
});

test('an older alarm that arrives late is not the newest', () => {
  const home = foldUnderTest();
  home.alarm(7);
  home.ask('smoke-1', hushOf(home.claim(), 7));
  home.alarm(3, { age: 900 });
  home.alarm(4, { age: 800, state: 'off' });
  expect(home.due()).toEqual(['hush']);
});

test('an alarm of which it was heard first that it is over is over', () => {
  const home = foldUnderTest();
  home.alarm(5, { age: 10, state: 'off' });
  home.alarm(4, { age: 20, state: 'hushed' });
  home.alarm(3, { age: 30 });
  const incidentId = home.claim();
  const nothing = { message: 'no alarm of smoke-1 stands: there is nothing to silence' };
  for (const seq of [3, 4, 5]) expect(home.ask('smoke-1', hushOf(incidentId, seq)).result).toMatchObject(nothing);
  home.alarm(6);
  expect(home.ask('smoke-1', hushOf(incidentId, 6)).result).toEqual({ ok: true });
});

test('an alarm before one that could not be read may have ended with that: what is heard of it later is another alarm', () => {
  const home = foldUnderTest();
  home.alarm(9);
  home.alarm(12, { state: 'perhaps' });
  home.alarm(13, { source: 'heat', state: 'off' });
  home.alarm(32);
  const incidentId = home.claim();
  home.alarm(8, { age: 7_200 });
  for (const seq of [9, 12, 31])
    expect(home.ask('smoke-1', hushOf(incidentId, seq)).result).toMatchObject({
      message: 'the newest alarm of smoke-1 is smoke, boot 1, seq 32 to 32: look again',
    });
  expect(home.ask('smoke-1', hushOf(incidentId, 32)).result).toEqual({ ok: true });
});

test('a hush for an alarm that a test window keeps out of the incident is refused', () => {
  const home = foldUnderTest();
  home.alarm(7);
  const incidentId = home.claim();
  home.send({
    ...{ type: 'test-window', commandId: 'window-12', by: { type: 'account', id: 'li' }, deviceId: 'smoke-1' },
    ...{ until: home.now() + hourMs, reason: 'yearly test' },
  });
  home.alarm(8, { source: 'heat' });
  expect(home.ask('smoke-1', hushOf(incidentId, 8)).result).toMatchObject({
    problem: 'not-allowed',
    message: expect.stringContaining('is not in incident'),
  });
});

test('after two hours of standing still nothing that was asked before is sent by itself', () => {
  const home = foldUnderTest();
  const { id } = home.ask('smoke-1', reboot);
  home.append({ kind: 'started', version: 'test', downMs: 2 * hourMs - 1 });
  expect(home.due()).toEqual(['reboot']);
  home.append({ kind: 'started', version: 'test', downMs: 2 * hourMs });
  expect(home.row(id)?.state.phase).toBe('overtaken');
});

test('what waits goes with a device that leaves the registry', () => {
  const home = foldUnderTest();
  home.alarm(7);
  home.ask('smoke-1', reboot);
  const by = { type: 'system', id: 'test' } as const;
  const changes = [{ type: 'remove', entity: 'device', id: 'smoke-1' }] as const;
  home.send({ type: 'registry-part', commandId: 'part-gone', by, importId: 'gone', part: 0, changes: [...changes] });
  home.send({ type: 'registry-commit', commandId: 'commit-gone', by, importId: 'gone', parts: 1 });
  expect(home.downlinks.ofDevice('smoke-1')).toEqual([]);
  expect(home.state.table('standing-alarms').size).toBe(0);
  home.wait(72 * hourMs);
});

test('whoever called sees a light while somebody is on the way, and none when nobody is any more', () => {
  const home = foldUnderTest();
  home.hear('watch-2', 'press', { seq: 1, call: 'emergency' });
  const [opened] = [...home.incidents.openIncidents()];
  const { incidentId = '', code } = opened ?? {};
  const on = { ...{ type: 'account', id: 'li' }, contactId: 'station-east' } as const;
  const by = { type: 'account', id: 'li' } as const;
  const version = () => home.incidents.get(incidentId)?.version ?? 0;
  const lamps = () =>
    home.downlinks.ofDevice('watch-2').map(({ ask, state }) => ['state' in ask && ask.state, state.phase]);
  const asked = { commandId: 'accept-12', by, incidentId, expectedVersion: version(), contactId: on.contactId };
  home.send({ type: 'accept', ...asked, expectedMinutes: 10 });
  expect(lamps()).toEqual([['on', 'waiting']]);
  expect(home.due('watch-2')).toEqual(['lamp']);
  const [lamp] = home.downlinks.ofDevice('watch-2');
  expect(lamp).toMatchObject({ by: { type: 'system' }, reason: `incident ${code}: somebody is on the way` });
  home.send({ type: 'arrive', commandId: 'arrive-12', by, incidentId, expectedVersion: version() });
  expect(lamps()).toEqual([['on', 'waiting']]);
  const end = { outcome: 'helped', contact: 'reached' } as const;
  home.send({ type: 'resolve', commandId: 'resolve-1', by, incidentId, expectedVersion: version(), ...end });
  expect(lamps()).toEqual([
    ['on', 'overtaken'],
    ['off', 'waiting'],
  ]);
});

test('the same journal gives the same commands, and history that was decided otherwise is kept', () => {
  const first = foldUnderTest();
  const { id } = first.ask('smoke-1', reboot, { lifeSeconds: 60 });
  first.ask('watch-2', { name: 'locate' });
  first.wait(hourMs);
  const again = foldUnderTest({ journal: first.journal });
  expect(again.judgements.filter(({ differs }) => differs)).toEqual([]);
  expect([...again.state.table('downlinks').entries()]).toEqual([...first.state.table('downlinks').entries()]);

  const decided = { kind: 'decided', cause: first.journal.length + 1, version: 'older' } as const;
  const judgement = first.append({ kind: 'tick' });
  expect(judgement.followUps).toEqual([]);
  const row = first.row(id);
  if (!row) throw new Error('the command is gone');
  expect(first.append({ ...decided, downlinks: [{ ...row, state: { phase: 'waiting' } }] }).differs).toBeDefined();
  expect(first.row(id)?.state.phase).toBe('waiting');
});

test('a step that is undone leaves no deadline behind and loses none', () => {
  const home = foldUnderTest();
  const { id } = home.ask('smoke-1', reboot, { lifeSeconds: 60 });
  const dueAt = home.downlinks.nextDeadline();
  home.state.preview(() => home.downlinks.fire(home.now() + hourMs));
  expect(home.row(id)?.state.phase).toBe('waiting');
  expect(home.downlinks.nextDeadline()).toBe(dueAt);
  home.cancel('smoke-1', id);
  expect(home.downlinks.nextDeadline()).toBeUndefined();
});

test('a checkpoint brings back what waits, with its deadline', () => {
  const home = foldUnderTest();
  home.ask('smoke-1', reboot, { lifeSeconds: 60 });
  home.ask('watch-2', { name: 'time' }, { lifeSeconds: 30 });
  const loaded = foldUnderTest();
  for (const change of home.state.entries()) loaded.state.load(change);
  loaded.judge.rebuild();
  expect(loaded.downlinks.nextDeadline()).toBe(home.now() + 30_000);
  expect(loaded.downlinks.due('smoke-1', home.now())).toEqual(home.downlinks.due('smoke-1', home.now()));
});

test('there is room for ten thousand that wait, and an end of it', () => {
  const home = foldUnderTest();
  const ask = {
    type: 'device-command',
    by: { type: 'account', id: 'li' },
    ask: reboot,
    reason: 'new firmware',
  } as const;
  const row = {
    ...ask,
    deviceId: 'smoke-1',
    askedAt: 0,
    expiresAt: home.now() + hourMs,
    sent: 0,
    state: { phase: 'waiting' },
  } as const;
  const waiting = Array.from({ length: 10_000 }, (_, index) => ({ ...row, id: `c-${index}`, deviceId: `d-${index}` }));
  home.downlinks.applyDecided(0, waiting);
  expect(home.ask('smoke-1', reboot).result).toMatchObject({
    ok: false,
    problem: 'not-allowed',
    message: '10000 commands wait for devices already: cancel some, or wait',
  });
});

test('a watch that somebody goes to look after does not say that help is coming', () => {
  const home = foldUnderTest();
  home.hear('watch-2', 'status', { seq: 1 });
  home.wait(96 * hourMs);
  const [silent] = [...home.incidents.openIncidents()].filter(({ alerts }) =>
    alerts.some(({ where }) => where.deviceId === 'watch-2'),
  );
  expect(silent?.category).toBe('supervision');
  const { incidentId = '', version: expectedVersion = 0 } = silent ?? {};
  const by = { type: 'account', id: 'li' } as const;
  const accept = { commandId: 'accept-12', by, incidentId, expectedVersion, contactId: 'team', expectedMinutes: 60 };
  expect(home.send({ type: 'accept', ...accept })).toMatchObject({ ok: true });
  expect(home.downlinks.ofDevice('watch-2')).toEqual([]);
});

test('a command that another version left alone is as it was, and one that it never asked is gone', () => {
  const home = foldUnderTest();
  const { id } = home.ask('smoke-1', reboot);
  home.append({ kind: 'downlink', id, deviceId: 'smoke-1' });
  const asked = home.row(id);
  const again = foldUnderTest({ journal: home.journal });
  let sequence = home.journal.length;
  const step = (record: JournalRecord) =>
    again.judge.step({ sequence: ++sequence, receivedAt: home.now(), body: encodeRecord(record) });
  const command = { type: 'device-command', commandId: 'newer-one', by: { type: 'account', id: 'li' } } as const;
  step({ kind: 'command', command: { ...command, deviceId: 'smoke-1', ask: reboot, reason: 'why' } });
  expect([again.row(id)?.state.phase, again.row('newer-one')?.state.phase]).toEqual(['overtaken', 'waiting']);
  const refusal = { ok: false, problem: 'not-allowed', message: 'older versions did not' } as const;
  const result = { commandId: 'newer-one', result: refusal };
  expect(step({ kind: 'decided', cause: sequence, version: 'older', result }).differs).toBeDefined();
  expect([again.row(id), again.row('newer-one')]).toEqual([asked, undefined]);
  expect(again.state.table('downlinks-before').size).toBe(0);
});

test('what was asked and overtaken by one record, which another version decided otherwise, was never asked', () => {
  const home = foldUnderTest();
  home.downlinks.begin(99);
  const ask = {
    type: 'device-command',
    by: { type: 'account', id: 'li' },
    deviceId: 'smoke-1',
    reason: 'why',
  } as const;
  const mine = ['first-one', 'second-one'].flatMap((commandId) => {
    return home.downlinks.ask({ ...ask, commandId, ask: reboot }, home.now()).changed;
  });
  home.downlinks.applyDecided(99, [], mine);
  expect([home.downlinks.ofDevice('smoke-1'), home.state.table('downlinks-before').size]).toEqual([[], 0]);
});
