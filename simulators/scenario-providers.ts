import { z } from 'zod';
import type { ProviderEntry } from '../records/providers.ts';
import type { Channel, Inbound, Message, Sent } from '../responders/channel.ts';

/** What the scenario's county sends by, in the order of preference; each `works` until a step says otherwise. */
export const scenarioProvider = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,20}$/),
  medium: z.enum(['sms', 'voice', 'email']),
  windows: z
    .array(
      z.strictObject({
        per: z.enum(['provider', 'target', 'target-and-template']),
        count: z.int().min(1),
        perMs: z.int().min(1),
      }),
    )
    .default([]),
});
export type ScenarioProvider = z.infer<typeof scenarioProvider>;

export const providerMoods = ['works', 'refuses the password', 'does not answer'] as const;
export type ProviderMood = (typeof providerMoods)[number];

export const entryOf = ({ id, medium, windows }: ScenarioProvider): ProviderEntry => ({
  ...{ id, type: 'scenario', medium, windows },
});

/**
 * A provider that takes messages and says three seconds later whether they arrived: at a telephone that answers, not at one that fails or
 * refuses, and nothing of one that hangs.
 */
export function scenarioChannel({ id, medium }: ScenarioProvider, county: ProviderCounty) {
  const name = `${medium}:${id}`;
  let inbound: Inbound | undefined;
  let accepted = 0;
  const channel: Channel = {
    name,
    listen(to) {
      inbound = to;
    },
    async send(message): Promise<Sent> {
      const mood = county.moodOf(name);
      county.heard(name, message, mood);
      if (mood === 'refuses the password')
        return { type: 'later', reason: 'password expired', trouble: 'credentials', retryAfterMs: 60_000 };
      if (mood === 'does not answer') return { type: 'later', reason: 'ETIMEDOUT', trouble: 'unreachable' };
      accepted += 1;
      const messageId = `${county.starts()}-${accepted}`;
      const arrives = county.arrives(message);
      if (arrives !== undefined)
        county.after(3_000, () => void inbound?.receipt(name, { messageId, result: arrives ? 'delivered' : 'failed' }));
      return { type: 'accepted', messageId };
    },
  };
  return { channel, inbound: () => inbound };
}

export type ProviderCounty = {
  moodOf(name: string): ProviderMood;
  heard(name: string, message: Message, mood: ProviderMood): void;
  /** Undefined: nobody ever says. */
  arrives(message: Message): boolean | undefined;
  after(ms: number, run: () => void): void;
  /** How often the system was started: a provider gives no id twice. */
  starts(): number;
};
