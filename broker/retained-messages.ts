import type { BrokerLimits } from './limits.ts';
import type { Message } from './subscriber.ts';
import { matchesFilter } from './topic-filters.ts';

/** The last message of each topic that asked to be kept for later subscribers. Past its bounds the oldest go first. */
export class RetainedMessages {
  readonly #limits: Pick<BrokerLimits, 'retainedMessages' | 'retainedBytes'>;
  readonly #onDrop: () => void;
  readonly #byTopic = new Map<string, Message>();
  #bytes = 0;

  constructor(options: { limits: Pick<BrokerLimits, 'retainedMessages' | 'retainedBytes'>; onDrop: () => void }) {
    this.#limits = options.limits;
    this.#onDrop = options.onDrop;
  }

  /** An empty payload takes the topic's message away; MQTT-3.3.1-10, MQTT-3.3.1-11. */
  keep(message: Message): void {
    this.#remove(message.topic);
    if (message.payload.length === 0) return;
    // A copy: the bytes may be a small part of a large read.
    const { topic, qos } = message;
    this.#byTopic.set(topic, { topic, qos, retain: true, payload: new Uint8Array(message.payload) });
    this.#bytes += message.topic.length + message.payload.length;
    for (const topic of this.#byTopic.keys()) {
      if (this.#byTopic.size <= this.#limits.retainedMessages && this.#bytes <= this.#limits.retainedBytes) return;
      this.#remove(topic);
      this.#onDrop();
    }
  }

  matching(filter: string): Message[] {
    return [...this.#byTopic.values()].filter(({ topic }) => matchesFilter(filter, topic));
  }

  #remove(topic: string): void {
    const message = this.#byTopic.get(topic);
    if (message === undefined) return;
    this.#byTopic.delete(topic);
    this.#bytes -= topic.length + message.payload.length;
  }
}
