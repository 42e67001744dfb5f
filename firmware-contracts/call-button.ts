import { z } from 'zod';
import { report } from './report.ts';

/**
 * A press: emergency (紧急救助), care (主动关爱), service (生活服务); `cancel` takes back the last call, `test` tries the
 * button. A call that cannot be understood is read as an emergency.
 */
export const pressReport = report('press', {
  call: z.enum(['emergency', 'care', 'service', 'cancel', 'test']).meta({ cbor: 10, example: 'emergency' }),
});
export type PressReport = z.infer<typeof pressReport>;
