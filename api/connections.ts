import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { refuse } from './problem.ts';
import type { Proxies } from './proxies.ts';
import { wholeAddress } from './sign-in/sign-in-doors.ts';

/**
 * Connections to the page and the API, of which one host holds a part and a crowd never all: a connection that is one too many of its
 * address ends at once; when all are taken, one that is at rest gives way to the newcomer, of the address that holds most of them, the one
 * that rested for longest. One that waits for its answer, or watches, gives way to nobody; one whose request is not whole yet rests. A trusted
 * proxy is everybody behind it, and may hold all: whom it speaks for is counted by `limitSpokenFor`.
 */
export function guardConnections(server: Server, { denied, isTrusted }: GuardParts): void {
  /** By address, all that it holds; those at rest are in the order in which they came to it. */
  const crowds = new Map<string, Crowd>();
  let count = 0;

  /** Whether somebody gave way. */
  function makeRoom(): boolean {
    let largest: Crowd | undefined;
    for (const crowd of crowds.values())
      if (crowd.resting.size > 0 && crowd.count > (largest?.count ?? 0)) largest = crowd;
    const [quietest] = largest?.resting ?? [];
    if (quietest === undefined) return false;
    largest?.resting.delete(quietest);
    quietest.destroy();
    return true;
  }

  function refusal(address: string, crowd: Crowd): Denial | undefined {
    if (crowd.count >= mostOfOneAddress && !isTrusted(address)) return 'address';
    if (count < mostConnections) return undefined;
    return makeRoom() ? 'gave-way' : 'full';
  }

  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const crowd = crowds.get(address) ?? { count: 0, resting: new Set() };
    const reason = refusal(address, crowd);
    if (reason) denied(reason);
    if (reason === 'address' || reason === 'full') return socket.destroy();
    crowds.set(address, crowd);
    count += 1;
    crowd.count += 1;
    crowd.resting.add(socket);
    return socket.on('close', () => {
      count -= 1;
      crowd.count -= 1;
      crowd.resting.delete(socket);
      if (crowd.count === 0) crowds.delete(address);
    });
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const crowd = crowds.get(socket.remoteAddress ?? '');
    const isWhole = () => crowd?.resting.delete(socket);
    if (bringsBody(request)) request.once('end', isWhole);
    else isWhole();
    response.on('close', () => {
      request.off('end', isWhole);
      if (!socket.destroyed) crowd?.resting.add(socket);
    });
  });
}

type GuardParts = { denied: (reason: Denial) => void } & Pick<Proxies, 'isTrusted'>;

const bringsBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Requests under way of one address behind a proxy are as many as another address may have connections. */
export function limitSpokenFor({ isTrusted }: Pick<Proxies, 'isTrusted'>) {
  const underWay = new Map<string, number>();
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { remoteAddress } = request.socket;
    if (request.ip === remoteAddress || !isTrusted(remoteAddress)) return;
    const ip = wholeAddress(request.ip);
    const count = underWay.get(ip) ?? 0;
    if (count >= mostOfOneAddress) {
      // Nor does the connection wait for the rest of the request.
      reply.header('connection', 'close');
      return refuse(reply, 'too-many', 'too many requests of your address are under way', { retryAfterSeconds: 1 });
    }
    underWay.set(ip, count + 1);
    reply.raw.on('close', () => {
      const left = (underWay.get(ip) ?? 0) - 1;
      if (left > 0) underWay.set(ip, left);
      else underWay.delete(ip);
    });
  };
}

/** Of a route that is open to everybody, a request that dawdles is cut: what there is to send is a name and a password. */
export function hurryStrangers({ clock, cut }: { clock: Clock; cut: (socket: Socket) => void }) {
  return async ({ raw, routeOptions }: FastifyRequest, reply: FastifyReply) => {
    if (routeOptions.config.permission !== 'public' || !bringsBody(raw)) return;
    const stop = clock.after(strangersBodyMs, () => !raw.complete && cut(raw.socket));
    raw.once('end', stop);
    reply.raw.once('close', stop);
  };
}

type Crowd = { count: number; resting: Set<Socket> };
type Denial = 'address' | 'gave-way' | 'full';

const mostConnections = 1_000;
/** As many as may watch, and what passes beside them. */
const mostOfOneAddress = 300;
const strangersBodyMs = 5_000;
