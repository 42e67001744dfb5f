import { type MeasureOptions, mean, measure, usualMeasure } from './measure-inactivity.ts';
import { readHome } from './recordings-inactivity.ts';
import { shippedWatcher } from './watchers-inactivity.ts';

/**
 * How the rule that ships, unfitted, does on recordings of homes: per file, and over all of them. Hours are from a cut, after which no
 * sign comes any more, to the alert after the unanswered prompt; alerts a month are counted before the prompt, on the uncut
 * recording, outside of absences. Errors: a file in no known format, or without a waking moment, throws.
 */
export async function* score(
  files: readonly string[],
  options: Partial<MeasureOptions> = {},
): AsyncGenerator<{ figure: string; value: number; unit: string }> {
  const delays: number[] = [];
  let [alerts, months] = [0, 0];
  for (const file of files) {
    const home = await readHome(file);
    const measured = measure(home, shippedWatcher(), { ...usualMeasure, ...options });
    if (measured.delayHours.length === 0) throw new Error(`${file} holds no waking moment at which it could be cut`);
    delays.push(...measured.delayHours);
    alerts += measured.alerts.length;
    months += measured.months;
    yield* figuresOf(`inactivity-${home.name}`, measured.delayHours, measured.alerts.length, measured.months);
  }
  if (files.length > 1) yield* figuresOf('inactivity', delays, alerts, months);
}

function* figuresOf(name: string, delayHours: readonly number[], alerts: number, months: number) {
  const sorted = delayHours.toSorted((a, b) => a - b);
  yield { figure: `${name}-hours-to-detection`, value: mean(delayHours), unit: 'h' };
  yield { figure: `${name}-hours-to-detection-p90`, value: sorted[Math.floor(0.9 * sorted.length)] ?? 0, unit: 'h' };
  yield { figure: `${name}-alerts-a-month`, value: alerts / months, unit: '1/month' };
  yield { figure: `${name}-months`, value: months, unit: 'months' };
}
