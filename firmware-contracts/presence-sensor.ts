import { z } from 'zod';
import { report } from './report.ts';

/** `on`: movement is seen, the door is open, the bed is occupied. One device a sensor; its room is in the registry. */
export const presenceReport = report('presence', {
  source: z.enum(['motion', 'door', 'bed']).meta({ cbor: 10, example: 'motion' }),
  state: z.enum(['on', 'off']).meta({ cbor: 11, example: 'on' }),
});
export type PresenceReport = z.infer<typeof presenceReport>;
