import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { answers, watchUplink } from './uplink-probe.ts';

const probe = 'example.org:443';

function watched(
  replies: boolean[],
  { isLost = false, host = probe }: { isLost?: boolean; host?: string | null } = {},
) {
  const clock = new VirtualClock({ startAt: 0 });
  const told: string[] = [];
  let asked = 0;
  const watch = watchUplink({
    probe: host ?? undefined,
    answers: async () => replies[asked++] ?? true,
    alarm: {
      isUplinkToldLost: () => isLost,
      async tellUplink(reachable, by) {
        isLost = !reachable;
        told.push(`${by} ${reachable ? 'answers' : 'lost'} at ${clock.monotonic() / 1000} s`);
      },
    },
    clock,
    died: (error) => told.push(String(error)),
  });
  return { clock, told, watch, asked: () => asked };
}

test('three questions without an answer are a lost uplink, told once, and one answer ends it', async () => {
  const { clock, told } = watched([true, false, false, true, false, false, false, false, true, true]);
  await clock.advance(200_000);
  expect(told).toEqual([`${probe} lost at 120 s`, `${probe} answers at 160 s`]);
});

test('an uplink that was lost before a restart is found again after it', async () => {
  const { clock, told } = watched([true], { isLost: true });
  await clock.advance(0);
  expect(told).toEqual([`${probe} answers at 0 s`]);
});

test('without a host nobody asks, and nothing stays lost', async () => {
  const { clock, told, asked } = watched([], { isLost: true, host: null });
  await clock.advance(100_000);
  expect([told, asked()]).toEqual([['none answers at 0 s'], 0]);
});

test('nobody asks any more when it was stopped', async () => {
  const { clock, watch, asked } = watched([]);
  await clock.advance(20_000);
  watch.stop();
  await clock.advance(100_000);
  expect(asked()).toBe(2);
});

test('a host answers when it takes a connection, and does not when nobody listens', async () => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  expect(await answers(`127.0.0.1:${port}`, 1_000)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers(`127.0.0.1:${port}`, 1_000)).toBe(false);
});
