import type { Clock } from '../platform/clock.ts';
import type { BrokerLimits } from './limits.ts';
import { type Bucket, type Pace, refill } from './token-bucket.ts';

/** What one device has published lately, by class; a bucket below zero is ahead of its rate. */
type PublishBuckets = { readonly telemetry: Bucket; readonly lifeSafety: Bucket };
type Paced = { readonly sender: { readonly deviceId: string } };
type RateLimits = Pick<
  BrokerLimits,
  'telemetryPerSecond' | 'telemetryBurst' | 'lifeSafetyPerSecond' | 'lifeSafetyBurst' | 'aheadMs' | 'checkMs'
>;

/**
 * How fast a device may publish. Alarms, falls and presses have a bucket of their own, so that a chatty device has not spent
 * its fire's room, and so that a flood of alarms is read more slowly, and never refused. A publish counts once for each KiB
 * that it begins: what is large takes as much of the journal as many small ones.
 */
export class PublishRates {
  readonly #clock: Clock;
  readonly #limits: RateLimits;
  readonly #telemetry: Pace;
  readonly #lifeSafety: Pace;
  /** Across reconnects, the latest last; a device whose buckets are full again leaves. */
  readonly #buckets = new Map<string, PublishBuckets>();

  constructor({ clock, limits }: { clock: Clock; limits: RateLimits }) {
    this.#clock = clock;
    this.#limits = limits;
    this.#telemetry = { perSecond: limits.telemetryPerSecond, burst: limits.telemetryBurst };
    this.#lifeSafety = { perSecond: limits.lifeSafetyPerSecond, burst: limits.lifeSafetyBurst };
  }

  /** Counts one publish by its bytes. `slow`: not to be read on until `isAhead` says no. `cut`: telemetry that is not to be taken at all. */
  count({ sender }: Paced, lifeSafety: boolean, bytes: number, now: number): 'in-time' | 'slow' | 'cut' {
    const buckets = this.#bucketsOf(sender.deviceId, now);
    const bucket = lifeSafety ? buckets.lifeSafety : buckets.telemetry;
    const pace = lifeSafety ? this.#lifeSafety : this.#telemetry;
    const tokens = Math.max(1, Math.ceil(bytes / 1024));
    refill(bucket, pace, now);
    bucket.tokens -= tokens;
    const aheadMs = msAhead(bucket, pace);
    // Less than one look at it is worth: a device that waits for each PUBACK would be held far below its rate.
    if (aheadMs <= this.#limits.checkMs) return 'in-time';
    if (aheadMs <= this.#limits.aheadMs) return 'slow';
    // What is cut was not taken; a flood of alarms is forgiven in time.
    bucket.tokens = lifeSafety ? (-this.#limits.aheadMs / 1000) * pace.perSecond : bucket.tokens + tokens;
    return lifeSafety ? 'slow' : 'cut';
  }

  /** Alarms keep nobody from being read for longer than one look: the next may be another one. */
  isAhead({ sender }: Paced): boolean {
    const buckets = this.#buckets.get(sender.deviceId);
    if (buckets === undefined) return false;
    refill(buckets.telemetry, this.#telemetry, this.#clock.monotonic());
    return buckets.telemetry.tokens < 0;
  }

  /** To be called every `checkMs`. */
  check(): void {
    const now = this.#clock.monotonic();
    for (const [deviceId, { telemetry, lifeSafety }] of this.#buckets) {
      refill(telemetry, this.#telemetry, now);
      refill(lifeSafety, this.#lifeSafety, now);
      const isFull = telemetry.tokens >= this.#telemetry.burst && lifeSafety.tokens >= this.#lifeSafety.burst;
      if (isFull) this.#buckets.delete(deviceId);
    }
  }

  #bucketsOf(deviceId: string, at: number): PublishBuckets {
    const buckets = this.#buckets.get(deviceId) ?? {
      telemetry: { tokens: this.#telemetry.burst, at },
      lifeSafety: { tokens: this.#lifeSafety.burst, at },
    };
    this.#buckets.delete(deviceId);
    this.#buckets.set(deviceId, buckets);
    if (this.#buckets.size > REMEMBERED) {
      const [oldest = deviceId] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    return buckets;
  }
}

/** More devices than are connected; past it the one that published longest ago is forgotten. */
const REMEMBERED = 20_000;

const msAhead = ({ tokens }: Bucket, { perSecond }: Pace) => Math.max(0, (-tokens / perSecond) * 1000);
