import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { isPublicAddress } from './public-address.ts';
import { addressRefused, checkedLookup, type ResolveHost, resolveHost } from './resolve-host.ts';

/**
 * Posts to where others said: no redirect followed, no private address reached unless that is allowed, no name looked up twice. What the
 * other side does wrongly is an answer, not an exception.
 */
export function createGuardedPost({ clock, allowPrivate, resolve = resolveHost }: GuardedPostParts): GuardedPost {
  // Idle connections end before a usual receiver's limit of 5 s, or an alarm would be written into a closing one.
  const options = { keepAlive: true, maxFreeSockets: 32, timeout: 4_000 };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    async post({ url: address, headers, body, answer, secretInside = false, signal }) {
      const problem = addressProblem(address, allowPrivate);
      const url = URL.parse(address);
      if (problem !== undefined || !url) return { type: 'misaddressed', reason: problem ?? notAnAddress };
      // In a private network the operator knows who listens; outside nobody does.
      if (secretInside && url.protocol !== 'https:' && !allowPrivate)
        return { type: 'misaddressed', reason: 'not an https address' };
      const sent = { ...headers, 'content-length': Buffer.byteLength(body), 'user-agent': 'steppewatch' };
      const lookup = checkedLookup({ resolve, allowPrivate, signal });
      const post = (fresh: boolean) => start(url, { headers: sent, lookup, signal, ...(!fresh && { agents }) });
      return exchange(post, { body, answer, clock });
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

export type GuardedPost = {
  /** `signal` gives the attempt up. `answer`: whether its body is read (`text`), or thrown away while the status is enough. */
  post(request: {
    url: string;
    headers: Record<string, string>;
    body: string;
    answer: 'text' | 'status';
    /** The address or the headers hold what nobody else may read: https, or the operator's own network. */
    secretInside?: boolean;
    signal: AbortSignal;
  }): Promise<Posted>;
  close(): void;
};
/** `misaddressed`: nothing was sent, and only a person can mend that. `text`: the answer's beginning, as far as it came. */
export type Posted =
  | { type: 'answered'; status: number; retryAfterMs?: number; text?: string }
  | { type: 'failed'; reason: string }
  | { type: 'misaddressed'; reason: string };
export type GuardedPostParts = {
  /** Gives the times that receivers compare with theirs: the wall clock. */
  clock: Clock;
  /** Receivers on this machine and in the local network are the operator's choice. */
  allowPrivate: boolean;
  resolve?: ResolveHost;
};

/** Statuses that may be others soon: the receiver is busy, or somebody before it is. */
export const mayPass = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

/** Why nothing is ever sent there, as far as the address itself says; a name shows it only when it is looked up. */
export function addressProblem(address: string, allowPrivate: boolean): string | undefined {
  const url = URL.parse(address);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return notAnAddress;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up, so that it has to be checked here.
  return isIP(host) !== 0 && !allowPrivate && !isPublicAddress(host) ? notPublic : undefined;
}

const notAnAddress = 'not an http or https address';
const notPublic = 'not a public address, and private ones are not allowed here';

/** Past this, in bytes or ms, an answer is cut and its connection closed. */
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

type Exchange = { body: string; answer: 'text' | 'status'; clock: Clock };

function exchange(post: (fresh: boolean) => ClientRequest, parts: Exchange, fresh = false): Promise<Posted> {
  const { promise, resolve } = Promise.withResolvers<Posted>();
  const request = post(fresh);
  request.on('response', (response) => {
    const heard = answered(response, parts.clock.now());
    const text = readAnswer(response, parts.clock);
    if (parts.answer === 'status') resolve(heard);
    else text.then((said) => resolve({ ...heard, text: said }));
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    // The receiver closed an idle connection in the moment we used it: no failure of anybody, and the id is the same.
    const wasClosing = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    if (wasClosing && !fresh) resolve(exchange(post, parts, true));
    else if (error.code === addressRefused) resolve({ type: 'misaddressed', reason: notPublic });
    else resolve({ type: 'failed', reason: error.code ?? error.name });
  });
  request.end(parts.body);
  return promise;
}

function answered({ statusCode: status = 0, headers }: IncomingMessage, now: number): Answered {
  const retryAfterMs = mayPass(status) ? restOf(headers['retry-after'], now) : undefined;
  return { type: 'answered', status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

type Answered = Extract<Posted, { type: 'answered' }>;

/** `retry-after` is a number of seconds or a date. */
function restOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const restMs = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return restMs > 0 ? restMs : undefined;
}

function readAnswer(response: IncomingMessage, clock: Clock): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const cancel = clock.after(longestAnswerMs, () => response.destroy());
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > largestAnswer) response.destroy();
    else chunks.push(chunk);
  });
  response.on('error', () => {});
  response.on('close', () => {
    cancel();
    resolve(Buffer.concat(chunks).toString('utf8'));
  });
  return promise;
}
