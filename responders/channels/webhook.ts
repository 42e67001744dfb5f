import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Notice } from '../../records/notice.ts';
import { type Channel, misconfigured, type Sent } from '../channel.ts';
import { countyTime } from '../texts/county-time.ts';
import { isPublicAddress } from './public-address.ts';
import { addressRefused, checkedLookup, type ResolveHost, resolveHost } from './resolve-host.ts';
import { webhookBody } from './webhook-payload.ts';
import { webhookSignature } from './webhook-signature.ts';

/**
 * Posts notices as Standard Webhooks 1.0.0: a signed thin payload, `webhook-id` the same for every attempt.
 * Delivered is a 2xx and nothing else. 410 refuses this notice; redirects are failures and never followed; what only a
 * person can mend (other 4xx, a wrong secret, a private address without `allowPrivate`) is `misconfigured`; everything
 * else is tried later, `retry-after` kept. The body of an answer is thrown away.
 */
export function createWebhookChannel(parts: WebhookParts): WebhookChannel {
  const time = countyTime(parts.timeZone);
  const resolve = parts.resolve ?? resolveHost;
  // Idle connections end before a usual receiver's limit of 5 s, or an alarm would be written into a closing one.
  const options = { keepAlive: true, maxFreeSockets: 32, timeout: 4_000 };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };

  return {
    name: 'webhook',
    async send(message) {
      const { address, notice, idempotencyId: id } = message;
      if (address.type !== 'webhook') throw new Error(`a webhook cannot send to ${address.type}`);
      const url = URL.parse(address.url);
      if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
        return misconfigured(notice, 'not an http or https address');
      const body = webhookBody(message, time);
      const timestamp = Math.floor(parts.clock.now() / 1_000);
      const signature = webhookSignature({ secrets: address.secret, id, timestamp, body });
      if (signature === undefined)
        return misconfigured(notice, 'the secret is not whsec_ and 24 to 64 bytes in base64');
      const host = url.hostname.replace(/^\[|\]$/g, '');
      // A literal address is never looked up, so that it has to be checked here.
      if (isIP(host) !== 0 && !parts.allowPrivate && !isPublicAddress(host)) return misconfigured(notice, notPublic);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'steppewatch',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature,
      };
      const lookup = checkedLookup({ resolve, allowPrivate: parts.allowPrivate, signal: message.signal });
      const post = (fresh: boolean) =>
        start(url, { headers, lookup, signal: message.signal, ...(!fresh && { agents }) });
      return exchange(post, { body, notice, clock: parts.clock });
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

export type WebhookChannel = Channel & { close(): void };
export type WebhookParts = {
  /** Gives the signature's timestamp, which is the wall clock's: receivers compare it with theirs. */
  clock: Clock;
  timeZone: string;
  /** Receivers on this machine and in the local network are the operator's choice. */
  allowPrivate: boolean;
  resolve?: ResolveHost;
};

const notPublic = 'not a public address, and private ones are not allowed here';

/** An answer's body is not read by anybody; past this, in bytes or ms, its connection is closed. */
const largestAnswer = 16_384;
const longestAnswerMs = 2_000;

type RequestParts = {
  headers: Record<string, string | number>;
  lookup: ReturnType<typeof checkedLookup>;
  signal: AbortSignal;
  agents?: { http: HttpAgent; https: HttpsAgent };
};

function start(url: URL, { headers, lookup, signal, agents }: RequestParts): ClientRequest {
  const options = { method: 'POST', headers, lookup, signal };
  if (url.protocol === 'https:') return httpsRequest(url, { ...options, agent: agents?.https ?? false });
  return httpRequest(url, { ...options, agent: agents?.http ?? false });
}

type Exchange = { body: string; notice: Notice; clock: Clock };

function exchange(post: (fresh: boolean) => ClientRequest, parts: Exchange, fresh = false): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  const request = post(fresh);
  request.on('response', (response) => {
    discard(response, parts.clock);
    resolve(judge(response, parts));
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    // The receiver closed an idle connection in the moment we used it: no failure of anybody, and the id is the same.
    const wasClosing = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    if (wasClosing && !fresh) resolve(exchange(post, parts, true));
    else if (error.code === addressRefused) resolve(misconfigured(parts.notice, notPublic));
    else resolve({ type: 'later', reason: error.code ?? error.name });
  });
  request.end(parts.body);
  return promise;
}

function judge({ statusCode: status = 0, headers }: IncomingMessage, { notice, clock }: Exchange): Sent {
  const reason = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { type: 'delivered' };
  if (status === 410) return { type: 'refused', reason };
  const mayPass = status >= 500 || [408, 425, 429].includes(status);
  if (status >= 400 && !mayPass) return misconfigured(notice, reason);
  const retryAfterMs = mayPass ? restOf(headers['retry-after'], clock.now()) : undefined;
  return { type: 'later', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** `retry-after` is a number of seconds or a date. */
function restOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const restMs = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return restMs > 0 ? restMs : undefined;
}

function discard(response: IncomingMessage, clock: Clock): void {
  let bytes = 0;
  const cancel = clock.after(longestAnswerMs, () => response.destroy());
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > largestAnswer) response.destroy();
  });
  response.on('error', () => {});
  response.on('close', cancel);
}
