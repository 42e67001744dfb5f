import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Address, Channel, Message, Sent } from '../../responders/channel.ts';
import type { Posted } from '../../responders/channels/guarded-post.ts';
import type { WebhookPost } from '../../responders/channels/webhook-post.ts';
import { msBetween } from '../seeded-chance.ts';
import type { Heard, Told } from './evidence.ts';
import { type FaultPlan, noFaults, windowAt } from './faults.ts';
import type { ProcessLife } from './process-life.ts';

export type ProvidersParts = {
  /** The world's: what is on its way to a person arrives, whatever becomes of the process that sent it. */
  clock: Clock;
  chance: Chance;
  faults: FaultPlan['providers'];
  /** Gains every attempt. `atMs` is when it reached the person; of one that did not, when it was made. */
  messages: Heard[];
  /** Gains every request at the program that subscribed, in the same way. */
  told: Told[];
  /** A message has just reached its person. */
  onArrival: (heard: Heard) => void;
};

/** For the whole world, over all lives of the alarm process. */
export function openProviders(parts: ProvidersParts): Providers {
  return new Providers(parts);
}

/**
 * Those who carry messages to people, and lie. They take their time, refuse, want to rest, are away, answer with an error what
 * they delivered, or never answer. An attempt that is aborted in time reaches nobody. Guards what they are like by now.
 */
export class Providers {
  readonly #parts: ProvidersParts;
  #habits: FaultPlan['providers'];

  constructor(parts: ProvidersParts) {
    this.#parts = parts;
    this.#habits = parts.faults;
  }

  /** What one life of the alarm process sends with. */
  readonly channels = (life: SenderLife): readonly Channel[] =>
    (['webhook', 'log'] as const).map((name) => ({ name, send: (message) => this.#send(name, message, life) }));

  /** From now on everything is delivered, and soon. */
  heal(): void {
    this.#habits = noFaults(0).providers;
  }

  async #send(channel: Address['type'], message: Message, life: SenderLife): Promise<Sent> {
    const { clock, chance, messages, onArrival } = this.#parts;
    const never = new Promise<Sent>(() => {});
    life.onCall(`send by ${channel}`);
    if (life.isOver) return never;
    const { arrives, answer } = this.#fateOf(channel);
    const takesMs = msBetween(chance, this.#habits.opMs[0], this.#habits.opMs[1]);
    const heard = attemptOf(message, channel, clock.monotonic());
    messages.push(heard);
    if (arrives) {
      const cancel = clock.after(msBetween(chance, takesMs / 4, takesMs), () => {
        heard.arrived = true;
        heard.atMs = clock.monotonic();
        onArrival(heard);
      });
      message.signal.addEventListener('abort', cancel, { once: true });
    }
    if (!answer) return never;
    return new Promise((resolve) => {
      // Whoever died or has stopped waiting hears no answer.
      clock.after(takesMs, () => {
        if (life.isOver || message.signal.aborted) return;
        heard.answer = answer.type;
        resolve(answer);
      });
    });
  }

  /** The program that subscribed, as one life of desk reaches it: it fares as webhooks do, and answers with their statuses. */
  readonly receiver =
    (life: SenderLife): WebhookPost['post'] =>
    async ({ id, body, signal }) => {
      const { clock, chance, told } = this.#parts;
      const never = new Promise<Posted>(() => {});
      life.onCall('tell elsewhere');
      if (life.isOver) return never;
      const { arrives, answer } = this.#fateOf('webhook');
      const takesMs = msBetween(chance, this.#habits.opMs[0], this.#habits.opMs[1]);
      const one: Told = { atMs: clock.monotonic(), id, body: JSON.parse(body), arrived: false };
      told.push(one);
      if (arrives) {
        const cancel = clock.after(msBetween(chance, takesMs / 4, takesMs), () => {
          one.arrived = true;
          one.atMs = clock.monotonic();
        });
        signal.addEventListener('abort', cancel, { once: true });
      }
      if (!answer) return never;
      return new Promise((resolve) => {
        clock.after(takesMs, () => {
          if (life.isOver || signal.aborted) return;
          // Who wants nothing any more is paused by people; here he does not want this one.
          one.answer = answer.type === 'delivered' ? 200 : answer.type === 'refused' ? 400 : 503;
          resolve({ type: 'answered', status: one.answer });
        });
      });
    };

  #fateOf(channel: Address['type']): Fate {
    const { clock, chance } = this.#parts;
    const { down, refuseChance, throttleChance, deliveredButFailedChance } = this.#habits;
    const isAway = windowAt(
      down.filter((window) => window.channel === channel),
      clock.monotonic(),
    );
    if (isAway) return { arrives: false, answer: chance.fraction() < 0.5 ? failed('status 503') : undefined };
    if (chance.fraction() < refuseChance) return { arrives: false, answer: refused };
    if (chance.fraction() < throttleChance) return { arrives: false, answer: throttled(chance) };
    if (chance.fraction() >= deliveredButFailedChance) return { arrives: true, answer: { type: 'delivered' } };
    return { arrives: true, answer: chance.fraction() < 0.5 ? failed('status 500') : undefined };
  }
}

export type SenderLife = Pick<ProcessLife, 'onCall' | 'isOver'>;
/** Without an answer nobody ever says what became of it. */
type Fate = { arrives: boolean; answer: Sent | undefined };

const refused: Sent = { type: 'refused', reason: 'status 410' };
const failed = (reason: string): Sent => ({ type: 'later', reason });
const throttled = (chance: Chance): Sent => {
  return { type: 'later', reason: 'status 429', retryAfterMs: msBetween(chance, 1_000, 5 * 60_000) };
};

export function attemptOf({ notice, others, text, idempotencyId }: Message, channel: string, atMs: number): Heard {
  const { recipient } = notice;
  const contactId = recipient.type === 'contact' ? recipient.contactId : 'desk';
  const says = { notice, ...(others && { others }), idempotencyId, body: text.body };
  return { atMs, contactId, channel, ...says, arrived: false, answer: 'none' };
}
