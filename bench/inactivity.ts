import { join } from 'node:path';
import { type Measured, mean, measure, usualMeasure, type Watcher } from './detection/measure-inactivity.ts';
import { recordingsFolder } from './detection/recordings-folder.ts';
import { type RecordedHome, readHome } from './detection/recordings-inactivity.ts';
import { fixedWatcher, quantileWatcher, shippedWatcher } from './detection/watchers-inactivity.ts';
import type { Bench } from './run.ts';

/**
 * How long it takes until somebody hears of a home that makes no sign of life any more: five recorded homes, each cut at 200 waking
 * moments. The main figure is the mean over all cuts; bound 4.5 h, at no more than 1.0 alert a home and month. Beside it the same of limits that
 * learn nothing, and of the quantile of each hour's gaps.
 */
export const run: Bench = async (report) => {
  const folder = recordingsFolder(process.argv.slice(2));
  if (folder === undefined) {
    process.stderr.write('inactivity: not measured, give the folder of the recordings with --recordings DIR\n');
    process.exitCode = 2;
    return;
  }
  const homes = await Promise.all(files.map((file) => readHome(join(folder, 'inactivity', file))));
  const shipped = measureAll(homes, shippedWatcher());
  report('inactivity', mean(shipped.flatMap(({ delayHours }) => delayHours)), 'h');
  report('inactivity-alerts-a-month', alertsAMonth(shipped), '1/month');
  for (const [index, { name }] of homes.entries()) {
    const own = shipped.slice(index, index + 1);
    report(`inactivity-${name}`, mean(own.flatMap(({ delayHours }) => delayHours)), 'h');
    report(`inactivity-${name}-alerts-a-month`, alertsAMonth(own), '1/month');
  }
  for (const { name, measured } of [
    compared(homes, fixedWatcher(8)),
    compared(homes, fixedWatcher(12)),
    compared(homes, quantileWatcher(0.99)),
  ]) {
    report(`inactivity-${name}`, mean(measured.flatMap(({ delayHours }) => delayHours)), 'h');
    report(`inactivity-${name}-alerts-a-month`, alertsAMonth(measured), '1/month');
  }
};

const files = [
  'hh102_hourly.csv.gz',
  'casas-al-30d.txt.gz',
  ...['A', 'B', 'C'].map((house) => `kasteren-house${house}.txt.gz`),
];

function compared<State>(homes: readonly RecordedHome[], watcher: Watcher<State>) {
  return { name: watcher.name, measured: measureAll(homes, watcher) };
}

function measureAll<State>(homes: readonly RecordedHome[], watcher: Watcher<State>): Measured[] {
  return homes.map((home) => measure(home, watcher, usualMeasure));
}

/** Over all homes together: the short recordings hold less than a month each. */
function alertsAMonth(measured: readonly Measured[]): number {
  const alerts = measured.reduce((sum, one) => sum + one.alerts.length, 0);
  return alerts / measured.reduce((sum, one) => sum + one.months, 0);
}
