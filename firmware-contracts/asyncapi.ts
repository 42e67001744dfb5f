import { maxPayloadBytes } from './codec.ts';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas, reportsOfKind } from './contracts.ts';
import { batchJsonSchema, commandJsonSchema, type JsonSchema, reportJsonSchema } from './json-schema.ts';
import type { DeviceKind, ReportName } from './report.ts';

/**
 * The contracts as an AsyncAPI 3 document, seen from the system: it receives reports and sends commands. Each message stands
 * there twice, as JSON and as CBOR, with one schema: `x-cbor-key` is the key that stands for a field's name in CBOR.
 */
export function asyncApiDocument(): JsonSchema {
  return {
    asyncapi: '3.1.0',
    info: { title: 'Steppewatch devices', version: '1', description, license: { name: 'Apache-2.0' } },
    defaultContentType: 'application/json',
    servers: { broker },
    channels: Object.fromEntries(talks.map((talk) => [talk.key, channelOf(talk)])),
    operations: Object.fromEntries(talks.map((talk) => [operationName(talk), operationOf(talk)])),
    components: {
      messages: Object.fromEntries(talks.flatMap((talk) => formats.map((format) => message(talk, format)))),
      schemas: Object.fromEntries(talks.map(({ key, schema }) => [key, payloadSchema(schema)])),
      parameters: { deviceId },
      securitySchemes: {
        password: { type: 'userPassword', description: 'The user name is the device id; the password is its secret.' },
        certificate: { type: 'X509', description: 'For gateways: the common name, or a DNS name, is the device id.' },
      },
    },
  };
}

const description =
  'Reports of devices in homes, and commands to them, over MQTT 3.1.1 with TLS. A PUBACK says that the report is kept: until then the ' +
  `device keeps it and sends it again. A payload is JSON or a CBOR map, told apart by its first byte, and has at most ${maxPayloadBytes} bytes. ` +
  'alarm, fall and press raise even when they cannot be read.';

const deviceId = {
  description:
    '1 to 32 letters, digits, _ or -; for NB-IoT usually the IMEI. It is the client id and the user name, too.',
  examples: ['867530912345678'],
};

const broker = {
  host: '{host}:{port}',
  protocol: 'secure-mqtt',
  protocolVersion: '3.1.1',
  description: 'The broker of a county.',
  variables: { host: { description: 'Where it listens.' }, port: { default: '8883' } },
  security: [{ $ref: '#/components/securitySchemes/password' }, { $ref: '#/components/securitySchemes/certificate' }],
  bindings: { mqtt: { clientId: '{deviceId}', cleanSession: true, bindingVersion: '0.2.0' } },
};

/** One topic with what is said on it. `key` names it in every part of the document. */
type Talk = { key: string; direction: 'up' | 'down'; name: string; title: string; schema: JsonSchema; says: string };
type Format = (typeof formats)[number];
const formats = ['json', 'cbor'] as const;

const sendersOf = (name: ReportName) =>
  (Object.keys(reportsOfKind) as DeviceKind[]).filter((kind) => reportsOfKind[kind].includes(name)).join(', ');

const talks: readonly Talk[] = [
  ...(Object.keys(reportSchemas) as ReportName[]).map((name): Talk => {
    const says = `Sent by: ${sendersOf(name)}.`;
    return { key: name, direction: 'up', name, title: `report ${name}`, schema: reportJsonSchema(name), says };
  }),
  {
    ...{ key: 'batch', direction: 'up', name: 'batch', title: 'reports that had to wait', schema: batchJsonSchema() },
    says: 'Sent by any device that stored reports.',
  },
  ...(Object.keys(commandSchemas) as DeviceCommand['name'][]).map((name): Talk => {
    const says = 'Sent after an uplink of the device; it answers with done.';
    return {
      key: `${name}Command`,
      direction: 'down',
      name,
      title: `command ${name}`,
      schema: commandJsonSchema(name),
      says,
    };
  }),
];

function channelOf({ key, direction, name, title, says }: Talk): JsonSchema {
  return {
    address: `${direction}/{deviceId}/${name}`,
    title,
    description: says,
    parameters: { deviceId: { $ref: '#/components/parameters/deviceId' } },
    messages: Object.fromEntries(
      formats.map((format) => [format, { $ref: `#/components/messages/${messageName(key, format)}` }]),
    ),
  };
}

const operationName = ({ key, direction }: Talk) => `${direction === 'up' ? 'receive' : 'send'}${capital(key)}`;

function operationOf({ key, direction }: Talk): JsonSchema {
  return {
    action: direction === 'up' ? 'receive' : 'send',
    channel: { $ref: `#/channels/${key}` },
    messages: formats.map((format) => ({ $ref: `#/channels/${key}/messages/${format}` })),
    bindings: { mqtt: { qos: 1, retain: false, bindingVersion: '0.2.0' } },
  };
}

function message({ key, title }: Talk, format: Format): [string, JsonSchema] {
  const name = messageName(key, format);
  const payload = { $ref: `#/components/schemas/${key}` };
  return [name, { name, title: `${title}, ${format.toUpperCase()}`, contentType: `application/${format}`, payload }];
}

const messageName = (key: string, format: Format) => `${key}${capital(format)}`;
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** The document's own dialect of JSON Schema knows no `$schema`. */
function payloadSchema({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
