import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { configurationWrong } from '../platform/errors.ts';
import { carrierSecrets, carrierSettings, carriersFrom } from './alarm/carrier-settings.ts';
import { readProviders } from './alarm/provider-file.ts';
import { influxFrom, influxSettings } from './influx-settings.ts';
import {
  limitsFrom,
  listenerSettings,
  port,
  portsOf,
  proxies,
  refusePlaintext,
  secureListenersFrom,
} from './listener-settings.ts';
import { deadManFrom, drillFrom, proofSecrets, proofSettings } from './proof-settings.ts';
import { keepFrom, retentionSettings } from './retention-settings.ts';

/** The whole configuration. Everything binds to loopback unless it says otherwise; see docs/configuration.md. */
export type Configuration = ReturnType<typeof readConfiguration>;

const megabytes = z.coerce
  .number('is a number of megabytes')
  .int('is whole megabytes')
  .min(64, 'at least 64')
  .max(10_000_000);
const settings = {
  STEPPEWATCH_DATA: z.string().min(1).default('data'),
  STEPPEWATCH_KEYS: z.string().min(1).optional(),
  STEPPEWATCH_MASTER_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/_-]{43}=?$/, 'is 32 bytes in base64')
    .optional(),
  STEPPEWATCH_MQTT_HOST: z.string().min(1).default('127.0.0.1'),
  STEPPEWATCH_MQTT_PORT: port.default(1883),
  STEPPEWATCH_HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  STEPPEWATCH_HTTP_PORT: port.default(8080),
  STEPPEWATCH_HTTP_TRUSTED_PROXIES: proxies,
  STEPPEWATCH_METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  STEPPEWATCH_METRICS_PORT: port.optional(),
  STEPPEWATCH_ENROLMENT_USERNAME: z.string().min(1).max(64).default('enrolment'),
  STEPPEWATCH_ENROLMENT_PASSWORD: z.string().min(16, 'has at least 16 characters').optional(),
  ...listenerSettings,
  ...carrierSettings,
  ...influxSettings,
  ...retentionSettings,
  ...proofSettings,
  STEPPEWATCH_UPLINK_PROBE: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,253}:\d{1,5}$/, 'is a host and a port like www.example.org:443')
    .refine((text) => Number(text.split(':')[1]) <= 65_535, 'a port is 1-65535')
    .optional(),
  STEPPEWATCH_PROVIDERS: z.string().min(1).optional(),
  STEPPEWATCH_PAGE_ADDRESS: z
    .string()
    .regex(/^https:\/\/[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/, 'is an address like https://duty.example.org')
    .optional(),
  STEPPEWATCH_WEBHOOK_PRIVATE: z.enum(['refuse', 'allow'], 'is "allow" or "refuse"').default('refuse'),
  STEPPEWATCH_JOURNAL_MEGABYTES: megabytes.default(20_000),
  STEPPEWATCH_TIME_ZONE: z.string().refine(isTimeZone, 'is a time zone like Asia/Shanghai').default('Asia/Shanghai'),
  STEPPEWATCH_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], 'is debug, info, warn or error').default('info'),
  STEPPEWATCH_CLOCK: z
    .string()
    .regex(/^(system|simulated:[1-9]\d{0,3})$/, 'is "system" or "simulated:FACTOR" with a factor of 1-9999')
    .default('system'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/./, 'is a PostgreSQL address like postgresql://user:password@host:5432/name')
    .optional(),
};
const allSettings = z.object(settings);
type Name = keyof typeof settings;
const names = Object.keys(settings) as Name[];
/** Their values may stand in a file, named by the variable with `_FILE` behind it. */
const secrets = [
  ...([
    'STEPPEWATCH_MASTER_KEY',
    'STEPPEWATCH_ENROLMENT_PASSWORD',
    'STEPPEWATCH_INFLUX_TOKEN',
    'DATABASE_URL',
  ] as const),
  ...carrierSecrets,
  ...proofSecrets,
] as const satisfies Name[];

/**
 * Reads the environment.
 * Errors: CONFIGURATION_WRONG with every problem at once, each with what would be right.
 */
export function readConfiguration(environment: Record<string, string | undefined>) {
  const problems: string[] = unknownNames(environment);
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = settingFrom(name, environment, problems);
    if (value !== undefined && value !== '') given[name] = value;
  }
  const parsed = allSettings.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(`${issue.path.join('.')}: ${issue.message}`);
    throw configurationWrong({}, problems);
  }
  const value = parsed.data;
  const metricsPort = value.STEPPEWATCH_METRICS_PORT ?? value.STEPPEWATCH_HTTP_PORT + 1;
  const ports = [value.STEPPEWATCH_MQTT_PORT, value.STEPPEWATCH_HTTP_PORT, metricsPort];
  const mqtts = secureListenersFrom(value, problems);
  ports.push(...portsOf(mqtts));
  refusePlaintext(plainListeners(value), problems);
  const carriers = carriersFrom(value, problems);
  if (carriers) ports.push(carriers.listen.port);
  const influx = influxFrom(value, problems);
  const keep = keepFrom(value, problems);
  const drill = drillFrom(value, problems);
  const deadManUrl = deadManFrom(value, problems);
  const file = value.STEPPEWATCH_PROVIDERS;
  const providers = file === undefined ? [] : readProviders(file, problems);
  if (providers.some(({ settings }) => 'push' in settings)) ports.push(value.STEPPEWATCH_PUSHES_PORT);
  if (metricsPort > 65_535)
    problems.push('STEPPEWATCH_METRICS_PORT: without it the port is HTTP + 1, which is beyond 65535: set it');
  if (new Set(ports).size < ports.length) problems.push(`the ports ${ports.join(', ')} must differ`);
  if (problems.length > 0) throw configurationWrong({}, problems);
  const dataFolder = resolve(value.STEPPEWATCH_DATA);
  return {
    dataFolder,
    keysFolder: value.STEPPEWATCH_KEYS === undefined ? resolve(dataFolder, 'keys') : resolve(value.STEPPEWATCH_KEYS),
    masterKey: value.STEPPEWATCH_MASTER_KEY,
    mqtt: { host: value.STEPPEWATCH_MQTT_HOST, port: value.STEPPEWATCH_MQTT_PORT },
    mqtts,
    brokerLimits: limitsFrom(value),
    http: {
      host: value.STEPPEWATCH_HTTP_HOST,
      port: value.STEPPEWATCH_HTTP_PORT,
      trustedProxies: value.STEPPEWATCH_HTTP_TRUSTED_PROXIES,
    },
    metrics: { host: value.STEPPEWATCH_METRICS_HOST, port: metricsPort },
    carriers,
    /** Where people reach the page from outside; without it messages hold no links. */
    pageAddress: value.STEPPEWATCH_PAGE_ADDRESS,
    /** Who carries messages, in the order of preference. */
    providers,
    /** Where providers of messages push to, if one may. */
    pushes: { host: value.STEPPEWATCH_PUSHES_HOST, port: value.STEPPEWATCH_PUSHES_PORT },
    influx,
    keep,
    enrolment:
      value.STEPPEWATCH_ENROLMENT_PASSWORD === undefined
        ? undefined
        : { username: value.STEPPEWATCH_ENROLMENT_USERNAME, secret: value.STEPPEWATCH_ENROLMENT_PASSWORD },
    /** The simulated button that is tried each night. */
    drill,
    /** Who is told each minute that all is well. */
    deadManUrl,
    /** Host and port. */
    uplinkProbe: value.STEPPEWATCH_UPLINK_PROBE,
    allowPrivateWebhooks: value.STEPPEWATCH_WEBHOOK_PRIVATE === 'allow',
    journalBudgetBytes: value.STEPPEWATCH_JOURNAL_MEGABYTES * 1_000_000,
    timeZone: value.STEPPEWATCH_TIME_ZONE,
    logLevel: value.STEPPEWATCH_LOG_LEVEL,
    /** How much faster than life the clock runs; only with a registry in which every device is simulated. */
    clockFactor: value.STEPPEWATCH_CLOCK === 'system' ? undefined : Number(value.STEPPEWATCH_CLOCK.split(':')[1]),
    databaseUrl: value.DATABASE_URL,
  };
}

function plainListeners(value: z.infer<typeof allSettings>) {
  const proxy = 'put a proxy with TLS before 127.0.0.1';
  const doors = 'keep it on 127.0.0.1 and open STEPPEWATCH_MQTTS_HOST with STEPPEWATCH_MQTTS_CERTIFICATE';
  const { STEPPEWATCH_MQTT_PLAINTEXT: mqtt, STEPPEWATCH_HTTP_PLAINTEXT: http } = value;
  const pushes = value.STEPPEWATCH_PUSHES_PLAINTEXT;
  return [
    { name: 'STEPPEWATCH_MQTT_HOST', host: value.STEPPEWATCH_MQTT_HOST, accepted: mqtt, instead: doors },
    { name: 'STEPPEWATCH_HTTP_HOST', host: value.STEPPEWATCH_HTTP_HOST, accepted: http, instead: proxy },
    { name: 'STEPPEWATCH_METRICS_HOST', host: value.STEPPEWATCH_METRICS_HOST, accepted: http, instead: proxy },
    { name: 'STEPPEWATCH_PUSHES_HOST', host: value.STEPPEWATCH_PUSHES_HOST, accepted: pushes, instead: proxy },
  ];
}

function settingFrom(
  name: Name,
  environment: Record<string, string | undefined>,
  problems: string[],
): string | undefined {
  const value = environment[name];
  const file = (secrets as readonly string[]).includes(name) ? environment[`${name}_FILE`] : undefined;
  if (file === undefined) return value;
  if (value !== undefined) problems.push(`${name} and ${name}_FILE are both set: keep one`);
  try {
    const content = readFileSync(file, 'utf8').trim();
    // A secret that was not filled in would otherwise count as one that is not wanted.
    if (content === '') problems.push(`${name}_FILE: ${file} is empty`);
    return content;
  } catch (cause) {
    problems.push(`${name}_FILE: cannot read ${file} (${(cause as NodeJS.ErrnoException).code})`);
    return undefined;
  }
}

function unknownNames(environment: Record<string, string | undefined>): string[] {
  const known = new Set<string>([...names, ...secrets.map((name) => `${name}_FILE`)]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('STEPPEWATCH_') && !known.has(name))
    .map((name) => `${name} is not a setting; these are: ${names.join(', ')}`);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
