import { z } from 'zod';
import { report } from './report.ts';

/** One device a sensor; its room is in the registry. */
export const presenceReport = report('presence', {
  source: z
    .enum(['motion', 'door', 'bed'])
    .meta({ cbor: 10, example: 'motion', description: 'What the sensor watches.' }),
  state: z.enum(['on', 'off']).meta({
    cbor: 11,
    example: 'on',
    description: 'on: movement is seen, the door is open, the bed is occupied. off: no longer.',
  }),
});
export type PresenceReport = z.infer<typeof presenceReport>;
