import type { Format } from './codec.ts';
import { encodeReport } from './contracts.ts';
import { exampleReport, leastReport, motionWindow } from './examples.ts';
import { table } from './markdown.ts';
import type { Report, ReportName } from './report.ts';
import { downlinkTopic, uplinkTopic } from './topics.ts';

/** Bytes of every report, in both encodings and on the wire, as a table. */
export function sizesTable(names: readonly ReportName[]): string {
  const rows = names.map((name) => [`\`${name}\``, leastReport(name), exampleReport(name)] as const);
  const window = motionWindow({ moments: 400, rate: 50 });
  const body = [...rows, ['`motion`, 8 s at 50 Hz', window, window] as const].map(([title, least, every]) => [
    title,
    ...formats.map((format) => number(payloadOf(least, format))),
    ...formats.map((format) => number(payloadOf(every, format))),
    ...formats.map((format) => number(exchange(every, format))),
  ]);
  const head = ['report', 'least, JSON', 'CBOR', 'every field, JSON', 'CBOR', 'on the wire, JSON', 'CBOR'];
  return table(head, body);
}

/** What devices send in a year, in megabytes, by how they stay connected. */
export function yearTable(): string {
  const ways = [
    ['a connection for each report, whole handshakes', fullHandshake] as const,
    ['the same, resumed', resumedHandshake] as const,
  ];
  const body = typicalDevices.map(({ says, perYear }) => {
    const reports = Object.entries(perYear) as [ReportName, number][];
    const sent = (format: Format) => sum(reports.map(([name, count]) => count * exchange(typical(name), format)));
    const count = sum(reports.map(([, one]) => one));
    const connected = ways.flatMap(([, handshake]) =>
      formats.map((format) => megabytes(sent(format) + count * (connection + handshake))),
    );
    return [says, ...connected, ...formats.map((format) => megabytes(sent(format) + pings))];
  });
  const head = [...ways.map(([says]) => says), 'connected all the time'].flatMap((says) => [`${says}: JSON`, 'CBOR']);
  return table(['device', ...head], body);
}

const formats = ['json', 'cbor'] as const;
const deviceId = '867530912345678';
const aDay = 365;

const typicalDevices: readonly { says: string; perYear: { readonly [Name in ReportName]?: number } }[] = [
  { says: 'smoke detector: status a day, test a month', perYear: { status: aDay, test: 12 } },
  { says: 'call button: status a day, a press a week', perYear: { status: aDay, press: 52 } },
  { says: 'door sensor: status a day, 40 openings and closings', perYear: { status: aDay, presence: 40 * aDay } },
  {
    says: 'wearable: position and vitals every 30 min, status every 6 h, a window of motion a month',
    perYear: { position: 48 * aDay, vitals: 48 * aDay, status: 4 * aDay, motion: 12 },
  },
];

const typical = (name: ReportName): Report =>
  name === 'motion' ? motionWindow({ moments: 400, rate: 50 }) : exampleReport(name);

const payloadOf = (report: Report, format: Format) => encodeReport(report, format).length;

/** Bytes of an IPv4 and a TCP header without options, and of what a TLS 1.2 record with AES-GCM adds. */
const header = 40;
const record = 29;
/** Payload that one segment carries on NB-IoT, where 1,358 bytes is the usual largest packet. */
const segment = 1_318;

/** An encrypted MQTT packet in its segments. */
const packet = (bytes: number) => bytes + record + Math.ceil((bytes + record) / segment) * header;

/** PUBLISH, PUBACK and the acknowledgement of that by TCP, both ways, since both are paid for. */
function exchange(report: Report, format: Format): number {
  const body = 2 + uplinkTopic({ deviceId, report: report.name }).length + 2 + payloadOf(report, format);
  return packet(1 + (body < 128 ? 1 : 2) + body) + packet(4) + header;
}

/**
 * Bytes both ways. Handshakes of TLS 1.2 were measured with an ECDSA certificate without intermediates: 1,239 bytes of records, and 679
 * with a session ticket; six packets carry the first, four the second.
 */
const fullHandshake = 1_239 + 6 * header;
const resumedHandshake = 679 + 4 * header;
/** SYN and FIN with their answers; CONNECT with an id, a name and 32 characters of password; SUBSCRIBE; DISCONNECT. */
const connection =
  7 * header +
  packet(2 + 10 + 2 + deviceId.length + 2 + deviceId.length + 2 + 32) +
  packet(4) +
  packet(2 + 2 + 2 + downlinkTopic({ deviceId, command: '#' }).length + 1) +
  packet(5) +
  packet(2);
/** PINGREQ, PINGRESP and an acknowledgement every 20 min: NAT of mobile networks forgets a quiet connection after half an hour. */
const pings = 3 * 24 * aDay * (2 * packet(2) + header);

const sum = (values: number[]) => values.reduce((all, one) => all + one, 0);
const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`;
const number = (bytes: number) => String(bytes).replace(/\B(?=(\d{3})+$)/g, ',');
