import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { PushDoor } from '../../platform/push-door.ts';
import { type PushListenerOptions, servePushes } from '../../responders/push-listener.ts';
import { inTheEnd } from './in-the-end.ts';

/** Opens the way in, when a provider may push. While its address is taken it is tried again: what is pushed meanwhile is asked for. */
export async function startProviderPushes(parts: PushParts): Promise<PushDoor | undefined> {
  const { clock, log } = parts;
  if (parts.providers.size === 0) return undefined;
  const failed = (err: unknown) => log.error({ err }, 'providers cannot push yet: tried again in a moment');
  return inTheEnd(() => servePushes(parts), { clock, failed });
}
type PushParts = Pick<PushListenerOptions, 'listen' | 'providers' | 'trustedProxies' | 'died'> & {
  clock: Clock;
  log: Log;
  metrics: Metrics;
};
