import { type ClientInside, sendBytes } from './aedes-inside.ts';
import type { BrokerLimits } from './limits.ts';
import { Cut } from './packet-guards.ts';
import { publishBytes, pubrelBytes } from './packets-out.ts';

export type Qos = 0 | 1 | 2;
/** An application message on its way to subscribers; `qos` is the publisher's until it is delivered. */
export type Message = { topic: string; payload: Uint8Array; qos: Qos; retain: boolean };
export type SubscriberLimits = Pick<BrokerLimits, 'inFlight' | 'sessionMessages' | 'sessionBytes' | 'outgoingBytes'>;
/** Shared by all subscribers: what their messages weigh together. */
export type HeldBytes = { bytes: number };

/**
 * The session of one client id, as MQTT means it: its subscriptions, and its messages at QoS 1 and 2 from the moment they are
 * owed until they are acknowledged. With `clean` it ends with its connection; else it waits for the next one.
 */
export class Subscriber {
  readonly clientId: string;
  readonly clean: boolean;
  /** The client that connected last left this session earlier. */
  isResumed = false;
  readonly subscriptions = new Map<string, Qos>();
  /** Packet ids of QoS 2 publishes that came from this client and are not released yet; `taken` ones have no PUBREC yet. */
  readonly received = new Map<number, 'taken' | 'kept'>();
  readonly #limits: SubscriberLimits;
  readonly #held: HeldBytes;
  readonly #onDrop: (reason: string) => void;
  #client: ClientInside | undefined;
  #beforeConnack: Uint8Array[] | undefined;
  /** Sent and not acknowledged, in the order of sending. */
  readonly #inFlight = new Map<number, Message>();
  /** Ids of QoS 2 messages that the client has, in the order in which it said so. */
  readonly #released = new Set<number>();
  #queue: Message[] = [];
  #bytes = 0;
  #lastId = 0;

  constructor(options: {
    clientId: string;
    clean: boolean;
    limits: SubscriberLimits;
    held: HeldBytes;
    /** A message will not be delivered, or not again. */
    onDrop: (reason: string) => void;
  }) {
    this.clientId = options.clientId;
    this.clean = options.clean;
    this.#limits = options.limits;
    this.#held = options.held;
    this.#onDrop = options.onDrop;
  }

  get isAway(): boolean {
    return this.#client === undefined;
  }

  /**
   * What was not acknowledged is sent again under its packet id, in its order, and then what waited; MQTT-4.4.0-1. All of it
   * follows the CONNACK: see `ready`.
   */
  attach(client: ClientInside, waits: (topic: string) => boolean): void {
    if (this.#client) this.detach(this.#client, waits);
    this.#client = client;
    this.#beforeConnack = [];
    // Nobody answers for the connection that brought them; they come again.
    for (const [messageId, phase] of this.received) if (phase === 'taken') this.received.delete(messageId);
    for (const messageId of this.#released) this.#write(pubrelBytes(messageId));
    for (const [messageId, message] of this.#inFlight)
      this.#write(publishBytes(message, { qos: message.qos, messageId, dup: true }));
    this.#sendQueued();
  }

  /** The CONNACK is sent. */
  ready(client: ClientInside): void {
    const written = this.#beforeConnack;
    if (this.#client !== client || written === undefined) return;
    this.#beforeConnack = undefined;
    for (const bytes of written) this.#write(bytes);
  }

  /** The connection is gone, unless another has taken over. Only messages that `waits` names are kept for the next one. */
  detach(client: ClientInside, waits: (topic: string) => boolean): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#beforeConnack = undefined;
    for (const [messageId, message] of this.#inFlight) {
      if (waits(message.topic)) continue;
      this.#inFlight.delete(messageId);
      this.#drop(message, 'away');
    }
    const queue = this.#queue;
    this.#queue = queue.filter(({ topic }) => waits(topic));
    for (const message of queue) if (!waits(message.topic)) this.#drop(message, 'away');
    this.#bound();
  }

  /** Sends now, or as soon as earlier messages are acknowledged; at QoS 0 now or never. */
  deliver(message: Message): void {
    if (message.qos === 0) {
      if (this.#client) this.#write(publishBytes(message, { qos: 0, messageId: 0, dup: false }));
      return;
    }
    this.#queue.push(message);
    this.#weigh(sizeOf(message));
    this.#sendQueued();
    this.#bound();
  }

  /** Sends now or not at all: what may be wrong later does not wait behind what the client has not acknowledged. */
  deliverNow(message: Message): boolean {
    const isBusy = this.#queue.length > 0 || this.#inFlight.size + this.#released.size >= this.#limits.inFlight;
    if (!this.#client || this.#client.conn.destroyed || isBusy) return false;
    this.deliver(message);
    return true;
  }

  /** PUBACK. A packet id that nothing waits for is an acknowledgement that came late. */
  acknowledge(messageId: number): void {
    if (this.#inFlight.get(messageId)?.qos === 1) this.#settle(messageId);
    this.#sendQueued();
  }

  /** PUBREC: the client has it, and it is never sent again; MQTT-4.3.3-1. */
  release(messageId: number): void {
    if (this.#inFlight.get(messageId)?.qos === 2) {
      this.#settle(messageId);
      this.#released.add(messageId);
    }
    this.#write(pubrelBytes(messageId));
  }

  /** PUBCOMP. */
  complete(messageId: number): void {
    this.#released.delete(messageId);
    this.#sendQueued();
  }

  /** Nothing of it is wanted any more. */
  end(): void {
    this.#weigh(-this.#bytes);
    this.#inFlight.clear();
    this.#queue = [];
  }

  #sendQueued(): void {
    const { inFlight } = this.#limits;
    while (this.#client && this.#queue.length > 0 && this.#inFlight.size + this.#released.size < inFlight) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      const messageId = this.#unusedId();
      this.#inFlight.set(messageId, message);
      this.#write(publishBytes(message, { qos: message.qos, messageId, dup: false }));
    }
  }

  // A reader that is there and does not keep up is cut; of one that is away the oldest messages go first.
  #bound(): void {
    const { sessionMessages, sessionBytes } = this.#limits;
    const client = this.#client;
    if (client) this.#cutIfBehind(client);
    while (this.#queue.length > sessionMessages || (client === undefined && this.#bytes > sessionBytes)) {
      const oldest = this.#queue.shift() ?? this.#oldestInFlight();
      if (oldest === undefined) return;
      this.#drop(oldest, 'session-full');
    }
  }

  #oldestInFlight(): Message | undefined {
    for (const [messageId, message] of this.#inFlight) {
      this.#inFlight.delete(messageId);
      return message;
    }
    return undefined;
  }

  #cutIfBehind(client: ClientInside): void {
    const isBehind = Math.max(client.conn.writableLength, this.#bytes) > this.#limits.outgoingBytes;
    if (!isBehind || client.conn.destroyed) return;
    client.conn.destroy(new Cut('slow-reader', 'a client does not read what is sent to it'));
  }

  #write(bytes: Uint8Array): void {
    const client = this.#client;
    if (client === undefined || client.conn.destroyed) return;
    if (this.#beforeConnack) return void this.#beforeConnack.push(bytes);
    sendBytes(client, bytes);
    this.#cutIfBehind(client);
  }

  #settle(messageId: number): void {
    const message = this.#inFlight.get(messageId);
    this.#inFlight.delete(messageId);
    if (message) this.#weigh(-sizeOf(message));
  }

  #drop(message: Message, reason: string): void {
    this.#weigh(-sizeOf(message));
    this.#onDrop(reason);
  }

  #weigh(bytes: number): void {
    this.#bytes += bytes;
    this.#held.bytes += bytes;
  }

  // Fewer are in use than there are: `inFlight` is far below 65,535.
  #unusedId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1;
    while (this.#inFlight.has(this.#lastId) || this.#released.has(this.#lastId));
    return this.#lastId;
  }
}

/** With what the objects around it cost, roughly. */
const sizeOf = ({ topic, payload }: Message) => topic.length + payload.length + 100;
