import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Downlink } from '../../records/downlink.ts';
import { ask, openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import type { DeviceCommandPage, DeviceCommandShown } from './device-command-routes.ts';

/** A desk whose alarm process answers what the test says, and whose news come at once, or never. */
async function deskUnderTest({ newsComes = true } = {}) {
  const alarm = standInAlarm();
  const asked: Command[] = [];
  let refusal: CommandResult | undefined;
  const decide = (downlinks: Downlink[]) => alarm.record({ kind: 'decided', cause: 1, version: 'test', downlinks });
  async function apply(command: Command): Promise<CommandResult> {
    asked.push(command);
    if (refusal) return refusal;
    if (command.type === 'device-command' && newsComes) decide([rowOf(command)]);
    const row = command.type === 'cancel-device-command' ? alarm.view.downlink(command.cancels) : undefined;
    if (row) decide([{ ...row, state: { phase: 'cancelled', at: 2, by: command.by, reason: 'changed my mind' } }]);
    return { ok: true };
  }
  // A request looks for its news every 10 ms, for 2 s: here it need not take that long.
  const after: Clock['after'] = (delayMs, run) => systemClock.after(delayMs === 10 ? 0 : delayMs, run);
  const api = await openDesk(alarm, { commands: { apply }, clock: { ...systemClock, after } });
  onTestFinished(() => api.close());
  return {
    ...{ api, alarm, asked, li: await signedIn(api) },
    refuse: (message: string) => {
      refusal = { ok: false, problem: 'not-allowed', message };
    },
  };
}

function rowOf({
  commandId: id,
  deviceId,
  ask: wanted,
  by,
  reason,
}: Extract<Command, { type: 'device-command' }>): Downlink {
  return { id, deviceId, ask: wanted, by, reason, askedAt: 1, expiresAt: 1_000, sent: 0, state: { phase: 'waiting' } };
}

const reboot = { commandId: 'restart-1', ask: { name: 'reboot' }, reason: 'its clock is wrong' };

test('a command is asked by who is signed in, listed with who asked and why, and cancelled', async () => {
  const { api, li, asked, alarm } = await deskUnderTest();
  const made = await li.post('/devices/smoke-1/commands', { ...reboot, lifeSeconds: 600 });
  expect(made.status).toBe(201);
  expect(await made.json()).toMatchObject({
    ...{ id: 'restart-1', reason: 'its clock is wrong', state: { phase: 'waiting' } },
    by: { type: 'account', id: 'li', name: 'Li Na' },
  });
  expect(asked).toMatchObject([{ type: 'device-command', by: { id: 'li' }, deviceId: 'smoke-1', lifeSeconds: 600 }]);
  await li.post('/devices/smoke-1/commands', { ...reboot, commandId: 'set-clock', ask: { name: 'time' } });
  alarm.record({ kind: 'downlink', id: 'restart-1', deviceId: 'smoke-1' });

  const listed = (await (await li.get('/devices/smoke-1/commands')).json()) as DeviceCommandPage;
  expect(listed.commands.map(({ id, sent }) => [id, sent])).toEqual([
    ['set-clock', 0],
    ['restart-1', 1],
  ]);
  const path = '/devices/smoke-1/commands/restart-1?commandId=cancel-12&reason=changed+my+mind';
  const cancelled = await ask(api, 'DELETE', path, { cookie: li.cookie });
  expect(cancelled.status).toBe(200);
  expect(((await cancelled.json()) as DeviceCommandShown).state).toMatchObject({ phase: 'cancelled' });
  expect(asked.at(-1)).toMatchObject({
    type: 'cancel-device-command',
    cancels: 'restart-1',
    reason: 'changed my mind',
  });
});

test('nobody who is not signed in, and no other page, asks anything of a device', async () => {
  const { api, li, asked } = await deskUnderTest();
  expect((await ask(api, 'POST', '/devices/smoke-1/commands', { body: reboot })).status).toBe(401);
  expect((await ask(api, 'GET', '/devices/smoke-1/commands')).status).toBe(401);
  const path = '/devices/smoke-1/commands/restart-1?commandId=cancel-12&reason=none';
  expect((await ask(api, 'DELETE', path)).status).toBe(401);
  const foreign = { cookie: li.cookie, body: reboot, headers: { origin: 'https://elsewhere.example' } };
  expect((await ask(api, 'POST', '/devices/smoke-1/commands', foreign)).status).toBe(403);
  expect(asked).toEqual([]);
});

test('what no device could obey, or nobody gives a reason for, is refused before it is asked', async () => {
  const { li, asked } = await deskUnderTest();
  for (const body of [
    { ...reboot, reason: '' },
    { ...reboot, commandId: crypto.randomUUID() },
    { ...reboot, ask: { name: 'explode' } },
    { ...reboot, ask: { name: 'interval', interval: 0 } },
    { ...reboot, ask: { name: 'hush', boot: 1, seq: 1 } },
    { ...reboot, lifeSeconds: 8 * 86_400 },
    { ...reboot, by: { type: 'system', id: 'me' } },
  ]) {
    const refused = await li.post('/devices/smoke-1/commands', body);
    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  }
  expect(asked).toEqual([]);
});

test('a refusal says why, and a device that nobody knows is not found', async () => {
  const { li, refuse } = await deskUnderTest();
  refuse('claim incident N7AN first');
  const refused = await li.post('/devices/smoke-1/commands', reboot);
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: 'not-allowed', detail: 'claim incident N7AN first' });
  expect((await li.get('/devices/nowhere/commands')).status).toBe(404);
});

test('when the news is still on the way, the answer says that it is done and no more', async () => {
  const { li } = await deskUnderTest({ newsComes: false });
  const made = await li.post('/devices/smoke-1/commands', reboot);
  expect(made.status).toBe(202);
  expect(await made.json()).toEqual({ id: 'restart-1' });
});
