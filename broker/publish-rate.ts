import type { Clock } from '../platform/clock.ts';
import type { BrokerLimits } from './limits.ts';
import { type Bucket, type Pace, refill, take } from './token-bucket.ts';

/** What one device has published lately, by class; a bucket below zero is ahead of its rate. */
export type PublishBuckets = { readonly telemetry: Bucket; readonly lifeSafety: Bucket };
type Paced = { readonly sender: { readonly deviceId: string }; buckets: PublishBuckets | undefined };
type RateLimits = Pick<
  BrokerLimits,
  'telemetryPerSecond' | 'telemetryBurst' | 'lifeSafetyPerSecond' | 'lifeSafetyBurst' | 'aheadMs' | 'checkMs'
>;

/**
 * How fast a device may publish. Alarms, falls and presses have a bucket of their own, so that a chatty device has not spent
 * its fire's room, and so that a flood of alarms is read more slowly, and never refused.
 */
export class PublishRates {
  readonly #clock: Clock;
  readonly #limits: RateLimits;
  readonly #telemetry: Pace;
  readonly #lifeSafety: Pace;
  /** Devices that are ahead, also across a reconnect. They leave when they are not; `aheadMs` bounds the time. */
  readonly #ahead = new Map<string, PublishBuckets>();

  constructor({ clock, limits }: { clock: Clock; limits: RateLimits }) {
    this.#clock = clock;
    this.#limits = limits;
    this.#telemetry = { perSecond: limits.telemetryPerSecond, burst: limits.telemetryBurst };
    this.#lifeSafety = { perSecond: limits.lifeSafetyPerSecond, burst: limits.lifeSafetyBurst };
  }

  /** Counts one publish. `slow`: not to be read on until `isAhead` says no. `cut`: telemetry that is not to be taken at all. */
  count(device: Paced, lifeSafety: boolean, now: number): 'in-time' | 'slow' | 'cut' {
    device.buckets ??= this.#ahead.get(device.sender.deviceId) ?? this.#full(now);
    const bucket = lifeSafety ? device.buckets.lifeSafety : device.buckets.telemetry;
    const pace = lifeSafety ? this.#lifeSafety : this.#telemetry;
    refill(bucket, pace, now);
    take(bucket);
    const aheadMs = msAhead(bucket, pace);
    // Less than one look at it is worth: a device that waits for each PUBACK would be held far below its rate.
    if (aheadMs <= this.#limits.checkMs) return 'in-time';
    this.#ahead.set(device.sender.deviceId, device.buckets);
    if (lifeSafety || aheadMs <= this.#limits.aheadMs) return 'slow';
    bucket.tokens++;
    return 'cut';
  }

  /** Alarms keep nobody from being read for longer than one look: the next may be another one. */
  isAhead({ buckets }: Paced): boolean {
    if (buckets === undefined) return false;
    refill(buckets.telemetry, this.#telemetry, this.#clock.monotonic());
    return buckets.telemetry.tokens < 0;
  }

  /** To be called every `checkMs`. */
  check(): void {
    const now = this.#clock.monotonic();
    for (const [deviceId, { telemetry, lifeSafety }] of this.#ahead) {
      refill(telemetry, this.#telemetry, now);
      refill(lifeSafety, this.#lifeSafety, now);
      if (telemetry.tokens >= 0 && lifeSafety.tokens >= 0) this.#ahead.delete(deviceId);
    }
  }

  #full(at: number): PublishBuckets {
    return {
      telemetry: { tokens: this.#telemetry.burst, at },
      lifeSafety: { tokens: this.#lifeSafety.burst, at },
    };
  }
}

const msAhead = ({ tokens }: Bucket, { perSecond }: Pace) => Math.max(0, (-tokens / perSecond) * 1000);
