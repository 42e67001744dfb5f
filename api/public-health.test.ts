import { expect, onTestFinished, test } from 'vitest';
import { ask, openDesk, standInAlarm } from './desk.test-support.ts';

test('whoever did not sign in hears that all is well, and nothing of the ways by which people are reached', async () => {
  const alarm = standInAlarm();
  const seen = alarm.health.alarm;
  if (!seen) throw new Error('nobody saw the alarm process');
  const drills = { nextAt: 1, channels: [{ channel: 'sms:modem-1', lastProvenAt: 1 }] };
  const api = await openDesk(alarm, {
    health: async () => ({ ...alarm.health, alarm: { ...seen, drills, deadMan: { problem: 'it answers 404' } } }),
  });
  onTestFinished(() => api.close());
  const said = (await (await ask(api, 'GET', '/health')).json()) as object;
  expect(said).toMatchObject({ overall: 'well' });
  expect(Object.keys(said).sort()).toEqual(['at', 'overall', 'parts', 'watching']);
});
