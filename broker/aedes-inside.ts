import type { EventEmitter } from 'node:events';
import type { Aedes, Client, PublishPacket } from 'aedes';
import type { Qos } from './subscriber.ts';

/**
 * What this folder reaches into of aedes 1.2.0 and mqtt-packet 9.0.2 beyond their public types, all in one place.
 * Both versions are pinned, and a test fails when a member is gone.
 */
export type ClientInside = Client & {
  _parser: ParserInside;
  _keepaliveTimer: NodeJS.Timeout | null;
  /** Packets of the last read that are not answered; aedes reads on when it falls to 0. */
  _parsingBatch: number;
  broker: { queueLimit: number };
  /** One packet is answered. */
  _nextBatch(error?: Error): void;
  /** Calls back when the socket takes more, and cuts it after `drainTimeout`. */
  waitForDrain(done: (error?: Error) => void): void;
  pause(): void;
  resume(): void;
};

/** A packet as mqtt-packet reads it, while it is read and afterwards. */
export type PacketInside = {
  cmd: string;
  length: number;
  qos: Qos;
  dup: boolean;
  retain: boolean;
  topic: string;
  payload: Uint8Array;
  messageId: number;
  protocolId?: string;
  protocolVersion?: number;
  bridgeMode?: boolean;
  will?: { qos: number; topic: string };
  username?: string;
  password?: Uint8Array;
  subscriptions?: { topic: string; qos: Qos }[];
  unsubscriptions?: string[];
};

export type ParserInside = EventEmitter & {
  packet: PacketInside;
  error: Error | null;
  /** 0 between two packets. */
  _stateCounter: number;
  _list: { length: number; slice(start: number, end: number): Uint8Array };
  _pos: number;
  /** Emits `packet` for each whole packet, and `error` for the first wrong one. */
  parse(bytes: Buffer): number;
  _parsePayload(): boolean;
  _parseString(): string | null;
  _parseNum(): number;
  _parseMessageId(): boolean;
  _emitError(error: Error): void;
  /** Ours: what becomes of a publish that is too large to be read. */
  salvage?: (topic: string, payload: Uint8Array) => void;
};

/** As aedes calls it: with a client for what that one publishes, without for its own `$SYS` topics. */
export type Route = (packet: PublishPacket, client: Client | Done | null, done?: Done) => void;
type Done = (error?: Error) => void;
export type AedesInside = Omit<Aedes, 'publish'> & { publish: Route };

export const insideClient = (client: Client) => client as ClientInside;
export const insideAedes = (aedes: Aedes) => aedes as unknown as AedesInside;

/** Answers a packet: the next is read when the socket has taken it. */
export function answerWith(client: ClientInside, bytes: Uint8Array): void {
  if (client.conn.write(bytes)) client._nextBatch();
  else client.waitForDrain(client._nextBatch);
}

/** Says something that answers nothing. Whoever does not take it is cut after `drainMs`. */
export function sendBytes(client: ClientInside, bytes: Uint8Array): void {
  const isWaiting = client.conn.writableNeedDrain;
  if (!client.conn.write(bytes) && !isWaiting) client.waitForDrain(() => {});
}

/** What becomes of a packet; it ends in `client._nextBatch`, now or later. */
export type PacketHandler = (client: ClientInside, packet: PacketInside) => void;
export type PacketHandlers = { [cmd in PacketInside['cmd']]?: PacketHandler };

/**
 * Gives packets to `handlers` in place of aedes, which keeps those that have none. What comes before the CONNACK waits for it, in
 * its order, and is not looked at when the client is refused; MQTT-3.1.4-5.
 */
export function takeOver(client: ClientInside, handlers: PacketHandlers): void {
  const { _parser: parser } = client;
  const [aedes] = parser.listeners('packet');
  let early: PacketInside[] | undefined = [];
  const take = (packet: PacketInside) => {
    const handler = handlers[packet.cmd];
    if (handler === undefined) return void aedes?.call(parser, packet);
    client._parsingBatch++;
    client._keepaliveTimer?.refresh();
    handler(client, packet);
  };
  parser.removeAllListeners('packet');
  parser.on('packet', (packet: PacketInside) => {
    if (early === undefined) return take(packet);
    if (packet.cmd === 'connect' || !client.connecting) return void aedes?.call(parser, packet);
    if (early.length < client.broker.queueLimit) return void early.push(packet);
    client.emit('error', new Error('Client queue limit reached'));
  });
  client.once('connected', () => {
    for (const packet of early ?? []) if (!client.conn.destroyed) take(packet);
    early = undefined;
  });
}
