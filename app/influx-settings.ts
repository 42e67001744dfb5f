import { z } from 'zod';
import type { InfluxTarget } from '../storage/influx.ts';

/** What the environment says of InfluxDB; nothing is sent there while it has no address. */
export const influxSettings = {
  STEPPEWATCH_INFLUX_URL: z
    .url({ protocol: /^https?$/, error: 'is an address like https://influxdb.example:8086' })
    .optional(),
  STEPPEWATCH_INFLUX_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{1,512}$/, 'is a token of InfluxDB, without spaces')
    .optional(),
  STEPPEWATCH_INFLUX_ORG: z.string().min(1).max(200).optional(),
  STEPPEWATCH_INFLUX_BUCKET: z.string().min(1).max(200).default('steppewatch'),
  STEPPEWATCH_INFLUX_MEGABYTES: z.coerce
    .number('is a number of megabytes')
    .int('is whole megabytes')
    .min(64, 'at least 64')
    .max(10_000_000)
    .default(2_000),
};
const allSettings = z.object(influxSettings);

/** `holdsBytes`: how much of the journal it may hold back while InfluxDB does not take it. */
export type InfluxConfiguration = { target: InfluxTarget; holdsBytes: number };

/** Undefined: it is off, which it is without an address whatever else is set. */
export function influxFrom(value: z.infer<typeof allSettings>, problems: string[]): InfluxConfiguration | undefined {
  const { STEPPEWATCH_INFLUX_URL: url, STEPPEWATCH_INFLUX_TOKEN: token, STEPPEWATCH_INFLUX_ORG: org } = value;
  if (url === undefined) return undefined;
  if (token === undefined || org === undefined) {
    problems.push('STEPPEWATCH_INFLUX_URL: needs STEPPEWATCH_INFLUX_TOKEN and STEPPEWATCH_INFLUX_ORG, too');
    return undefined;
  }
  const target = { url, token, org, bucket: value.STEPPEWATCH_INFLUX_BUCKET };
  return { target, holdsBytes: value.STEPPEWATCH_INFLUX_MEGABYTES * 1_000_000 };
}
