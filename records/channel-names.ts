import type { Medium, ProviderEntry } from './providers.ts';

/**
 * A way to a contact: `name` is the outbox's (`webhook-2`, `sms:modem-1`), `index` the contact's channel behind it, `carrier` the name of
 * the channel that can use it (`webhook`, `sms:modem-1`).
 */
export type Way = { name: string; index: number; carrier: string };

/**
 * A contact's channels in their order, each by a name of its own: `webhook`, `webhook-2`; what providers carry once for each of them, in
 * their order: `sms:modem-1`, `sms:aliyun`. Where nobody carries it, its bare name is left, so that the failure is on record.
 */
export function waysOf(channels: readonly { type: string }[], providers: readonly ProviderEntry[]): Way[] {
  return channels.flatMap(({ type }, index) => {
    const ordinal = channels.slice(0, index + 1).filter((other) => other.type === type).length;
    const own = ordinal === 1 ? type : `${type}-${ordinal}`;
    const carriers = carried.has(type) ? providers.filter(({ medium }) => medium === type) : [];
    if (carriers.length === 0) return [{ name: own, index, carrier: type }];
    return carriers.map(({ id }) => ({ name: `${own}:${id}`, index, carrier: `${type}:${id}` }));
  });
}

export function channelNames(channels: readonly { type: string }[], providers: readonly ProviderEntry[]): string[] {
  return waysOf(channels, providers).map(({ name }) => name);
}

const carried: ReadonlySet<string> = new Set<Medium>(['sms', 'voice', 'email']);

/** The channel behind a way's name: `webhook` of `webhook-2`, `email:smtp-1` of `email-2:smtp-1`. */
export const carrierOf = (name: string): string => name.replace(/^([a-z]+)-\d+/, '$1');
