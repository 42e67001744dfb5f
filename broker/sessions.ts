import type { Client } from 'aedes';
import type { Clock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type ClientInside, insideClient } from './aedes-inside.ts';
import type { BrokerLimits } from './limits.ts';
import { RetainedMessages } from './retained-messages.ts';
import { type HeldBytes, type Message, type Qos, Subscriber } from './subscriber.ts';
import { isWithin, TopicTree } from './topic-filters.ts';
import type { Sender, TopicRights } from './topic-rights.ts';

/**
 * Every session, connected or away, and the messages between them. Sessions that are away are kept for `sessionExpiryMs`,
 * and within their bounds: the one that left first goes first.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #limits: BrokerLimits;
  readonly #metrics: Metrics;
  readonly #rights: TopicRights;
  readonly #byId = new Map<string, Subscriber>();
  readonly #byClient = new WeakMap<Client, Subscriber>();
  /** Sessions without a connection and when it ended, the longest first. */
  readonly #away = new Map<Subscriber, number>();
  readonly #tree = new TopicTree<Subscriber>();
  readonly #held: HeldBytes = { bytes: 0 };
  readonly #retained: RetainedMessages;

  constructor(options: { clock: Clock; limits: BrokerLimits; metrics: Metrics; rights: TopicRights }) {
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#metrics = options.metrics;
    this.#rights = options.rights;
    this.#retained = new RetainedMessages({ limits: options.limits, onDrop: () => this.#dropped('retained-full') });
  }

  stats() {
    return { sessions: this.#byId.size, away: this.#away.size, heldBytes: this.#held.bytes };
  }

  /** A client may connect: its session is there, the one it left or a new one. */
  open(client: ClientInside, sender: Sender): void {
    const earlier = this.#byId.get(client.id);
    const resumed = earlier !== undefined && !earlier.clean && !client.clean;
    if (earlier && !resumed) this.#end(earlier);
    const subscriber = resumed ? earlier : this.#begin(client);
    for (const filter of subscriber.subscriptions.keys())
      if (!this.#rights.maySubscribe(sender, filter)) this.#remove(subscriber, filter); // its rights may have changed
    subscriber.isResumed = resumed;
    this.#byClient.set(client, subscriber);
  }

  /** Whether the one that is connecting under this id found the session that it left. */
  isResumed(clientId: string): boolean {
    return this.#byId.get(clientId)?.isResumed ?? false;
  }

  /** The client is let in, and the one before it is out: from now on messages are this one's. */
  attach(client: Client): void {
    const subscriber = this.#byClient.get(client);
    if (subscriber === undefined) return;
    this.#away.delete(subscriber);
    subscriber.attach(insideClient(client), this.#waitsFor(subscriber));
  }

  /** The CONNACK is sent. */
  ready(client: Client): void {
    this.#byClient.get(client)?.ready(insideClient(client));
  }

  leave(client: ClientInside): void {
    const subscriber = this.#byClient.get(client);
    if (subscriber === undefined) return;
    subscriber.detach(client, this.#waitsFor(subscriber));
    if (!subscriber.isAway) return;
    // One that was replaced could still subscribe until its connection ended.
    if (subscriber.clean || this.#byId.get(client.id) !== subscriber) {
      this.#end(subscriber);
      return;
    }
    this.#away.delete(subscriber);
    this.#away.set(subscriber, this.#clock.monotonic());
    this.#bound();
  }

  of(client: Client): Subscriber | undefined {
    return this.#byClient.get(client);
  }

  /** The QoS that is granted, or 128. The retained messages are still to be sent: `greet`. */
  subscribe(client: Client, sender: Sender, { topic: filter, qos }: { topic: string; qos: Qos }): Qos | 128 {
    const subscriber = this.#byClient.get(client);
    if (subscriber === undefined) return 128;
    const refused = this.#whyNot(subscriber, sender, filter);
    if (refused !== undefined) {
      this.#metrics.subscriptionsRefused.inc({ reason: refused });
      return 128;
    }
    subscriber.subscriptions.set(filter, qos);
    this.#tree.add(filter, subscriber, qos);
    return qos;
  }

  /** What is retained on a filter that was just subscribed to. */
  greet(client: Client, filter: string, qos: Qos): void {
    const subscriber = this.#byClient.get(client);
    for (const message of this.#retained.matching(filter))
      subscriber?.deliver({ ...message, qos: Math.min(message.qos, qos) as Qos, retain: true });
  }

  unsubscribe(client: Client, filter: string): void {
    const subscriber = this.#byClient.get(client);
    if (subscriber) this.#remove(subscriber, filter);
  }

  /** To everybody who subscribed, and to who subscribes later if it is to be retained. */
  publish(message: Message): void {
    if (message.retain) this.#retained.keep(message);
    const waits = this.#rights.waits(message.topic);
    const found = this.#tree.match(message.topic);
    // A copy of what may be held: the bytes may be a small part of a large read.
    const payload = found.size > 0 && message.qos > 0 ? new Uint8Array(message.payload) : message.payload;
    for (const [subscriber, granted] of found) {
      const qos = Math.min(message.qos, granted) as Qos;
      if (subscriber.isAway && (qos === 0 || !waits)) this.#dropped('away');
      else subscriber.deliver({ topic: message.topic, payload, qos, retain: false });
    }
    this.#bound();
  }

  /** To be called now and then: sessions that nobody came back to end, and what is there is measured. */
  check(): void {
    const left = this.#clock.monotonic() - this.#limits.sessionExpiryMs;
    for (const [subscriber, since] of this.#away) {
      if (since > left) break;
      this.#giveUp(subscriber, 'expired');
    }
    const { away, heldBytes } = this.stats();
    this.#metrics.sessionsAway.set(away);
    this.#metrics.sessionBytes.set(heldBytes);
  }

  #waitsFor({ clean }: Subscriber): (topic: string) => boolean {
    return (topic) => !clean && this.#rights.waits(topic);
  }

  #begin({ id, clean }: ClientInside): Subscriber {
    const [limits, held] = [this.#limits, this.#held];
    const onDrop = (reason: string) => this.#dropped(reason);
    const subscriber = new Subscriber({ clientId: id, clean, limits, held, onDrop });
    this.#byId.set(id, subscriber);
    return subscriber;
  }

  #whyNot(subscriber: Subscriber, sender: Sender, filter: string): string | undefined {
    if (!this.#rights.maySubscribe(sender, filter)) return 'rights';
    if (!isWithin(filter, this.#limits)) return 'filter';
    const { subscriptions } = subscriber;
    return subscriptions.size >= this.#limits.subscriptionsPerDevice && !subscriptions.has(filter)
      ? 'count'
      : undefined;
  }

  #remove(subscriber: Subscriber, filter: string): void {
    subscriber.subscriptions.delete(filter);
    this.#tree.remove(filter, subscriber);
  }

  #end(subscriber: Subscriber): void {
    if (this.#byId.get(subscriber.clientId) === subscriber) this.#byId.delete(subscriber.clientId);
    this.#away.delete(subscriber);
    for (const filter of subscriber.subscriptions.keys()) this.#tree.remove(filter, subscriber);
    subscriber.end();
  }

  #bound(): void {
    const { sessionsAway, sessionsBytes } = this.#limits;
    for (const subscriber of this.#away.keys()) {
      if (this.#away.size <= sessionsAway && this.#held.bytes <= sessionsBytes) return;
      this.#giveUp(subscriber, 'full');
    }
  }

  #giveUp(subscriber: Subscriber, reason: 'expired' | 'full'): void {
    this.#metrics.sessionsEnded.inc({ reason });
    this.#end(subscriber);
  }

  #dropped(reason: string): void {
    this.#metrics.messagesDropped.inc({ reason });
  }
}
