import { z } from 'zod';
import { evidence, report, shortText } from './report.ts';

/**
 * The heartbeat of every kind, at least every `interval`. `charge` is the battery's state of charge, for devices that
 * measure it instead of the voltage. `faults` are the device's own short codes, [] when all is well. `worn` and
 * `charging` belong to wearables, `mains` to what is plugged in.
 */
export const statusReport = report('status', {
  battery: evidence(z.number().min(0).max(60)).meta({ cbor: 10, unit: 'V', example: 2.98 }),
  charge: evidence(z.number().min(0).max(100)).meta({ cbor: 11, unit: '%', example: 82 }),
  rsrp: evidence(z.number().min(-160).max(-20)).meta({ cbor: 12, unit: 'dBm', example: -104 }),
  snr: evidence(z.number().min(-40).max(60)).meta({ cbor: 13, unit: 'dB', example: 6.5 }),
  cell: evidence(shortText).meta({ cbor: 14, example: '460-00-1A2B-03C4D5E' }),
  firmware: evidence(shortText).meta({ cbor: 15, example: '1.4.2' }),
  temperature: evidence(z.number().min(-60).max(125)).meta({ cbor: 16, unit: '°C', example: 18.5 }),
  faults: evidence(z.array(shortText).max(8)).meta({ cbor: 17, example: ['chamber-dirty'] }),
  interval: evidence(z.number().gt(0).max(10_080)).meta({ cbor: 18, unit: 'min', example: 1440 }),
  worn: evidence(z.enum(['yes', 'no', 'unknown'])).meta({ cbor: 19, example: 'yes' }),
  charging: evidence(z.boolean()).meta({ cbor: 20, example: false }),
  mains: evidence(z.boolean()).meta({ cbor: 21, example: true }),
});
export type StatusReport = z.infer<typeof statusReport>;

/** What became of a command. `command` is the id that the command carried; `expired` and `unknown` were not tried. */
export const doneReport = report('done', {
  command: shortText.meta({ cbor: 10, example: 'c-7Qk2' }),
  result: z.enum(['ok', 'failed', 'expired', 'unknown']).meta({ cbor: 11, example: 'ok' }),
});
export type DoneReport = z.infer<typeof doneReport>;
