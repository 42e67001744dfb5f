import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Connections to the page and the API, of which one host holds a part and a crowd never all: a connection that is one too many of its
 * address ends at once; when all are taken, one that is at rest gives way to the newcomer, of the address that holds most of them, the one
 * that rested for longest. One that waits for its answer, or watches, gives way to nobody.
 */
export function guardConnections(server: Server, { denied }: { denied: (reason: Denial) => void }): void {
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

  function refusal(crowd: Crowd): Denial | undefined {
    if (crowd.count >= mostOfOneAddress) return 'address';
    if (count < mostConnections) return undefined;
    return makeRoom() ? 'gave-way' : 'full';
  }

  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const crowd = crowds.get(address) ?? { count: 0, resting: new Set() };
    const reason = refusal(crowd);
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
  server.on('request', ({ socket }, response) => {
    const crowd = crowds.get(socket.remoteAddress ?? '');
    crowd?.resting.delete(socket);
    response.on('close', () => !socket.destroyed && crowd?.resting.add(socket));
  });
}

type Crowd = { count: number; resting: Set<Socket> };
type Denial = 'address' | 'gave-way' | 'full';

const mostConnections = 1_000;
/** A proxy in front is one address, too: as many as may watch, and what passes beside them. */
const mostOfOneAddress = 300;
