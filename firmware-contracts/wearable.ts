import { z } from 'zod';
import { evidence, report } from './report.ts';

/** Where it is, in WGS-84. */
export const positionReport = report('position', {
  source: z.enum(['gnss', 'wifi', 'cell', 'none']).meta({
    cbor: 10,
    example: 'gnss',
    description: 'What the place was found with. none: it looked and found nothing, and sends no lat and lon.',
  }),
  lat: z
    .exactOptional(z.number().min(-90).max(90))
    .meta({ cbor: 11, unit: '°', example: 43.94721, description: 'Latitude in WGS-84, north positive.' }),
  lon: z
    .exactOptional(z.number().min(-180).max(180))
    .meta({ cbor: 12, unit: '°', example: 116.04483, description: 'Longitude in WGS-84, east positive.' }),
  accuracy: evidence(z.number().min(0).max(100_000)).meta({
    cbor: 13,
    unit: 'm',
    example: 12,
    description: 'Radius of the circle that holds the true place with 68 %.',
  }),
  speed: evidence(z.number().min(0).max(100)).meta({
    cbor: 14,
    unit: 'm/s',
    example: 0.8,
    description: 'Over ground.',
  }),
}).refine(
  ({ source, lat, lon }) =>
    source === 'none' ? lat === undefined && lon === undefined : lat !== undefined && lon !== undefined,
  {
    message: 'lat and lon belong to every source but none',
  },
);
export type PositionReport = z.infer<typeof positionReport>;

/** The device's own verdict. A `suspected` fall is followed within 60 s by `confirmed` or `cancelled`; no verdict means confirmed. */
export const fallReport = report('fall', {
  state: z.enum(['suspected', 'confirmed', 'cancelled']).meta({
    cbor: 10,
    example: 'suspected',
    description:
      'suspected: a verdict follows within 60 s, or it counts as confirmed. confirmed: somebody lies there. ' +
      'cancelled: the person said no, or got up.',
  }),
  of: evidence(z.int().min(0).max(0xffff_ffff)).meta({
    cbor: 11,
    unit: '1',
    example: 345,
    description: 'In a verdict: the `seq` of the suspicion, in the same boot.',
  }),
});
export type FallReport = z.infer<typeof fallReport>;

/**
 * The acceleration around a trigger, 2 s before to 6 s after. Even sampling has `rate`, uneven sampling has `dt`. A long window
 * comes in parts, each with its own `t0`.
 */
export const motionReport = report('motion', {
  t0: z.number().min(-60_000).max(60_000).meta({
    cbor: 10,
    unit: 'ms',
    example: -2000,
    description: 'When the first sample was taken, counted from the trigger; negative is before it.',
  }),
  rate: z
    .exactOptional(z.number().min(1).max(1000))
    .meta({ cbor: 11, unit: 'Hz', example: 50, description: 'Moments a second, when they are even.' }),
  dt: z.exactOptional(z.array(z.number().min(0).max(10_000)).max(2000)).meta({
    cbor: 12,
    unit: 'ms',
    example: [20],
    description: 'The steps from each moment to the next, when they are uneven: one fewer than there are moments.',
  }),
  range: evidence(z.number().min(1).max(400)).meta({
    cbor: 13,
    unit: 'g',
    example: 16,
    description: 'Where the sensor clips.',
  }),
  placement: evidence(z.enum(['wrist', 'waist', 'neck', 'ankle', 'other'])).meta({
    cbor: 14,
    example: 'waist',
    description: 'Where it is worn.',
  }),
  samples: z
    .array(z.int().min(-32_768).max(32_767))
    .min(3)
    .max(6000)
    .meta({
      cbor: 15,
      unit: 'mg',
      packed: 'int16-little-endian',
      example: [12, -8, 1004, 15, -6, 998],
      description:
        'x, y, z of each moment, one after the other, in thousandths of g. What is beyond 16 bits is sent as the end of them. ' +
        'In CBOR one byte string of int16, the low byte first.',
    }),
  of: evidence(z.int().min(0).max(0xffff_ffff)).meta({
    cbor: 16,
    unit: '1',
    example: 345,
    description: 'The `seq` of the fall report that the trigger made, in the same boot.',
  }),
  part: evidence(z.int().min(1).max(64)).meta({
    cbor: 17,
    unit: '1',
    example: 1,
    description: 'Which part of the window this is, from 1.',
  }),
  parts: evidence(z.int().min(1).max(64)).meta({
    cbor: 18,
    unit: '1',
    example: 1,
    description: 'In how many parts the window comes.',
  }),
})
  .refine(({ samples }) => samples.length % 3 === 0, {
    message: 'samples are x, y, z of each moment: a multiple of three',
  })
  .refine(
    ({ rate, dt, samples }) => (dt ? rate === undefined && dt.length === samples.length / 3 - 1 : rate !== undefined),
    {
      message: 'either rate, or dt with one step fewer than there are moments',
    },
  );
export type MotionReport = z.infer<typeof motionReport>;

/** Each is what was measured at `age` before this packet; a report may hold one alone. */
export const vitalsReport = report('vitals', {
  pulse: evidence(z.number().min(10).max(300)).meta({
    cbor: 10,
    unit: '1/min',
    example: 72,
    description: 'Heart beats.',
  }),
  oxygen: evidence(z.number().min(30).max(100)).meta({
    cbor: 11,
    unit: '%',
    example: 97,
    description: 'Saturation of the blood (SpO2).',
  }),
  temperature: evidence(z.number().min(10).max(50)).meta({
    cbor: 12,
    unit: '°C',
    example: 33.1,
    description: 'Of the skin under the device.',
  }),
  systolic: evidence(z.number().min(40).max(300)).meta({
    cbor: 13,
    unit: 'mmHg',
    example: 128,
    description: 'Upper blood pressure.',
  }),
  diastolic: evidence(z.number().min(20).max(200)).meta({
    cbor: 14,
    unit: 'mmHg',
    example: 79,
    description: 'Lower blood pressure.',
  }),
  breaths: evidence(z.number().min(1).max(100)).meta({
    cbor: 15,
    unit: '1/min',
    example: 15,
    description: 'Breathing rate.',
  }),
});
export type VitalsReport = z.infer<typeof vitalsReport>;
