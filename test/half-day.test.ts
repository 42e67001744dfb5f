import { expect, test } from 'vitest';
import { liveHalfDay } from '../bench/half-day.ts';

// An hour of two hundred homes. Half a day of two thousand is bench/half-day.ts, by hand.
test('an hour of many homes, lived in a minute, leaves memory as it was and nothing unexplained in the log', async () => {
  const hour = await liveHalfDay({ homes: 200, seconds: 60 });
  expect(hour.unexplained).toEqual([]);
  expect(hour.connected).toBe(hour.devices);
  expect(hour.acknowledged).toBeGreaterThan(hour.devices);
  expect(hour.resolved).toBeGreaterThan(5);
  expect(hour.messages).toBeGreaterThan(hour.resolved);
  for (const name of ['alarm', 'desk'] as const) {
    expect(hour.rssGrowth[name], `resident memory of ${name}`).toBeLessThan(1.1);
    expect(hour.heapGrowth[name], `heap of ${name}`).toBeLessThan(1.05);
  }
}, 180_000);
