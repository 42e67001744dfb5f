import { z } from 'zod';
import { evidence, report } from './report.ts';

/**
 * A detector's own verdict, QoS 1, sent at once and again until acknowledged; a redelivery repeats `boot` and `seq`.
 * `source` and `state` are the alarm. `hushed`: silenced by hand while the cause lasts. The rest is evidence.
 */
export const alarmReport = report('alarm', {
  source: z.enum(['smoke', 'heat', 'co', 'gas', 'water']).meta({ cbor: 10, example: 'smoke' }),
  state: z.enum(['on', 'off', 'hushed']).meta({ cbor: 11, example: 'on' }),
  obscuration: evidence(z.number().min(0).max(100)).meta({ cbor: 12, unit: 'dB/m', example: 0.24 }),
  temperature: evidence(z.number().min(-60).max(200)).meta({ cbor: 13, unit: '°C', example: 31.5 }),
  co: evidence(z.number().min(0).max(10_000)).meta({ cbor: 14, unit: 'ppm', example: 4 }),
  gas: evidence(z.number().min(0).max(100)).meta({ cbor: 15, unit: '%LEL', example: 0 }),
});
export type AlarmReport = z.infer<typeof alarmReport>;

/** Its test was run: by the button on it, or by itself. `result` is what it found. */
export const testReport = report('test', {
  by: evidence(z.enum(['button', 'self'])).meta({ cbor: 10, example: 'button' }),
  result: evidence(z.enum(['passed', 'failed'])).meta({ cbor: 11, example: 'passed' }),
});
export type TestReport = z.infer<typeof testReport>;

/** `on`: it was taken off its mount, opened or covered. `off`: it is back. */
export const tamperReport = report('tamper', {
  state: z.enum(['on', 'off']).meta({ cbor: 10, example: 'on' }),
});
export type TamperReport = z.infer<typeof tamperReport>;
