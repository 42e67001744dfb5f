import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { configurationWrong } from '../../platform/errors.ts';
import { modemSettings } from '../../responders/channels/modem/modem-line.ts';
import { modemRingSettings } from '../../responders/channels/modem/modem-ring.ts';
import { dialable } from '../../responders/channels/sms/dialable.ts';
import { isLoopback, port } from '../listener-settings.ts';

const acceptance = 'i-accept-that-anybody-can-read-and-forge';

/**
 * What the second machine is told, in a file of its own. `minutes`: how long nothing may come before people are called. `path`: the secret
 * end of the address to which the first machine posts.
 */
const settings = z.strictObject({
  name: z.string().min(1).max(20).default('Steppewatch'),
  language: z.enum(['zh-CN', 'en']).default('zh-CN'),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: port.default(8092),
      plaintext: z.literal(acceptance).optional(),
    })
    .prefault({}),
  path: z.string().regex(/^[A-Za-z0-9_-]{24,128}$/, 'is 24-128 letters, digits, "-" and "_", which nobody can guess'),
  minutes: z.int().min(3, 'at least 3: a start of the first machine takes two').max(60).default(5),
  modem: modemSettings,
  ringSeconds: modemRingSettings.shape.seconds,
  phones: z
    .array(z.string().refine((phone) => dialable(phone) !== undefined, 'a number that may be dialled, in quotes'))
    .min(1, 'at least one telephone')
    .max(10),
});
export type DeadManSettings = z.infer<typeof settings>;

/** Errors: CONFIGURATION_WRONG with every problem at once. */
export function readDeadManSettings(file: string): DeadManSettings {
  const parsed = settings.safeParse(contentOf(file));
  if (!parsed.success)
    throw configurationWrong(
      {},
      parsed.error.issues.map(({ path, message }) => `${file}: ${path.join('.') || 'the file'}: ${message}`),
    );
  const { host, plaintext } = parsed.data.listen;
  if (!isLoopback(host) && plaintext === undefined)
    throw configurationWrong({}, [
      `${file}: listen: ${host} would listen to the network without TLS: put a proxy with TLS, or a tunnel, before 127.0.0.1, or set plaintext: ${acceptance}`,
    ]);
  return parsed.data;
}

function contentOf(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw configurationWrong({ cause }, [`${file}: cannot be read: ${(cause as Error).message}`]);
  }
}
