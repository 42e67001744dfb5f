import type { FoldState } from './fold-state.ts';

/** What a provider carries. */
export type Medium = 'sms' | 'voice' | 'email';

/**
 * A way out that the installation pays for, without its secrets, as the journal keeps it: whom a contact is reached by, and what may be
 * sent when, are the same in every replay. The order of the table is the order of preference.
 */
export type ProviderEntry = { id: string; type: string; medium: Medium; windows: Window[] };

/**
 * At most `count` attempts in any `perMs`: of the provider, to one number or address, or to one number by one template. Source of each
 * provider's own: docs/channels.md.
 */
export type Window = { per: 'provider' | 'target' | 'target-and-template'; count: number; perMs: number };

/** Of a window so much is used by now that people should know. `channel`: the carrier's name, `sms:aliyun`. */
export type LimitNear = { channel: string; used: number; count: number; perMs: number };

/** The providers that the journal's last word names; none before there was one. */
export function providersOf(state: FoldState): readonly ProviderEntry[] {
  return state.table<readonly ProviderEntry[]>('providers').get('table') ?? none;
}

export function adoptProviders(state: FoldState, table: readonly ProviderEntry[]): void {
  state.table<readonly ProviderEntry[]>('providers').set('table', table);
}

/** The detail of an outcome whose attempt was not made, because a limit of the provider is reached. */
export const ownLimit = 'budget';

/** The detail of an outcome that was accepted, and told nobody anything: a telephone rang. */
export const saidNothing = 'rang';

const none: readonly ProviderEntry[] = [];
