import type { Metrics } from '../../platform/metrics.ts';
import type { PipelineLog, PipelineMinute } from '../../storage/sql-pipeline.ts';
import type { Alarm } from '../alarm/alarm-core.ts';
import type { Control } from '../control-socket.ts';
import type { Desk } from './desk-core.ts';

/** What the alarm process says of itself, counted since it started. `syncs`: how many took at most so many seconds. */
export type AlarmFigures = {
  syncs: { atMostSeconds: number; count: number }[];
  journalBytes: number;
  journalBudgetBytes: number;
  journalFreeBytes: number;
  openNotices: number;
  connections: number;
};

/** In the alarm process: its answer to `figures`. */
export async function alarmFigures({ metrics, alarm, connections, budgetBytes }: AlarmParts): Promise<AlarmFigures> {
  const { values } = await metrics.journalSync.get();
  const shown = async (gauge: Metrics['journalBytes']) => (await gauge.get()).values[0]?.value ?? 0;
  return {
    syncs: values.flatMap(({ labels, value }) =>
      labels.le === undefined ? [] : [{ atMostSeconds: Number(labels.le), count: value }],
    ),
    journalBytes: await shown(metrics.journalBytes),
    journalBudgetBytes: budgetBytes,
    journalFreeBytes: await shown(metrics.journalFreeBytes),
    openNotices: alarm.health().openNotices,
    connections,
  };
}

type AlarmParts = {
  metrics: Pick<Metrics, 'journalSync' | 'journalBytes' | 'journalFreeBytes'>;
  alarm: Pick<Alarm, 'health'>;
  connections: number;
  budgetBytes: number;
};

/**
 * Writes down every minute how the system was. A minute in which the database is away has no row, which is what it then looks like; one in
 * which the alarm process does not answer has a row without its figures.
 */
export function keepPipeline({ control, desk, now, keepMinute }: PipelineParts): { stop(): void } {
  let before: AlarmFigures | undefined;
  const timer = setInterval(async () => {
    const figures = await control.ask<AlarmFigures>('figures', {}).catch(() => undefined);
    const { lagMs, lagRecords } = desk.status(now()).projection;
    const minute = { at: now(), lagSeconds: lagMs / 1_000, waitingRecords: lagRecords };
    const alarm = figures && { alarm: inTheMinute(figures, before) };
    before = figures;
    await keepMinute({ ...minute, ...alarm }).catch(() => {});
  }, everyMs);
  return { stop: () => clearInterval(timer) };
}

type PipelineParts = PipelineLog & {
  control: Pick<Control, 'ask'>;
  desk: Pick<Desk, 'status'>;
  now: () => number;
};
const everyMs = 60_000;

/** What was added since the figures before. After a restart everything counts anew. */
export function inTheMinute(
  figures: AlarmFigures,
  before: AlarmFigures | undefined,
): NonNullable<PipelineMinute['alarm']> {
  const { syncs, ...level } = figures;
  const total = (all: AlarmFigures['syncs'] | undefined) => all?.at(-1)?.count ?? 0;
  const earlier = total(before?.syncs) <= total(syncs) ? before?.syncs : undefined;
  const added = syncs.map(({ atMostSeconds, count }, index) => ({
    atMostSeconds,
    count: count - (earlier?.[index]?.count ?? 0),
  }));
  const count = total(added);
  if (count === 0) return { ...level, syncs: 0 };
  // The last class has no bound: what lies in it took at least as long as the one before.
  const bounded = added.map(({ atMostSeconds }) => atMostSeconds).findLast(Number.isFinite) ?? 0;
  const share = (part: number) => {
    const atMost = added.find((one) => one.count >= part * count)?.atMostSeconds ?? bounded;
    return Number.isFinite(atMost) ? atMost : bounded;
  };
  return { ...level, syncs: count, syncP50Seconds: share(0.5), syncP99Seconds: share(0.99) };
}
