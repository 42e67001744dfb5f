import { expect, test } from 'vitest';
import { SECOND_MS } from '../../home.test-support.ts';
import { message, ready, until } from './modem.test-support.ts';

test.each([
  ['rings', { type: 'accepted', detail: 'rang' }, 20, 22],
  ['picked-up', { type: 'accepted', detail: 'rang' }, 0, 2],
  ['busy', { type: 'later', reason: 'busy, or not to be reached' }, 0, 2],
  ['unreachable', { type: 'later', reason: 'it did not ring' }, 30, 32],
] as const)(
  'a telephone that is rung (%s): the answer comes with the first ring, and then the line is free again',
  async (calls, sent, atLeast, atMost) => {
    const { ring, simulated, tick, clock } = await ready({ world: { calls } });
    const hungUp = (times: number) => async () => {
      await tick(500);
      return simulated.commands.filter((command) => command === 'ATH').length === times;
    };
    const startedAt = clock.now();
    const attempt = ring.send(message('n1', '', { type: 'voice' }));
    await until(hungUp(1));
    expect(await attempt).toEqual(sent);
    const lasted = (clock.now() - startedAt) / SECOND_MS;
    expect(lasted).toBeGreaterThanOrEqual(atLeast);
    expect(lasted).toBeLessThanOrEqual(atMost);
    expect(await ring.send(message('n2', '', { type: 'voice', phone: '110' }))).toMatchObject({ type: 'later' });
    const next = ring.send(message('n3', '', { type: 'voice', phone: '04795112349' }));
    await until(hungUp(2));
    expect(await next).toEqual(sent);
    expect(simulated.dialled).toEqual(['13800001111', '04795112349']);
  },
);

test('a modem that hangs while it dials tells nobody the number', async () => {
  const { ring, simulated, clock } = await ready();
  simulated.world.isSilent = true;
  const attempt = ring.send(message('n1', '', { type: 'voice' }));
  await clock.advance(16 * SECOND_MS);
  expect(await attempt).toEqual({ type: 'later', reason: 'not dialled: no answer to ATD' });
});

test('an SMS goes out while a telephone rings', async () => {
  const { ring, channel, simulated, tick } = await ready();
  const attempt = ring.send(message('n1', '', { type: 'voice' }));
  await until(async () => {
    await tick(100);
    return simulated.isCalling;
  });
  expect(await channel.send(message('n2', 'smoke'))).toMatchObject({ type: 'accepted' });
  await until(async () => {
    await tick(500);
    return !simulated.isCalling;
  });
  expect(await attempt).toEqual({ type: 'accepted', detail: 'rang' });
});

test('whoever cannot be rung because another telephone rings reads it at once, and is rung when the line is free', async () => {
  const { ring, simulated, tick } = await ready();
  const within = (hasCome: () => boolean) =>
    until(async () => {
      await tick(500);
      return hasCome();
    });
  const first = ring.send(message('n1', '', { type: 'voice' }));
  await within(() => simulated.isCalling);
  const other = message('n2', '', { type: 'voice', phone: '13900002222' });
  const sent = await ring.send(other);
  expect(sent).toMatchObject({ type: 'later', reason: 'the line rings elsewhere' });
  const waitMs = 'retryAfterMs' in sent ? (sent.retryAfterMs ?? 0) : 0;
  expect(waitMs).toBeGreaterThan(10 * SECOND_MS);
  expect(waitMs).toBeLessThanOrEqual(23 * SECOND_MS);
  await within(() => !simulated.isCalling);
  expect(await first).toMatchObject({ type: 'accepted' });
  const again = ring.send(other);
  await within(() => simulated.dialled.length === 2);
  await within(() => !simulated.isCalling);
  expect(await again).toMatchObject({ type: 'accepted' });
  expect(simulated.dialled).toEqual(['13800001111', '13900002222']);
});
