import { expect, test, vi } from 'vitest';
import { createMetrics } from '../../platform/metrics.ts';
import type { PipelineMinute } from '../../storage/sql-pipeline.ts';
import { alarmFigures, inTheMinute, keepPipeline } from './desk-pipeline.ts';

const alarm = { health: () => ({ openNotices: 3 }) as never };
const read = (metrics: ReturnType<typeof createMetrics>) =>
  alarmFigures({ metrics, alarm, connections: 7, budgetBytes: 1_000 });

test('a minute has its own syncs, and not those of before', async () => {
  const metrics = createMetrics();
  metrics.journalBytes.set(500);
  metrics.journalFreeBytes.set(9_000);
  for (let sync = 0; sync < 100; sync++) metrics.journalSync.observe(1.5);
  const before = await read(metrics);
  for (let sync = 0; sync < 98; sync++) metrics.journalSync.observe(0.004);
  for (let sync = 0; sync < 2; sync++) metrics.journalSync.observe(0.3);
  expect(inTheMinute(await read(metrics), before)).toEqual({
    ...{ syncs: 100, syncP50Seconds: 0.005, syncP99Seconds: 0.5 },
    ...{ journalBytes: 500, journalBudgetBytes: 1_000, journalFreeBytes: 9_000, openNotices: 3, connections: 7 },
  });
});

test('after a restart of the alarm process everything is counted anew', async () => {
  const [old, young] = [createMetrics(), createMetrics()];
  for (let sync = 0; sync < 100; sync++) old.journalSync.observe(1.5);
  young.journalSync.observe(0.004);
  expect(inTheMinute(await read(young), await read(old))).toMatchObject({ syncs: 1, syncP99Seconds: 0.005 });
});

test('a disk that hangs is shown as slow as can be told, and a minute without a sync has no time at all', async () => {
  const metrics = createMetrics();
  const quiet = await read(metrics);
  expect(inTheMinute(quiet, quiet)).not.toHaveProperty('syncP50Seconds');
  metrics.journalSync.observe(30);
  expect(inTheMinute(await read(metrics), quiet)).toMatchObject({ syncs: 1, syncP50Seconds: 2, syncP99Seconds: 2 });
});

test('a minute in which the alarm process does not answer is on record without it, and a database that is away stops nothing', async () => {
  vi.useFakeTimers();
  try {
    const kept: PipelineMinute[] = [];
    const figures = await read(createMetrics());
    let answers = 0;
    const keeper = keepPipeline({
      control: { ask: async <T>() => (++answers === 1 ? Promise.reject(new Error('no answer')) : (figures as T)) },
      desk: { status: () => ({ projection: { phase: 'running', lagMs: 2_500, lagRecords: 9 } }) as never },
      now: () => 60_000,
      async keepMinute(minute) {
        kept.push(minute);
        if (kept.length === 1) throw new Error('the database is away');
      },
    });
    await vi.advanceTimersByTimeAsync(120_000);
    keeper.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(kept).toEqual([
      { at: 60_000, lagSeconds: 2.5, waitingRecords: 9 },
      { at: 60_000, lagSeconds: 2.5, waitingRecords: 9, alarm: expect.objectContaining({ syncs: 0, connections: 7 }) },
    ]);
  } finally {
    vi.useRealTimers();
  }
});
