import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { startProviderPushes } from './provider-pushes.ts';

const token = 't'.repeat(32);
const aliyun = { token, sources: [], taker: { take: () => undefined } };
const parts = {
  died(error: unknown) {
    throw error;
  },
  ...{ log: silentLog, metrics: createMetrics() },
};

test('nothing listens while no provider may push', async () => {
  const listen = { host: '127.0.0.1', port: 1 };
  expect(await startProviderPushes({ ...parts, listen, providers: new Map(), clock: systemClock })).toBeUndefined();
});

test('a port that another program holds is taken when it is free, and until then alarms do not wait for it', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => resolve(Object(other.address()).port));
  });
  const { promise: waited, resolve: waits } = Promise.withResolvers<() => void>();
  const after = (_delayMs: number, run: () => void) => {
    waits(run);
    return () => {};
  };
  const starting = startProviderPushes({
    ...{ ...parts, listen: { host: '127.0.0.1', port }, providers: new Map([['aliyun', aliyun]]) },
    clock: { ...systemClock, after },
  });
  const again = await waited;
  await new Promise((resolve) => other.close(resolve));
  again();
  const door = await starting;
  expect(door?.address().port).toBe(port);
  await door?.close();
});
