import { createGuardedPost, type GuardedPostParts, type Posted } from './guarded-post.ts';

/**
 * Posts as Standard Webhooks 1.0.0 asks: signed, `webhook-id` as given, the time of this attempt, and as `createGuardedPost` does. The body
 * of an answer is thrown away.
 */
export function createWebhookPost(parts: WebhookPostParts): WebhookPost {
  const guarded = createGuardedPost(parts);
  return {
    async post({ url, id, body, sign, signal }) {
      const timestamp = Math.floor(parts.clock.now() / 1_000);
      const signature = sign({ id, timestamp, body });
      if (signature === undefined)
        return { type: 'misaddressed', reason: 'the secret is not whsec_ and 24 to 64 bytes in base64' };
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature,
      };
      return guarded.post({ url, headers, body, answer: 'status', signal });
    },
    close: guarded.close,
  };
}

export type WebhookPost = {
  /** `sign` answers nothing when it has no key that fits; `signal` gives the attempt up. */
  post(request: {
    url: string;
    id: string;
    body: string;
    sign: (signed: Signed) => string | undefined;
    signal: AbortSignal;
  }): Promise<Posted>;
  close(): void;
};
/** Units: `timestamp` is epoch seconds. */
export type Signed = { id: string; timestamp: number; body: string };
export type WebhookPostParts = GuardedPostParts;
