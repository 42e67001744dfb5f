import { isIP } from 'node:net';
import { z } from 'zod';
import type { BrokerLimits } from '../broker/limits.ts';
import type { TlsFiles } from '../broker/tls-files.ts';
import { isAddressOrNetwork } from '../platform/address-list.ts';

const acceptance = 'i-accept-that-anybody-can-read-and-forge';
export const port = z.coerce
  .number('a port is 1-65535')
  .int('a port is 1-65535')
  .min(1, 'a port is 1-65535')
  .max(65_535, 'a port is 1-65535');
const count = (least: number, most: number) => {
  const text = `is a whole number from ${least} to ${most}`;
  return z.coerce.number(text).int(text).min(least, text).max(most, text).optional();
};
/** Who may say for whom they speak. */
export const proxies = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((one) => one.trim() || []))
  .refine((all) => all.every(isAddressOrNetwork), 'is addresses or networks like 172.31.84.1,10.0.0.0/24');
const path = z.string().min(1).optional();
const plaintext = z.literal(acceptance, `is "${acceptance}", or is not set`).optional();

/** Where devices connect with TLS, where providers of messages push to, what may listen without TLS, how many may come, and what each may do. */
export const listenerSettings = {
  STEPPEWATCH_MQTT_PLAINTEXT: plaintext,
  STEPPEWATCH_HTTP_PLAINTEXT: plaintext,
  STEPPEWATCH_PUSHES_HOST: z.string().min(1).default('127.0.0.1'),
  STEPPEWATCH_PUSHES_PORT: port.default(8091),
  STEPPEWATCH_PUSHES_PLAINTEXT: plaintext,
  STEPPEWATCH_MQTTS_HOST: z.string().min(1).default('127.0.0.1'),
  STEPPEWATCH_MQTTS_PORT: port.default(8883),
  STEPPEWATCH_MQTTS_CERTIFICATE: path,
  STEPPEWATCH_MQTTS_KEY: path,
  STEPPEWATCH_MQTTS_CLIENT_CA: path,
  STEPPEWATCH_MQTTS_REVOKED: path,
  STEPPEWATCH_MQTTS_SMOKE_PORT: port.optional(),
  STEPPEWATCH_MQTTS_PSK_PORT: port.optional(),
  STEPPEWATCH_CONNECTIONS: count(16, 1_000_000),
  STEPPEWATCH_CONNECTIONS_PER_ADDRESS: count(1, 1_000_000),
  STEPPEWATCH_CONNECTS_PER_SECOND: count(1, 100_000),
  STEPPEWATCH_CONNECTS_PER_SECOND_PER_ADDRESS: count(1, 100_000),
  STEPPEWATCH_CONNECTS_PER_MINUTE_PER_DEVICE: count(1, 6_000),
  STEPPEWATCH_HANDSHAKES_PER_SECOND: count(1, 100_000),
  STEPPEWATCH_HANDSHAKE_SECONDS: count(1, 120),
  STEPPEWATCH_CONNECT_SECONDS: count(1, 120),
  STEPPEWATCH_REPORTS_PER_SECOND_PER_DEVICE: count(1, 100_000),
  STEPPEWATCH_SESSION_HOURS: count(1, 24 * 30),
};
const allSettings = z.object(listenerSettings);
type Settings = z.infer<typeof allSettings>;

/** Doors with TLS. `files` without them none of the first two is open; ports that were not asked for are undefined. */
export type SecureListeners = {
  host: string;
  files: TlsFiles | undefined;
  port: number;
  smokePort: number | undefined;
  pskPort: number | undefined;
};

export function secureListenersFrom(value: Settings, problems: string[]): SecureListeners {
  const {
    STEPPEWATCH_MQTTS_CERTIFICATE: certificate,
    STEPPEWATCH_MQTTS_KEY: key,
    STEPPEWATCH_MQTTS_CLIENT_CA: clientAuthorities,
    STEPPEWATCH_MQTTS_REVOKED: revoked,
    STEPPEWATCH_MQTTS_SMOKE_PORT: smokePort,
  } = value;
  if ((certificate === undefined) !== (key === undefined))
    problems.push('STEPPEWATCH_MQTTS_CERTIFICATE and STEPPEWATCH_MQTTS_KEY belong together: set both');
  if (certificate === undefined && (clientAuthorities !== undefined || smokePort !== undefined))
    problems.push('STEPPEWATCH_MQTTS_CLIENT_CA and STEPPEWATCH_MQTTS_SMOKE_PORT need STEPPEWATCH_MQTTS_CERTIFICATE');
  if (clientAuthorities === undefined && revoked !== undefined)
    problems.push('STEPPEWATCH_MQTTS_REVOKED lists certificates of STEPPEWATCH_MQTTS_CLIENT_CA: set that too');
  return {
    host: value.STEPPEWATCH_MQTTS_HOST,
    files:
      certificate === undefined || key === undefined ? undefined : { certificate, key, clientAuthorities, revoked },
    ...{ port: value.STEPPEWATCH_MQTTS_PORT, smokePort, pskPort: value.STEPPEWATCH_MQTTS_PSK_PORT },
  };
}

/** The ports that these settings take. */
export function portsOf({ files, port, smokePort, pskPort }: SecureListeners): number[] {
  return [files && port, smokePort, pskPort].filter((one) => one !== undefined);
}

/** Whoever listens to the network without TLS has to say that it is meant. `name` is that of a setting, `host` its value. */
export function refusePlaintext(
  listeners: readonly { name: string; host: string; accepted: string | undefined; instead: string }[],
  problems: string[],
): void {
  for (const { name, host, accepted, instead } of listeners) {
    if (isLoopback(host) || accepted !== undefined) continue;
    const words = `${name.replace(/_HOST$/, '').replace('_METRICS', '_HTTP')}_PLAINTEXT=${acceptance}`;
    problems.push(`${name}: ${host} would listen to the network without TLS: ${instead}, or set ${words}`);
  }
}

/** Limits that were set. A bucket holds twice its rate; that of reports five times, because devices store and forward. */
export function limitsFrom(value: Settings): Partial<BrokerLimits> {
  const perSecond = value.STEPPEWATCH_CONNECTS_PER_SECOND;
  const perAddress = value.STEPPEWATCH_CONNECTS_PER_SECOND_PER_ADDRESS;
  const perDevice = value.STEPPEWATCH_CONNECTS_PER_MINUTE_PER_DEVICE;
  const reports = value.STEPPEWATCH_REPORTS_PER_SECOND_PER_DEVICE;
  const hours = value.STEPPEWATCH_SESSION_HOURS;
  const milliseconds = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);
  const twice = (rate: number | undefined) => (rate === undefined ? undefined : rate * 2);
  const limits = {
    connections: value.STEPPEWATCH_CONNECTIONS,
    connectionsPerAddress: value.STEPPEWATCH_CONNECTIONS_PER_ADDRESS,
    connectsPerSecond: perSecond,
    connectsBurst: twice(perSecond),
    connectsPerSecondPerAddress: perAddress,
    connectsBurstPerAddress: twice(perAddress),
    connectsPerMinutePerDevice: perDevice,
    connectsBurstPerDevice: twice(perDevice),
    handshakesPerSecond: value.STEPPEWATCH_HANDSHAKES_PER_SECOND,
    handshakeMs: milliseconds(value.STEPPEWATCH_HANDSHAKE_SECONDS),
    connectMs: milliseconds(value.STEPPEWATCH_CONNECT_SECONDS),
    telemetryPerSecond: reports,
    telemetryBurst: reports === undefined ? undefined : reports * 5,
    sessionExpiryMs: milliseconds(hours === undefined ? undefined : hours * 3600),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
