import type {
  AccountMade,
  AccountShown,
  ApiKeyMade,
  ApiKeyShown,
  DeliveryPage,
  ReplayAnswer,
  SubscriptionMade,
  SubscriptionShown,
} from '../../api/answers.ts';
import type { EventDelivery } from '../../records/outgoing-event.ts';
import type { Area, EventType, Grant } from '../../records/registry.ts';
import type { Language } from '../../records/texts/texts.ts';
import { type Answer, ask, command } from '../requests.ts';

export const everyArea = () => everyPage<Area>('/areas', 'items');
export const everyAccount = () => everyPage<AccountShown>('/accounts', 'accounts');
export const everyKey = () => everyPage<ApiKeyShown>('/api-keys', 'keys');
export const everySubscription = () => everyPage<SubscriptionShown>('/subscriptions', 'subscriptions');

export const addAccount = (asked: { id: string; name: string; language: Language; grants: readonly Grant[] }) =>
  command<AccountMade>('POST', '/accounts', asked);
export const changeAccount = (
  { id, version }: AccountShown,
  changed: { name?: string; language?: Language; grants?: readonly Grant[] },
) => command<object>('PATCH', `/accounts/${id}`, { ...changed, expectedVersion: version });
export const newPassword = ({ id, version }: AccountShown) =>
  command<AccountMade>('POST', `/accounts/${id}/password`, { expectedVersion: version });
export const removeAccount = ({ id, version }: AccountShown) =>
  command<undefined>('DELETE', `/accounts/${id}`, { expectedVersion: version });

export const makeKey = (asked: { id: string; name: string; grants: readonly Grant[]; expiresAt?: number }) =>
  command<Omit<ApiKeyMade, 'token'> & Partial<ApiKeyMade>>('POST', '/api-keys', asked);
export const revokeKey = ({ id }: ApiKeyShown) => command<undefined>('DELETE', `/api-keys/${id}`, {});

export const addSubscription = (id: string, entered: SubscriptionEntered) =>
  command<SubscriptionMade>('PUT', `/subscriptions/${id}`, { ...entered, expectedVersion: 0 });
export const changeSubscription = ({ id, version }: SubscriptionShown, entered: SubscriptionEntered) =>
  command<SubscriptionShown>('PUT', `/subscriptions/${id}`, { ...entered, expectedVersion: version });
export const rotateSecret = ({ id, version }: SubscriptionShown) =>
  command<SubscriptionMade>('POST', `/subscriptions/${id}/rotate-secret`, { expectedVersion: version });
export const removeSubscription = ({ id, version }: SubscriptionShown) =>
  command<undefined>('DELETE', `/subscriptions/${id}`, { expectedVersion: version });
export type SubscriptionEntered = {
  name: string;
  areaId?: string;
  types: EventType[];
  url: string;
  paused: boolean;
};

/** A receiver has 15 s to answer. */
export const testSubscription = (id: string): Promise<Answer<EventDelivery>> =>
  ask('POST', `/subscriptions/${id}/test`, undefined, 25_000);
export const deliveriesOf = (id: string, cursor?: string): Promise<Answer<DeliveryPage>> =>
  ask('GET', `/subscriptions/${id}/deliveries?limit=20${cursor === undefined ? '' : `&cursor=${cursor}`}`);
/** `from`: epoch ms. */
export const replaySubscription = (id: string, from: number): Promise<Answer<ReplayAnswer>> =>
  ask('POST', `/subscriptions/${id}/replay`, { from: new Date(from).toISOString() });

export type Everything<T> = { items: T[]; isWhole: boolean };

/** All pages of a list, one after the other, to a bound: a county has hundreds of accounts and areas. */
async function everyPage<T>(path: string, name: string): Promise<Answer<Everything<T>>> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < mostPages; count++) {
    const after = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer: Answer<{ next?: string } & { [name: string]: unknown }> = await ask(
      'GET',
      `${path}?limit=200${after}`,
    );
    if (answer.type !== 'done') return answer;
    items.push(...(answer.body[name] as T[]));
    cursor = answer.body.next;
    if (cursor === undefined) return { type: 'done', body: { items, isWhole: true } };
  }
  return { type: 'done', body: { items, isWhole: false } };
}

const mostPages = 20;
