import { z } from 'zod';

/** Which simulated button is tried each night, by which secret and when; and whom to tell each minute that all is well. */
export const proofSettings = {
  STEPPEWATCH_DRILL_DEVICE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'is the id of a simulated call button of the registry')
    .optional(),
  STEPPEWATCH_DRILL_SECRET: z.string().min(1).optional(),
  STEPPEWATCH_DRILL_AT: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is a time of the county like 03:10')
    .default('03:10'),
  STEPPEWATCH_DEAD_MAN_URL: z
    .string()
    .refine(
      (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
      'is an address like https://example.org/secret',
    )
    .optional(),
};
export const proofSecrets = ['STEPPEWATCH_DRILL_SECRET', 'STEPPEWATCH_DEAD_MAN_URL'] as const;
const allSettings = z.object(proofSettings);

/** Who is told each minute that all is well: a minute of life, which is what the other side counts. */
export function deadManFrom(
  { STEPPEWATCH_DEAD_MAN_URL: url, STEPPEWATCH_CLOCK }: z.infer<typeof allSettings> & { STEPPEWATCH_CLOCK: string },
  problems: string[],
): string | undefined {
  if (url !== undefined && STEPPEWATCH_CLOCK !== 'system')
    problems.push('STEPPEWATCH_DEAD_MAN_URL: not with a simulated clock (STEPPEWATCH_CLOCK): leave one of them out');
  return url;
}

/** `at`: `HH:MM` of the county's day. */
export type DrillSettings = { deviceId: string; secret: string; at: string };

export function drillFrom(value: z.infer<typeof allSettings>, problems: string[]): DrillSettings | undefined {
  const { STEPPEWATCH_DRILL_DEVICE: deviceId, STEPPEWATCH_DRILL_SECRET: secret, STEPPEWATCH_DRILL_AT: at } = value;
  if ((deviceId === undefined) !== (secret === undefined))
    problems.push('STEPPEWATCH_DRILL_DEVICE and STEPPEWATCH_DRILL_SECRET belong together: set both');
  return deviceId === undefined || secret === undefined ? undefined : { deviceId, secret, at };
}
