import { z } from 'zod';
import { report } from './report.ts';

/** A press: emergency (紧急救助), care (主动关爱), service (生活服务). A call that cannot be understood is read as an emergency. */
export const pressReport = report('press', {
  call: z.enum(['emergency', 'care', 'service', 'cancel', 'test']).meta({
    cbor: 10,
    example: 'emergency',
    description:
      'emergency, care, service: which help is asked for; a word that is none of these counts as emergency. ' +
      'cancel: takes back calls for care and service; an emergency stands. test: tries the button, and calls nobody.',
  }),
});
export type PressReport = z.infer<typeof pressReport>;
