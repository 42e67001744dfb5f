/** Tokens at an instant of the monotonic clock, in milliseconds. */
export type Bucket = { tokens: number; at: number };
export type Pace = { perSecond: number; burst: number };

export function refill(bucket: Bucket, { perSecond, burst }: Pace, now: number): void {
  bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
  bucket.at = now;
}

export function take(bucket: Bucket): void {
  bucket.tokens--;
}
