import type { Clock } from '../platform/clock.ts';
import type { BrokerLimits } from './limits.ts';
import type { Arrival } from './listen.ts';
import { type Bucket, refill, take } from './token-bucket.ts';

/** Why a device may not stay although it said who it is. `returnCode` is the CONNACK's. */
export type ArrivalRefusal = { reason: string; message: string; returnCode: 3 | 5 };

/** Whether the device is whom its handshake proved. */
export function refusalByProof({ proof }: Arrival, deviceId: string): ArrivalRefusal | undefined {
  if (!proof || proof.deviceIds.includes(deviceId)) return undefined;
  return { reason: 'another-identity', message: 'its certificate or key is of another device', returnCode: 5 };
}

/** Whether it is at a door that is for it. Asked after its credentials only, or anybody could learn which ids are whose. */
export function refusalAtDoor({ only }: Arrival, deviceId: string): ArrivalRefusal | undefined {
  if (!only || only(deviceId)) return undefined;
  return { reason: 'wrong-door', message: 'this door is for other devices', returnCode: 5 };
}

/**
 * How often one device connects. It is asked only about devices that proved who they are: else anybody could keep a device out by
 * using up its connects. One that connects in a loop still gets in again and again, once a second with the usual limits: no alarm waits longer.
 */
export class ConnectPace {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  /** The latest last. Whoever came long ago has all its connects again. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ clock, limits }: { clock: Clock; limits: BrokerLimits }) {
    this.#clock = clock;
    this.#perSecond = limits.connectsPerMinutePerDevice / 60;
    this.#burst = limits.connectsBurstPerDevice;
  }

  take(deviceId: string): ArrivalRefusal | undefined {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(deviceId) ?? { tokens: this.#burst, at: now };
    refill(bucket, { perSecond: this.#perSecond, burst: this.#burst }, now);
    this.#buckets.delete(deviceId);
    this.#buckets.set(deviceId, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > REMEMBERED && oldest !== undefined) this.#buckets.delete(oldest);
    if (bucket.tokens < 1) return { reason: 'device-rate', message: 'it connects in a loop', returnCode: 3 };
    take(bucket);
    return undefined;
  }
}

/** More than come within the time in which a bucket fills. */
const REMEMBERED = 20_000;
