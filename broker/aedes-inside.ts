import type { EventEmitter } from 'node:events';
import type { Aedes, Client, PublishPacket } from 'aedes';

/**
 * What this folder reaches into of aedes 1.2.0 and mqtt-packet 9.0.2 beyond their public types, all in one place.
 * Both versions are pinned, and a test fails when a member is gone.
 */
export type ClientInside = Client & {
  _parser: ParserInside;
  _keepaliveTimer: NodeJS.Timeout | null;
  /** Packets of the last read that are not answered; aedes reads on when it falls to 0. */
  _parsingBatch: number;
  subscriptions: Record<string, object>;
  /** One packet is answered. */
  _nextBatch(error?: Error): void;
  /** Calls back when the socket takes more, and cuts it after `drainTimeout`. */
  waitForDrain(done: (error?: Error) => void): void;
  pause(): void;
  resume(): void;
};

export type ParserInside = EventEmitter & {
  packet: {
    cmd: string;
    length: number;
    qos: number;
    dup: boolean;
    messageId?: number;
    protocolId?: string;
    protocolVersion?: number;
    bridgeMode?: boolean;
    will?: { qos: number };
    username?: string;
    password?: Uint8Array;
    subscriptions?: unknown[];
    unsubscriptions?: unknown[];
  };
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

/**
 * Answers a QoS 1 publish in place of aedes, which would write four chunks, wait a turn of the event loop, and then route:
 * measured, more than a tenth of what a report costs the broker.
 */
export function sendPuback(client: ClientInside, messageId: number): void {
  const puback = Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]);
  if (client.conn.write(puback)) client._nextBatch();
  else client.waitForDrain(client._nextBatch);
}
