import type { Notice } from '../../records/notice.ts';
import { type Channel, misconfigured, type Sent } from '../channel.ts';
import { countyTime } from '../texts/county-time.ts';
import { mayPass, type Posted } from './guarded-post.ts';
import { webhookBody } from './webhook-payload.ts';
import { createWebhookPost, type Signed, type WebhookPostParts } from './webhook-post.ts';
import { webhookSignature } from './webhook-signature.ts';

/**
 * Posts notices as Standard Webhooks 1.0.0: a signed thin payload, `webhook-id` the same for every attempt.
 * Delivered is a 2xx and nothing else. 410 refuses this notice; redirects are failures and never followed; what only a
 * person can mend (other 4xx, a wrong secret, a private address without `allowPrivate`) is `misconfigured`; everything
 * else is tried later, `retry-after` kept.
 */
export function createWebhookChannel({ timeZone, ...parts }: WebhookParts): WebhookChannel {
  const time = countyTime(timeZone);
  const { post, close } = createWebhookPost(parts);
  return {
    name: 'webhook',
    async send(message) {
      const { address, notice, idempotencyId: id, signal } = message;
      if (address.type !== 'webhook') throw new Error(`a webhook cannot send to ${address.type}`);
      const body = webhookBody(message, time);
      const { url, secret: secrets } = address;
      const sign = (signed: Signed) => webhookSignature({ secrets, ...signed });
      return judge(await post({ url, id, body, sign, signal }), notice);
    },
    close,
  };
}

export type WebhookChannel = Channel & { close(): void };
export type WebhookParts = WebhookPostParts & { timeZone: string };

function judge(posted: Posted, notice: Notice): Sent {
  if (posted.type === 'misaddressed') return misconfigured(notice, posted.reason);
  if (posted.type === 'failed') return { type: 'later', reason: posted.reason };
  const { status, retryAfterMs } = posted;
  const reason = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { type: 'delivered' };
  if (status === 410) return { type: 'refused', reason };
  if (status >= 400 && !mayPass(status)) return misconfigured(notice, reason);
  return { type: 'later', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
