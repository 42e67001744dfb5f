import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { freePorts } from '../bench/system.ts';
import { createMetrics } from '../platform/metrics.ts';
import { serveMetrics } from './metrics-listener.ts';

afterEach(() => void vi.useRealTimers());

test('a port that another program holds is named', async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;
  const serving = serveMetrics({ metrics: createMetrics(), listen: { host: '127.0.0.1', port } });
  await expect(serving).rejects.toMatchObject({
    code: 'LISTEN_FAILED',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  other.close();
});

test("desk's figures stand beside those of alarm while desk lives, and are gone 15 s after it last said anything", async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const [metrics, desk] = [createMetrics(), createMetrics()];
  metrics.reportsAccepted.inc(3);
  metrics.eventLoopDelay.set({ quantile: '0.99', process: 'alarm' }, 0.02);
  desk.followerLagRecords.set({ follower: 'projection' }, 7);
  desk.eventLoopDelay.set({ quantile: '0.99', process: 'desk' }, 0.5);
  const [port = 0] = await freePorts(1);
  const listener = await serveMetrics({ metrics, listen: { host: '127.0.0.1', port } });
  const read = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  try {
    listener.takeDesk((await desk.registry.getMetricsAsJSON()) as Parameters<typeof listener.takeDesk>[0]);
    const both = await read();
    expect(both).toContain('steppewatch_reports_accepted_total 3');
    expect(both).toContain('steppewatch_follower_lag_records{follower="projection"} 7');
    // Two processes are never added up to one that nobody has.
    expect(both).toContain('steppewatch_event_loop_delay_seconds{quantile="0.99",process="alarm"} 0.02');
    expect(both).toContain('steppewatch_event_loop_delay_seconds{quantile="0.99",process="desk"} 0.5');
    vi.advanceTimersByTime(15_001);
    const alone = await read();
    expect(alone).toContain('steppewatch_reports_accepted_total 3');
    expect(alone).not.toContain('projection');
    expect(alone).not.toContain('desk');
  } finally {
    await listener.close();
  }
});
