import { z } from 'zod';
import { evidence, report } from './report.ts';

/**
 * A detector's own verdict, QoS 1, sent at once and again until acknowledged; a redelivery repeats `boot` and `seq`.
 * `source` and `state` are the alarm. The rest is evidence.
 */
export const alarmReport = report('alarm', {
  source: z
    .enum(['smoke', 'heat', 'co', 'gas', 'water'])
    .meta({ cbor: 10, example: 'smoke', description: 'What it detected; each source is an alarm of its own.' }),
  state: z.enum(['on', 'off', 'hushed']).meta({
    cbor: 11,
    example: 'on',
    description:
      'on: it sounds. hushed: silenced by hand or by a command while the cause lasts. off: the cause is gone.',
  }),
  obscuration: evidence(z.number().min(0).max(100)).meta({
    cbor: 12,
    unit: 'dB/m',
    example: 0.24,
    description: 'How much light the smoke takes.',
  }),
  temperature: evidence(z.number().min(-60).max(200)).meta({
    cbor: 13,
    unit: '°C',
    example: 31.5,
    description: 'Of the air at the detector.',
  }),
  co: evidence(z.number().min(0).max(10_000)).meta({
    cbor: 14,
    unit: 'ppm',
    example: 4,
    description: 'Carbon monoxide in the air.',
  }),
  gas: evidence(z.number().min(0).max(100)).meta({
    cbor: 15,
    unit: '%LEL',
    example: 0,
    description: 'Combustible gas, as a share of the lower explosive limit.',
  }),
});
export type AlarmReport = z.infer<typeof alarmReport>;

/** Its test was run: by the button on it, or by itself. */
export const testReport = report('test', {
  by: evidence(z.enum(['button', 'self'])).meta({
    cbor: 10,
    example: 'button',
    description:
      'Who ran the test. Without it the button counts: smoke and heat of the next minutes are then the test.',
  }),
  result: evidence(z.enum(['passed', 'failed'])).meta({
    cbor: 11,
    example: 'passed',
    description: 'What the test found.',
  }),
});
export type TestReport = z.infer<typeof testReport>;

/** Somebody handles it. */
export const tamperReport = report('tamper', {
  state: z.enum(['on', 'off']).meta({
    cbor: 10,
    example: 'on',
    description: 'on: it was taken off its mount, opened or covered. off: it is back.',
  }),
});
export type TamperReport = z.infer<typeof tamperReport>;
