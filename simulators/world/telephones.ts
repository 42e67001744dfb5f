import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { ProviderEntry } from '../../records/providers.ts';
import type { Channel, Inbound, Message, Sent } from '../../responders/channel.ts';
import { msBetween } from '../seeded-chance.ts';
import type { Heard, Texted } from './evidence.ts';
import { type FaultPlan, noFaults, windowAt } from './faults.ts';
import type { ProcessLife } from './process-life.ts';
import { attemptOf, type SenderLife } from './providers.ts';

export type TelephonesParts = {
  /** The world's: what is on its way arrives, whatever becomes of the process that sent it. */
  clock: Clock;
  chance: Chance;
  faults: FaultPlan['lines'];
  /** Gains every attempt. */
  messages: Heard[];
  /** Gains every answer that somebody sends, each time that its provider hands it over. */
  texts: Texted[];
  /** A message has just reached its person; `messageId`: what the provider calls it. */
  onArrival: (heard: Heard, messageId: string) => void;
};

/** What the installation can send by, in the order of preference, with limits that two days of a dozen homes come up against. */
export const worldProviders: readonly ProviderEntry[] = [
  {
    ...{ id: 'first', type: 'simulated', medium: 'sms' },
    windows: [
      { per: 'target', count: 5, perMs: 10 * 60_000 },
      { per: 'provider', count: 60, perMs: 3_600_000 },
    ],
  },
  { id: 'second', type: 'simulated', medium: 'sms', windows: [{ per: 'target', count: 8, perMs: 30 * 60_000 }] },
  {
    ...{ id: 'cloud', type: 'simulated', medium: 'voice' },
    windows: [
      { per: 'target', count: 1, perMs: 60_000 },
      { per: 'target', count: 5, perMs: 3_600_000 },
      { per: 'target', count: 20, perMs: 24 * 3_600_000 },
    ],
  },
];

export const lineOf = ({ medium, id }: Pick<ProviderEntry, 'medium' | 'id'>): string => `${medium}:${id}`;

/** For the whole world, over all lives of the alarm process. */
export function openTelephones(parts: TelephonesParts): Telephones {
  return new Telephones(parts);
}

/**
 * Providers of SMS and calls, who take a message now and say later what became of it: at once, late, twice, never, or before they have
 * said that they took it. Their credentials expire and are renewed. What they have to tell they tell again until somebody takes it.
 * Guards what they are like by now, and who listens.
 */
export class Telephones {
  readonly #parts: TelephonesParts;
  #habits: FaultPlan['lines'];
  readonly #listeners = new Map<string, { life: SenderLife; inbound: Inbound }>();
  #accepted = 0;
  #answers = 0;

  constructor(parts: TelephonesParts) {
    this.#parts = parts;
    this.#habits = parts.faults;
  }

  /** What one life of the alarm process sends with. */
  readonly channels = (life: ProcessLife): readonly Channel[] =>
    worldProviders.map((provider) => {
      const name = lineOf(provider);
      return {
        name,
        send: (message) => this.#send(name, message, life),
        listen: (inbound) => void this.#listeners.set(name, { life, inbound }),
      };
    });

  /** From now on everything is delivered, and soon. */
  heal(): void {
    this.#habits = noFaults(0).lines;
  }

  /** Somebody writes to a line, or presses a key in a call. `id`: as the provider called it before, when it tells it once more. */
  answer(line: string, { phone, text, messageId, id = this.#nextAnswer() }: Answer): string {
    this.#parts.texts.push({ atMs: this.#parts.clock.monotonic(), line, id, phone, text });
    const about = messageId === undefined ? {} : { messageId };
    this.#tell(line, (inbound) => inbound.reply(line, { id, phone, text, ...about }));
    return id;
  }

  #nextAnswer(): string {
    this.#answers += 1;
    return `answer-${this.#answers}`;
  }

  async #send(line: string, message: Message, life: SenderLife): Promise<Sent> {
    const { clock, chance, messages } = this.#parts;
    const never = new Promise<Sent>(() => {});
    life.onCall(`send by ${line}`);
    if (life.isOver) return never;
    const heard: Heard = {
      ...attemptOf(message, line, clock.monotonic()),
      ...('phone' in message.address && { given: { phone: message.address.phone, atMs: clock.monotonic() } }),
    };
    messages.push(heard);
    const takesMs = msBetween(chance, this.#habits.opMs[0], this.#habits.opMs[1]);
    const answer = this.#answerOn(line);
    if (answer?.type === 'accepted') this.#carry(line, { heard, takesMs, messageId: answer.messageId });
    if (!answer) return never;
    return new Promise((resolve) => {
      clock.after(takesMs, () => {
        if (life.isOver || message.signal.aborted) return;
        heard.answer = answer.type;
        resolve(answer);
      });
    });
  }

  #answerOn(line: string): Answered | undefined {
    const { clock, chance } = this.#parts;
    const { expired, down, throttleChance, refuseChance } = this.#habits;
    const now = clock.monotonic();
    const ofLine = <W extends { line: string }>(all: readonly W[]) => all.filter((one) => one.line === line);
    if (windowAt(ofLine(expired), now)) return expiredKey;
    if (windowAt(ofLine(down), now)) return chance.fraction() < 0.5 ? unreachable : undefined;
    if (chance.fraction() < throttleChance)
      return {
        type: 'later',
        reason: 'flow control',
        trouble: 'limit',
        retryAfterMs: msBetween(chance, 1_000, 300_000),
      };
    if (chance.fraction() < refuseChance) return { type: 'refused', reason: 'the number is barred' };
    this.#accepted += 1;
    return { type: 'accepted', messageId: `taken-${this.#accepted}` };
  }

  /** It reaches its person or does not, and the provider says so in its own way. */
  #carry(line: string, { heard, takesMs, messageId }: Carried): void {
    const { clock, chance, onArrival } = this.#parts;
    const { lostChance, silentChance, twiceChance, lateChance, earlyChance } = this.#habits;
    const arrives = chance.fraction() >= lostChance;
    const arrivesMs = msBetween(chance, takesMs / 4, takesMs) + (line.startsWith('voice') ? ringMs : 0);
    if (arrives)
      clock.after(arrivesMs, () => {
        heard.arrived = true;
        heard.atMs = clock.monotonic();
        onArrival(heard, messageId);
      });
    const said = { messageId, result: arrives ? 'delivered' : 'failed', detail: 'heard' } as const;
    const tell = () => this.#tell(line, (inbound) => inbound.receipt(line, said));
    if (chance.fraction() < silentChance) return;
    const isEarly = chance.fraction() < earlyChance;
    const isLate = chance.fraction() < lateChance;
    const restMs = isLate ? msBetween(chance, 60_000, 40 * 60_000) : msBetween(chance, 500, 8_000);
    const afterMs = isEarly ? takesMs / 2 : Math.max(takesMs, arrivesMs) + restMs;
    clock.after(afterMs, tell);
    if (chance.fraction() < twiceChance) clock.after(afterMs + msBetween(chance, 0, 10 * 60_000), tell);
  }

  /** To whoever listens by then; again, in the same words, until it is taken. */
  #tell(line: string, word: (inbound: Inbound) => Promise<void>, times = 1): void {
    const { clock } = this.#parts;
    const listener = this.#listeners.get(line);
    let isTaken = false;
    if (listener && !listener.life.isOver)
      word(listener.inbound).then(
        () => {
          isTaken = true;
        },
        () => {},
      );
    clock.after(toldAgainMs, () => {
      if (!isTaken && times < mostTimes) this.#tell(line, word, times + 1);
    });
  }
}

type Answer = { phone: string; text: string; messageId?: string; id?: string };
type Answered = Exclude<Sent, { type: 'accepted' | 'delivered' }> | { type: 'accepted'; messageId: string };
type Carried = { heard: Heard; takesMs: number; messageId: string };

const expiredKey: Answered = {
  type: 'later',
  reason: 'InvalidAccessKeyId',
  trouble: 'credentials',
  retryAfterMs: 60_000,
};
const unreachable: Answered = { type: 'later', reason: 'ETIMEDOUT', trouble: 'unreachable' };
const ringMs = 8_000;
const toldAgainMs = 30_000;
const mostTimes = 20;
