import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../platform/clock.ts';

/**
 * A neighbour's telephone for demonstrations and tests: takes webhooks on loopback, checks them as a receiver of Standard
 * Webhooks 1.0.0 does, on its own code, and hands on what a person would read. A repeat of an id is answered and not
 * handed on. Every path is a person. It resolves when it listens; port 0 takes any that is free.
 */
export async function startWebhookReceiver({
  port = 0,
  secret,
  onMessage,
  onRefused,
  clock = systemClock,
}: ReceiverParts): Promise<WebhookReceiver> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const seen = new Set<string>();
  function take(request: IncomingMessage, body: string | undefined): number {
    const problem = body === undefined ? 'it is too large' : problemOf(request, body, key, clock.now());
    if (body === undefined || problem !== undefined) {
      onRefused?.(problem ?? '');
      return 400;
    }
    const id = String(request.headers['webhook-id']);
    if (seen.has(id)) return 204;
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > mostRemembered && oldest !== undefined) seen.delete(oldest);
    onMessage({ ...(JSON.parse(body) as ReceivedWebhook), id, path: request.url ?? '/' });
    return 204;
  }
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => response.writeHead(take(request, body)).end(),
      // The sender gave up in the middle: there is nobody to answer.
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${listening}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type WebhookReceiver = { url: string; close(): Promise<void> };
export type ReceiverParts = {
  port?: number;
  /** `whsec_` and the base64 of the key that all its people share. */
  secret: string;
  onMessage: (message: Received) => void;
  onRefused?: (problem: string) => void;
  /** The clock that the sender's timestamps are compared with. */
  clock?: Clock;
};

/** The body of a webhook, as far as a reader needs it. */
export type ReceivedWebhook = {
  type: string;
  timestamp: string;
  data: {
    incidentId: string;
    code: string;
    purpose: string;
    severity: string;
    placeIds: string[];
    title: string;
    body: string;
  };
};
export type Received = ReceivedWebhook & { id: string; path: string };

/** What stands on the neighbour's screen, in two lines. */
export function onScreen({ path, timestamp, data }: Received): string {
  return `${timestamp.slice(11, 16)} to ${decodeURIComponent(path.slice(1)) || 'everybody'}: ${data.title}\n      ${data.body}`;
}

const mostRemembered = 10_000;
const largestBody = 20_000;
const toleranceSeconds = 5 * 60;

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= largestBody) chunks.push(chunk);
  }
  return bytes <= largestBody ? Buffer.concat(chunks).toString() : undefined;
}

function problemOf({ method, headers }: IncomingMessage, body: string, key: Buffer, now: number): string | undefined {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (method !== 'POST') return 'not a POST';
  if (!id || !timestamp || typeof signatures !== 'string') return 'not signed';
  if (!(Math.abs(now / 1_000 - Number(timestamp)) <= toleranceSeconds)) return 'its time is not now';
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  const matches = signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.startsWith('v1,') ? signature.slice(3) : '', 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches ? undefined : 'the signature is wrong';
}
