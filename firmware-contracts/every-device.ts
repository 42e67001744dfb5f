import { z } from 'zod';
import { evidence, report, shortText } from './report.ts';

/** The heartbeat of every kind, at least every `interval`. `worn` and `charging` belong to wearables, `mains` to what is plugged in. */
export const statusReport = report('status', {
  battery: evidence(z.number().min(0).max(60)).meta({
    cbor: 10,
    unit: 'V',
    example: 2.98,
    description: 'Voltage of the battery, under load where that can be measured.',
  }),
  charge: evidence(z.number().min(0).max(100)).meta({
    cbor: 11,
    unit: '%',
    example: 82,
    description: 'State of charge, for devices that know it better than the voltage.',
  }),
  rsrp: evidence(z.number().min(-160).max(-20)).meta({
    cbor: 12,
    unit: 'dBm',
    example: -104,
    description: 'Power of the reference signal (NRSRP in NB-IoT).',
  }),
  snr: evidence(z.number().min(-40).max(60)).meta({
    cbor: 13,
    unit: 'dB',
    example: 6.5,
    description: 'Signal to noise. Modules that count in tenths divide first.',
  }),
  cell: evidence(shortText).meta({
    cbor: 14,
    example: '460-00-1A2B-03C4D5E',
    description: 'The cell that serves it: country, network, area and cell, as the module names them.',
  }),
  firmware: evidence(shortText).meta({ cbor: 15, example: '1.4.2', description: 'Its version.' }),
  temperature: evidence(z.number().min(-60).max(125)).meta({
    cbor: 16,
    unit: '°C',
    example: 18.5,
    description: 'At the device: of the room for what is mounted, of the case for what is worn.',
  }),
  faults: evidence(z.array(shortText).max(8)).meta({
    cbor: 17,
    example: ['chamber-dirty'],
    description: 'Short codes of the maker. An empty list: all is well. Absent: it does not test itself.',
  }),
  interval: evidence(z.number().gt(0).max(10_080)).meta({
    cbor: 18,
    unit: 'min',
    example: 1440,
    description: 'The next status comes within this time, or the device counts as silent some time later.',
  }),
  worn: evidence(z.enum(['yes', 'no', 'unknown'])).meta({
    cbor: 19,
    example: 'yes',
    description: 'Whether somebody wears it.',
  }),
  charging: evidence(z.boolean()).meta({ cbor: 20, example: false, description: 'Whether it is on its charger.' }),
  mains: evidence(z.boolean()).meta({ cbor: 21, example: true, description: 'Whether mains power is there.' }),
});
export type StatusReport = z.infer<typeof statusReport>;

/** What became of a command. */
export const doneReport = report('done', {
  command: shortText.meta({ cbor: 10, example: 'c-7Qk2', description: 'The `id` that the command carried.' }),
  result: z.enum(['ok', 'failed', 'expired', 'unknown']).meta({
    cbor: 11,
    example: 'ok',
    description:
      'ok: obeyed. failed: tried in vain, or a hush that names no alarm that sounds. expired: too late, not tried. ' +
      'unknown: a command or a version that this firmware does not know, not tried.',
  }),
});
export type DoneReport = z.infer<typeof doneReport>;
