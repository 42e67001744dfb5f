import { expect } from 'vitest';
import { brokerUnderTest, publishPacket, type Wire } from '../broker/broker.test-support.ts';
import type { BrokerLimits } from '../broker/limits.ts';
import { deviceRights } from '../broker/topic-rights.ts';
import { openLimits, openRights } from './conformance-broker.ts';

/** `device`: the product's rights, where reports go to the journal. `open`: anybody's messages go to anybody. */
export type Rights = 'device' | 'open';
export type Setting = Awaited<ReturnType<typeof settingWith>>;
export type Scenario = { with: Rights[]; run: (setting: Setting) => Promise<void> };
export type Scenarios = Record<string, Scenario>;
export type Qos = 0 | 1 | 2;

export const inBoth = (run: Scenario['run']): Scenario => ({ with: ['device', 'open'], run });
export const withOpenRights = (run: Scenario['run']): Scenario => ({ with: ['open'], run });
export const withDeviceRights = (run: Scenario['run']): Scenario => ({ with: ['device'], run });

/** A broker, and clients that say exactly what they are told to. Every client may publish `up/{id}/status` and hear `down/{id}/#`. */
export async function settingWith(rights: Rights) {
  const limits: Partial<BrokerLimits> = rights === 'open' ? openLimits : {};
  const { broker, journal, wire } = await brokerUnderTest(limits, rights === 'open' ? openRights : deviceRights);
  return {
    rights,
    journal,
    wire,
    /** A connected client; its session is clean unless `login` says so. */
    async client(clientId: string, login: Parameters<Wire['connect']>[1] = {}): Promise<Wire> {
      const client = await wire();
      expect(await client.connect(clientId, login)).toBe(0);
      return client;
    },
    /** Sends to a client as the product does, if it is there and listens. */
    command: (clientId: string, payload: string) => broker.downlink.send(clientId, 'lamp', Buffer.from(payload)),
  };
}

/** A packet of a header byte and a body, with its length between them. */
export function raw(header: number, ...body: (number | string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(
    body.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.isBuffer(part) ? part : text(part))),
  );
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([header, ...length]), bytes]);
}

/** A string of MQTT: its length in two bytes, then UTF-8. */
export function text(characters: string | Buffer): Buffer {
  const bytes = Buffer.from(characters as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** A CONNECT of version 3.1.1 by its flags and payload. */
export const rawConnect = (flags: number, ...payload: (number | string | Buffer)[]) =>
  raw(0x10, 'MQTT', 4, flags, 0, 60, ...payload);

export async function subscribe(client: Wire, ...filters: [string, Qos][]): Promise<(number | object)[]> {
  client.send({ cmd: 'subscribe', messageId: 77, subscriptions: filters.map(([topic, qos]) => ({ topic, qos })) });
  const answer = await client.next();
  return answer.cmd === 'suback' ? answer.granted : [];
}

/** Publishes, and takes part in what its QoS asks for until it is done. */
export async function publish(
  client: Wire,
  topic: string,
  payload: string,
  { qos = 0, retain = false }: { qos?: Qos; retain?: boolean } = {},
): Promise<void> {
  client.send({ ...publishPacket(topic, payload, 9, qos), retain } as ReturnType<typeof publishPacket>);
  if (qos === 1) expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 9 });
  if (qos === 2) {
    expect(await client.next()).toMatchObject({ cmd: 'pubrec', messageId: 9 });
    client.send({ cmd: 'pubrel', messageId: 9 });
    expect(await client.next()).toMatchObject({ cmd: 'pubcomp', messageId: 9 });
  }
}

export type Received = { topic: string; text: string; qos: number; retain: boolean; dup: boolean; messageId?: number };

/** The next packet, which has to be a publish. */
export async function heard(client: Wire): Promise<Received> {
  const packet = await client.next();
  if (packet.cmd !== 'publish') throw new Error(`a ${packet.cmd} where a publish was expected`);
  const { topic, payload, qos, retain, dup, messageId } = packet;
  const id = messageId === undefined ? {} : { messageId };
  return { topic, text: payload.toString(), qos, retain, dup, ...id };
}

/** Everything that was routed has been sent before the answer to a ping. */
export async function hearsNothing(client: Wire): Promise<void> {
  client.send({ cmd: 'pingreq' });
  expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
}

/** The broker closes the connection, having said nothing more. */
export async function isCutOff(client: Wire, bytes: Buffer): Promise<void> {
  const said = client.received.length;
  client.send(bytes);
  await client.closed;
  expect(client.received.length, bytes.toString('hex')).toBe(said);
}

export async function leaves(client: Wire): Promise<void> {
  client.send({ cmd: 'disconnect' });
  await client.closed;
}
