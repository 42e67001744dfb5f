import { z } from 'zod';
import { type Format, pack, unpack, wireOf } from './codec.ts';
import { shortText } from './report.ts';

/**
 * What a device is asked on `down/{deviceId}/{command}`, QoS 1. It waits for the device's next uplink, and the device
 * answers with `done` and the same `id`.
 */
function command<const Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.strictObject({
    name: z.literal(name),
    v: z.literal(1).meta({ cbor: 1, unit: '1', example: 1, description: 'The version of these contracts.' }),
    id: shortText.meta({
      cbor: 2,
      example: 'c-7Qk2',
      description: 'For `done`. The same id again is the same command: answer again, do not obey twice.',
    }),
    expires: z.int().min(1).max(86_400).meta({
      cbor: 3,
      unit: 's',
      example: 300,
      description: 'From its arrival at the device, on a running clock: after that it is no longer obeyed.',
    }),
    ...shape,
  });
}

/** Send a `position` now, with the best source there is. */
export const locateCommand = command('locate', {});
/** Send a `status` at least this often from now on. */
export const intervalCommand = command('interval', {
  interval: z.number().gt(0).max(10_080).meta({
    cbor: 10,
    unit: 'min',
    example: 1440,
    description: 'At most this long between two `status` reports from now on, kept over restarts.',
  }),
});
/** Set the clock; `at` is the time at which the command was handed to the network. */
export const timeCommand = command('time', {
  at: z.int().min(0).max(8.64e15).meta({
    cbor: 10,
    unit: 'ms',
    example: 1_791_000_000_000,
    description: 'Since 1970 in UTC, when the command was handed to the network.',
  }),
});
/** Show that help is coming, or stop showing it. */
export const lampCommand = command('lamp', {
  state: z.enum(['on', 'off']).meta({
    cbor: 10,
    example: 'on',
    description: 'on: show that help is coming, by light, voice or display. off: no longer.',
  }),
});
/** Silence the one alarm that a report with this `boot` and `seq` was about, and no other; `expires` is at most 300. */
export const hushCommand = command('hush', {
  boot: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .meta({ cbor: 10, unit: '1', example: 12, description: 'The `boot` of the alarm report that is meant.' }),
  seq: z.int().min(0).max(0xffff_ffff).meta({
    cbor: 11,
    unit: '1',
    example: 345,
    description:
      'The `seq` of the first or any later report of the alarm that sounds now. Any other number: not obeyed, `failed`.',
  }),
}).refine(({ expires }) => expires <= 300, { path: ['expires'], message: 'at most 300' });
/** Restart. Never sent in answer to a life-safety report. */
export const rebootCommand = command('reboot', {});

export const commandSchemas = {
  locate: locateCommand,
  interval: intervalCommand,
  time: timeCommand,
  lamp: lampCommand,
  hush: hushCommand,
  reboot: rebootCommand,
} as const;
export type DeviceCommand = z.infer<(typeof commandSchemas)[keyof typeof commandSchemas]>;

/** The payload of a command. */
export function encodeCommand({ name, ...fields }: DeviceCommand, format: Format): Uint8Array {
  return pack(fields, wireOf(commandSchemas[name]), format);
}

/** Reads a command as a device does. The problem says in words why it cannot be obeyed. */
export function decodeCommand(name: string, payload: Uint8Array): { command: DeviceCommand } | { problem: string } {
  if (!Object.hasOwn(commandSchemas, name)) return { problem: `no command is called ${JSON.stringify(name)}` };
  const schema: z.ZodType<DeviceCommand> & z.ZodObject = commandSchemas[name as DeviceCommand['name']] as never;
  const read = unpack(payload, wireOf(schema));
  if ('problem' in read) return read;
  const result = schema.safeParse({ ...read.fields, name });
  return result.success ? { command: result.data as DeviceCommand } : { problem: z.prettifyError(result.error) };
}
